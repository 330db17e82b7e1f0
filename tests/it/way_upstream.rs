//! The way to the upstream: redirects, dead connections, slow ones, proxies, certificates.
//! Knows nothing of what clients are served from the cache.

mod bounded;
mod issuer;
mod private;
mod proxied;
mod several;
mod slow;
mod tls;
pub(crate) mod tls_front;

use std::time::{Duration, Instant};

use crate::support::client::{Response, get_many};
use crate::support::nopar::TestNopar;
use crate::support::upstream::{FakeUpstream, Fault};

/// An upstream with one package `a` of one version.
async fn upstream() -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v);
    upstream
}

/// An error in JSON, of this status, come within so many seconds.
#[track_caller]
fn failed_in_time(answer: Response, status: u16, since: Instant, seconds: u64) {
    let took = since.elapsed();
    let answer = answer.expect(status);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.json()["error"].is_string());
    assert!(took < Duration::from_secs(seconds), "{took:?}");
}

/// Packuments and tarballs are found where redirects lead, a few of them, relative or not.
#[tokio::test]
async fn redirects_are_followed() {
    for status in [301, 302, 303, 307, 308] {
        let upstream = upstream().await;
        let nopar = TestNopar::with(&upstream).start().await;
        let to = |location: &str| {
            let answer = crate::support::upstream::Answer::new(status);
            Fault::Answer(answer.header("Location", location))
        };
        upstream.next("/a", to("/a?one"));
        upstream.next("/a", to("a?two"));
        upstream.next("/a", to(&format!("{}/a?three", upstream.url())));
        nopar.get("/a").await.expect(200);
        assert_eq!(upstream.count_all(), 4, "{status}");

        let bytes = upstream.tarball("a", "1.0.0");
        upstream.file("/far/a.tgz", bytes.clone());
        upstream.clear();
        upstream.next("/a/-/a-1.0.0.tgz", to("../../far"));
        upstream.next("/far", to("/far/a.tgz"));
        let tarball = nopar.get("/a/-/a-1.0.0.tgz").await.expect(200);
        assert_eq!(tarball.body, bytes, "{status}");
        assert!(!tarball.headers.has("location"));
        assert_eq!(upstream.count_all(), 3, "{status}");
    }
}

/// Redirects without end, or to nowhere, are an error and not a client's redirect.
#[tokio::test]
async fn redirects_without_end_are_an_error() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for location in
        ["/a/-/a-1.0.0.tgz", "ftp://registry.example/a", "javascript:alert(1)", "http://"]
    {
        upstream.always("/a/-/a-1.0.0.tgz", Fault::redirect(location));
        upstream
            .always("/a", Fault::redirect(if location.starts_with('/') { "/a" } else { location }));
        for path in ["/a", "/a/-/a-1.0.0.tgz"] {
            upstream.clear();
            let since = Instant::now();
            let answer = nopar.get(path).await;
            assert!(!answer.headers.has("location"), "{path}: {location}");
            failed_in_time(answer, 502, since, 3);
            assert!(upstream.count_all() <= 10, "{path}: {location}");
        }
    }
}

/// A connection the upstream closed while it was idle costs nobody an error.
#[tokio::test]
async fn a_connection_that_died_idle_is_replaced() {
    let upstream = upstream().await;
    for name in ["b", "c", "d"] {
        upstream.package(name).version("1.0.0", |v| v);
    }
    let nopar = TestNopar::with(&upstream).start().await;
    nopar.get("/a").await.expect(200);
    nopar.get("/a/-/a-1.0.0.tgz").await.expect(200);
    // Closed, which a look at the socket may tell.
    upstream.stop().await;
    upstream.restart().await;
    nopar.get("/b").await.expect(200);
    nopar.get("/b/-/b-1.0.0.tgz").await.expect(200);
    // Closed only when the request comes, which no look can tell.
    for fault in [Fault::CloseBeforeHead, Fault::Reset] {
        upstream.next("/c", fault.clone());
        upstream.next("/c/-/c-1.0.0.tgz", fault);
        nopar.get("/c").await.expect(200);
        nopar.get("/c/-/c-1.0.0.tgz").await.expect(200);
        nopar.get("/d").await.expect(200);
        nopar.advance(Duration::from_secs(100 * 24 * 3600));
    }
}

/// Connections to the upstream are used again.
#[tokio::test]
async fn connections_are_used_again() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for number in 0..20 {
        let name = format!("p{number}");
        upstream.package(&name).version("1.0.0", |v| v);
        nopar.get(&format!("/{name}")).await.expect(200);
        nopar.get(&format!("/{name}/-/{name}-1.0.0.tgz")).await.expect(200);
    }
    assert_eq!(upstream.count_all(), 40);
    assert!(upstream.connections() <= 12, "{} connections", upstream.connections());
}

/// An upstream that closes after every answer is as good as any.
#[tokio::test]
async fn an_upstream_without_keep_alive_works() {
    let upstream = upstream().await;
    upstream.manners(|m| m.keep_alive = false);
    let nopar = TestNopar::with(&upstream).start().await;
    nopar.get("/a").await.expect(200);
    for answer in get_many(nopar.addr(), 10, "/a/-/a-1.0.0.tgz").await {
        assert_eq!(answer.expect(200).body, upstream.tarball("a", "1.0.0"));
    }
}

/// An upstream below a path, with a slash at its end or without, is asked below that path.
#[tokio::test]
async fn an_upstream_below_a_path_works() {
    let upstream = FakeUpstream::start_under("/api/npm/all").await;
    upstream.package("@s/n").version("1.0.0", |v| v);
    for end in ["", "/"] {
        let url = format!("{}{end}", upstream.url());
        let nopar = TestNopar::forwarding_to(&url).start().await;
        nopar.get("/@s%2fn").await.expect(200);
        nopar.get("/@s/n/-/n-1.0.0.tgz").await.expect(200);
    }
    let paths: Vec<String> = upstream.requests().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths[0], "/api/npm/all/@s%2fn");
    assert_eq!(paths[1], "/api/npm/all/@s/n/-/n-1.0.0.tgz");
    assert_eq!(paths[..2], paths[2..]);
}
