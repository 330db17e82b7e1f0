//! What an upstream says when it is asked whether it has a name that nobody claimed, and what becomes of the publish.
//! Knows nothing of names that are NOPAR's own already.

use super::{alone, check_tarball, nothing_stored, packument, versions};
use crate::support::client::{Response, get};
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, refusal};
use crate::support::upstream::{Answer, FakeUpstream, Fault};

async fn publish(nopar: &TestNopar) -> Response {
    Publish::of("x", "1.0.0").to(nopar.addr()).send().await
}

/// Fails the test unless the publish is refused with this status, for what the upstream `said`, and leaves nothing.
async fn check(nopar: &TestNopar, status: u16, said: &str) -> Response {
    let answer = publish(nopar).await;
    let error = refusal(&answer, &[status], said);
    assert!(error.contains(said), "{error}");
    assert!(error.contains("add x to NOPAR_LOCAL_PACKAGES"), "{error}");
    assert_eq!(answer.json()["reason"], "upstream_unsaid", "{error}");
    nothing_stored(nopar, said).await;
    answer
}

/// An upstream that is not there, or fails, keeps nobody from publishing; what is published stays NOPAR's own
/// afterwards.
#[tokio::test]
async fn a_failing_upstream_does_not_stop_a_publish() {
    for failure in ["down", "reset", "silence", "500", "502", "503", "504"] {
        let upstream = FakeUpstream::start().await;
        let nopar = TestNopar::with(&upstream).env("NOPAR_READ_TIMEOUT", "200ms").start().await;
        match failure {
            "down" => upstream.stop().await,
            "reset" => upstream.always("*", Fault::Reset),
            "silence" => upstream.always("*", Fault::Silence),
            status => upstream.always("*", status.parse::<u16>().expect("a status")),
        }
        Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
        let bytes = Publish::of("x", "1.0.0").bytes();
        check_tarball(nopar.addr(), "x", "1.0.0", &bytes).await;
        upstream.behave("*");
        upstream.restart().await;
        upstream.package("x").version("9.9.9", |v| v);
        assert_eq!(versions(&packument(nopar.addr(), "x").await), ["1.0.0"], "{failure}");
    }
}

/// One that lets NOPAR not in, or does not know what it is asked, will not say it to the next one either: npm is
/// not to try again.
#[tokio::test]
async fn a_refusing_upstream_stops_a_publish() {
    let (upstream, nopar) = alone().await;
    for status in [204, 400, 401, 402, 403, 405, 406, 418, 426] {
        upstream.always("*", status);
        let answer = check(&nopar, 403, &status.to_string()).await;
        assert_eq!(answer.header("retry-after"), None, "{status}");
    }
    upstream.behave("*");
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
}

/// One that wants to be asked later is: npm tries a 503 again, and who reads `Retry-After` knows when.
#[tokio::test]
async fn an_upstream_that_wants_fewer_requests_puts_a_publish_off() {
    let (upstream, nopar) = alone().await;
    upstream.always("*", Fault::too_many(7));
    assert_eq!(check(&nopar, 503, "429").await.header("retry-after"), Some("7"));
    nopar.advance(std::time::Duration::from_secs(7));
    for status in [408, 429] {
        upstream.behave("*");
        upstream.always("*", status);
        assert_eq!(check(&nopar, 503, &status.to_string()).await.header("retry-after"), None);
    }
    upstream.behave("*");
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
}

/// One that sends something else, as who is to log in somewhere gets it.
#[tokio::test]
async fn an_upstream_that_answers_nonsense_stops_a_publish() {
    let (upstream, nopar) = alone().await;
    upstream.package("y").version("1.0.0", |v| v);
    let page = Answer::new(200).header("Content-Type", "text/html").body("<html>Log in</html>");
    for (fault, said) in [
        (Fault::garbage(), "not this package's document"),
        (page.into(), "not this package's document"),
        (Fault::PackumentOf("y".to_owned()), "not this package's document"),
        (Fault::redirect("/x"), "redirects"),
    ] {
        upstream.behave("*");
        upstream.always("*", fault);
        check(&nopar, 403, said).await;
    }
}

