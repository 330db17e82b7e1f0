//! How a session ends: by itself, by its user, by another password, with its user; in every process.
//! Knows nothing of how it is kept.

use std::process::Command;
use std::time::Instant;

use super::*;
use crate::support::binary::{Binary, PROGRAM};

/// What was seen of a session is believed for two seconds; the rest is for a busy machine.
const SECONDS: Duration = Duration::from_secs(10);

#[tokio::test]
async fn signing_out_ends_it_and_its_browser_forgets_it() {
    let (_upstream, nopar) = with_users().await;
    let mut ann = Browser::of(&nopar, "ann").await;
    let copied = Browser { cookie: ann.cookie.clone(), ..Browser::at(nopar.addr()) };
    let other = Browser::of(&nopar, "ann").await;
    let csrf = ann.csrf("/-/account").await;
    let answer = ann.post_with("/-/logout", &csrf, &[]).await;
    assert_eq!(sent_to(&answer), "/-/login?done=signed-out");
    assert!(answer.header("set-cookie").expect("one").starts_with("nopar_session=; Max-Age=0;"));
    assert!(ann.cookie.is_none());
    assert!(
        page_of(&ann.get("/-/login?done=signed-out").await, 200).contains("You are signed out.")
    );
    assert!(!copied.is_signed_in().await, "who has copied the cookie has nothing");
    assert!(other.is_signed_in().await, "another browser of hers");
    // What is sent to a session that has ended is not done.
    let stale =
        copied.posting("/-/account", &[("csrf", &csrf), ("form", "profile"), ("fullname", "X")]);
    assert_eq!(sent_to(&stale.send().await), "/-/login?done=ended");
    assert_eq!(nopar.request("/-/logout").send().await.status, 405);
}

#[tokio::test]
async fn its_user_ends_all_others_by_a_button() {
    let (_upstream, nopar) = with_users().await;
    let mut ann = Browser::of(&nopar, "ann").await;
    let text = page_of(&ann.get("/-/account").await, 200);
    assert!(text.contains("signed in by this browser only") && !text.contains("everywhere else"));
    let (token, bob) = (log_in(&nopar, "ann", PASSWORD).await, Browser::of(&nopar, "bob").await);
    let others = [Browser::of(&nopar, "ann").await, Browser::of(&nopar, "ann").await];
    let text = page_of(&ann.get("/-/account").await, 200);
    assert!(text.contains("You are signed in 2 more times"), "{text}");
    assert!(text.contains("<button>Sign out everywhere else</button>"), "{text}");
    let answer = ann.post("/-/account", &[("form", "sessions")]).await;
    assert_eq!(sent_to(&answer), "/-/account?done=elsewhere");
    let text = page_of(&ann.get("/-/account?done=elsewhere").await, 200);
    assert!(text.contains("You are signed out everywhere else."), "{text}");
    assert!(text.contains("signed in by this browser only"), "{text}");
    for other in others {
        assert!(!other.is_signed_in().await);
    }
    assert!(ann.is_signed_in().await && bob.is_signed_in().await);
    assert!(crate::users::is_good(&nopar, &token).await, "it is no session");
}

#[tokio::test]
async fn it_lasts_for_twelve_hours() {
    let (_upstream, nopar) = with_users().await;
    let ann = Browser::of(&nopar, "ann").await;
    nopar.advance(Duration::from_secs(12 * 3600 - 1));
    assert!(ann.is_signed_in().await);
    nopar.advance(Duration::from_secs(1));
    assert!(!ann.is_signed_in().await);
}

#[tokio::test]
async fn who_signs_in_again_has_one_session_in_this_browser() {
    let (_upstream, nopar) = with_users().await;
    let mut browser = Browser::of(&nopar, "ann").await;
    let first = Browser { cookie: browser.cookie.clone(), ..Browser::at(nopar.addr()) };
    let csrf = browser.csrf("/-/account").await;
    let fields = [("user", "bob"), ("password", PASSWORD)];
    browser.post_with("/-/login", &csrf, &fields).await.expect(303);
    assert!(page_of(&browser.get("/-/account").await, 200).contains(">bob</a>"));
    assert!(!first.is_signed_in().await);
}

