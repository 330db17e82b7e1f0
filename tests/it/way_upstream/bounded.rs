//! How many requests go to an upstream at once.
//! Knows nothing of what they ask for.

use crate::support::client::send_all;
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

async fn upstream(packages: usize) -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    for number in 0..packages {
        upstream.package(&format!("p{number}")).version("1.0.0", |v| v);
    }
    upstream
}

/// No more than NOPAR_UPSTREAM_CONNECTIONS at once; the others wait their turn, and all are answered.
#[tokio::test]
async fn no_more_than_the_limit_go_at_once() {
    let upstream = upstream(12).await;
    let builder = TestNopar::with(&upstream).env("NOPAR_UPSTREAM_CONNECTIONS", "3");
    let nopar = builder.start().await;
    let hold = upstream.hold("*");
    let paths = (0..12).flat_map(|n| [format!("/p{n}"), format!("/p{n}/-/p{n}-1.0.0.tgz")]);
    let requests: Vec<_> = paths.map(|path| nopar.request(&path)).collect();
    let answers = tokio::spawn(send_all(requests));
    hold.arrived(3).await;
    // Time for a fourth, if there were one: what needs no upstream is answered meanwhile.
    for _ in 0..50 {
        nopar.get("/-/ping").await.expect(200);
    }
    assert_eq!(upstream.count_all(), 3);
    hold.release();
    for answer in answers.await.expect("answers") {
        answer.expect(200);
    }
    assert!(upstream.connections() <= 6, "{} connections", upstream.connections());
}

/// Who waits in vain is told so, and what is held is served beside it.
#[tokio::test]
async fn who_waits_in_vain_is_told() {
    let upstream = upstream(3).await;
    let builder = TestNopar::with(&upstream).env("NOPAR_UPSTREAM_CONNECTIONS", "1");
    let nopar = builder.env("NOPAR_FETCH_TIMEOUT", "1s").start().await;
    nopar.get("/p0").await.expect(200);
    let hold = upstream.hold_body("/p1/-/p1-1.0.0.tgz", 10);
    let slow = tokio::spawn(nopar.get("/p1/-/p1-1.0.0.tgz"));
    hold.arrived(1).await;
    let told = nopar.get("/p2/-/p2-1.0.0.tgz").await.expect(503);
    assert_eq!(told.json()["reason"], "upstream_busy");
    nopar.get("/p0").await.expect(200);
    hold.release();
    slow.await.expect("an answer").expect(200);
}

/// A tarball that is not where it usually is needs its packument: with one place for both, too.
#[tokio::test]
async fn one_place_is_enough_for_an_odd_tarball() {
    let upstream = FakeUpstream::start().await;
    upstream.package("odd").version("1.0.0", |v| v.tarball_path("/d/odd"));
    let builder = TestNopar::with(&upstream).env("NOPAR_UPSTREAM_CONNECTIONS", "1");
    let nopar = builder.env("NOPAR_FETCH_TIMEOUT", "5s").start().await;
    let answer = nopar.get("/odd/-/odd-1.0.0.tgz").await.expect(200);
    assert_eq!(answer.body, upstream.file_bytes("/d/odd"));
}

/// A tarball of which nothing comes within the time of a document is given up, however patient one is
/// between two pieces.
#[tokio::test]
async fn a_head_has_a_deadline() {
    let upstream = upstream(1).await;
    let builder = TestNopar::with(&upstream).env("NOPAR_FETCH_TIMEOUT", "1s");
    let nopar = builder.env("NOPAR_READ_TIMEOUT", "1h").start().await;
    let hold = upstream.hold("*");
    let answer = nopar.get("/p0/-/p0-1.0.0.tgz").await.expect(504);
    assert_eq!(answer.json()["reason"], "upstream_timeout");
    hold.release();
}
