//! Jobs that get no token, and hear why.
//! Knows nothing of issuers that fail.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use serde_json::json;

use super::{EXCHANGE, Scene, exchange, refusal, rules};
use crate::support::client::Request;
use crate::support::issuer::{FakeIssuer, Key, now};
use crate::support::nopar::TestNopar;
use crate::support::publish::basic;
use crate::support::upstream::FakeUpstream;

#[tokio::test]
async fn a_job_that_is_not_trusted_gets_nothing_and_hears_why() {
    let scene = Scene::new().await;
    let now = now();
    for (name, claims, status, reason, told) in [
        ("left", json!({"aud": "npm:other.example"}), 403, "not_trusted", "another audience"),
        (
            "left",
            json!({"repository": "eve/ui", "repository_owner": "eve"}),
            403,
            "not_trusted",
            "claims",
        ),
        // From a branch it may read, but not this one.
        ("left", json!({"ref": "refs/heads/main"}), 403, "not_trusted", "is for left"),
        ("other", json!({}), 403, "not_trusted", "is for other"),
        ("left", json!({"iss": "https://eve.example"}), 403, "not_trusted", "issuer"),
        ("left", json!({"exp": now - 120}), 401, "bad_id_token", "expired"),
        ("left", json!({"iat": now + 600}), 401, "bad_id_token", "compare the clocks"),
        ("left", json!({"exp": null}), 401, "bad_id_token", "lacks the claim exp"),
    ] {
        let answer = scene.ask(name, claims.clone()).await;
        let said = refusal(&answer, status, reason);
        assert!(said.contains(told), "{name} {claims}: {said}");
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401);
    }
    assert_eq!(scene.tokens(), 0);
    assert_eq!(scene.upstream.count_all(), 0);
}

#[tokio::test]
async fn a_token_that_the_issuer_has_not_signed_is_none() {
    let scene = Scene::new().await;
    let claims = scene.issuer.claims(&json!({}));
    let unknown = Key::new("unknown").sign(&claims);
    let pretended = Key::new("key-1").sign(&claims);
    for (token, told) in [
        (unknown.as_str(), "no key"),
        (pretended.as_str(), "signature"),
        ("npm_abc", "no ID token"),
        ("a.b.c", "no ID token"),
    ] {
        let answer = exchange(scene.addr(), "left", token).send().await;
        let said = refusal(&answer, 401, "bad_id_token");
        assert!(said.contains(told) && !said.contains(token), "{said}");
    }
    assert_eq!(scene.tokens(), 0);
}

#[tokio::test]
async fn a_token_is_shown_once_for_each_package() {
    let scene = Scene::new().await;
    let token = scene.issuer.token(&json!({}));
    let ask = async || exchange(scene.addr(), "left", &token).send().await;
    ask().await.expect(201);
    assert!(refusal(&ask().await, 403, "not_trusted").contains("used for this package before"));
    scene.nopar.advance(Duration::from_secs(600));
    assert!(refusal(&ask().await, 401, "bad_id_token").contains("expired"));
    assert_eq!(scene.tokens(), 1);
}

/// It was told that its ID token had been used before.
#[tokio::test]
async fn a_job_whose_token_could_not_be_kept_tries_again_with_the_id_token_that_it_has() {
    let scene = Scene::new().await;
    let own = scene.nopar.registry_path().join(".nopar");
    fs::create_dir_all(&own).expect("a directory");
    let token = scene.issuer.token(&json!({}));
    let ask = async || exchange(scene.addr(), "left", &token).send().await;
    fs::write(own.join("tokens"), "in the way").expect("a file");
    refusal(&ask().await, 500, "token_error");
    fs::remove_file(own.join("tokens")).expect("it is gone");
    // Nor is there a token of it where the ID token cannot be used up.
    symlink("nowhere", own.join("shown")).expect("a link");
    refusal(&ask().await, 500, "token_error");
    assert_eq!(scene.tokens(), 0, "{:?}", scene.nopar.registry_files());
    fs::remove_file(own.join("shown")).expect("it is gone");
    ask().await.expect(201);
    assert_eq!(scene.tokens(), 1);
    refusal(&ask().await, 403, "not_trusted");
    assert_eq!(scene.tokens(), 1);
}

