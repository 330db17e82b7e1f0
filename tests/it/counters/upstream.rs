//! Requests to the upstream: how they ended, and what came of them.
//! Knows nothing of what clients were told.

use nopar::counters::{Outcome, Snapshot};

use super::{PAST_TTL, sent_for, tarball, upstream};
use crate::support::nopar::TestNopar;
use crate::support::proxy::FakeProxy;
use crate::support::upstream::{Answer, FakeUpstream, Fault};

/// The outcomes are these, and each answer has its latency.
#[track_caller]
fn check(snapshot: &Snapshot, outcomes: &[(Outcome, u64)]) {
    assert_eq!(snapshot.upstream.outcomes, outcomes);
    let answers = outcomes.iter().filter(|(outcome, _)| outcome.is_answer());
    assert_eq!(snapshot.upstream.latency.count(), answers.map(|(_, count)| count).sum::<u64>());
}

/// Bytes fetched are those that the upstream sent: each thing once, whoever asks for it how often.
#[tokio::test]
async fn bytes_fetched_are_what_the_upstream_sent() {
    let upstream = upstream().await;
    upstream.package("b").version("1.0.0", |v| v.tarball_size(1 << 20));
    let nopar = TestNopar::with(&upstream).start().await;
    let paths = ["/a".to_owned(), "/b".to_owned(), tarball("a"), tarball("b")];
    let mut sent = 0;
    for path in &paths {
        sent += sent_for(&upstream, path).await;
    }
    for path in &paths {
        for _ in 0..3 {
            nopar.get(path).await.expect(200);
        }
    }
    let snapshot = nopar.counted(12).await;
    assert_eq!(snapshot.upstream.fetched_bytes, sent);
    assert_eq!(upstream.count_all(), 4);
    check(&snapshot, &[(Outcome::Success, 4)]);
    assert_eq!(snapshot.upstream.broken_bodies, 0);
    // Confirmed in the background: a request more, and no body.
    nopar.advance(PAST_TTL);
    nopar.get("/a").await.expect(200);
    let snapshot = nopar.counted(13).await;
    check(&snapshot, &[(Outcome::Success, 4), (Outcome::NotModified, 1)]);
    assert_eq!(snapshot.upstream.fetched_bytes, sent);
}

/// Every way in which a request may end has its own count.
#[tokio::test]
async fn each_outcome_is_counted() {
    let said = "what it says beside its status";
    let busy = Answer::new(503).body(said);
    let moved = Fault::redirect("/elsewhere");
    for (fault, outcomes, fetched) in [
        (busy.into(), vec![(Outcome::ServerError, 1)], said.len() as u64),
        (Answer::new(404).into(), vec![(Outcome::ClientError, 1)], 0),
        (moved, vec![(Outcome::Redirect, 1), (Outcome::ClientError, 1)], 0),
        (Fault::Reset, vec![(Outcome::Broken, 1)], 0),
        (Fault::CloseBeforeHead, vec![(Outcome::Broken, 1)], 0),
        (Fault::Silence, vec![(Outcome::Timeout, 1)], 0),
    ] {
        let upstream = upstream().await;
        upstream.always("/a", fault);
        upstream.always("/elsewhere", Answer::new(404));
        let nopar = TestNopar::with(&upstream).env("NOPAR_FETCH_TIMEOUT", "300ms");
        let nopar = nopar.start().await;
        nopar.get("/a").await;
        let snapshot = nopar.counted(1).await;
        check(&snapshot, &outcomes);
        assert_eq!(snapshot.upstream.fetched_bytes, fetched, "{outcomes:?}");
    }
}

/// An upstream that is gone is counted as that, and a body that breaks off beside its answer.
#[tokio::test]
async fn what_breaks_is_counted() {
    let upstream = upstream().await;
    upstream.package("b").version("1.0.0", |v| v.tarball_size(200_000));
    let nopar = TestNopar::with(&upstream).start().await;
    upstream.next(&tarball("b"), Fault::CutBody(100_000));
    let answer = nopar.get(&tarball("b")).await;
    assert!(!answer.complete);
    let snapshot = nopar.counted(1).await;
    check(&snapshot, &[(Outcome::Success, 1)]);
    assert_eq!(snapshot.upstream.broken_bodies, 1);
    assert_eq!(snapshot.upstream.fetched_bytes, 100_000);
    upstream.stop().await;
    nopar.get("/a").await.expect(502);
    let snapshot = nopar.counted(2).await;
    check(&snapshot, &[(Outcome::Success, 1), (Outcome::Unreachable, 1)]);
}

/// A request that found no place among the others is counted, and was not sent.
#[tokio::test]
async fn requests_that_find_no_place_are_counted() {
    let upstream = FakeUpstream::start().await;
    for name in ["a", "b"] {
        upstream.package(name).version("1.0.0", |v| v);
    }
    let nopar = TestNopar::with(&upstream)
        .env("NOPAR_UPSTREAM_CONNECTIONS", "1")
        .env("NOPAR_FETCH_TIMEOUT", "300ms")
        .start()
        .await;
    let held = upstream.hold_body(&tarball("a"), 1);
    let mut first = nopar.connect().await;
    let request = nopar.request(&tarball("a"));
    first.send(&request).await.expect("sent");
    held.arrived(1).await;
    nopar.get("/b").await.expect(503);
    held.release();
    first.receive().await.expect("an answer").expect(200);
    let snapshot = nopar.counted(2).await;
    check(&snapshot, &[(Outcome::Success, 1), (Outcome::Busy, 1)]);
    assert_eq!(upstream.count("/b"), 0);
}

/// A redirect that is not followed, as it leads inside, is counted and not sent. Where it leads is a fake
/// of this test, on loopback, and nothing else.
#[tokio::test]
async fn requests_that_are_forbidden_are_counted() {
    let (upstream, inside) = (FakeUpstream::start().await, FakeUpstream::start().await);
    let proxy = FakeProxy::start().await;
    proxy.place("registry.example:80", upstream.addr());
    upstream.always("*", Fault::redirect(&inside.url()));
    // Behind a proxy, the upstream is public as far as can be told.
    let nopar = TestNopar::forwarding_to("http://registry.example").via(&proxy).start().await;
    nopar.get("/a").await.expect(502);
    check(&nopar.counted(1).await, &[(Outcome::Redirect, 1), (Outcome::Forbidden, 1)]);
    assert_eq!(inside.count_all(), 0);
}
