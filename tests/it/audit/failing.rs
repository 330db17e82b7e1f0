//! An upstream that does not say it: the client is told that nothing is known, never that nothing was found.
//! Knows nothing of what would have been said.

use std::time::Duration;

use serde_json::json;

use super::{BULK, FULL, QUICK, advisory, answer, asked, hosting, report, says, usual};
use crate::support::nopar::TestNopar;
use crate::support::publish::refusal;
use crate::support::upstream::{Answer, FakeUpstream, Fault};

/// Asks each kind of question, and fails the test unless each is told to be unknown, with this status.
async fn unknown(upstream: &FakeUpstream, nopar: &TestNopar, status: u16, what: &str) {
    let tree = json!({"dependencies": {"lodash": {"version": "4.17.20"}}});
    for (path, question) in
        [(BULK, json!({"lodash": ["4.17.20"]})), (QUICK, tree.clone()), (FULL, tree.clone())]
    {
        let what = format!("{what} {path}");
        let error = refusal(&answer(nopar, path, &question).await, &[status], &what);
        assert!(error.contains(&upstream.url()), "{what}: {error}");
        assert!(error.contains("is not known"), "{what}: {error}");
    }
}

/// Every answer that is none.
#[tokio::test]
async fn what_is_no_answer_is_not_known() {
    let (upstream, nopar) = usual().await;
    // So that what is cut off is an answer.
    for path in [QUICK, FULL] {
        says(&upstream, path, &report(&json!(["lodash"])));
    }
    let long = format!("{{\"lodash\":[\"{}\"]}}", "x".repeat(33 << 20));
    let bomb = super::gzip(&long);
    let faults: Vec<(&str, u16, Fault)> = vec![
        ("500", 502, 500.into()),
        ("503", 503, 503.into()),
        ("504", 504, 504.into()),
        ("429", 503, Fault::too_many(7)),
        ("404", 404, 404.into()),
        ("405", 404, 405.into()),
        ("501", 404, 501.into()),
        ("401", 502, 401.into()),
        ("403", 502, 403.into()),
        ("400", 502, 400.into()),
        ("204", 502, 204.into()),
        ("a page", 502, Fault::garbage()),
        ("a list", 502, Answer::json(200, &json!([])).into()),
        ("an error", 502, Answer::json(200, &json!({"error": "no"})).into()),
        ("half of it", 502, Fault::CutBody(5)),
        ("a reset", 502, Fault::Reset),
        ("too long", 502, Answer::new(200).body(long).into()),
        ("a bomb", 502, Answer::new(200).header("Content-Encoding", "gzip").body(bomb).into()),
        ("endless", 502, Fault::Endless("application/json")),
        ("bad gzip", 502, Answer::new(200).header("Content-Encoding", "gzip").body("{}").into()),
        ("301", 502, Answer::new(301).header("Location", "/x").into()),
        ("302", 502, Fault::redirect("/x")),
        ("303", 502, Answer::new(303).header("Location", "/x").into()),
        ("308 to nowhere", 502, Answer::new(308).header("Location", "ftp://x/").into()),
        ("a circle", 502, Answer::new(307).header("Location", BULK).into()),
    ];
    for (what, status, fault) in faults {
        upstream.always("*", fault);
        unknown(&upstream, &nopar, status, what).await;
        nopar.advance(Duration::from_secs(61));
    }
    assert_eq!(upstream.count("GET *"), 0, "a redirect leads no question to a GET");
}

/// An upstream that is not there, and one that is silent.
#[tokio::test]
async fn an_upstream_that_is_down_or_slow_is_told() {
    let (upstream, nopar) = hosting(|nopar| nopar.env("NOPAR_FETCH_TIMEOUT", "300ms")).await;
    upstream.always("*", Fault::Silence);
    unknown(&upstream, &nopar, 504, "silence").await;
    upstream.stop().await;
    nopar.forget_failures();
    unknown(&upstream, &nopar, 502, "down").await;
    // What nobody has to be asked for is known.
    let told = answer(&nopar, BULK, &json!({"mine": ["1.0.0"]})).await.expect(200);
    assert_eq!(told.json(), json!({}));
}