/// Whatever was in memory: another process on the directory, and the same once it was started again, know it.
#[tokio::test]
async fn a_token_that_was_shown_is_so_after_a_restart_and_to_others_on_the_directory() {
    let mut scene = Scene::new().await;
    let token = scene.issuer.token(&json!({}));
    exchange(scene.addr(), "left", &token).send().await.expect(201);
    let registry = scene.nopar.registry_path().to_str().expect("a path in UTF-8");
    let other = TestNopar::with(&scene.upstream).env("NOPAR_AUTH", "users");
    let other = other.env("NOPAR_REGISTRY_PATH", registry).file(&rules(&scene.issuer.url()));
    let other = other.start().await;
    scene.nopar.restart().await;
    for addr in [other.addr(), scene.addr()] {
        let answer = exchange(addr, "left", &token).send().await;
        assert!(refusal(&answer, 403, "not_trusted").contains("used for this package before"));
        exchange(addr, "@acme/ui", &scene.issuer.token(&json!({"jti": addr.to_string()})))
            .send()
            .await
            .expect(201);
    }
    // Nothing of a token is in a note, nor in its name.
    let notes = scene.nopar.registry_files().into_iter();
    let notes: Vec<String> = notes.filter(|file| file.starts_with(".nopar/shown/")).collect();
    assert_eq!(notes.len(), 4, "three, and a lock: {notes:?}");
    for note in notes {
        let text = std::fs::read_to_string(scene.nopar.registry_path().join(&note)).expect("text");
        assert!(text.trim().bytes().all(|byte| byte.is_ascii_digit()), "{note}: {text}");
    }
}

#[tokio::test]
async fn a_token_that_cannot_be_noted_is_refused() {
    let scene = Scene::new().await;
    let own = scene.nopar.registry_path().join(".nopar");
    std::fs::create_dir_all(&own).expect("a directory");
    std::fs::write(own.join("shown"), "").expect("a file");
    let token = scene.issuer.token(&json!({}));
    let ask = async || exchange(scene.addr(), "left", &token).send().await;
    let said = refusal(&ask().await, 500, "token_error");
    assert!(said.contains("its log") || said.contains("the log of this registry"), "{said}");
    assert_eq!(scene.tokens(), 0);
    std::fs::remove_file(own.join("shown")).expect("it is gone");
    ask().await.expect(201);
}

#[tokio::test]
async fn who_shows_no_token_or_several_hears_what_is_needed() {
    let scene = Scene::new().await;
    let token = format!("Bearer {}", scene.issuer.token(&json!({})));
    let path = format!("{EXCHANGE}/left");
    let ask = || Request::new(scene.addr(), "POST", &path);
    for request in [
        ask(),
        ask().header("Authorization", basic("ann", "secret")),
        ask().header("Authorization", &token).header("Authorization", &token),
    ] {
        let answer = request.send().await;
        assert!(refusal(&answer, 401, "bad_id_token").contains("Bearer"));
    }
    assert_eq!(scene.issuer.server().count_all(), 0);
    let answer = Request::get(scene.addr(), &path).header("Authorization", &token).send().await;
    assert_eq!(answer.expect(405).header("allow"), Some("POST"));
}

/// npm asks every registry, and goes on without an answer.
#[tokio::test]
async fn where_no_job_is_trusted_there_is_nothing() {
    let (upstream, issuer) = (FakeUpstream::start().await, FakeIssuer::start().await);
    let file = rules(&issuer.url());
    let open = TestNopar::with(&upstream).file(&file).start().await;
    let users = TestNopar::with(&upstream).env("NOPAR_AUTH", "users").start().await;
    for nopar in [&open, &users] {
        let answer = exchange(nopar.addr(), "left", &issuer.token(&json!({}))).send().await;
        assert!(refusal(&answer, 404, "not_found").contains("[[trust]]"));
    }
    assert_eq!((issuer.server().count_all(), upstream.count_all()), (0, 0));
}

/// As of all that acts: a browser that says so sent it for another site.
#[tokio::test]
async fn no_page_of_another_site_asks_for_a_token() {
    let scene = Scene::new().await;
    let request = exchange(scene.addr(), "left", &scene.issuer.token(&json!({})));
    let answer = request.header("Origin", "https://eve.example").send().await.expect(403);
    assert_eq!(answer.json()["reason"], "cross_site");
    assert_eq!(answer.header("access-control-allow-origin"), None);
}