#[tokio::test]
async fn a_restart_ends_no_session_but_the_forms_of_its_pages() {
    let (_upstream, mut nopar) = with_users().await;
    let before = Browser::of(&nopar, "ann").await;
    let csrf = before.csrf("/-/account").await;
    nopar.restart().await;
    let after = Browser { cookie: before.cookie.clone(), ..Browser::at(nopar.addr()) };
    assert!(after.is_signed_in().await);
    let old = after.posting("/-/account", &[("csrf", &csrf), ("form", "profile")]);
    page_of(&old.send().await, 403);
}

#[tokio::test]
async fn another_password_and_the_end_of_a_user_end_it_in_every_process() {
    let (folder, upstream) =
        (tempfile::tempdir().expect("a directory"), FakeUpstream::start().await);
    let registry = folder.path().join("registry");
    let path = registry.to_str().expect("a path in UTF-8");
    for name in ["ann", "bob"] {
        user(&registry, &format!("add {name}"), PASSWORD).await;
    }
    let env = [("NOPAR_AUTH", "users"), ("NOPAR_REGISTRY_PATH", path)];
    let start = async || {
        let own = tempfile::tempdir().expect("a directory");
        Binary::serving_as(own, Command::new(PROGRAM), &upstream.url(), &env).await
    };
    let ((_one, here), (_other, there)) = (start().await, start().await);
    for (name, end) in [("ann", "passwd ann"), ("bob", "rm bob")] {
        let mut browser = Browser::at(here);
        browser.sign_in(name, PASSWORD).await.expect(303);
        let at_other = Browser { cookie: browser.cookie.clone(), ..Browser::at(there) };
        assert!(browser.is_signed_in().await && at_other.is_signed_in().await);
        user(&registry, end, if name == "ann" { "battery staple" } else { "" }).await;
        for browser in [&browser, &at_other] {
            let since = Instant::now();
            while browser.is_signed_in().await {
                assert!(since.elapsed() < SECONDS, "{end}: still signed in");
            }
        }
    }
    // And what one process ends, the other does not know any more.
    let mut browser = Browser::at(here);
    browser.sign_in("ann", "battery staple").await.expect(303);
    let at_other = Browser { cookie: browser.cookie.clone(), ..Browser::at(there) };
    assert!(at_other.is_signed_in().await);
    let csrf = browser.csrf("/-/account").await;
    browser.post_with("/-/logout", &csrf, &[]).await.expect(303);
    let since = Instant::now();
    while at_other.is_signed_in().await {
        assert!(since.elapsed() < SECONDS, "still signed in");
    }
}

#[tokio::test]
async fn the_log_tells_who_signed_in_and_out_and_no_secret() {
    let upstream = FakeUpstream::start().await;
    for level in ["info", "debug"] {
        let env = [("NOPAR_AUTH", "users"), ("NOPAR_LOGLEVEL", level)];
        let (binary, addr) = Binary::serving(&upstream.url(), &env).await;
        user(&binary.folder().join("registry"), "add ann", PASSWORD).await;
        let mut ann = Browser::at(addr);
        page_of(&ann.sign_in("ann", "a guess").await, 401);
        ann.sign_in("ann", PASSWORD).await.expect(303);
        let session = ann.session();
        Browser::at(addr).sign_in("ann", PASSWORD).await.expect(303);
        ann.post("/-/account", &[("form", "sessions")]).await.expect(303);
        let csrf = ann.csrf("/-/account").await;
        ann.post_with("/-/logout", &csrf, &[]).await.expect(303);
        binary.says("POST /-/logout 303").await;
        let log = binary.stderr();
        for part in [
            "login refused who=\"ann\" from=\"127.0.0.1\" why=",
            "login ok who=\"ann\" from=\"127.0.0.1\" session=",
            "logout ok who=\"ann\" from=\"127.0.0.1\" session=",
            "logout ok who=\"ann\" from=\"127.0.0.1\" sessions_ended=\"1\"",
        ] {
            assert!(log.contains(part), "{part}: {log}");
        }
        for secret in [session.as_str(), &csrf, PASSWORD, "a guess"] {
            assert!(!log.contains(secret), "at level {level}: {log}");
        }
    }
}
