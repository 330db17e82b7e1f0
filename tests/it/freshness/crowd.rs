//! Many at once: one upstream request for all who ask for a packument that is not held.
//! Knows nothing of stale copies.

use std::time::{Duration, Instant};

use super::{settle, state, upstream};
use crate::support::client::{Request, get_many, send_all};
use crate::support::nopar::TestNopar;
use crate::support::upstream::{FakeUpstream, Fault};

/// How many upstream requests a failure may cost, however many waited for it.
const HANDFUL: usize = 5;

/// Cold requests at once, of all forms and base URLs, become one upstream request.
#[tokio::test]
async fn concurrent_cold_requests_collapse_to_one() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let hold = upstream.hold("GET /a");
    let requests: Vec<Request> = (0..100)
        .map(|number| {
            let path = ["/a", "/a/latest", "/-/package/a/dist-tags", "/a"][number % 4];
            Request::get(nopar.addr(), path).host(format!("host-{}.test", number % 3))
        })
        .collect();
    let answers = tokio::spawn(send_all(requests));
    hold.arrived(1).await;
    settle(&nopar).await;
    hold.release();
    for (number, answer) in answers.await.expect("answers").into_iter().enumerate() {
        let answer = answer.expect(200);
        if number % 4 == 0 {
            let tarball = &answer.json()["versions"]["1.0.0"]["dist"]["tarball"];
            let expected = format!("http://host-{}.test/a/-/a-1.0.0.tgz", number % 3);
            assert_eq!(tarball, &expected, "the base URL of each");
        }
    }
    assert_eq!(upstream.count_all(), 1);
}

/// Different packages do not wait for each other.
#[tokio::test]
async fn a_slow_package_holds_up_no_other() {
    let upstream = upstream().await;
    upstream.package("b").version("1.0.0", |v| v);
    let nopar = TestNopar::with(&upstream).start().await;
    let hold = upstream.hold("GET /a");
    let slow = tokio::spawn(nopar.get("/a"));
    hold.arrived(1).await;
    nopar.get("/b").await.expect(200);
    nopar.get("/b/-/b-1.0.0.tgz").await.expect(200);
    assert!(!slow.is_finished());
    hold.release();
    slow.await.expect("an answer").expect(200);
}

async fn crowd_meets(upstream: &FakeUpstream, fault: Fault, status: u16) {
    let nopar = TestNopar::with(upstream).start().await;
    upstream.clear();
    upstream.always("GET /a", fault.clone());
    let hold = upstream.hold("GET /a");
    let answers = tokio::spawn(get_many(nopar.addr(), 200, "/a"));
    hold.arrived(1).await;
    settle(&nopar).await;
    let released = Instant::now();
    hold.release();
    for answer in answers.await.expect("answers") {
        assert!(answer.expect(status).json()["error"].is_string());
    }
    let took = released.elapsed();
    assert!(took < Duration::from_secs(3), "{fault:?}: {took:?}");
    let asked = upstream.count_all();
    assert!(asked <= HANDFUL, "{fault:?}: {asked} upstream requests");
    upstream.behave("*");
    assert_eq!(state(&nopar.get("/b").await.expect(404)), "miss");
}

/// When a fetch fails, all who waited are told quickly, and the upstream is left in peace.
#[tokio::test]
async fn a_failed_fetch_fails_all_who_waited_at_once() {
    let upstream = upstream().await;
    crowd_meets(&upstream, 500.into(), 502).await;
    crowd_meets(&upstream, 503.into(), 503).await;
    crowd_meets(&upstream, Fault::garbage(), 502).await;
    crowd_meets(&upstream, Fault::CutBody(10), 502).await;
    crowd_meets(&upstream, Fault::Reset, 502).await;
    crowd_meets(&upstream, 404.into(), 404).await;
}

/// Nor do many wait one after another for an upstream that accepts no connection.
#[tokio::test]
async fn a_refused_connection_fails_all_quickly() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    upstream.stop().await;
    let since = Instant::now();
    for answer in get_many(nopar.addr(), 200, "/a").await {
        assert!(answer.expect(502).json()["error"].is_string());
    }
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
}

/// The client that began a cold fetch may go: the packument is kept, and who waits gets it.
#[tokio::test]
async fn a_fetch_survives_the_client_that_began_it() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let hold = upstream.hold("GET /a");
    let mut first = nopar.connect().await;
    let sent = first.send(&nopar.request("/a")).await;
    sent.expect("a request on its way");
    hold.arrived(1).await;
    let second = tokio::spawn(nopar.get("/a"));
    settle(&nopar).await;
    first.reset();
    settle(&nopar).await;
    hold.release();
    second.await.expect("an answer").expect(200);
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "hit");
    assert_eq!(upstream.count_all(), 1);
}

/// The same without anyone else waiting.
#[tokio::test]
async fn a_fetch_nobody_waits_for_any_more_is_kept() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let hold = upstream.hold("GET /a");
    let mut first = nopar.connect().await;
    let sent = first.send(&nopar.request("/a")).await;
    sent.expect("a request on its way");
    hold.arrived(1).await;
    first.reset();
    settle(&nopar).await;
    hold.release();
    nopar.get("/a").await.expect(200);
    assert_eq!(upstream.count_all(), 1);
}
