//! What is not saved: it is told beside its field, what was typed stays there, and nothing has changed.
//! Knows nothing of what is saved.

use super::*;
use crate::support::disk::SmallDisk;
use crate::users::{PASSWORD, user};
use crate::web::browser::Browser;

/// How a field looks that has this value typed.
fn typed(key: &str, value: &str) -> String {
    format!("name=\"{key}\" value=\"{value}\"")
}

#[tokio::test]
async fn errors_stand_beside_their_fields_and_what_was_typed_stays() {
    let upstream = upstream("1.0.0").await;
    let nopar = TestNopar::with(&upstream).start().await;
    let values = [
        ("server.port", "8o80"),
        ("upstream.url", "ftp://registry.example"),
        ("upstream.user_agent", "fine/1"),
        ("log.level", "loud"),
    ];
    let text = refused(nopar.addr(), 422, &values).await;
    for (key, value) in &values[..3] {
        assert!(text.contains(&typed(key, value)), "{key}: {text}");
    }
    for (key, is_wrong) in [
        ("server.port", true),
        ("upstream.url", true),
        ("log.level", true),
        ("upstream.user_agent", false),
    ] {
        assert_eq!(text.contains(&format!("id=\"{key}-error\"")), is_wrong, "{key}: {text}");
        assert_eq!(text.contains(&format!("<a href=\"#{key}\">")), is_wrong, "{key}: {text}");
    }
    assert!(text.contains("<title>Error: Settings"), "{text}");
    assert_eq!(text.matches("autofocus").count(), 1, "{text}");
    assert!(text.contains("is not a port: a number from 0 to 65535 is allowed"), "{text}");
    assert!(text.contains("<option selected>loud</option>"), "{text}");
    assert!(!nopar.registry_path().join("registry.json").exists());
    latest(nopar.addr()).await;
    assert_ne!(upstream.requests()[0].header("user-agent"), Some("fine/1"));
}

/// It would keep NOPAR from its next start.
#[tokio::test]
async fn a_hostname_that_cannot_be_listened_on_is_told_beside_its_field() {
    let upstream = upstream("1.0.0").await;
    let nopar = TestNopar::with(&upstream).start().await;
    for (hostname, words) in [
        ("<b>x", "is not a host"),
        ("a b", "is not a host"),
        ("192.0.2.1", "cannot be listened on"),
    ] {
        let text = refused(nopar.addr(), 422, &[("server.hostname", hostname)]).await;
        assert!(text.contains("id=\"server.hostname-error\"") && text.contains(words), "{text}");
        assert!(!text.contains("<b>x"), "{text}");
    }
    assert!(!nopar.registry_path().join("registry.json").exists());
}

