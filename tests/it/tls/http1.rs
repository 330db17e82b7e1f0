//! HTTP/1.1 over TLS: on the hot path and past it, on connections that are kept.
//! Knows nothing of HTTP/2.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{LARGE, PACKUMENT, TARBALL, started};
use crate::support::client::{Connection, Request};
use crate::support::deadline::within;
use crate::support::tls::{HOST, Tunnel};

/// Cold, hot, 304 and HEAD, one after the other on one connection; URLs in it are https.
#[tokio::test]
async fn packuments_over_one_connection() {
    let (upstream, certificate, nopar) = started().await;
    let tunnel = Tunnel::start(nopar.addr(), &certificate).await;
    let mut connection = Connection::open(tunnel.addr()).await.expect("a connection");
    let get = |path: &str| Request::get(tunnel.addr(), path).host(HOST);
    let cold = connection.ask(get(PACKUMENT)).await.expect(200);
    assert_eq!(cold.header("x-cache"), Some("miss"));
    let url = &cold.json()["versions"]["1.0.0"]["dist"]["tarball"];
    assert_eq!(url, &format!("https://{HOST}{TARBALL}"));
    for _ in 0..3 {
        let hot = connection.ask(get(PACKUMENT)).await.expect(200);
        assert_eq!(hot.header("x-cache"), Some("hit"));
        assert!(hot.content() == cold.content());
    }
    let etag = cold.header("etag").expect("an ETag").to_owned();
    let same = connection.ask(get(PACKUMENT).header("If-None-Match", &etag)).await.expect(304);
    assert!(same.body.is_empty());
    let head = connection.ask(get(PACKUMENT).method("HEAD")).await.expect(200);
    assert!(head.body.is_empty());
    assert_eq!(head.header("etag"), Some(etag.as_str()));
    connection.ask(get("/-/ping")).await.expect(200);
    assert_eq!(upstream.count(PACKUMENT), 1);
}

/// A large tarball while it comes in, and once it is held.
#[tokio::test]
async fn a_large_tarball() {
    let (upstream, certificate, nopar) = started().await;
    let tunnel = Tunnel::start(nopar.addr(), &certificate).await;
    let mut connection = Connection::open(tunnel.addr()).await.expect("a connection");
    for state in ["miss", "hit", "hit"] {
        let request = Request::get(tunnel.addr(), TARBALL).host(HOST);
        let answer = connection.ask(request).await.expect(200);
        assert_eq!(answer.header("x-cache"), Some(state));
        assert!(answer.complete && answer.body.len() == LARGE);
        assert!(answer.body == upstream.tarball("a", "1.0.0"));
    }
    assert_eq!(upstream.count(TARBALL), 1);
}

/// A client that offers no protocol speaks HTTP/1.1.
#[tokio::test]
async fn without_alpn_it_is_http_1_1() {
    let (_upstream, certificate, nopar) = started().await;
    let mut stream = certificate.connect(nopar.addr(), &[]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), None);
    let request = format!("GET /-/ping HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let reading = within("an answer".to_owned(), stream.read_to_end(&mut answer)).await;
    reading.expect("an end that is said, by close_notify");
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
}

/// What is no request is refused in NOPAR's words, over TLS as well.
#[tokio::test]
async fn what_is_no_request_is_refused() {
    let (_upstream, certificate, nopar) = started().await;
    let tunnel = Tunnel::start(nopar.addr(), &certificate).await;
    let mut connection = Connection::open(tunnel.addr()).await.expect("a connection");
    connection.send_bytes(b"GET /a HTTP/1.1\r\nno colon\r\n\r\n").await.expect("sent");
    let answer = connection.receive().await.expect("an answer").expect(400);
    assert_eq!(answer.json()["reason"], "bad_request");
    connection.closed().await;
}
