//! Two hundred clients at once: one upstream request for each thing, and no stampede when it fails.
//! Knows nothing of what the answers hold but that they are right.

use serde_json::json;

use crate::asking::{WAYS, afresh};
use crate::packument::entries;
use crate::support::client::{Request, Response, send_all};
use crate::support::nopar::TestNopar;
use crate::support::upstream::{FakeUpstream, Fault, made_up, usual_path};

const CLIENTS: usize = 200;
const PACKUMENT: usize = 3_000_000;
const TARBALL: usize = 1 << 20;
/// What "no more than a handful" means: one attempt, and a few who came when that had just failed.
const HANDFUL: usize = 5;

/// A package whose packument has 3 MB that do not pack to nothing, and a tarball of 1 MB.
async fn started() -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let text: String = made_up(3, PACKUMENT / 2).iter().map(|byte| format!("{byte:02x}")).collect();
    let package = upstream.package("big").field("text", json!(text));
    package.version("1.0.0", |v| v.tarball_size(TARBALL));
    let nopar = TestNopar::with(&upstream).host("npm.test").start().await;
    (upstream, nopar)
}

fn paths() -> [String; 2] {
    ["/big".to_owned(), usual_path("big", "1.0.0")]
}

/// All at once; the upstream answers when the first has come.
async fn crowd(upstream: &FakeUpstream, nopar: &TestNopar, path: &str) -> Vec<Response> {
    let requests: Vec<Request> =
        (0..CLIENTS).map(|_| nopar.request(path).header("Accept-Encoding", "gzip")).collect();
    let hold = upstream.hold(path);
    let answers = tokio::spawn(send_all(requests));
    hold.arrived(1).await;
    hold.release();
    answers.await.expect("answers")
}

/// Two hundred clients of a cold packument of 3 MB cost one upstream request.
#[tokio::test]
async fn two_hundred_clients_of_a_cold_packument_cost_one_request() {
    let (upstream, nopar) = started().await;
    let answers = crowd(&upstream, &nopar, "/big").await;
    WAYS[0].check(&answers[0], &upstream.packument("big"), &nopar.url());
    for answer in &answers {
        assert!(answer.complete && answer.body == answers[0].body, "{:?}", answer.headers);
    }
    assert_eq!(upstream.count_all(), 1);
}

/// The same for a cold tarball of 1 MB.
#[tokio::test]
async fn two_hundred_clients_of_a_cold_tarball_cost_one_request() {
    let (upstream, nopar) = started().await;
    for answer in crowd(&upstream, &nopar, &paths()[1]).await {
        assert!(answer.expect(200).body == upstream.tarball("big", "1.0.0"));
    }
    assert_eq!(upstream.count_all(), 1);
}

/// When that one request fails, all are told, and the upstream is asked no more than a handful of
/// times; once it is well again, so is everything.
#[tokio::test]
async fn two_hundred_clients_of_a_failing_upstream_are_no_stampede() {
    let faults = [500.into(), Fault::Reset, Fault::CutBody(300_000), Fault::LengthTooShort(9)];
    for fault in faults {
        let (upstream, nopar) = started().await;
        for path in paths() {
            upstream.clear();
            upstream.always(&path, fault.clone());
            for answer in crowd(&upstream, &nopar, &path).await {
                let broken = answer.status == 200 && !answer.complete;
                assert!(answer.status == 502 || broken, "{fault:?} {path}: {}", answer.status);
            }
            let asked = upstream.count_all();
            assert!((1..=HANDFUL).contains(&asked), "{fault:?} {path}: {asked} requests");
            assert_eq!(entries(&nopar).len(), usize::from(path != "/big"), "{fault:?} {path}");
            upstream.behave("*");
            afresh(&nopar, &path).await.expect(200);
        }
        let answer = WAYS[0].of(&nopar, "big").send().await;
        WAYS[0].check(&answer, &upstream.packument("big"), &nopar.url());
        let tarball = nopar.get(&paths()[1]).await.expect(200);
        assert!(tarball.body == upstream.tarball("big", "1.0.0"), "{fault:?}");
    }
}

/// Two hundred who hold a stale copy against a failing upstream get it, from a handful of requests.
#[tokio::test]
async fn two_hundred_clients_of_a_stale_packument_get_it_when_the_upstream_fails() {
    let (upstream, nopar) = started().await;
    nopar.get("/big").await.expect(200);
    let packument = upstream.packument("big");
    upstream.package("big").version("1.1.0", |v| v);
    for fault in [500.into(), Fault::Reset, Fault::CutBody(300_000)] {
        nopar.advance(crate::asking::LONG);
        upstream.clear();
        upstream.always("/big", fault.clone());
        let answers = crowd(&upstream, &nopar, "/big").await;
        WAYS[0].check(&answers[0], &packument, &nopar.url());
        for answer in &answers {
            assert_eq!(answer.header("x-cache"), Some("stale"), "{fault:?}");
            assert!(answer.complete && answer.body == answers[0].body, "{fault:?}");
        }
        let asked = upstream.count_all();
        assert!((1..=HANDFUL).contains(&asked), "{fault:?}: {asked} requests");
    }
}
