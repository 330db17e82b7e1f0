//! What NOPAR itself shows: its root, its icon, what robots may do, and that there is nothing else.
//! Knows nothing of packages.

use serde_json::json;

use crate::support::client::Request;
use crate::support::nopar::TestNopar;
use crate::support::publish::refusal;
use crate::support::upstream::FakeUpstream;

/// The root tells a client, and whoever looks, which registry it is.
#[tokio::test]
async fn the_root_says_which_registry_it_is() {
    let upstream = FakeUpstream::start().await;
    for (base, path) in [("http://npm.test", "/"), ("http://npm.test/npm", "/npm/")] {
        let nopar = TestNopar::with(&upstream).env("NOPAR_BASE_URL", base).start().await;
        let version = env!("CARGO_PKG_VERSION");
        let expected =
            json!({"db_name": "registry", "nopar": version, "registry": format!("{base}/")});
        for accept in ["application/json", "*/*", "application/json, text/html"] {
            let answer = nopar.request(path).header("Accept", accept).send().await.expect(200);
            assert_eq!(answer.json(), expected);
        }
    }
    assert_eq!(upstream.count_all(), 0);
}

/// Browsers ask for an icon with every page, and keep it.
#[tokio::test]
async fn there_is_an_icon() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for path in ["/favicon.ico", "/robots.txt"] {
        let answer = nopar.get(path).await.expect(200);
        assert_eq!(answer.header("cache-control"), Some("public, max-age=86400"), "{path}");
    }
    let icon = nopar.get("/favicon.ico").await.expect(200);
    assert_eq!(icon.header("content-type"), Some("image/x-icon"));
    assert_eq!(icon.body[..4], [0, 0, 1, 0]);
    let robots = nopar.get("/robots.txt").await.expect(200);
    assert_eq!(robots.header("content-type"), Some("text/plain"));
    assert_eq!(robots.text(), "User-agent: *\nDisallow: /\n");
    assert_eq!(upstream.count_all(), 0);
}

/// Other endpoints of other registries are a 404 that says so, by whatever method; no upstream hears of them.
#[tokio::test]
async fn what_is_not_here_is_told_in_json_and_asked_of_nobody() {
    let upstream = FakeUpstream::start().await;
    upstream.file("/-/all", "{}");
    let nopar = TestNopar::with(&upstream).start().await;
    for path in [
        "/-/all",
        "/-/all/since?stale=update_after",
        "/-/npm/v1/hooks",
        "/-/npm/v1/hooks/hook/1",
        "/-/npm/v1/security/nothing",
        "/-/v1/nothing",
        "/-/",
        "/-",
        "/_changes",
        "/_changes?since=0",
        "/_all_docs",
        "/_design/app/_view/x",
    ] {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"] {
            let answer = nopar.request(path).method(method).send().await;
            assert_eq!(answer.status, 404, "{method} {path}");
            if method != "HEAD" {
                let error = refusal(&answer, &[404], path);
                assert!(error.contains("packages are at /NAME"), "{method} {path}: {error}");
                assert_eq!(answer.json()["reason"], "no such endpoint", "{method} {path}");
            }
        }
    }
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
}

/// `OPTIONS *` asks what there is at all (RFC 9110 §9.3.7).
#[tokio::test]
async fn options_of_everything_tell_all_methods() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let answer = Request::new(nopar.addr(), "OPTIONS", "*").send().await.expect(204);
    assert_eq!(answer.header("allow"), Some("GET, HEAD, PUT, POST, DELETE, PURGE, OPTIONS"));
    refusal(&Request::new(nopar.addr(), "GET", "*").send().await, &[400], "GET *");
    assert_eq!(upstream.count_all(), 0);
}

/// Methods that HTTP does not know, or that a path does not have, are told which ones it has.
#[tokio::test]
async fn a_method_that_is_not_there_is_told_which_are() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for (method, path, allow) in [
        ("BREW", "/", "GET, HEAD"),
        ("POST", "/favicon.ico", "GET, HEAD"),
        ("PROPFIND", "/a", "GET, HEAD, PUT, PURGE"),
        ("DELETE", "/-/npm/v1/attestations/a@1.0.0", "GET, HEAD"),
    ] {
        let answer = nopar.request(path).method(method).send().await;
        refusal(&answer, &[405], path);
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
    }
    assert_eq!(upstream.count_all(), 0);
}
