//! Limits on what goes to an upstream: those of the configuration, and the pause that it asks for itself.
//! Knows nothing of clients' limits.

use std::time::Duration;

use nopar::counters::{Limited, Outcome};

use super::limited;
use crate::support::client::send_all;
use crate::support::nopar::TestNopar;
use crate::support::upstream::{FakeUpstream, Fault, usual_path};

const RATE: &str = "NOPAR_UPSTREAM_REQUESTS_PER_SECOND";
const STALE: Duration = Duration::from_secs(40 * 24 * 3600);

async fn upstream(packages: usize) -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    for number in 0..packages {
        upstream.package(&format!("p{number}")).version("1.0.0", |v| v);
    }
    upstream
}

/// More than may go in a second wait for their turn, and all are answered.
#[tokio::test]
async fn requests_to_it_wait_for_their_turn() {
    let upstream = upstream(6).await;
    let nopar = TestNopar::with(&upstream).env(RATE, "4").start().await;
    let since = std::time::Instant::now();
    let requests: Vec<_> = (0..6).map(|number| nopar.request(&format!("/p{number}"))).collect();
    for answer in send_all(requests).await {
        answer.expect(200);
    }
    assert!(since.elapsed() >= Duration::from_secs(1), "{:?}", since.elapsed());
    assert_eq!(upstream.count_all(), 6);
}

/// Who waits in vain is told when to come again, and was not sent; a copy is sent in place of that.
#[tokio::test]
async fn who_waits_in_vain_is_told_or_gets_a_copy() {
    let upstream = upstream(20).await;
    let nopar = TestNopar::with(&upstream).env(RATE, "1").env("NOPAR_FETCH_TIMEOUT", "500ms");
    let nopar = nopar.start().await;
    nopar.get("/p0").await.expect(200);
    nopar.advance(STALE);
    upstream.clear();
    let requests: Vec<_> = (0..20).map(|number| nopar.request(&format!("/p{number}"))).collect();
    let answers = send_all(requests).await;
    let (mut sent, mut refused) = (0, 0);
    for (number, answer) in answers.into_iter().enumerate() {
        match answer.status {
            503 => {
                assert_ne!(number, 0, "there is a copy of it");
                assert_eq!(answer.json()["reason"], "upstream_busy");
                assert_eq!(answer.header("retry-after"), Some("1"));
                refused += 1;
            }
            _ => sent += usize::from(answer.expect(200).header("x-cache") != Some("stale")),
        }
    }
    // A busy machine may let one or the other pass in a later second.
    assert!(refused > 0, "{sent} were sent");
    assert!(upstream.count_all() <= sent, "{} requests", upstream.count_all());
    let snapshot = nopar.counted(21).await;
    assert!(snapshot.upstream_requests(Outcome::Busy) >= refused);
}

/// An upstream that wants fewer requests for a while is asked for no package until then, whichever it was; what is held is
/// sent, of any age, and all else is told how long it will be. Its services are asked on.
#[tokio::test]
async fn a_pause_that_it_asks_for_holds_for_all_packages() {
    let upstream = upstream(3).await;
    let nopar = TestNopar::with(&upstream).stopped_clock().start().await;
    nopar.get("/p0").await.expect(200);
    nopar.advance(STALE);
    upstream.next("/p1", Fault::too_many(30));
    let told = nopar.get("/p1").await.expect(503);
    assert_eq!(told.header("retry-after"), Some("30"));
    upstream.clear();
    nopar.advance(Duration::from_secs(10));
    for path in ["/p2".to_owned(), usual_path("p2", "1.0.0")] {
        let told = nopar.get(&path).await.expect(503);
        assert_eq!(told.json()["reason"], "upstream_status_429", "{path}");
        assert_eq!(told.header("retry-after"), Some("20"), "{path}");
    }
    let copy = nopar.get("/p0").await.expect(200);
    assert_eq!(copy.header("x-cache"), Some("stale"));
    assert_eq!(upstream.count_all(), 0);
    nopar.get("/-/v1/search?text=p").await.expect(200);
    assert_eq!(upstream.count_all(), 1, "a service of it");
    nopar.idle().await;
    let pauses = nopar.counted(6).await;
    assert!(
        limited(&pauses).iter().any(|(limit, count)| *limit == Limited::Upstream && *count >= 3)
    );
    nopar.advance(Duration::from_secs(20));
    for path in ["/p1", "/p2", "/p0"] {
        nopar.get(path).await.expect(200);
        assert_eq!(upstream.count(path), 1, "{path}");
    }
}
