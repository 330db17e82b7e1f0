//! The fake upstream, tried: does each fault really happen?
//! Knows nothing of NOPAR.

use std::io::ErrorKind;
use std::time::Duration;

use super::with_lodash;
use crate::support::client::{BodyFault, Connection, NoResponse, Request, Response, get, get_many};
use crate::support::gate::Gate;
use crate::support::upstream::{Answer, BodyForm, FakeUpstream, Fault, made_up};

const TARBALL: &str = "/lodash/-/lodash-1.0.0.tgz";

async fn ask(upstream: &FakeUpstream) -> Result<Response, NoResponse> {
    Request::get(upstream.addr(), "/lodash").try_send().await
}

#[tokio::test]
async fn faults_come_in_turn_and_end() {
    let upstream = with_lodash().await;
    upstream.always("/lodash", 451);
    upstream.next_n(2, "GET /lodash", 500);
    upstream.next("/lodash", Fault::too_many(7));
    get(upstream.addr(), TARBALL).await.expect(200);
    for status in [500, 500] {
        ask(&upstream).await.expect("a response").expect(status);
    }
    let limited = ask(&upstream).await.expect("a response").expect(429);
    assert_eq!(limited.header("retry-after"), Some("7"));
    for status in [451, 451] {
        ask(&upstream).await.expect("a response").expect(status);
    }
    upstream.always("/lodash", 401);
    ask(&upstream).await.expect("a response").expect(401);
    upstream.behave("/lodash");
    ask(&upstream).await.expect("a response").expect(200);
    upstream.always("*", 503);
    get(upstream.addr(), TARBALL).await.expect(503);
    upstream.behave("*");
    get(upstream.addr(), TARBALL).await.expect(200);
}

#[tokio::test]
async fn any_answer_can_be_given() {
    let upstream = with_lodash().await;
    let answer = Answer::new(200).header("Content-Encoding", "gzip").body("none");
    upstream.next("/lodash", answer);
    let answer = ask(&upstream).await.expect("a response");
    assert_eq!((answer.header("content-encoding"), &answer.body[..]), (Some("gzip"), &b"none"[..]));
    upstream.next("/lodash", 304);
    assert_eq!(ask(&upstream).await.expect("a response").expect(304).raw_len, 0);
    upstream.next("/lodash", Fault::redirect("http://registry.example/x"));
    let away = ask(&upstream).await.expect("a response").expect(302);
    assert_eq!(away.header("location"), Some("http://registry.example/x"));
    upstream.next("/lodash", Fault::garbage());
    let garbage = ask(&upstream).await.expect("a response").expect(200);
    assert_eq!(garbage.header("content-type"), Some("application/json"));
    assert!(garbage.body.starts_with(b"<!doctype"));
    upstream.package("other").version("1.0.0", |v| v);
    upstream.next("/lodash", Fault::PackumentOf("other".to_owned()));
    let other = ask(&upstream).await.expect("a response");
    assert_eq!(other.json()["name"], "other");
}

#[tokio::test]
async fn connections_end_before_the_head() {
    let upstream = with_lodash().await;
    upstream.next("/lodash", Fault::Reset);
    let reset = ask(&upstream).await.expect_err("a reset");
    assert_eq!(reset, NoResponse::Broken(ErrorKind::ConnectionReset));
    upstream.next("/lodash", Fault::CloseBeforeHead);
    assert_eq!(ask(&upstream).await.expect_err("a close"), NoResponse::Closed);
}

#[tokio::test]
async fn bodies_are_cut() {
    let upstream = with_lodash().await;
    let whole = ask(&upstream).await.expect("a response").expect(200).body;
    let missing = whole.len() as u64 - 100;
    upstream.next("/lodash", Fault::CutBody(100));
    let cut = ask(&upstream).await.expect("a head");
    assert_eq!(cut.fault, Some(BodyFault::Short { missing }));
    assert_eq!(cut.body, whole[..100]);
    upstream.next("/lodash", Fault::ResetBody(100));
    let cut = ask(&upstream).await;
    // The reset may overtake the head.
    assert!(!cut.is_ok_and(|response| response.complete));
    upstream.manners(|m| m.body_form = BodyForm::Chunked);
    for after in [0, 100] {
        upstream.next("/lodash", Fault::CutBody(after));
        let cut = ask(&upstream).await.expect("a head");
        assert_eq!(cut.fault, Some(BodyFault::UnfinishedChunks));
        assert_eq!(cut.body, whole[..after]);
    }
}

#[tokio::test]
async fn lengths_lie() {
    let upstream = with_lodash().await;
    for form in [BodyForm::Length, BodyForm::Chunked] {
        upstream.manners(|m| m.body_form = form);
        upstream.next("/lodash", Fault::LengthTooLong(5));
        let long = ask(&upstream).await.expect("a head");
        assert_eq!(long.fault, Some(BodyFault::Short { missing: 5 }));
        upstream.next("/lodash", Fault::LengthTooShort(5));
        let mut connection = Connection::open(upstream.addr()).await.expect("a connection");
        let request = Request::get(upstream.addr(), "/lodash");
        connection.send(&request).await.expect("sent");
        let short = connection.receive().await.expect("a head");
        assert!(short.complete);
        let behind = connection.receive().await;
        assert!(behind.is_err(), "5 bytes and a close, not {behind:?}");
    }
}

#[tokio::test]
async fn an_endless_body_ends_with_the_peer() {
    let upstream = with_lodash().await;
    upstream.next("/lodash", Fault::Endless("application/json"));
    let mut connection = Connection::open(upstream.addr()).await.expect("a connection");
    let request = Request::get(upstream.addr(), "/lodash");
    connection.send(&request).await.expect("sent");
    assert_eq!(connection.receive_head().await.expect("a head").status, 200);
    let much = connection.receive_body(4_000_000).await.expect("bytes");
    assert!(much.len() >= 4_000_000);
    connection.reset();
    ask(&upstream).await.expect("a response").expect(200);
}

