//! What a request's head says of its connection, and heads that are none, between ready answers.
//! Knows nothing of several requests at once.

use std::time::{Duration, Instant};

use super::{is_hot, next, ready, tarball, upstream};
use crate::support::client::{Connection, Request};
use crate::support::nopar::TestNopar;

const PATHS: [&str; 3] = ["/small", "/small/-/small-1.0.0.tgz", "/large/-/large-1.0.0.tgz"];

/// A connection on which a ready answer was given.
async fn used(nopar: &TestNopar) -> Connection {
    let mut connection = nopar.connect().await;
    assert!(is_hot(&connection.get("/small").await.expect(200).headers));
    connection
}

/// The connection stays unless the client wants it closed, and the answer says which.
#[tokio::test]
async fn the_connection_ends_as_the_client_says() {
    let upstream = upstream().await;
    let nopar = ready(&upstream, &["/small", &tarball("small"), &tarball("large")]).await;
    for path in PATHS {
        let mut connection = nopar.connect().await;
        for line in [None, Some("keep-alive"), Some("Keep-Alive")] {
            let request = nopar.request(path);
            let request = line.iter().fold(request, |it, line| it.header("Connection", line));
            let answer = connection.ask(request).await.expect(200);
            assert!(is_hot(&answer.headers), "{path} {line:?}");
            let told: Vec<_> = answer.headers.all("connection").collect();
            assert_eq!(told, ["keep-alive"], "{path} {line:?}");
        }
        let close = nopar.request(path).header("Connection", "close");
        let answer = connection.ask(close).await.expect(200);
        assert_eq!(answer.header("connection"), Some("close"), "{path}");
        connection.closed().await;
        let mut old = nopar.connect().await;
        let answer = old.ask(nopar.request(path).http10()).await.expect(200);
        assert_ne!(answer.header("connection"), Some("keep-alive"), "{path}");
        old.closed().await;
    }
}

/// A HEAD has the head of the GET and no body, and the next request is answered.
#[tokio::test]
async fn a_head_request_has_no_body() {
    let upstream = upstream().await;
    let nopar = ready(&upstream, &["/small", &tarball("small"), &tarball("large")]).await;
    let mut connection = nopar.connect().await;
    for path in PATHS {
        let head = connection.ask(nopar.request(path).method("HEAD")).await.expect(200);
        let whole = connection.get(path).await.expect(200);
        assert!(is_hot(&head.headers) && is_hot(&whole.headers), "{path}");
        assert_eq!((head.raw_len, head.surplus), (0, 0), "{path}");
        let length = whole.raw_len.to_string();
        assert_eq!(head.header("content-length"), Some(&*length), "{path}");
    }
}

/// The last of as many requests as a connection may have says so, whichever way it takes.
#[tokio::test]
async fn the_last_request_of_a_connection_is_told() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).patience(|patience| patience.requests = 3);
    let nopar = nopar.start().await;
    super::warm(nopar.addr(), "/small").await;
    for paths in [["/small"; 3], ["/-/ping", "/small", "/-/ping"], ["/small", "/-/ping", "/small"]]
    {
        let mut connection = nopar.connect().await;
        for (number, path) in paths.into_iter().enumerate() {
            let answer = connection.get(path).await.expect(200);
            let expected = if number == 2 { "close" } else { "keep-alive" };
            assert_eq!(answer.header("connection"), Some(expected), "{paths:?} {number}");
        }
        connection.closed().await;
    }
}

/// What comes after a good request and is none is refused as if it came first.
#[tokio::test]
async fn what_is_no_request_is_refused_after_a_ready_answer() {
    let upstream = upstream().await;
    let nopar = ready(&upstream, &["/small"]).await;
    let large = format!("GET /small HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(70_000));
    let garbage = "nonsense\r\n\r\n".to_owned();
    for (bytes, status, reason) in [(garbage, 400, "bad_request"), (large, 431, "head_too_large")] {
        for together in [false, true] {
            let mut connection = used(&nopar).await;
            let good = format!("GET /small HTTP/1.1\r\nHost: {}\r\n\r\n", nopar.addr());
            let sent = if together { good + &bytes } else { bytes.clone() };
            connection.send_bytes(sent.as_bytes()).await.expect("sent");
            if together {
                assert!(is_hot(&next(&mut connection).await.expect(200).headers));
            }
            let refused = next(&mut connection).await.expect(status);
            assert_eq!(refused.json()["reason"], reason);
            assert_eq!(refused.header("connection"), Some("close"));
            connection.closed().await;
        }
    }
}

/// Silence after a ready answer ends the connection after its time, without a word.
#[tokio::test]
async fn silence_ends_a_connection() {
    let upstream = upstream().await;
    let limit = Duration::from_millis(200);
    let nopar = TestNopar::with(&upstream).patience(|patience| patience.idle = limit);
    let nopar = nopar.start().await;
    super::warm(nopar.addr(), "/small").await;
    let mut silent = nopar.connect().await;
    let mut connection = used(&nopar).await;
    let since = Instant::now();
    connection.closed().await;
    assert!(since.elapsed() >= limit / 2, "{:?}", since.elapsed());
    silent.closed().await;
}

/// A head that has begun is no silence: it has its own time, and is answered or refused after that.
#[tokio::test]
async fn a_head_that_has_begun_is_no_silence() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).patience(|patience| {
        patience.idle = Duration::from_millis(100);
        patience.head = Duration::from_millis(400);
    });
    let nopar = nopar.start().await;
    super::warm(nopar.addr(), "/small").await;
    for is_finished in [true, false] {
        let mut connection = used(&nopar).await;
        connection.send_bytes(b"GET /small HTTP/1.1\r\n").await.expect("sent");
        assert!(!connection.says_within(Duration::from_millis(200)).await, "too early");
        if is_finished {
            connection.send_bytes(b"Host: a.test\r\n\r\n").await.expect("sent");
            next(&mut connection).await.expect(200);
        } else {
            let refused = next(&mut connection).await.expect(408);
            assert_eq!(refused.json()["reason"], "slow_head");
        }
    }
}

/// Two requests with different Hosts get their own answers, also on one connection.
#[tokio::test]
async fn hosts_are_told_apart() {
    let upstream = upstream().await;
    let nopar = ready(&upstream, &["/small"]).await;
    let mut connection = nopar.connect().await;
    for round in 0..3 {
        for host in ["one.test", "two.test:81"] {
            let request = Request::get(nopar.addr(), "/small").host(host);
            let answer = connection.ask(request).await.expect(200);
            let url = answer.json()["versions"]["1.0.0"]["dist"]["tarball"].clone();
            assert_eq!(url, format!("http://{host}{}", tarball("small")));
            assert_eq!(is_hot(&answer.headers), round > 0, "{host} {round}");
        }
    }
}
