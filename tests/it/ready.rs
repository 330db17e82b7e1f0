//! `/-/health` and `/-/ready`: what whoever watches over NOPAR is told.
//! Knows nothing of balancers.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::binary::Binary;
use crate::support::client::{Response, get};
use crate::support::deadline::once;
use crate::support::nopar::TestNopar;
use crate::support::publish::Publish;
use crate::support::upstream::FakeUpstream;

/// Longer than what was found is believed.
const LATER: Duration = Duration::from_secs(1);

/// The answer to whether it is ready; fails the test unless that names no path and no address.
async fn ready(nopar: &TestNopar, status: u16) -> Value {
    let answer = nopar.get("/-/ready").await.expect(status);
    let said = answer.text();
    for secret in [nopar.home().to_str().expect("UTF-8"), "127.0.0.1", "http:"] {
        assert!(!said.contains(secret), "{said}");
    }
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()
}

fn parts(said: &Value) -> (&str, &str) {
    let of = |part: &str| said[part].as_str().unwrap_or_else(|| panic!("no {part} in {said}"));
    (of("cache"), of("store"))
}

#[tokio::test]
async fn a_nopar_that_has_just_started_is_ready() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let health = nopar.get("/-/health").await.expect(200);
    assert_eq!(health.json(), json!({"status": "ok"}));
    assert_eq!(health.header("cache-control"), Some("no-store"));
    let upstreams = json!({"up": 1, "down": 0, "not_asked": 0});
    let expected = json!({"status": "ready", "cache": "ok", "store": "ok", "upstreams": upstreams});
    assert_eq!(ready(&nopar, 200).await, expected);
    let head: Response = nopar.request("/-/ready").method("HEAD").send().await.expect(200);
    assert_eq!(head.raw_len, 0);
    // To look changes nothing: no store is made, and nothing stays in the cache.
    assert!(!nopar.registry_path().exists());
    assert!(
        nopar.cache_files().iter().all(|file| !file.contains("tmp/") || file.ends_with("/lock"))
    );
    assert_eq!(upstream.count_all(), 0);
}

/// What is held is served without an upstream, so nobody is to be sent elsewhere.
#[tokio::test]
async fn an_upstream_that_is_down_is_detail() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    upstream.stop().await;
    assert_eq!(nopar.get("/a").await.status, 502);
    let said = ready(&nopar, 200).await;
    assert_eq!(said["upstreams"], json!({"up": 0, "down": 1, "not_asked": 0}));
    let nopar = TestNopar::with(&upstream).env("NOPAR_AUTO_FORWARD", "no").start().await;
    let said = ready(&nopar, 200).await;
    assert_eq!(said["upstreams"], json!({"up": 0, "down": 0, "not_asked": 1}));
}

#[tokio::test]
async fn a_cache_that_takes_no_files_is_told_within_a_second() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).stopped_clock().start().await;
    assert_eq!(parts(&ready(&nopar, 200).await), ("ok", "ok"));
    fs::remove_dir_all(nopar.cache_path()).expect("there was one");
    fs::write(nopar.cache_path(), "").expect("a file in its place");
    // Within a second nobody looks again.
    assert_eq!(parts(&ready(&nopar, 200).await), ("ok", "ok"));
    nopar.advance(LATER);
    let said = ready(&nopar, 503).await;
    assert_eq!(parts(&said), ("cannot be written", "ok"));
    assert_eq!(said["error"], "not ready: the cache cannot be written; the log says why");
    assert_eq!(said["reason"], "not_ready");
    nopar.get("/-/health").await.expect(200);
    fs::remove_file(nopar.cache_path()).expect("there was one");
    nopar.advance(LATER);
    assert_eq!(parts(&ready(&nopar, 200).await), ("ok", "ok"));
}

#[tokio::test]
async fn a_store_that_is_gone_is_told() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).stopped_clock().start().await;
    Publish::of("own", "1.0.0").succeed(nopar.addr()).await;
    assert_eq!(parts(&ready(&nopar, 200).await), ("ok", "ok"));
    let away = nopar.home().join("away");
    fs::rename(nopar.registry_path(), &away).expect("another name");
    nopar.advance(LATER);
    assert_eq!(parts(&ready(&nopar, 503).await), ("ok", "cannot be written"));
    assert!(!nopar.registry_path().exists(), "it was made anew");
    fs::rename(&away, nopar.registry_path()).expect("its name");
    nopar.advance(LATER);
    assert_eq!(parts(&ready(&nopar, 200).await), ("ok", "ok"));
    nopar.get("/own").await.expect(200);
}

/// A browser gets a page, as of all errors.
#[tokio::test]
async fn a_browser_is_told_on_a_page() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    fs::remove_dir_all(nopar.cache_path()).expect("there was one");
    fs::write(nopar.cache_path(), "").expect("a file in its place");
    let request = nopar.request("/-/ready").header("Accept", "text/html");
    let page = request.send().await.expect(503).text();
    assert!(page.contains("not ready: the cache cannot be written"), "{page}");
    fs::remove_file(nopar.cache_path()).expect("there was one");
}

/// Waits until it answers so: of a real clock, a second has to go by.
async fn answers(addr: SocketAddr, status: u16) {
    once("/-/ready", async || match get(addr, "/-/ready").await.status {
        found if found == status => Ok(()),
        found => Err(format!("a {found} and not {status}")),
    })
    .await;
}

/// The log tells what nobody hears: where, and why, once each time.
#[tokio::test]
async fn the_log_tells_where_and_why() {
    let upstream = FakeUpstream::start().await;
    let (binary, addr) = Binary::serving(&upstream.url(), &[]).await;
    let cache = binary.folder().join("cache");
    answers(addr, 200).await;
    fs::remove_dir_all(&cache).expect("there was one");
    fs::write(&cache, "").expect("a file in its place");
    answers(addr, 503).await;
    let line = binary.says("not ready: the cache cannot be written: cache/tmp/").await;
    assert!(line.contains(" WARN ") && line.contains("os error"), "{line}");
    fs::remove_file(&cache).expect("there was one");
    answers(addr, 200).await;
    binary.says("ready: the cache can be written again").await;
    assert_eq!(binary.stderr().matches("not ready: ").count(), 1, "{}", binary.stderr());
}
