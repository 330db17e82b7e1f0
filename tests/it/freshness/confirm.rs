//! Requests that are not content with what is held: `no-cache`, and versions it lacks.
//! Knows nothing of TTLs; all that is held here is fresh.

use super::{latest, settle, state, upstream, warm};
use crate::support::client::send_all;
use crate::support::nopar::TestNopar;

/// `Cache-Control: no-cache` asks the upstream once per request, however fresh the packument is.
#[tokio::test]
async fn no_cache_revalidates_once_per_request() {
    let upstream = upstream().await;
    let nopar = warm(&upstream).await;
    for asked in 1..=3 {
        let request = nopar.request("/a").header("Cache-Control", "max-age=0, no-cache");
        assert_eq!(state(&request.send().await.expect(200)), "revalidated");
        assert_eq!(upstream.count_all(), asked);
    }
    upstream.package("a").version("1.1.0", |v| v);
    let request = nopar.request("/a").header("Cache-Control", "no-cache");
    assert_eq!(latest(&request.send().await.expect(200)), "1.1.0");
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "hit");
    assert_eq!(upstream.count_all(), 4);
}

/// `?write=true`, which npm sends before it changes a package, is a `no-cache` as well.
#[tokio::test]
async fn a_read_before_a_write_revalidates() {
    let upstream = upstream().await;
    let nopar = warm(&upstream).await;
    nopar.get("/a?write=true").await.expect(200);
    assert_eq!(upstream.count_all(), 1);
    nopar.get("/a?write=false").await.expect(200);
    assert_eq!(upstream.count_all(), 1);
}

/// Requests with `no-cache` that come while one of them asks the upstream share its answer.
#[tokio::test]
async fn no_cache_requests_at_once_share_one_upstream_request() {
    let upstream = upstream().await;
    let nopar = warm(&upstream).await;
    let hold = upstream.hold("GET /a");
    let ask = || nopar.request("/a").header("Cache-Control", "no-cache");
    let first = tokio::spawn(ask().send());
    hold.arrived(1).await;
    let others = tokio::spawn(send_all((0..50).map(|_| ask()).collect::<Vec<_>>()));
    settle(&nopar).await;
    upstream.package("a").version("1.1.0", |v| v);
    hold.release();
    assert_eq!(latest(&first.await.expect("an answer").expect(200)), "1.1.0");
    for answer in others.await.expect("answers") {
        assert_eq!(latest(&answer.expect(200)), "1.1.0");
    }
    // A request that came in only after the answer asks for itself; nearly all were there before.
    let asked = upstream.count_all();
    assert!(asked <= 2, "{asked} upstream requests for 51 at once");
}

/// A version or dist-tag that the held packument lacks is looked for upstream, once per request.
#[tokio::test]
async fn a_missing_version_or_tag_revalidates_once() {
    let upstream = upstream().await;
    let nopar = warm(&upstream).await;
    for (asked, path) in [(1, "/a/1.1.0"), (2, "/a/beta")] {
        let answer = nopar.get(path).await.expect(404);
        let error = answer.json()["error"].as_str().expect("a text").to_owned();
        assert!(error.contains("version not found"), "{error}");
        assert_eq!(upstream.count_all(), asked, "{path}");
        assert!(upstream.requests()[asked - 1].headers.has("if-none-match"));
    }
    upstream.package("a").version("1.1.0", |v| v).tag("beta", "1.1.0");
    let manifest = nopar.get("/a/1.1.0").await.expect(200).json();
    assert_eq!(manifest["version"], "1.1.0");
    assert_eq!(upstream.count_all(), 3);
    // The packument came along.
    assert_eq!(nopar.get("/a/beta").await.expect(200).json()["version"], "1.1.0");
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "hit");
    assert_eq!(upstream.count_all(), 3);
}

/// A tarball of a version that the held packument lacks has the packument revalidated once.
#[tokio::test]
async fn a_tarball_of_a_missing_version_revalidates_once() {
    let upstream = upstream().await;
    let nopar = warm(&upstream).await;
    nopar.get("/a/-/a-9.0.0.tgz").await.expect(404);
    assert_eq!(upstream.count("GET /a"), 1);
    assert_eq!(upstream.count_all(), 1, "a tarball that no packument names");

    // Where the packument says, not where it usually is.
    let odd = |v: crate::support::upstream::VersionBuilder| v.tarball_path("/odd/two.tgz");
    upstream.package("a").version("2.0.0", odd);
    let tarball = nopar.get("/a/-/a-2.0.0.tgz").await.expect(200);
    assert_eq!(tarball.body, upstream.file_bytes("/odd/two.tgz"));
    assert_eq!(upstream.count("GET /a"), 2);
    assert_eq!(upstream.count("/odd/two.tgz"), 1);
    assert_eq!(upstream.count_all(), 3);
    assert_eq!(latest(&nopar.get("/a").await.expect(200)), "2.0.0");
}

/// A version nobody has of a package nobody holds costs one upstream request.
#[tokio::test]
async fn a_missing_version_of_a_cold_package_asks_once() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    nopar.get("/a/9.9.9").await.expect(404);
    assert_eq!(upstream.count_all(), 1);
}