#[tokio::test]
async fn a_silent_upstream_waits_for_the_peer() {
    let upstream = with_lodash().await;
    let whole = ask(&upstream).await.expect("a response").expect(200).body;
    for (fault, came) in [(Fault::Silence, None), (Fault::StopBody(50), Some(50))] {
        upstream.next("/lodash", fault);
        let mut connection = Connection::open(upstream.addr()).await.expect("a connection");
        let request = Request::get(upstream.addr(), "/lodash");
        connection.send(&request).await.expect("sent");
        upstream.wait_for(1, "/lodash").await;
        if let Some(came) = came {
            connection.receive_head().await.expect("a head");
            assert_eq!(connection.receive_body(came).await.expect("bytes"), whole[..came]);
        }
        connection.finish_sending().await;
        // It ends without a byte more.
        match came {
            None => assert!(connection.receive_head().await.is_err()),
            Some(_) => assert!(connection.receive_body(1).await.is_err()),
        }
    }
    ask(&upstream).await.expect("a response").expect(200);
}

#[tokio::test]
async fn a_trickle_comes_byte_by_byte() {
    let upstream = with_lodash().await;
    let whole = ask(&upstream).await.expect("a response").expect(200).body;
    let first = whole.len() - 5;
    upstream.next("/lodash", Fault::Trickle(first, Duration::from_millis(1)));
    let slow = ask(&upstream).await.expect("a response").expect(200);
    assert_eq!(slow.body, whole);
}

#[tokio::test]
async fn held_requests_wait_for_the_test() {
    let upstream = with_lodash().await;
    let hold = upstream.hold("/lodash");
    let addr = upstream.addr();
    let waiting = tokio::spawn(get_many(addr, 3, "/lodash"));
    hold.arrived(3).await;
    upstream.wait_for(3, "/lodash").await;
    get(addr, TARBALL).await.expect(200);
    assert!(!waiting.is_finished());
    upstream.next_n(3, "/lodash", 503);
    hold.release();
    for answer in waiting.await.expect("the requests") {
        answer.expect(503);
    }
    ask(&upstream).await.expect("a response").expect(200);

    let hold = upstream.hold("/lodash");
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..2 {
        waiting.spawn(get(addr, "/lodash"));
    }
    hold.arrived(2).await;
    hold.admit(1);
    waiting.join_next().await.expect("one").expect("done").expect(200);
    assert!(waiting.try_join_next().is_none(), "the other one waits");
    drop(hold);
    waiting.join_next().await.expect("one").expect("done").expect(200);
}

#[tokio::test]
async fn held_bodies_wait_in_the_middle() {
    let upstream = with_lodash().await;
    let bytes = made_up(3, 50_000);
    upstream.file("/big.tgz", bytes.clone());
    let hold = upstream.hold_body("/big.tgz", 20_000);
    let mut connection = Connection::open(upstream.addr()).await.expect("a connection");
    let request = Request::get(upstream.addr(), "/big.tgz");
    connection.send(&request).await.expect("sent");
    assert_eq!(connection.receive_head().await.expect("a head").status, 200);
    let first = connection.receive_body(20_000).await.expect("bytes");
    hold.arrived(1).await;
    assert_eq!(first, bytes[..20_000]);
    hold.release();
    let rest = connection.receive_body(usize::MAX).await.expect("bytes");
    assert_eq!(rest, bytes[20_000..]);

    let trickle = upstream.trickle("/big.tgz", 30_000);
    let mut connection = Connection::open(upstream.addr()).await.expect("a connection");
    connection.send(&request).await.expect("sent");
    connection.receive_head().await.expect("a head");
    for (step, range) in [(1, 0..30_000), (2, 30_000..50_000)] {
        trickle.arrived(step).await;
        trickle.admit(1);
        let piece = connection.receive_body(range.len()).await.expect("bytes");
        assert_eq!(piece, bytes[range]);
    }
    assert_eq!(trickle.arrivals(), 2);
}

#[tokio::test]
async fn it_goes_down_and_comes_back() {
    let upstream = with_lodash().await;
    let mut idle = Connection::open(upstream.addr()).await.expect("a connection");
    idle.get("/lodash").await.expect(200);
    let held = upstream.hold(TARBALL);
    let waiting = tokio::spawn(Request::get(upstream.addr(), TARBALL).try_send());
    held.arrived(1).await;
    upstream.stop().await;
    idle.closed().await;
    assert!(waiting.await.expect("the request").is_err());
    let refused = NoResponse::Connect(ErrorKind::ConnectionRefused);
    assert_eq!(ask(&upstream).await.expect_err("refused"), refused);
    upstream.stop().await;
    upstream.restart().await;
    upstream.restart().await;
    ask(&upstream).await.expect("a response").expect(200);
}

#[tokio::test]
async fn connections_close_when_told() {
    let upstream = with_lodash().await;
    upstream.manners(|m| m.keep_alive = false);
    let mut connection = Connection::open(upstream.addr()).await.expect("a connection");
    let answer = connection.get("/lodash").await.expect(200);
    assert_eq!(answer.header("connection"), Some("close"));
    connection.closed().await;
}

#[tokio::test]
async fn an_open_gate_stays_open() {
    let gate = Gate::closed();
    gate.open();
    gate.admit(1);
    gate.pass().await;
    gate.pass().await;
    assert_eq!(gate.arrivals(), 2);
}

#[tokio::test]
#[should_panic(expected = "is not a pattern")]
async fn a_pattern_that_can_match_nothing_fails_the_test() {
    FakeUpstream::start().await.count("lodash");
}
