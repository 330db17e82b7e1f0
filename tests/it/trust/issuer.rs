//! Issuers whose keys change, cannot be had, or are somewhere else.
//! Knows nothing of what tokens say.

use std::time::Duration;

use serde_json::json;

use super::{Scene, refusal};
use crate::support::issuer::{DISCOVERY, KEYS, now};
use crate::support::upstream::{FakeUpstream, Fault};

impl Scene {
    /// Fails the test unless a job hears that its issuer's keys cannot be had, for now.
    async fn check_no_keys(&self) {
        let answer = self.ask("left", json!({})).await;
        let said = refusal(&answer, 503, "issuer_unreachable");
        assert!(said.contains("try again"), "{said}");
        assert_eq!(answer.header("retry-after"), Some("10"));
    }
}

#[tokio::test]
async fn keys_that_are_held_are_enough_while_the_issuer_is_down() {
    let scene = Scene::new().await;
    scene.issuer.server().always("*", Fault::Reset);
    scene.check_no_keys().await;
    // A failure is believed for a while, whoever comes.
    let asked = scene.issuer.server().count_all();
    scene.check_no_keys().await;
    assert_eq!(scene.issuer.server().count_all(), asked);

    scene.issuer.server().behave("*");
    scene.nopar.advance(Duration::from_secs(11));
    scene.admitted("left", json!({"jti": "1"})).await;
    scene.issuer.server().always("*", 500);
    scene.nopar.advance(Duration::from_secs(3600));
    let later = now() + 3600;
    scene
        .admitted("left", json!({"jti": "2", "iat": later, "nbf": later, "exp": later + 300}))
        .await;
}

#[tokio::test]
async fn a_new_key_is_found_and_an_old_one_ends() {
    let mut scene = Scene::new().await;
    let old = scene.issuer.token(&json!({"jti": "old", "exp": now() + 7200}));
    scene.admitted("left", json!({"jti": "1"})).await;
    scene.issuer.rotate();
    scene.issuer.forget();
    // The old one is good until the keys are asked for again.
    let answer = scene.ask("left", json!({"jti": "2"})).await;
    refusal(&answer, 401, "bad_id_token");
    scene.nopar.advance(Duration::from_secs(60));
    scene.admitted("left", json!({"jti": "2"})).await;
    let answer = super::exchange(scene.addr(), "left", &old).send().await;
    assert!(refusal(&answer, 401, "bad_id_token").contains("no key"));
    assert_eq!(scene.issuer.server().count(KEYS), 2);
}

/// Whatever an issuer says of itself: nobody else's keys are taken for its own.
#[tokio::test]
async fn keys_are_looked_for_where_the_issuer_itself_says_over_https_or_its_own_origin() {
    let scene = Scene::new().await;
    let other = FakeUpstream::start().await;
    other.file(KEYS, scene.issuer.server().file_bytes(KEYS));
    other.file(DISCOVERY, scene.issuer.server().file_bytes(DISCOVERY));
    let (url, elsewhere) = (scene.issuer.url(), format!("{}{KEYS}", other.url()));
    let own = format!("{url}{KEYS}");
    let check = async || {
        scene.nopar.advance(Duration::from_secs(11));
        scene.check_no_keys().await;
    };
    for (issuer, keys) in [
        (url.as_str(), elsewhere.as_str()),
        (&url, "ftp://127.0.0.1/keys"),
        (&url, "keys"),
        ("https://eve.example", &own),
        (&format!("{url}/"), &own),
    ] {
        scene.issuer.says(issuer, keys);
        check().await;
    }
    scene.issuer.says(&url, &format!("{own}?{}", "x".repeat(2048)));
    check().await;
    let server = scene.issuer.server();
    for wrong in ["", "[]", "{}", "null", r#"{"issuer":7,"jwks_uri":7}"#] {
        server.file(DISCOVERY, wrong);
        check().await;
    }
    assert_eq!(server.count(KEYS), 0);
    scene.issuer.says(&url, &own);
    for path in [DISCOVERY, KEYS] {
        for fault in [
            Fault::redirect(&format!("{}{path}", other.url())),
            Fault::garbage(),
            Fault::CutBody(20),
            Fault::Endless("application/json"),
            404.into(),
        ] {
            server.next(path, fault);
            check().await;
        }
    }
    assert_eq!(other.count_all(), 0);
    scene.nopar.advance(Duration::from_secs(11));
    scene.admitted("left", json!({})).await;
}

/// One that answers with more than its keys can take is not read to its end.
#[tokio::test]
async fn a_document_of_more_than_256_kib_is_none() {
    let scene = Scene::new().await;
    let keys = scene.issuer.server().file_bytes(KEYS);
    let text = String::from_utf8(keys.to_vec()).expect("text");
    let long = |len: usize| format!("{text}{}", " ".repeat(len - text.len()));
    scene.issuer.server().file(KEYS, long((256 << 10) + 1));
    scene.check_no_keys().await;
    scene.issuer.server().file(KEYS, long(256 << 10));
    scene.nopar.advance(Duration::from_secs(11));
    scene.admitted("left", json!({})).await;
}

/// As is one that announces keys and sends none.
#[tokio::test]
async fn an_issuer_that_hangs_is_given_up() {
    let scene = Scene::with(|nopar| nopar.env("NOPAR_FETCH_TIMEOUT", "1s")).await;
    for path in [DISCOVERY, KEYS] {
        for fault in [Fault::Silence, Fault::StopBody(20)] {
            scene.issuer.server().next(path, fault);
            scene.check_no_keys().await;
            scene.nopar.advance(Duration::from_secs(11));
        }
    }
}

/// All who come at once share one question.
#[tokio::test]
async fn a_crowd_of_jobs_asks_an_issuer_once() {
    let scene = Scene::new().await;
    let hold = scene.issuer.server().hold(KEYS);
    let asking = (0..50).map(|number| {
        let token = scene.issuer.token(&json!({"jti": number.to_string()}));
        super::exchange(scene.addr(), "left", &token)
    });
    let asking = tokio::spawn(crate::support::client::send_all(asking.collect::<Vec<_>>()));
    hold.arrived(1).await;
    hold.release();
    for answer in asking.await.expect("answers") {
        answer.expect(201);
    }
    assert_eq!(scene.issuer.server().count_all(), 2);
}
