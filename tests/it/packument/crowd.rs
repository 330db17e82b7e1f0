//! Many clients at once for one packument: one upstream request, one answer.
//! Knows nothing of tarballs.

use crate::asking::{LONG, WAYS};
use crate::support::client::{Response, send_all};
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

async fn with_lodash() -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let mut package = upstream.package("lodash").readme("# lodash");
    for minor in 0..50 {
        package = package.version(&format!("1.{minor}.0"), |v| v);
    }
    let nopar = TestNopar::with(&upstream).start().await;
    (upstream, nopar)
}

/// All answers to so many requests the same way, sent while the upstream is held back.
async fn at_once(upstream: &FakeUpstream, nopar: &TestNopar, clients: usize) -> Vec<Response> {
    let requests: Vec<_> = (0..clients).map(|_| WAYS[0].of(nopar, "lodash")).collect();
    let hold = upstream.hold("/lodash");
    let answers = tokio::spawn(send_all(requests));
    hold.arrived(1).await;
    hold.release();
    answers.await.expect("answers")
}

/// Three hundred clients ask for one cold packument: one upstream request, identical answers.
#[tokio::test]
async fn many_asking_for_a_cold_packument_cost_one_request() {
    let (upstream, nopar) = with_lodash().await;
    let answers = at_once(&upstream, &nopar, 300).await;
    WAYS[0].check(&answers[0], &upstream.packument("lodash"), &nopar.url());
    for answer in &answers {
        assert_eq!(answer.status, 200);
        assert!(answer.body == answers[0].body, "{:?}", answer.headers);
        assert_eq!(answer.header("etag"), answers[0].header("etag"));
        assert_eq!(answer.header("vary"), answers[0].header("vary"));
    }
    assert_eq!(upstream.count_all(), 1);
}

/// The same in all forms, encodings and base URLs at once: each gets its own, right.
#[tokio::test]
async fn many_asking_differently_cost_one_request() {
    let (upstream, nopar) = with_lodash().await;
    let asked: Vec<_> =
        (0..240).map(|n| (WAYS[n % WAYS.len()], format!("h{}:80{}", n / 6 % 5, n % 2))).collect();
    let requests: Vec<_> = asked.iter().map(|(way, host)| way.at(&nopar, host, "lodash")).collect();
    let hold = upstream.hold("/lodash");
    let answers = tokio::spawn(send_all(requests));
    hold.arrived(1).await;
    hold.release();
    let answers = answers.await.expect("answers");
    let packument = upstream.packument("lodash");
    for ((way, host), answer) in asked.iter().zip(&answers) {
        way.check(answer, &packument, &format!("http://{host}"));
    }
    let states = answers.iter().filter_map(|answer| answer.header("x-cache"));
    let fetched = states.filter(|state| *state != "HIT");
    assert_eq!(upstream.count_all(), 1, "{:?}", fetched.collect::<Vec<_>>());
}

/// The same when what is held is too old to be served: one request confirms it for all.
#[tokio::test]
async fn many_asking_for_an_aged_packument_cost_one_request() {
    let (upstream, nopar) = with_lodash().await;
    nopar.get("/lodash").await.expect(200);
    nopar.advance(LONG);
    let answers = at_once(&upstream, &nopar, 100).await;
    for answer in &answers {
        WAYS[0].check(answer, &upstream.packument("lodash"), &nopar.url());
    }
    assert_eq!(upstream.count_all(), 2);
}

/// The same when the upstream has another one by then: all get the new one.
#[tokio::test]
async fn many_asking_for_a_changed_packument_cost_one_request() {
    let (upstream, nopar) = with_lodash().await;
    nopar.get("/lodash").await.expect(200);
    upstream.package("lodash").version("2.0.0", |v| v);
    nopar.advance(LONG);
    let answers = at_once(&upstream, &nopar, 100).await;
    for answer in &answers {
        WAYS[0].check(answer, &upstream.packument("lodash"), &nopar.url());
    }
    let asked = upstream.requests();
    let validators: Vec<_> = asked.iter().map(|r| r.header("if-none-match")).collect();
    assert_eq!(asked.len(), 2, "{validators:?}");
}

/// All who wait for a fetch that fails share its failure; only who comes after it asks anew.
#[tokio::test]
async fn many_waiting_for_a_failure_share_it() {
    let (upstream, nopar) = with_lodash().await;
    upstream.always("/lodash", 500);
    let hold = upstream.hold("/lodash");
    let mut waiting = Vec::new();
    for _ in 0..100 {
        let mut connection = nopar.connect().await;
        let request = WAYS[0].of(&nopar, "lodash");
        connection.send(&request).await.expect("a request sent");
        waiting.push(connection);
    }
    hold.arrived(1).await;
    // Connections are taken in their order: when these are answered, nearly all above wait.
    for _ in 0..20 {
        nopar.get("/-/ping").await;
    }
    hold.release();
    for connection in &mut waiting {
        let answer = connection.receive().await.expect("an answer");
        assert_eq!(answer.status, 502);
        assert!(answer.json()["error"].is_string());
    }
    assert!(upstream.count_all() < 5, "{}", upstream.count_all());
    upstream.behave("*");
    nopar.forget_failures();
    nopar.get("/lodash").await.expect(200);
}
