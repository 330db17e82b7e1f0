//! Bodies over a pipe: whole, too long, too slow, broken off; with and without being asked.

use super::*;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

const PACE: Pace = Pace { window: Duration::from_secs(15), least: 150 };

/// A session whose head was read, and the client's end of it.
async fn session(head: &str) -> (ServerSession, DuplexStream) {
    let (mut client, server) = tokio::io::duplex(1 << 20);
    let head = format!("PUT /a HTTP/1.1\r\nHost: a\r\n{head}\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    let mut session = ServerSession::new_http1(Box::new(server));
    assert!(session.read_request().await.unwrap());
    (session, client)
}

/// What the client got so far.
async fn said(client: &mut DuplexStream) -> String {
    let mut bytes = vec![0; 1000];
    let read = timeout(Duration::from_millis(1), client.read(&mut bytes)).await;
    String::from_utf8(bytes[..read.map_or(0, Result::unwrap)].to_vec()).unwrap()
}

#[tokio::test]
async fn a_whole_body_is_read() {
    let (mut session, mut client) = session("Content-Length: 5\r\n").await;
    client.write_all(b"hello").await.unwrap();
    assert_eq!(read(&mut session, 5, PACE).await.unwrap(), "hello");
    let (mut session, mut client) = self::session("Transfer-Encoding: chunked\r\n").await;
    client.write_all(b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n").await.unwrap();
    assert_eq!(read(&mut session, 5, PACE).await.unwrap(), "hello");
    let (mut session, _client) = self::session("").await;
    assert_eq!(read(&mut session, 0, PACE).await.unwrap(), "");
}

#[tokio::test]
async fn a_length_that_is_too_much_is_refused_unread_and_unasked() {
    for asks in ["", "Expect: 100-continue\r\n"] {
        let (mut session, mut client) = session(&format!("Content-Length: 6\r\n{asks}")).await;
        let refused = read(&mut session, 5, PACE).await;
        assert!(matches!(refused, Err(BodyError::TooLarge { limit: 5 })), "{refused:?}");
        assert_eq!(said(&mut client).await, "");
    }
}

#[tokio::test]
async fn chunks_that_are_too_much_are_refused() {
    let (mut session, mut client) = session("Transfer-Encoding: chunked\r\n").await;
    client.write_all(b"3\r\nabc\r\n3\r\ndef\r\n").await.unwrap();
    let refused = read(&mut session, 5, PACE).await;
    assert!(matches!(refused, Err(BodyError::TooLarge { limit: 5 })), "{refused:?}");
}

#[tokio::test]
async fn who_asks_is_told_to_go_on() {
    let head = "Content-Length: 5\r\nExpect: 100-Continue\r\n";
    let (mut session, mut client) = session(head).await;
    let sends = async {
        let mut answer = [0; 25];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
        client.write_all(b"hello").await.unwrap();
    };
    let (body, ()) = tokio::join!(read(&mut session, 5, PACE), sends);
    assert_eq!(body.unwrap(), "hello");
}

#[tokio::test]
async fn a_slow_body_is_refused_after_a_window() {
    let pace = Pace { window: Duration::from_millis(20), least: 150 };
    for (sent, windows) in [(0, 1), (149, 1), (150, 2)] {
        let (mut session, mut client) = session("Content-Length: 1000\r\n").await;
        let begun = Instant::now();
        client.write_all(&vec![b'x'; sent]).await.unwrap();
        let refused = read(&mut session, 1000, pace).await;
        assert!(matches!(refused, Err(BodyError::TooSlow)), "{refused:?}");
        assert!(begun.elapsed() >= windows * pace.window, "{sent}");
    }
}

#[tokio::test]
async fn nothing_is_read_behind_a_body_whose_framing_is_broken() {
    for sent in
        ["zz\r\n", "-1\r\n", "ffffffffffffffffff\r\n", "5\r\nhelloXX", "5\r\nhelloXX0\r\n\r\n"]
    {
        let (mut session, mut client) = session("Transfer-Encoding: chunked\r\n").await;
        assert!(session.get_keepalive().is_some(), "{sent:?}");
        client.write_all(sent.as_bytes()).await.unwrap();
        let refused = read(&mut session, 1000, PACE).await;
        assert!(matches!(refused, Err(BodyError::Broken)), "{sent:?}: {refused:?}");
        assert_eq!(session.get_keepalive(), None, "{sent:?}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused() {
    let (mut session, mut client) = session("Content-Length: 5\r\n").await;
    client.write_all(b"hel").await.unwrap();
    drop(client);
    let refused = read(&mut session, 5, PACE).await;
    assert!(matches!(refused, Err(BodyError::Broken)), "{refused:?}");
}
