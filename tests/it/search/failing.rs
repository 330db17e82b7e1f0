//! Upstreams that do not answer a search as they should: hosted packages are found all the same.
//! Knows nothing of pages.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use super::{
    SEARCH, answer, fault, finds, finds_few, finds_nothing, names, only_hosted, search, timing,
};
use crate::support::binary::Binary;
use crate::support::client::get;
use crate::support::nopar::{TestNopar, TestNoparBuilder};
use crate::support::publish::{Publish, refusal};
use crate::support::upstream::{Answer, FakeUpstream, Fault};

/// A NOPAR that hosts `ui-own`, in front of an upstream that has `ui`.
async fn with_one(
    adapt: impl FnOnce(TestNoparBuilder) -> TestNoparBuilder,
) -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let nopar = adapt(TestNopar::with(&upstream).stopped_clock()).start().await;
    Publish::of("ui-own", "1.0.0").succeed(nopar.addr()).await;
    finds_few(&upstream, "ui", &["ui"]);
    upstream.clear();
    (upstream, nopar)
}

/// Answers that are none, and statuses: the hosted ones are sent, and a later search finds both. Failures are remembered
/// for seconds, that there is no search for minutes.
#[tokio::test]
async fn an_upstream_that_fails_is_left_out_for_a_while() {
    let gzip = || Answer::new(200).header("Content-Encoding", "gzip").body("no gzip");
    let long = json!({"objects": [], "total": 0, "x": "y".repeat(5 << 20)});
    for (fault, why, is_long) in [
        (Fault::from(404), "no search", true),
        (Fault::from(405), "no search", true),
        (Fault::from(501), "no search", true),
        (Fault::from(500), "not reached", false),
        (Fault::from(503), "not reached", false),
        (Fault::from(401), "not reached", false),
        (Fault::from(429), "not reached", false),
        (Fault::garbage(), "not reached", false),
        (Answer::json(200, &json!({"objects": {}})).into(), "not reached", false),
        (Answer::json(200, &json!({"objects": [], "total": "many"})).into(), "not reached", false),
        (Answer::json(200, &long).into(), "not reached", false),
        (gzip().into(), "not reached", false),
        (Fault::CutBody(10), "not reached", false),
        (Fault::LengthTooLong(10), "not reached", false),
        (Fault::Reset, "not reached", false),
    ] {
        let (upstream, nopar) = with_one(|nopar| nopar).await;
        let what = format!("{fault:.60?}");
        self::fault(&upstream, fault);
        only_hosted(&answer(&nopar, "text=ui").await, &["ui-own"], why);
        let asked = upstream.count(SEARCH);
        upstream.behave("*");
        nopar.advance(Duration::from_secs(9));
        only_hosted(&answer(&nopar, "text=ui").await, &["ui-own"], why);
        assert_eq!(upstream.count(SEARCH), asked, "{what}");
        nopar.advance(Duration::from_secs(2));
        if is_long {
            only_hosted(&answer(&nopar, "text=ui").await, &["ui-own"], why);
            nopar.advance(Duration::from_secs(300));
        }
        assert_eq!(names(&search(&nopar, "text=ui").await), ["ui-own", "ui"], "{what}");
    }
}

/// One text that an upstream refuses, as too short perhaps, keeps it from no other; and is not asked for again at once.
#[tokio::test]
async fn a_refused_text_is_refused_alone() {
    let (upstream, nopar) = with_one(|nopar| nopar).await;
    upstream.next(SEARCH, 400);
    for _ in 0..2 {
        only_hosted(&answer(&nopar, "text=u").await, &["ui-own"], "refused");
    }
    assert_eq!(upstream.count(SEARCH), 1);
    assert_eq!(names(&search(&nopar, "text=ui").await), ["ui-own", "ui"]);
}

#[tokio::test]
async fn an_upstream_that_is_down_is_left_out() {
    let (upstream, nopar) = with_one(|nopar| nopar).await;
    upstream.stop().await;
    only_hosted(&answer(&nopar, "text=ui").await, &["ui-own"], "not reached");
    upstream.restart().await;
    nopar.advance(Duration::from_secs(11));
    assert_eq!(names(&search(&nopar, "text=ui").await), ["ui-own", "ui"]);
}

/// Nobody waits longer than for a document, nor waits again when another has just waited in vain.
#[tokio::test]
async fn a_slow_upstream_is_waited_for_once() {
    let (upstream, nopar) = with_one(|nopar| nopar.env("NOPAR_FETCH_TIMEOUT", "1s")).await;
    fault(&upstream, Fault::Silence);
    for _ in 0..3 {
        only_hosted(&answer(&nopar, "text=ui").await, &["ui-own"], "not reached");
    }
    assert_eq!(upstream.count(SEARCH), 1);
}

