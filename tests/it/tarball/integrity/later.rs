//! Tarballs that were asked for before their packument, or whose packument changes its mind.
//! Knows nothing of digests that are known when the bytes come in.

use super::{SAID, SIZES, Said, check_refused, path, publish, right, sends, wrong};
use crate::asking::{TTL, afresh};
use crate::packument::entries;
use crate::support::deadline::DEADLINE;
use crate::support::nopar::TestNopar;
use crate::support::upstream::{FakeUpstream, made_up};

/// A NOPAR that was asked for the tarball alone, and got these bytes.
async fn cold(size: usize, said: Said, bytes: bytes::Bytes) -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    publish(&upstream, size, said);
    let nopar = TestNopar::with(&upstream).host("npm.test").start().await;
    upstream.next(&path("a"), sends(bytes.clone()));
    let answer = nopar.get(&path("a")).await.expect(200);
    assert!(answer.body == bytes);
    assert_eq!(nopar.get(&path("a")).await.expect(200).header("x-cache"), Some("hit"));
    upstream.clear();
    (upstream, nopar)
}

/// What came before its packument, and is not what that says, is dropped as soon as the packument is
/// there, over restarts too; from then on the digest is known.
#[tokio::test]
async fn a_tarball_its_packument_speaks_against_is_dropped() {
    for (kind, said) in SAID {
        for size in SIZES {
            for restarts in [(false, false), (true, false), (false, true)] {
                let what = format!("{kind}, {size} bytes, restarts: {restarts:?}");
                let (upstream, mut nopar) = cold(size, said, wrong(size)).await;
                if restarts.0 {
                    nopar.restart().await;
                }
                nopar.get("/a").await.expect(200);
                if restarts.1 {
                    nopar.restart().await;
                }
                upstream.next(&path("a"), sends(wrong(size)));
                check_refused(&nopar.get(&path("a")).await, size, &what);
                assert_eq!(upstream.count(&path("a")), 1, "{what}");
                let good = afresh(&nopar, &path("a")).await.expect(200);
                assert!(good.body == right(size), "{what}");
            }
        }
    }
}

/// What came before its packument, and is what that says, is served without a word to the upstream.
#[tokio::test]
async fn a_tarball_its_packument_agrees_with_stays() {
    for (kind, said) in SAID {
        for size in SIZES {
            let what = format!("{kind}, {size} bytes");
            let (upstream, mut nopar) = cold(size, said, right(size)).await;
            nopar.get("/a").await.expect(200);
            for _ in 0..2 {
                let answer = nopar.get(&path("a")).await.expect(200);
                assert_eq!(answer.header("x-cache"), Some("hit"), "{what}");
                assert!(answer.body == right(size), "{what}");
                nopar.restart().await;
            }
            assert_eq!(upstream.count(&path("a")), 0, "{what}");
        }
    }
}

/// A packument that says something else of a version than it did is believed: the tarball is
/// fetched anew. One that changes otherwise, or says nothing any more, costs no tarball.
#[tokio::test]
async fn a_packument_that_changes_its_mind_is_believed() {
    for size in SIZES {
        for restart in [false, true] {
            let what = format!("{size} bytes, restart: {restart}");
            let (upstream, mut nopar) = cold(size, SAID[0].1, right(size)).await;
            let again = async |nopar: &TestNopar| {
                nopar.advance(TTL);
                let confirm = nopar.request("/a").header("Cache-Control", "no-cache");
                confirm.send().await.expect(200);
            };
            again(&nopar).await;
            upstream.package("a").version("1.1.0", |v| v);
            again(&nopar).await;
            let bytes = right(size);
            let silent = bytes.clone();
            upstream
                .package("a")
                .version("1.0.0", |v| v.tarball(silent).without_integrity().without_shasum());
            again(&nopar).await;
            let held = nopar.get(&path("a")).await.expect(200);
            assert!(held.body == bytes && held.header("x-cache") == Some("hit"), "{what}");
            assert_eq!(upstream.count(&path("a")), 0, "{what}");

            let other = made_up(9, size);
            let published = other.clone();
            upstream.package("a").version("1.0.0", |v| v.tarball(published));
            again(&nopar).await;
            if restart {
                nopar.restart().await;
            }
            for _ in 0..2 {
                let answer = nopar.get(&path("a")).await.expect(200);
                assert!(answer.body == other, "{what}: {:?}", answer.headers);
            }
            assert_eq!(upstream.count(&path("a")), 1, "{what}");
            assert_eq!(entries(&nopar).len(), 2, "{what}");
        }
    }
}

/// Two hundred ask at the moment at which the packument has come: all get what it says, from one
/// request.
#[tokio::test]
async fn a_crowd_gets_what_the_packument_says() {
    for size in SIZES {
        let (upstream, nopar) = cold(size, SAID[0].1, wrong(size)).await;
        nopar.get("/a").await.expect(200);
        for answer in crate::support::client::get_many(nopar.addr(), 200, &path("a")).await {
            assert!(answer.expect(200).body == right(size));
        }
        assert_eq!(upstream.count(&path("a")), 1, "{size} bytes");
    }
}

/// A version that was published anew: the packument at hand speaks of the old bytes, so the new ones
/// are refused; but the packument is confirmed at once, and the next client gets what is right.
#[tokio::test]
async fn a_version_published_anew_is_right_at_the_second_try() {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v.tarball("old bytes"));
    let nopar = TestNopar::with(&upstream).start().await;
    nopar.get("/a").await.expect(200);
    upstream.package("a").version("1.0.0", |v| v.tarball("new bytes"));
    let refused = nopar.get("/a/-/a-1.0.0.tgz").await.expect(502);
    assert_eq!(refused.json()["reason"], "upstream_integrity");
    upstream.wait_for(2, "/a").await;
    let since = std::time::Instant::now();
    loop {
        nopar.forget_failures();
        let answer = nopar.get("/a/-/a-1.0.0.tgz").await;
        if answer.status == 200 {
            assert_eq!(answer.body, b"new bytes");
            break;
        }
        assert!(since.elapsed() < DEADLINE, "it stays refused");
    }
}
