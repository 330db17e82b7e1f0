//! Limits on clients: how many connections an address may have, how often it and a token may ask, and what is told at a
//! limit; those that upstreams and the disk set are in the modules below, as far as they are new with these.
//! Knows nothing of how any of it is counted.

mod connections;
mod disk;
mod http2;
mod table;
mod upstream;

use nopar::counters::{Limited, Snapshot};

use crate::access::{login, with_users_before};
use crate::hot::is_hot;
use crate::support::client::{Request, Response};
use crate::support::nopar::TestNopar;
use crate::support::publish::Publish;
use crate::support::upstream::FakeUpstream;

/// An upstream with a package.
async fn upstream() -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v);
    upstream
}

/// A refusal of one request too many: after how many seconds to come again.
#[track_caller]
fn refused(answer: &Response, what: &str) -> u64 {
    assert_eq!(answer.status, 429, "{what}: {:?}", answer.headers);
    assert_eq!(answer.header("content-type"), Some("application/json"), "{what}");
    assert_eq!(answer.header("cache-control"), Some("no-cache"), "{what}");
    let told = answer.json();
    assert_eq!(told["reason"], "too_many_requests", "{what}: {told}");
    let after = answer.header("retry-after").unwrap_or_else(|| panic!("{what}: no Retry-After"));
    let sentence = told["error"].as_str().unwrap_or_default();
    assert!(sentence.contains(&format!("try again in {after} s")), "{what}: {told}");
    after.parse().unwrap_or_else(|_| panic!("{what}: {after}"))
}

/// What was not done at a limit.
fn limited(snapshot: &Snapshot) -> &[(Limited, u64)] {
    &snapshot.limited
}

/// A publish that is one too many is refused before its body is read, and publishes nothing.
#[tokio::test]
async fn what_is_one_too_many_does_nothing() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_MAX_REQUESTS_PER_ADDRESS", "1/h");
    let nopar = nopar.stopped_clock().start().await;
    nopar.get("/-/v1/search?text=a").await.expect(200);
    let files = nopar.registry_files();
    let publish = Publish::of("own", "1.0.0").tarball(vec![7; 3 << 20]);
    assert_eq!(refused(&publish.to(nopar.addr()).send().await, "a publish"), 3600);
    refused(&nopar.get("/a").await, "a packument");
    assert_eq!(nopar.registry_files(), files);
    assert_eq!(upstream.count("/a"), 0);
    let snapshot = nopar.counted(3).await;
    assert_eq!(limited(&snapshot), [(Limited::Address, 2)]);
    assert_eq!(snapshot.requests_where(|row| row.status.class() == 4), 2, "they have a line each");
}

/// A browser is told on a page.
#[tokio::test]
async fn who_wants_a_page_gets_one() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_MAX_REQUESTS_PER_ADDRESS", "1/min");
    let nopar = nopar.stopped_clock().start().await;
    let page = || nopar.request("/").header("Accept", "text/html");
    page().send().await.expect(200);
    let told = page().send().await.expect(429);
    assert!(told.header("content-type").is_some_and(|it| it.starts_with("text/html")));
    assert_eq!(told.header("retry-after"), Some("60"));
    assert!(told.text().contains("there are too many requests from your address"));
}

/// Without limits nobody is counted.
#[tokio::test]
async fn they_are_off_unless_they_are_set() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).stopped_clock().start().await;
    let mut connections = Vec::new();
    for _ in 0..50 {
        let mut connection = nopar.connect().await;
        for _ in 0..4 {
            connection.get("/a").await.expect(200);
        }
        connections.push(connection);
    }
    assert_eq!(limited(&nopar.counted(200).await), []);
}

/// A token of this registry counts by itself, and no other does; a password counts for its address.
#[tokio::test]
async fn a_token_has_a_limit_of_its_own() {
    for hot in ["yes", "no"] {
        let upstream = upstream().await;
        let settings = [
            ("NOPAR_MAX_REQUESTS_PER_ADDRESS", "6/min"),
            ("NOPAR_MAX_REQUESTS_PER_TOKEN", "3/min"),
            ("NOPAR_HOT_PATH", hot),
        ];
        let nopar = with_users_before(&upstream, "", &settings).await;
        let ann = login(nopar.addr(), "ann").await;
        let bob = login(nopar.addr(), "bob").await;
        let ask = async |from: u8, shown: &str| {
            let request = Request::get(nopar.addr(), "/a").from([127, 0, 0, from].into());
            request.header("Authorization", shown).send().await
        };
        for from in [2, 3, 2] {
            ask(from, &ann).await.expect(200);
        }
        let told = ask(4, &ann).await;
        assert_eq!(refused(&told, "a token too often"), 20);
        assert!(told.text().contains("with your token"), "{}", told.text());
        // However it is written.
        refused(&ask(5, &ann.replace("Bearer ", "bearer   ")).await, "the same token");
        ask(2, &bob).await.expect(200);
        for unknown in ["Bearer npm_unknown", "Basic !", "Basic YW5uOng=", ""] {
            ask(2, unknown).await.expect(200);
        }
        for _ in 0..2 {
            Request::get(nopar.addr(), "/a").from([127, 0, 0, 2].into()).send().await.expect(200);
        }
        assert_eq!(refused(&ask(2, "Bearer npm_other").await, "an address too often"), 10);
        ask(2, &bob).await.expect(200);
        nopar.advance(std::time::Duration::from_secs(20));
        ask(2, &ann).await.expect(200);
        refused(&ask(2, &ann).await, "once more");
    }
}

/// Where everybody may have any number of tokens, another token is no way past the limit of an address.
#[tokio::test]
async fn tokens_that_are_free_count_for_their_address_as_well() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream)
        .env("NOPAR_MAX_REQUESTS_PER_ADDRESS", "6/min")
        .env("NOPAR_MAX_REQUESTS_PER_TOKEN", "4/min");
    let nopar = nopar.stopped_clock().start().await;
    let (ann, bob) = (login(nopar.addr(), "ann").await, login(nopar.addr(), "bob").await);
    let ask = async |shown: &str| {
        let request = Request::get(nopar.addr(), "/a").from([127, 0, 0, 2].into());
        request.header("Authorization", shown).send().await
    };
    for _ in 0..4 {
        ask(&ann).await.expect(200);
    }
    refused(&ask(&ann).await, "the token");
    for _ in 0..2 {
        ask(&bob).await.expect(200);
    }
    let told = ask(&bob).await;
    refused(&told, "the address");
    assert!(told.text().contains("from your address"), "{}", told.text());
}

/// Whether an answer was ready, where that is to be so.
#[track_caller]
fn check_ready(answer: &Response, is_ready: bool, what: &str) {
    if answer.status == 200 {
        assert_eq!(is_hot(&answer.headers), is_ready, "{what}: {:?}", answer.headers);
    }
}