#[tokio::test]
async fn an_upstream_that_must_not_be_asked_is_not() {
    let (upstream, nopar) = with_one(|nopar| nopar.env("NOPAR_AUTO_FORWARD", "no")).await;
    only_hosted(&answer(&nopar, "text=ui").await, &["ui-own"], "not asked");
    assert_eq!(upstream.count_all(), 0);
}

/// In the middle of a list, nothing takes the place of what could not be read, and what was read is sent.
#[tokio::test]
async fn a_list_that_breaks_off_ends_there() {
    let (upstream, nopar) = with_one(|nopar| nopar).await;
    let listed: Vec<String> = (0..300).map(|n| format!("ui-{n}")).collect();
    finds(&upstream, "ui", &listed);
    upstream.always(&format!("{SEARCH}?text=ui&size=250&from=250"), 500);
    let answered = answer(&nopar, "text=ui&size=250&from=200").await;
    let found = answered.json();
    assert_eq!((names(&found).len(), &found["total"]), (51, &json!(301)));
    assert_eq!(timing(&answered)[1].1, "not reached");
    // What is remembered of it is good all the same.
    assert_eq!(names(&search(&nopar, "text=ui&size=100").await).len(), 100);
    upstream.behave("*");
    nopar.advance(Duration::from_secs(11));
    assert_eq!(names(&search(&nopar, "text=ui&size=250&from=200").await).len(), 101);
}

/// One that sends the same to every question is read twice, and no more.
#[tokio::test]
async fn an_upstream_that_knows_no_places_has_an_end() {
    let (upstream, nopar) = with_one(|nopar| nopar).await;
    let objects: Vec<_> = (0..20).map(|n| super::object(&format!("ui-{n}"))).collect();
    fault(&upstream, Answer::json(200, &json!({"objects": objects, "total": 1_000_000})));
    let found = search(&nopar, "text=ui&size=100").await;
    assert_eq!((names(&found).len(), &found["total"]), (21, &json!(21)));
    assert_eq!(upstream.count(SEARCH), 2);
}

/// The log has a line when an upstream is left out, and not for each search; and never what was searched for.
#[tokio::test]
async fn the_log_tells_of_changes_only() {
    let upstream = FakeUpstream::start().await;
    let (binary, addr) = Binary::serving(&upstream.url(), &[("NOPAR_ACCESS_LOG", "no")]).await;
    upstream.always(SEARCH, 500);
    for text in ["secret-one", "secret-two"] {
        get(addr, &format!("{SEARCH}?text={text}")).await.expect(200);
    }
    binary.says("it answered 500").await;
    binary.signal("TERM");
    let said = binary.ended().await.stderr;
    let lines: Vec<&str> = said.lines().filter(|line| line.contains("search: ")).collect();
    assert_eq!(lines.len(), 1, "{said}");
    assert!(lines[0].contains(&upstream.url()), "{said}");
    assert!(!said.contains("secret-"), "{said}");
}

/// Four searches that wait for one upstream kept all others from being asked for ten seconds.
#[tokio::test]
async fn a_slow_upstream_holds_up_no_other() {
    let (all, slow) = (FakeUpstream::start().await, FakeUpstream::start().await);
    let file = format!(
        "[[upstream]]\nurl = \"{}\"\n\n[[upstream]]\npackages = [\"@acme/*\"]\nurl = \"{}\"\n",
        all.url(),
        slow.url()
    );
    let nopar = TestNopar::forwarding_to("").without_env("NOPAR_FORWARDER_URL").file(&file);
    let nopar = nopar.start().await;
    [&all, &slow].into_iter().for_each(finds_nothing);
    let hold = slow.hold(SEARCH);
    let mut waiting = JoinSet::new();
    for number in 0..8 {
        waiting.spawn(nopar.get(&format!("{SEARCH}?text=w{number}")));
    }
    hold.arrived(4).await;
    all.wait_for(8, SEARCH).await;
    assert_eq!(slow.count(SEARCH), 4);
    hold.release();
    for answer in waiting.join_all().await {
        answer.expect(200);
    }
    assert_eq!(slow.count(SEARCH), 8);
}

/// What is too long for a path is not tried: whoever gets such a path may end the connection, and would pass for down.
#[tokio::test]
async fn a_text_without_end_is_no_search() {
    let (upstream, nopar) = with_one(|nopar| nopar).await;
    let words = "a,".repeat(400);
    for text in ["x".repeat(1025), format!("keywords:{words}")] {
        let answer = nopar.get(&format!("{SEARCH}?text={text}")).await;
        let error = refusal(&answer, &[400], &text);
        assert!(error.contains("send fewer"), "{error}");
    }
    assert_eq!(upstream.count_all(), 0);
    upstream.next(SEARCH, 431);
    only_hosted(&answer(&nopar, "text=u").await, &["ui-own"], "refused");
}
