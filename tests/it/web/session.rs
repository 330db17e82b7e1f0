//! People sign in on a page, stay who they are for twelve hours, and sign out.
//! Knows nothing of what they do meanwhile.

mod cookies;
mod ends;
mod login_page;

use std::time::Duration;

use serde_json::json;

use super::browser::{Browser, sent_to};
use super::plain;
use crate::support::nopar::TestNopar;
use crate::support::publish::{basic, refusal};
use crate::support::upstream::FakeUpstream;
use crate::users::{PASSWORD, enabled, get, hidden, log_in, page_of, user, with_users};

#[tokio::test]
async fn who_signs_in_is_known_on_every_page_and_goes_back_to_where_they_were() {
    let (upstream, nopar) = with_users().await;
    let mut ann = Browser::at(nopar.addr());
    let asked = ann.get("/-/account").await;
    assert_eq!(sent_to(&asked), "/-/login?back=%2F-%2Faccount");
    let page = ann.get("/-/login?back=%2F-%2Faccount").await;
    let text = page_of(&page, 200);
    assert!(text.contains("name=\"back\" value=\"/-/account\""), "{text}");
    let (csrf, back) = (hidden(&page, "csrf"), hidden(&page, "back"));
    let fields = [("user", " ann "), ("password", PASSWORD), ("back", &back)];
    let answer = ann.post_with("/-/login", &csrf, &fields).await;
    assert_eq!(sent_to(&answer), "/-/account");
    let cookie = answer.header("set-cookie").expect("a cookie");
    let kept = "; Max-Age=43200; Path=/; HttpOnly; SameSite=Strict";
    assert!(cookie.starts_with("nopar_session=npm_") && cookie.ends_with(kept), "{cookie}");
    for path in ["/", "/-/account", "/-/packages/all"] {
        let text = page_of(&ann.get(path).await, 200);
        assert!(text.contains(">ann</a>") && !text.contains(">Sign in</a>"), "{path}: {text}");
    }
    assert_eq!(sent_to(&ann.get("/-/login?back=/-/packages/all").await), "/-/packages/all");
    assert!(page_of(&Browser::at(nopar.addr()).get("/").await, 200).contains(">Sign in</a>"));
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
}

#[tokio::test]
async fn nobody_is_sent_to_another_site() {
    let (_upstream, nopar) = with_users().await;
    for evil in [
        "//other.example/",
        "https://other.example/-/account",
        "/\\other.example",
        "/lodash",
        "/-/v1/login/c2VjcmV0",
        "/-/logout",
    ] {
        let mut ann = Browser::at(nopar.addr());
        let fields = [("user", "ann"), ("password", PASSWORD), ("back", evil)];
        let answer = ann.post("/-/login", &fields).await;
        assert_eq!(sent_to(&answer), "/", "{evil}");
    }
}

#[tokio::test]
async fn behind_a_prefix_and_https_the_cookie_is_secure_and_the_way_back_has_the_prefix() {
    let upstream = FakeUpstream::start().await;
    let at = TestNopar::with(&upstream).env("NOPAR_AUTH", "users");
    let nopar = at.env("NOPAR_BASE_URL", "https://registry.example/npm").start().await;
    user(nopar.registry_path(), "add ann", PASSWORD).await;
    let browser = Browser::at(nopar.addr());
    let csrf = browser.csrf("/npm/-/login").await;
    let fields = [("csrf", csrf.as_str()), ("user", "ann"), ("password", PASSWORD)];
    let post = browser.request("POST", "/npm/-/login").header("Origin", "https://registry.example");
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let answer = post.body(form).send().await;
    assert_eq!(sent_to(&answer), "/npm/");
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(cookie.ends_with("; SameSite=Strict; Secure"), "{cookie}");
}

#[tokio::test]
async fn a_wrong_password_is_told_as_an_unknown_user_is_and_who_guesses_waits() {
    let (_upstream, nopar) = with_users().await;
    let mut browser = Browser::at(nopar.addr());
    let wrong = browser.sign_in("ann", "a guess").await;
    let text = page_of(&wrong, 401);
    assert!(text.contains("is not right: type them again") && !text.contains("a guess"), "{text}");
    assert!(text.contains("value=\"ann\""), "{text}");
    // A browser that is told of Basic asks by itself.
    assert!(!wrong.header("www-authenticate").unwrap_or_default().contains("Basic"));
    let unknown = browser.sign_in("joe", "a guess").await;
    page_of(&unknown, 401);
    assert_eq!(plain(&unknown).replace("joe", "ann"), plain(&wrong));
    page_of(&browser.sign_in("", "").await, 400);
    for _ in 0..4 {
        page_of(&browser.sign_in("ann", "a guess").await, 401);
    }
    let early = browser.sign_in("ann", PASSWORD).await;
    page_of(&early, 429);
    assert!(browser.cookie.is_none());
    let wait: u64 = early.header("retry-after").expect("a wait").parse().expect("seconds");
    nopar.advance(Duration::from_secs(wait));
    browser.sign_in("ann", PASSWORD).await.expect(303);
}

/// What is sent with a code.
fn by<'a>(proof: &'a str, code: &'a str) -> [(&'a str, &'a str); 4] {
    [("form", "code"), ("proof", proof), ("code", code), ("back", "/-/account")]
}

