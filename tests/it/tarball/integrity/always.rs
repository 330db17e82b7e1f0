//! NOPAR_VERIFY=always: nothing is served that no packument speaks for.
//! Knows nothing of the other way.

use super::{path, right, sends, wrong};
use crate::support::nopar::{TestNopar, TestNoparBuilder};
use crate::support::upstream::{FakeUpstream, integrity};

const SIZE: usize = 10_000;

async fn upstream() -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v.tarball(right(SIZE)));
    upstream
}

fn always(builder: TestNoparBuilder) -> TestNoparBuilder {
    builder.env("NOPAR_VERIFY", "always")
}

/// A cold tarball that is asked for alone: its packument is fetched, and the bytes are compared.
#[tokio::test]
async fn a_cold_tarball_is_compared_before_it_is_served() {
    let upstream = upstream().await;
    let nopar = always(TestNopar::with(&upstream)).start().await;
    upstream.next(&path("a"), sends(wrong(SIZE)));
    let refused = nopar.get(&path("a")).await.expect(502);
    assert_eq!(refused.json()["reason"], "upstream_integrity");
    nopar.forget_failures();
    assert!(nopar.get(&path("a")).await.expect(200).body == right(SIZE));
    assert_eq!(
        upstream.packument("a")["versions"]["1.0.0"]["dist"]["integrity"],
        integrity(&right(SIZE))
    );
}

/// Without its packument, there is no tarball either; and what is held and was compared stays good.
#[tokio::test]
async fn without_a_packument_only_what_was_compared_is_served() {
    let upstream = upstream().await;
    let nopar = always(TestNopar::with(&upstream)).start().await;
    upstream.always("/a", 500);
    nopar.get(&path("a")).await.expect(502);
    assert_eq!(upstream.count(&path("a")), 0, "not even fetched");
    upstream.behave("*");
    nopar.forget_failures();
    nopar.get(&path("a")).await.expect(200);
    upstream.stop().await;
    assert!(nopar.get(&path("a")).await.expect(200).body == right(SIZE));
}

/// What was kept without being compared, by a NOPAR that was not told to, is compared first.
#[tokio::test]
async fn what_was_kept_unseen_is_compared_first() {
    let upstream = upstream().await;
    let folder = tempfile::tempdir().expect("a temporary directory");
    let shared = |builder: TestNoparBuilder| {
        builder.env("NOPAR_CACHE_PATH", folder.path().to_str().expect("a path in UTF-8"))
    };
    let mut trusting = shared(TestNopar::with(&upstream)).start().await;
    upstream.next(&path("a"), sends(wrong(SIZE)));
    assert!(trusting.get(&path("a")).await.expect(200).body == wrong(SIZE));
    trusting.stop().await;
    let nopar = always(shared(TestNopar::with(&upstream))).start().await;
    upstream.next("/a", 500);
    nopar.get(&path("a")).await.expect(502);
    nopar.forget_failures();
    assert!(nopar.get(&path("a")).await.expect(200).body == right(SIZE));
}
