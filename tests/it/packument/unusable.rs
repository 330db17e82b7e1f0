//! Answers of an upstream that are no packument of this package: never believed, never kept.
//! Knows nothing of upstreams that do not answer.

use serde_json::json;

use super::entries;
use crate::asking::{LONG, WAYS};
use crate::support::nopar::TestNopar;
use crate::support::upstream::{Answer, FakeUpstream, Fault};

async fn with_lodash() -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    upstream.package("lodash").version("1.0.0", |v| v);
    upstream.package("other").version("6.6.6", |v| v);
    let nopar = TestNopar::with(&upstream).start().await;
    (upstream, nopar)
}

fn says_json(body: impl Into<bytes::Bytes>) -> Fault {
    let answer = Answer::new(200).header("Content-Type", "application/json");
    answer.body(body).into()
}

fn faults() -> Vec<(&'static str, Fault)> {
    let page = "<!doctype html><title>Log in</title>";
    let html = Answer::new(200).header("Content-Type", "text/html").body(page);
    let zipped = |body: &'static [u8]| {
        let answer = Answer::new(200).header("Content-Encoding", "gzip");
        answer.header("Content-Type", "application/json").body(body).into()
    };
    let cut = br#"{"name":"lodash","dist-tags":{},"versions":{"1.0.0":{"na"#;
    let two = br#"{"name":"lodash","versions":{}}{"name":"lodash","versions":{}}"#;
    vec![
        ("another package's", Fault::PackumentOf("other".to_owned())),
        ("a page", html.into()),
        ("a page that says it is JSON", Fault::garbage()),
        ("JSON cut short", says_json(&cut[..])),
        ("two documents", says_json(&two[..])),
        ("nothing", says_json("")),
        ("an array", says_json(r#"["lodash"]"#)),
        ("null", says_json("null")),
        ("an error as a 200", says_json(r#"{"error":"not_found"}"#)),
        ("a name that is no text", says_json(r#"{"name":{},"versions":{}}"#)),
        ("not UTF-8", says_json(&b"{\"name\":\"lodash\",\"x\":\"\xff\"}"[..])),
        ("no gzip at all", zipped(b"not gzip")),
        ("gzip of nothing", zipped(b"")),
        ("gzip cut short", Fault::LengthTooShort(9)),
        ("a body cut short", Fault::CutBody(20)),
        ("a length never reached", Fault::LengthTooLong(9)),
        ("a 304 nobody asked for", 304.into()),
        ("no content", 204.into()),
    ]
}

/// What is not this package's document is a 502 in JSON, nothing of it is kept, and the next
/// request is answered rightly.
#[tokio::test]
async fn an_unusable_answer_is_a_502_and_not_kept() {
    for (what, fault) in faults() {
        let (upstream, nopar) = with_lodash().await;
        upstream.next("/lodash", fault);
        let answer = nopar.get("/lodash").await;
        assert_eq!(answer.status, 502, "{what}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert!(answer.json()["error"].is_string(), "{what}");
        assert_eq!(entries(&nopar), [""; 0], "{what}");
        nopar.forget_failures();
        for way in WAYS {
            let answer = way.of(&nopar, "lodash").send().await;
            way.check(&answer, &upstream.packument("lodash"), &nopar.url());
        }
        assert_eq!(upstream.count_all(), 2, "{what}");
    }
}

/// The same for a version's document and for dist-tags, which need the packument.
#[tokio::test]
async fn an_unusable_answer_is_a_502_for_versions_and_tags() {
    let (upstream, nopar) = with_lodash().await;
    for path in ["/lodash/1.0.0", "/-/package/lodash/dist-tags"] {
        upstream.next("/lodash", Fault::PackumentOf("other".to_owned()));
        nopar.get(path).await.expect(502);
        nopar.forget_failures();
    }
    nopar.get("/lodash/1.0.0").await.expect(200);
}

/// What is held stays, and is served, when the upstream's answer to "has it changed?" is unusable.
#[tokio::test]
async fn an_unusable_answer_does_not_replace_what_is_held() {
    let (upstream, nopar) = with_lodash().await;
    let before = upstream.packument("lodash");
    nopar.get("/lodash").await.expect(200);
    let held = entries(&nopar);
    upstream.package("lodash").version("1.1.0", |v| v);
    for (what, fault) in faults() {
        // A 304 is a good answer here, as there is something held.
        if what == "a 304 nobody asked for" {
            continue;
        }
        nopar.advance(LONG);
        upstream.next("/lodash", fault);
        let answer = WAYS[3].of(&nopar, "lodash").send().await;
        assert_eq!(answer.header("x-cache"), Some("stale"), "{what}");
        WAYS[3].check(&answer, &before, &nopar.url());
        assert_eq!(entries(&nopar), held, "{what}");
    }
    nopar.forget_failures();
    let answer = WAYS[3].of(&nopar, "lodash").send().await;
    WAYS[3].check(&answer, &upstream.packument("lodash"), &nopar.url());
}

/// A 304 without a copy is never passed on, however the client asked.
#[tokio::test]
async fn a_304_without_a_copy_is_not_passed_on() {
    let (upstream, nopar) = with_lodash().await;
    let theirs = crate::support::client::get(upstream.addr(), "/lodash").await;
    upstream.clear();
    let etag = theirs.header("etag").expect("an ETag").to_owned();
    // The upstream's own validator means nothing to NOPAR, nor does it go on to the upstream.
    for etag in [&*etag, "\"unknown\""] {
        let conditional = nopar.request("/lodash").header("If-None-Match", etag);
        conditional.send().await.expect(200);
    }
    assert_eq!(upstream.count_all(), 1);
    assert_eq!(upstream.requests()[0].header("if-none-match"), None);
    upstream.always("/other", 304);
    for _ in 0..2 {
        let conditional = nopar.request("/other").header("If-None-Match", "\"x\"");
        conditional.send().await.expect(502);
    }
}

/// A document without versions is one: clients say themselves that there is nothing to install.
#[tokio::test]
async fn a_document_without_versions_is_served() {
    let (upstream, nopar) = with_lodash().await;
    upstream.document("empty", json!({"_id": "empty", "time": {}}).to_string());
    let document = nopar.get("/empty").await.expect(200).json();
    assert_eq!(document["_id"], "empty");
    let short = nopar.request("/empty").header("Accept", crate::asking::INSTALL);
    assert_eq!(short.send().await.expect(200).json()["name"], "empty");
    nopar.get("/empty/1.0.0").await.expect(404);
}