/// What a tab that was opened before another one saved would have undone.
#[tokio::test]
async fn a_page_that_is_not_of_now_undoes_nothing() {
    let upstream = upstream("1.0.0").await;
    let nopar = TestNopar::with(&upstream).start().await;
    let shown = page(nopar.addr()).await;
    let (csrf, mark) = (hidden(&shown, "csrf"), hidden(&shown, "mark"));
    let posted = async |mark: &str, agent: &str, ttl: &str| {
        let values = [("mark", mark), ("upstream.user_agent", agent), ("cache.meta_ttl", ttl)];
        posted(nopar.addr(), &csrf, &values).send().await
    };
    assert_eq!(posted(&mark, "theirs/1", "").await.status, 303);
    let answer = posted(&mark, "", "1h").await;
    let text = answer.text();
    assert_eq!(answer.status, 409, "{text}");
    for part in [
        "settings were changed meanwhile",
        "changed meanwhile: theirs/1 is saved now",
        &typed("upstream.user_agent", ""),
        &typed("cache.meta_ttl", "1h"),
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("id=\"cache.meta_ttl-error\""), "{text}");
    assert_eq!(saved_in(&nopar), serde_json::json!({"forwarder.userAgent": "theirs/1"}));
    // By the form of that page it is saved; and what another NOPAR saves is noticed as well.
    let mark = hidden(&text, "mark");
    assert_eq!(posted(&mark, "mine/1", "1h").await.status, 303);
    let place = nopar.registry_path().join("registry.json");
    std::fs::write(&place, r#"{"version":"1","settings":{"metaTTL":"2h"}}"#).expect("a file");
    let mark = hidden(&page(nopar.addr()).await, "mark");
    let answer = posted(&mark, "", "3h").await;
    assert_eq!(answer.status, 409, "{}", answer.text());
    assert!(answer.text().contains("changed meanwhile: 2h is saved now"), "{}", answer.text());
    assert_eq!(saved_in(&nopar)["metaTTL"], "2h");
}

/// With a slip in it every later save was a 403, as of a page of another site.
#[tokio::test]
async fn a_base_url_by_which_nobody_comes_is_confirmed_and_can_be_mended() {
    let upstream = upstream("1.0.0").await;
    let nopar = TestNopar::with(&upstream).start().await;
    let own = nopar.url();
    let sent = async |values: &[(&str, &str)]| {
        let request = filled(nopar.addr(), values).await;
        request.header("Origin", &own).header("Sec-Fetch-Site", "same-origin").send().await
    };
    let slip = ("server.base_url", "https://npm.acme.example");
    let answer = sent(&[slip]).await;
    let text = answer.text();
    assert_eq!(answer.status, 422, "{text}");
    assert!(text.contains("this is not the address that you come by"), "{text}");
    assert!(text.contains("id=\"server.base_url-error\""), "{text}");
    let box_ = "<input type=\"checkbox\" name=\"other_address\" value=\"yes\">";
    assert!(text.contains(box_), "{text}");
    assert!(!page(nopar.addr()).await.contains("other_address"));
    assert_eq!(sent(&[slip, ("other_address", "yes")]).await.status, 303);
    // Once it holds it is not asked about.
    assert_eq!(sent(&[slip, ("upstream.user_agent", "x/1")]).await.status, 303);
    assert_eq!(saved_in(&nopar)["baseUrl"], "https://npm.acme.example");
    let elsewhere = filled(nopar.addr(), &[slip]).await.header("Origin", "http://other.test");
    let answer = elsewhere.send().await;
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert!(answer.text().contains("https://npm.acme.example/, its base URL"), "{}", answer.text());
    assert_eq!(sent(&[("server.base_url", "")]).await.status, 303);
    assert_eq!(sent(&[("server.base_url", &own)]).await.status, 303);
}

#[tokio::test]
async fn this_nopar_is_no_parent_of_itself() {
    let upstream = upstream("1.0.0").await;
    let nopar = TestNopar::with(&upstream).start().await;
    let port = nopar.addr().port();
    for url in [nopar.url(), format!("http://localhost:{port}/x")] {
        // It listens on one of the addresses of this name.
        let text = refused(nopar.addr(), 422, &[("upstream.url", &url)]).await;
        assert!(text.contains("id=\"upstream.url-error\""), "{text}");
        assert!(text.contains("is this NOPAR itself: another registry is allowed"), "{text}");
    }
    assert_eq!(latest(nopar.addr()).await, "1.0.0");
}

#[tokio::test]
async fn a_directory_that_takes_nothing_changes_nothing() {
    let disk = match SmallDisk::mount() {
        Ok(disk) => disk,
        Err(why) => return println!("skipped: {why}"),
    };
    let (one, two) = (upstream("1.0.0").await, upstream("2.0.0").await);
    let registry = disk.path().join("registry");
    std::fs::create_dir(&registry).expect("a directory");
    std::fs::write(registry.join("registry.json"), "{}").expect("a file");
    let path = registry.to_str().expect("a path in UTF-8");
    let nopar = TestNopar::with(&one).env("NOPAR_REGISTRY_PATH", path).start().await;
    disk.set_writable(false);
    let text = refused(nopar.addr(), 500, &[("upstream.url", &two.url())]).await;
    disk.set_writable(true);
    assert!(
        text.contains("nothing was changed: ") && text.contains("Read-only file system"),
        "{text}"
    );
    assert!(text.contains(&typed("upstream.url", &two.url())), "{text}");
    assert_eq!(std::fs::read_to_string(registry.join("registry.json")).expect("a file"), "{}");
    assert_eq!(latest(nopar.addr()).await, "1.0.0");
    save(nopar.addr(), &[("upstream.url", &two.url())]).await;
    assert_eq!(latest(nopar.addr()).await, "2.0.0");
}

#[tokio::test]
async fn a_file_that_cannot_be_replaced_changes_nothing() {
    let (one, two) = (upstream("1.0.0").await, upstream("2.0.0").await);
    let nopar = TestNopar::with(&one).start().await;
    std::fs::create_dir_all(nopar.registry_path().join("registry.json")).expect("a directory");
    let text = refused(nopar.addr(), 500, &[("upstream.url", &two.url())]).await;
    assert!(text.contains("registry.json is not a file"), "{text}");
    assert_eq!(latest(nopar.addr()).await, "1.0.0");
}

#[tokio::test]
async fn who_may_not_administer_sees_nothing_and_changes_nothing() {
    let upstream = upstream("1.0.0").await;
    let nopar = TestNopar::with(&upstream).start().await;
    let csrf = hidden(&page(nopar.addr()).await, "csrf");
    // Behind a proxy at this machine anybody may be.
    let far = |request: Request| request.header("X-Forwarded-For", "192.0.2.7");
    let values = [("upstream.user_agent", "theirs/1")];
    for request in [browser(nopar.addr()), posted(nopar.addr(), &csrf, &values)] {
        let answer = far(request).send().await;
        assert_eq!(answer.status, 403, "{}", answer.text());
        assert!(!answer.text().contains(&upstream.url()), "{}", answer.text());
    }
    // Without what shows that the form is of a page of this process.
    let answer = posted(nopar.addr(), "made-up", &values).send().await;
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert!(!nopar.registry_path().join("registry.json").exists());
    let users = TestNopar::with(&upstream).env("NOPAR_AUTH", "users").start().await;
    let answer = browser(users.addr()).send().await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(answer.header("location").is_some_and(|to| to.starts_with("/-/login?")));
}

/// Where users have accounts, it is those whom `NOPAR_ADMINS` names, by the session of their browser.
#[tokio::test]
async fn only_administrators_see_and_change_settings_where_there_are_users() {
    let upstream = upstream("1.0.0").await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_AUTH", "users").env("NOPAR_ADMINS", "root");
    let nopar = nopar.start().await;
    for name in ["ann", "root"] {
        user(nopar.registry_path(), &format!("add {name}"), PASSWORD).await;
    }
    let mut root = Browser::of(&nopar, "root").await;
    let values = [("upstream.user_agent", "roots/1")];
    root.post(PAGE, &values).await.expect(303);
    assert_eq!(saved_in(&nopar)["forwarder.userAgent"], "roots/1");
    let ann = Browser::of(&nopar, "ann").await;
    ann.get(PAGE).await.expect(403);
    let csrf = ann.csrf("/-/account").await;
    let values = [("csrf", csrf.as_str()), ("upstream.user_agent", "anns/1")];
    ann.posting(PAGE, &values).send().await.expect(403);
    assert_eq!(saved_in(&nopar)["forwarder.userAgent"], "roots/1");
}
