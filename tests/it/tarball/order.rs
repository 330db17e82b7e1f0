//! Which tarball leaves a full cache directory.
//! Knows nothing of how its size is measured.

use crate::support::nopar::TestNopar;
use crate::support::upstream::{BodyForm, FakeUpstream, made_up};

/// Six tarballs of 1 MiB with what the cache adds to each, but not seven.
const ROOM: &str = "6800000";
const HELD: usize = 6;

async fn with_room() -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    for number in 0..20 {
        let package = upstream.package(&format!("t{number}"));
        package.version("1.0.0", |v| v.tarball(made_up(number, 1 << 20)));
    }
    let nopar = TestNopar::with(&upstream).env("NOPAR_CACHE_SIZE", ROOM).start().await;
    (upstream, nopar)
}

/// Asks for a tarball, checks its bytes, and tells whether it was held.
async fn held(upstream: &FakeUpstream, nopar: &TestNopar, number: usize) -> bool {
    let name = format!("t{number}");
    let before = upstream.count_all();
    let answer = nopar.get(&super::path(&name)).await.expect(200);
    assert!(answer.body == upstream.tarball(&name, "1.0.0"), "{name}");
    upstream.count_all() == before
}

/// Fetches a tarball that is not held, and waits until it is.
async fn fetch(upstream: &FakeUpstream, nopar: &TestNopar, number: usize) {
    assert!(!held(upstream, nopar, number).await, "t{number} was held already");
    assert!(held(upstream, nopar, number).await, "t{number} was not kept");
}

/// What was asked for again survives; the least recently used leaves, and nothing else.
#[tokio::test]
async fn the_least_recently_used_leaves() {
    let (upstream, nopar) = with_room().await;
    for number in 0..HELD {
        fetch(&upstream, &nopar, number).await;
    }
    assert!(held(&upstream, &nopar, 0).await, "not all of them fit");
    fetch(&upstream, &nopar, HELD).await;
    for number in [0, 2, 3, 4, 5, 6] {
        assert!(held(&upstream, &nopar, number).await, "t{number} left before t1");
    }
    assert!(!held(&upstream, &nopar, 1).await, "t1 was used longest ago, and stayed");
}

/// What is asked for again and again survives any number of others.
#[tokio::test]
async fn what_is_in_use_survives_many_others() {
    let (upstream, nopar) = with_room().await;
    fetch(&upstream, &nopar, 0).await;
    for number in 1..20 {
        fetch(&upstream, &nopar, number).await;
        assert!(held(&upstream, &nopar, 0).await, "t0 left for t{number}");
    }
}

/// After a restart the oldest leaves first.
#[tokio::test]
async fn the_oldest_leaves_first_after_a_restart() {
    let (upstream, mut nopar) = with_room().await;
    for number in 0..HELD {
        fetch(&upstream, &nopar, number).await;
    }
    nopar.restart().await;
    fetch(&upstream, &nopar, HELD).await;
    for number in 1..=HELD {
        assert!(held(&upstream, &nopar, number).await, "t{number} left before t0");
    }
    assert!(!held(&upstream, &nopar, 0).await, "t0 was the oldest, and stayed");
}

/// A tarball larger than the whole cache is passed on, and pushes nothing out.
#[tokio::test]
async fn what_cannot_fit_pushes_nothing_out() {
    for form in [BodyForm::Length, BodyForm::Chunked] {
        let (upstream, nopar) = with_room().await;
        upstream.manners(|m| m.body_form = form);
        upstream.package("huge").version("1.0.0", |v| v.tarball_size(10 << 20));
        for number in 0..HELD {
            fetch(&upstream, &nopar, number).await;
        }
        for _ in 0..2 {
            let answer = nopar.get(&super::path("huge")).await.expect(200);
            assert!(answer.body == upstream.tarball("huge", "1.0.0"), "{form:?}");
        }
        let mut left = Vec::new();
        for number in 0..HELD {
            // What left is fetched again and may push out the next: only the first tells the truth.
            if !held(&upstream, &nopar, number).await {
                left.push(number);
            }
        }
        assert_eq!(left, [0; 0], "{form:?}: the huge one pushed others out");
    }
}