/// 401 and 429 say whose matter it is, and when to come again.
#[tokio::test]
async fn what_is_told_says_what_to_do() {
    let (upstream, nopar) = usual().await;
    let question = json!({"lodash": ["4.17.20"]});
    upstream.next("*", 401);
    let told = answer(&nopar, BULK, &question).await.expect(502);
    assert!(told.text().contains("NOPAR_FORWARDER_TOKEN"), "{}", told.text());
    nopar.forget_failures();
    upstream.next("*", Fault::too_many(7));
    let told = answer(&nopar, BULK, &question).await.expect(503);
    assert_eq!(told.header("retry-after"), Some("7"));
}

/// An upstream that may not be asked is not, and that is said as long as there was something to ask.
#[tokio::test]
async fn without_forwarding_nothing_is_known() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_AUTO_FORWARD", "no");
    let nopar = nopar.env("NOPAR_LOCAL_PACKAGES", "@acme/*").start().await;
    unknown(&upstream, &nopar, 503, "unasked").await;
    let told = answer(&nopar, BULK, &json!({"lodash": ["4.17.20"]})).await.expect(503);
    assert!(told.text().contains("NOPAR_AUTO_FORWARD"), "{}", told.text());
    let told = answer(&nopar, BULK, &json!({"@acme/ui": ["1.0.0"]})).await.expect(200);
    assert_eq!(told.json(), json!({}));
    assert_eq!(upstream.count_all(), 0);
}

/// A redirect that has the question repeated is followed, without the token to another origin.
#[tokio::test]
async fn a_question_is_repeated_where_a_redirect_says_so() {
    let other = FakeUpstream::start().await;
    for status in [307, 308] {
        let (upstream, nopar) =
            hosting(|nopar| nopar.env("NOPAR_FORWARDER_TOKEN", "secret-token")).await;
        other.clear();
        for (path, expected) in
            [(BULK, json!({"lodash": [advisory()]})), (QUICK, report(&json!(["lodash"])))]
        {
            says(&other, "/moved", &expected);
            let there = Answer::new(status).header("Location", &format!("{}/moved", other.url()));
            upstream.always(&format!("POST {path}"), there);
            let question = if path == BULK {
                json!({"lodash": ["4.17.20"]})
            } else {
                json!({"dependencies": {"lodash": {"version": "4.17.20"}}})
            };
            assert_eq!(answer(&nopar, path, &question).await.expect(200).json(), expected);
        }
        assert_eq!(asked(&upstream), asked(&other), "{status}");
        for seen in upstream.requests() {
            assert_eq!(seen.header("authorization"), Some("Bearer secret-token"));
        }
        for seen in other.requests() {
            assert_eq!(seen.header("authorization"), None);
        }
    }
}

/// A pooled connection that the upstream has closed costs nobody an answer.
#[tokio::test]
async fn a_connection_that_is_gone_is_replaced() {
    let (upstream, nopar) = usual().await;
    answer(&nopar, BULK, &json!({"lodash": ["4.17.20"]})).await.expect(200);
    upstream.next("POST *", Fault::CloseBeforeHead);
    let told = answer(&nopar, BULK, &json!({"lodash": ["4.17.19"]})).await.expect(200);
    assert_eq!(told.json(), json!({"lodash": [advisory()]}));
    assert_eq!(upstream.count(&format!("POST {BULK}")), 3);
}

/// An upstream that answers no question has its packages all the same: what is held of them is confirmed by it.
#[tokio::test]
async fn who_answers_no_question_is_not_down() {
    let (upstream, nopar) = hosting(|nopar| nopar.env("NOPAR_FETCH_TIMEOUT", "300ms")).await;
    upstream.package("lodash").version("4.17.20", |it| it);
    nopar.get("/lodash").await.expect(200);
    upstream.always("POST *", Fault::Silence);
    answer(&nopar, BULK, &json!({"lodash": ["4.17.20"]})).await.expect(504);
    let confirmed = nopar.request("/lodash").header("Cache-Control", "no-cache").send().await;
    confirmed.expect(200);
    assert_eq!(upstream.count("GET /lodash"), 2);
}