/// One that begins to send the package and does not come to its end has it, in all likelihood: npm tries again.
#[tokio::test]
async fn an_upstream_that_breaks_off_puts_a_publish_off() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_READ_TIMEOUT", "200ms").start().await;
    upstream.package("x").version("1.0.0", |v| v);
    for (fault, said) in [
        (Fault::CutBody(10), "broke its answer off"),
        (Fault::LengthTooLong(10), "broke its answer off"),
        (Fault::StopBody(10), "did not answer in time"),
    ] {
        upstream.behave("*");
        upstream.always("*", fault);
        check(&nopar, 503, said).await;
    }
}

/// While NOPAR has no place to ask it, nothing is known of the upstream: npm tries again.
#[tokio::test]
async fn a_busy_nopar_puts_a_publish_off() {
    let upstream = FakeUpstream::start().await;
    upstream.package("y").version("1.0.0", |v| v);
    let builder = TestNopar::with(&upstream).env("NOPAR_UPSTREAM_CONNECTIONS", "1");
    let nopar = builder.env("NOPAR_FETCH_TIMEOUT", "1s").start().await;
    nopar.get("/y").await.expect(200);
    let hold = upstream.hold_body("/y/-/y-1.0.0.tgz", 10);
    let slow = tokio::spawn(nopar.get("/y/-/y-1.0.0.tgz"));
    hold.arrived(1).await;
    check(&nopar, 503, "too many requests wait for the upstream registry").await;
    hold.release();
    slow.await.expect("an answer").expect(200);
}

/// What the upstream gave up, or must not give out: the one is free, the other is its own.
#[tokio::test]
async fn an_upstream_that_says_it_is_believed() {
    let (upstream, nopar) = alone().await;
    upstream.always("*", 451);
    let error = refusal(&publish(&nopar).await, &[403], "withheld");
    assert!(error.contains("is a package of the upstream registry"), "{error}");
    nothing_stored(&nopar, "withheld").await;
    for (name, status) in [("x", 404), ("y", 410)] {
        upstream.behave("*");
        upstream.always("*", status);
        Publish::of(name, "1.0.0").succeed(nopar.addr()).await;
    }
}

/// A 404 is remembered for a minute, in which the name may come up: it is asked for anew.
#[tokio::test]
async fn a_name_that_came_up_just_now_is_not_taken() {
    let (upstream, nopar) = alone().await;
    for _ in ["asked for", "remembered"] {
        refusal(&get(nopar.addr(), "/x").await, &[404], "not there yet");
    }
    assert_eq!(upstream.count("/x"), 1, "it is remembered");
    upstream.package("x").version("1.0.0", |v| v);
    refusal(&publish(&nopar).await, &[403], "came up");
    nothing_stored(&nopar, "came up").await;
    assert_eq!(upstream.count("/x"), 2, "it is asked for anew");
}

/// What is held of a package says that there is one, when the upstream does not.
#[tokio::test]
async fn a_held_name_is_not_taken_while_the_upstream_is_down() {
    let (upstream, nopar) = alone().await;
    upstream.package("x").version("1.0.0", |v| v);
    get(nopar.addr(), "/x").await.expect(200);
    for status in [403, 429, 500] {
        upstream.always("*", status);
        let error = refusal(&publish(&nopar).await, &[403], "held");
        assert!(error.contains("is a package of the upstream registry"), "{error}");
        upstream.behave("*");
    }
    upstream.stop().await;
    refusal(&publish(&nopar).await, &[403], "held, and nobody to ask");
    nothing_stored(&nopar, "held").await;
}

/// A claimed name is NOPAR's own, whatever the upstream would answer: it is not asked.
#[tokio::test]
async fn a_claimed_name_needs_nobodys_leave() {
    let upstream = FakeUpstream::start().await;
    upstream.always("*", 403);
    let nopar = TestNopar::with(&upstream).env("NOPAR_LOCAL_PACKAGES", "x").start().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    assert_eq!(upstream.count_all(), 0);
}
