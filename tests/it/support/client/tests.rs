//! The client, tried against peers that answer with given bytes: does it see what is wrong?
//! Knows nothing of the fake upstream.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{BodyFault, Connection, NoResponse, Request, Response, get, get_many, gunzip};
use crate::support::server::Port;

/// A peer that reads `requests` empty lines, says `answer`, and closes.
async fn peer(
    requests: usize,
    answer: &'static [u8],
) -> (SocketAddr, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addr = listener.local_addr().expect("an address");
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut heard = Vec::with_capacity(4096);
        while heard.windows(4).filter(|w| w == b"\r\n\r\n").count() < requests {
            let got = stream.read_buf(&mut heard).await.expect("a request");
            assert!(got > 0, "the client hung up: {heard:?}");
        }
        stream.write_all(answer).await.expect("a listening client");
        String::from_utf8_lossy(&heard).into_owned()
    });
    (addr, heard)
}

async fn answer(bytes: &'static [u8]) -> Result<Response, NoResponse> {
    let (addr, _heard) = peer(1, bytes).await;
    Request::get(addr, "/").try_send().await
}

async fn fault(bytes: &'static [u8]) -> Option<BodyFault> {
    let response = answer(bytes).await.expect("a head");
    assert_eq!(response.complete, response.fault.is_none());
    assert_eq!(response.raw_len, response.body.len());
    response.fault
}

#[tokio::test]
async fn whole_bodies_are_complete() {
    let length = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    assert_eq!(fault(length).await, None);
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                    1\r\nh\r\n1;x=y\r\ni\r\n0\r\nA: b\r\n\r\n";
    let chunked = answer(chunked).await.expect("a response");
    assert_eq!((chunked.complete, chunked.text()), (true, "hi".to_owned()));
    let closed = answer(b"HTTP/1.0 200 OK\r\n\r\nhi").await;
    assert_eq!(closed.expect("a response").text(), "hi");
    let empty = answer(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n").await;
    assert!(empty.expect("a response").complete);
}

#[tokio::test]
async fn cut_bodies_are_seen() {
    let short = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi";
    assert_eq!(fault(short).await, Some(BodyFault::Short { missing: 3 }));
    for unfinished in [
        &b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n",
    ] {
        let seen = fault(unfinished).await;
        assert_eq!(seen, Some(BodyFault::UnfinishedChunks), "{unfinished:?}");
    }
    let bad = fault(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n").await;
    assert_eq!(bad, Some(BodyFault::BadChunk("xyz".to_owned())));
}

#[tokio::test]
#[should_panic(expected = "cut short after 2 bytes")]
async fn the_content_of_a_cut_body_cannot_be_had() {
    let cut = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}").await;
    cut.expect("a head").json();
}

#[tokio::test]
async fn what_is_no_response_is_an_error() {
    assert!(matches!(answer(b"").await, Err(NoResponse::Closed)));
    let half = answer(b"HTTP/1.1 200 OK\r\nConte").await;
    assert!(matches!(half, Err(NoResponse::Broken(_))), "{half:?}");
    for bad in [
        &b"HELLO\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!",
        b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nhi",
    ] {
        let seen = answer(bad).await;
        assert!(matches!(seen, Err(NoResponse::BadHead(_))), "{seen:?}");
    }
}

#[tokio::test]
async fn requests_go_out_as_told() {
    let (addr, heard) = peer(1, b"HTTP/1.1 204 No Content\r\n\r\n").await;
    let request = Request::get(addr, "/@s%2Fn?x")
        .method("PUT")
        .host("a:1")
        .host("b:2")
        .header("accept", "x")
        .header("Accept", "y")
        .http10()
        .body("body");
    assert_eq!(request.send().await.status, 204);
    assert_eq!(
        heard.await.expect("the peer").split_inclusive("\r\n\r\n").next(),
        Some(
            "PUT /@s%2Fn?x HTTP/1.0\r\nHost: a:1\r\nHost: b:2\r\naccept: x\r\nAccept: y\r\n\
             Content-Length: 4\r\n\r\n"
        )
    );
    let (addr, heard) = peer(1, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    Request::get(addr, "/").without_host().send().await;
    assert_eq!(heard.await.expect("the peer"), "GET / HTTP/1.1\r\n\r\n");
}

#[tokio::test]
async fn pipelined_answers_come_in_order() {
    let answers = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n\
                    HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nbHTTP/1.1 404 No\r\n\r\n";
    let (addr, _heard) = peer(3, answers).await;
    let mut connection = Connection::open(addr).await.expect("a connection");
    let head = Request::new(addr, "HEAD", "/a");
    let all = [head, Request::get(addr, "/b"), Request::get(addr, "/c")];
    connection.send_pipelined(&all).await.expect("sent");
    let first = connection.receive().await.expect("the first");
    assert_eq!((first.raw_len, first.complete), (0, true));
    assert!(first.surplus > 0, "the others came with it");
    assert_eq!(connection.receive().await.expect("the second").body, b"b");
    assert_eq!(connection.receive().await.expect("the third").status, 404);
    connection.closed().await;
}

#[tokio::test]
async fn overlong_bodies_are_seen() {
    let long = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi there").await;
    assert_eq!(long.expect("a response").surplus, 6);
}

#[tokio::test]
async fn a_refused_connection_is_an_error() {
    // Reserved, so that nobody else can listen there meanwhile.
    let port = Port::reserve();
    let refused = Request::get(port.addr(), "/").try_send().await;
    let expected = NoResponse::Connect(std::io::ErrorKind::ConnectionRefused);
    assert_eq!(refused.expect_err("refused"), expected);
}

#[tokio::test]
async fn many_requests_run_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addr = listener.local_addr().expect("an address");
    // Answers only once all three are connected: one after another would never end.
    tokio::spawn(async move {
        let mut streams = Vec::new();
        for _ in 0..3 {
            streams.push(listener.accept().await.expect("a connection").0);
        }
        for mut stream in streams {
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(answer).await.expect("a listening client");
        }
    });
    assert_eq!(get_many(addr, 3, "/").await.len(), 3);
}

#[tokio::test]
#[should_panic(expected = "the connection closed before a response")]
async fn send_fails_the_test_without_a_response() {
    let (addr, _heard) = peer(1, b"").await;
    get(addr, "/").await;
}

#[test]
#[should_panic(expected = "broken gzip")]
fn broken_gzip_fails_the_test() {
    gunzip(b"\x1f\x8b\x08\x00");
}