#[tokio::test]
async fn with_a_second_factor_a_code_is_asked_for_once_the_password_is_right() {
    let (_upstream, nopar) = with_users().await;
    let (mut app, paper, _) = enabled(&nopar, "auth-only").await;
    let mut ann = Browser::at(nopar.addr());
    page_of(&ann.sign_in("ann", "a guess").await, 401);
    let asked = ann.sign_in("ann", PASSWORD).await;
    let text = page_of(&asked, 200);
    assert!(text.contains("name=\"code\"") && !text.contains(PASSWORD), "{text}");
    assert!(ann.cookie.is_none());
    let (csrf, proof) = (hidden(&asked, "csrf"), hidden(&asked, "proof"));
    let code = app.next(&nopar);
    let wrong = ann.post_with("/-/login", &csrf, &by(&proof, "000000x")).await;
    assert!(page_of(&wrong, 401).contains("role=\"alert\"") && hidden(&wrong, "proof") == proof);
    for made_up in ["", "abc", &proof[..proof.len() - 1]] {
        let answer = ann.post_with("/-/login", &csrf, &by(made_up, &code)).await;
        assert!(page_of(&answer, 401).contains("name=\"password\""));
    }
    assert!(ann.cookie.is_none());
    let answer = ann.post_with("/-/login", &csrf, &by(&proof, &code)).await;
    assert_eq!(sent_to(&answer), "/-/account");
    assert!(ann.is_signed_in().await);
    // One on paper does as well; and no proof is good for ever.
    let mut other = Browser::at(nopar.addr());
    let proof = hidden(&other.sign_in("ann", PASSWORD).await, "proof");
    nopar.advance(Duration::from_secs(301));
    let late = other.post_with("/-/login", &csrf, &by(&proof, &paper[0])).await;
    page_of(&late, 401);
    let proof = hidden(&other.sign_in("ann", PASSWORD).await, "proof");
    other.post_with("/-/login", &csrf, &by(&proof, &paper[0])).await.expect(303);
}

#[tokio::test]
async fn a_form_that_no_page_made_for_its_sender_does_nothing() {
    let (_upstream, nopar) = with_users().await;
    let (ann, bob) = (Browser::of(&nopar, "ann").await, Browser::of(&nopar, "bob").await);
    let theirs = bob.csrf("/-/account").await;
    let nobodys = Browser::at(nopar.addr()).csrf("/-/login").await;
    for csrf in ["", "abc", &theirs, &nobodys] {
        for (path, form) in [("/-/account", "profile"), ("/-/logout", ""), ("/-/login", "")] {
            let fields = [
                ("csrf", csrf),
                ("form", form),
                ("fullname", "X"),
                ("user", "bob"),
                ("password", PASSWORD),
            ];
            let answer = ann.posting(path, &fields).send().await;
            let text = page_of(&answer, 403);
            assert!(text.contains("load its page again"), "{path}: {text}");
        }
    }
    let page = page_of(&ann.get("/-/account").await, 200);
    assert!(page.contains("name=\"fullname\" type=\"text\" value=\"\""), "{page}");
    // What was shown to somebody at another address is of no use at this one.
    let there = "127.0.0.2".parse().expect("an address");
    let page = Browser::at(nopar.addr()).request("GET", "/-/login").from(there).send().await;
    let fields = [("csrf", &*hidden(&page, "csrf")), ("user", "bob"), ("password", PASSWORD)];
    let answer = Browser::at(nopar.addr()).posting("/-/login", &fields).send().await;
    page_of(&answer, 403);
}

#[tokio::test]
async fn a_page_of_another_site_signs_nobody_in_or_out() {
    let (_upstream, nopar) = with_users().await;
    let ann = Browser::of(&nopar, "ann").await;
    let csrf = ann.csrf("/-/account").await;
    for (name, value) in [
        ("Origin", "http://other.example"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ] {
        for path in ["/-/login", "/-/logout", "/-/account"] {
            let form = format!("csrf={csrf}&user=bob&password={}", PASSWORD.replace(' ', "+"));
            let post = ann.request("POST", path).header(name, value).body(form);
            let answer = post.send().await;
            assert_eq!(answer.status, 403, "{path} {value}");
            assert!(answer.header("set-cookie").is_none());
        }
    }
    assert!(ann.is_signed_in().await);
}

/// What a browser sends by itself lets no program in, and what programs are let in by is no session.
#[tokio::test]
async fn a_session_is_no_token_and_a_token_is_no_session() {
    let (_upstream, nopar) = with_users().await;
    let ann = Browser::of(&nopar, "ann").await;
    let session = ann.session();
    for authorization in [format!("Bearer {session}"), basic("ann", &session)] {
        let answer = get(&nopar, "/-/whoami", &authorization).await;
        refusal(&answer, &[401], "as a token");
    }
    // Endpoints look at no cookie.
    let with_cookie =
        nopar.request("/-/whoami").header("Cookie", ann.cookie.as_deref().expect("one"));
    refusal(&with_cookie.send().await, &[401], "as a cookie");
    let token = log_in(&nopar, "ann", PASSWORD).await;
    let mut wrong = Browser::at(nopar.addr());
    wrong.cookie = Some(format!("nopar_session={}", token.strip_prefix("Bearer ").expect("one")));
    assert!(!wrong.is_signed_in().await);
    // Nor do pages look at credentials.
    let shown =
        Browser::at(nopar.addr()).request("GET", "/-/account").header("Authorization", &token);
    assert_eq!(shown.send().await.status, 303);
    // It is in no list.
    let listed = get(&nopar, "/-/npm/v1/tokens", &token).await.expect(200).json();
    assert_eq!(listed["total"], json!(1), "{listed}");
}

#[tokio::test]
async fn the_open_mode_has_nobody_to_sign_in_as() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let browser = Browser::at(nopar.addr());
    for path in ["/-/login", "/-/account"] {
        let text = page_of(&browser.get(path).await, 404);
        assert!(text.contains("NOPAR_AUTH=open"), "{path}: {text}");
        page_of(&browser.posting(path, &[]).send().await, 404);
    }
    page_of(&browser.posting("/-/logout", &[]).send().await, 404);
    assert!(!page_of(&browser.get("/").await, 200).contains("Sign in"));
}
