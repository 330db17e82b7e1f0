//! Tarballs that are not where they usually are, or not there at all.
//! Knows nothing of how packuments are served.

use std::time::Duration;

use super::asked;
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

/// A tarball with an odd basename, asked alone: after the 404 of the usual path the packument
/// tells where it is.
#[tokio::test]
async fn an_odd_tarball_asked_alone_is_found_by_the_packument() {
    for (name, encoded) in [("odd", "/odd"), ("@s/odd", "/@s%2fodd")] {
        let upstream = FakeUpstream::start().await;
        let package = upstream.package(name);
        package.version("1.0.0", |v| v.tarball_path("/d/v1/0a1b?sig=a%2Fb"));
        let nopar = TestNopar::with(&upstream).start().await;
        let path = format!("/{name}/-/odd-1.0.0.tgz");
        let answer = nopar.get(&path).await.expect(200);
        assert_eq!(answer.body, upstream.file_bytes("/d/v1/0a1b?sig=a%2Fb"));
        assert_eq!(asked(&upstream), [&*path, encoded, "/d/v1/0a1b?sig=a%2Fb"]);
        assert_eq!(nopar.get(&path).await.expect(200).body, answer.body);
        // The packument is held by now.
        nopar.get(encoded).await.expect(200);
        assert_eq!(asked(&upstream), [""; 0]);
    }
}

/// With the packument at hand an odd tarball is asked for directly.
#[tokio::test]
async fn a_known_odd_tarball_is_asked_for_directly() {
    let upstream = FakeUpstream::start().await;
    let package = upstream.package("odd").version("1.0.0", |v| v);
    package.version("2.0.0", |v| v.tarball_path("/d/two.tar.gz?x=1"));
    let mut nopar = TestNopar::with(&upstream).start().await;
    nopar.get("/odd").await.expect(200);
    nopar.restart().await;
    nopar.get("/odd/-/odd-2.0.0.tgz").await.expect(200);
    nopar.get("/odd/-/odd-1.0.0.tgz").await.expect(200);
    let expected = ["/odd", "/d/two.tar.gz?x=1", "/odd/-/odd-1.0.0.tgz"];
    assert_eq!(asked(&upstream), expected);
}

/// Lockfiles of old name the upstream's own basename: it is answered too, with a warm and with a
/// cold packument.
#[tokio::test]
async fn the_upstreams_own_basename_is_answered() {
    for warm in [false, true] {
        let upstream = FakeUpstream::start().await;
        let package = upstream.package("thirty-two");
        package.version("0.0.1", |v| v.tarball_path("/d/thirty-two@0.0.1.tgz"));
        let nopar = TestNopar::with(&upstream).start().await;
        if warm {
            nopar.get("/thirty-two").await.expect(200);
        }
        for file in ["thirty-two@0.0.1.tgz", "thirty-two%400.0.1.tgz"] {
            let answer = nopar.get(&format!("/thirty-two/-/{file}")).await.expect(200);
            assert_eq!(answer.body, upstream.file_bytes("/d/thirty-two@0.0.1.tgz"));
        }
        assert_eq!(upstream.count("/thirty-two"), 1);
        assert_eq!(upstream.count("/d/*"), 1);
    }
}

/// Two versions of one basename: each has its own bytes under its canonical name, and the name they
/// share is nobody's.
#[tokio::test]
async fn a_basename_of_two_versions_is_nobodys() {
    let upstream = FakeUpstream::start().await;
    upstream
        .package("a")
        .version("1.0.0", |v| v.tarball_path("/d/1/package.tgz"))
        .version("2.0.0", |v| v.tarball_path("/d/2/package.tgz"));
    let nopar = TestNopar::with(&upstream).start().await;
    for (version, place) in [("1.0.0", "/d/1/package.tgz"), ("2.0.0", "/d/2/package.tgz")] {
        let answer = nopar.get(&format!("/a/-/a-{version}.tgz")).await.expect(200);
        assert_eq!(answer.body, upstream.file_bytes(place));
    }
    nopar.get("/a/-/package.tgz").await.expect(404);
}

/// A tarball on another host is fetched from there, once the packument has said so.
#[tokio::test]
async fn a_tarball_on_another_host_is_fetched_from_there() {
    let (upstream, cdn) = (FakeUpstream::start().await, FakeUpstream::start().await);
    cdn.file("/files/a.tgz?t=1", "bytes of a");
    let package = upstream.package("a");
    let url = format!("{}/files/a.tgz?t=1", cdn.url());
    package.version("1.0.0", |v| v.tarball("bytes of a").tarball_url(&url));
    let nopar = TestNopar::with(&upstream).start().await;
    for _ in 0..2 {
        let answer = nopar.get("/a/-/a-1.0.0.tgz").await.expect(200);
        assert_eq!(answer.body, b"bytes of a");
    }
    assert_eq!(asked(&upstream), ["/a/-/a-1.0.0.tgz", "/a"]);
    assert_eq!(asked(&cdn), ["/files/a.tgz?t=1"]);
}

/// An unknown version is a 404 in JSON, remembered until NOPAR_NOT_FOUND_TTL has passed.
#[tokio::test]
async fn an_unknown_tarball_is_remembered() {
    for name in ["a", "@s/a"] {
        let upstream = FakeUpstream::start().await;
        upstream.package(name).version("1.0.0", |v| v);
        let nopar = TestNopar::with(&upstream).start().await;
        let path = format!("/{name}/-/a-9.9.9.tgz");
        let missing = nopar.get(&path).await.expect(404);
        assert_eq!(missing.header("content-type"), Some("application/json"));
        assert!(missing.json()["error"].is_string());
        assert_eq!(upstream.count_all(), 2, "the usual path and the packument");
        nopar.get(&path).await.expect(404);
        assert_eq!(upstream.count_all(), 2);

        upstream.package(name).version("9.9.9", |v| v);
        nopar.advance(Duration::from_secs(61));
        let found = nopar.get(&path).await.expect(200);
        assert_eq!(found.body, upstream.tarball(name, "9.9.9"));
    }
}

/// The same when the packument is at hand: the upstream may have the version by now, so it is
/// asked once, and then the answer is remembered.
#[tokio::test]
async fn an_unknown_tarball_of_a_held_package_is_remembered() {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v);
    let nopar = TestNopar::with(&upstream).start().await;
    nopar.get("/a").await.expect(200);
    upstream.clear();
    for _ in 0..3 {
        nopar.get("/a/-/a-9.9.9.tgz").await.expect(404);
    }
    assert_eq!(asked(&upstream), ["/a"]);
}

/// A tarball of an unknown package is a 404, remembered too.
#[tokio::test]
async fn a_tarball_of_an_unknown_package_is_remembered() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for _ in 0..3 {
        let missing = nopar.get("/nope/-/nope-1.0.0.tgz").await.expect(404);
        assert!(missing.json()["error"].is_string());
    }
    assert_eq!(asked(&upstream), ["/nope/-/nope-1.0.0.tgz", "/nope"]);
}

/// A version published since the packument was fetched is found.
#[tokio::test]
async fn a_tarball_newer_than_the_held_packument_is_found() {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v);
    let nopar = TestNopar::with(&upstream).start().await;
    nopar.get("/a").await.expect(200);
    let package = upstream.package("a");
    package.version("1.1.0", |v| v.tarball_path("/d/new.tgz"));
    let answer = nopar.get("/a/-/a-1.1.0.tgz").await.expect(200);
    assert_eq!(answer.body, upstream.file_bytes("/d/new.tgz"));
    assert_eq!(asked(&upstream), ["/a", "/a", "/d/new.tgz"]);
}
