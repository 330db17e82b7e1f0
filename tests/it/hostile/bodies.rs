//! Bodies that nobody wants: the answer does not wait for them, and is not lost because of them.
//! Knows nothing of bodies that are wanted.

use std::time::{Duration, Instant};

use crate::support::client::Connection;
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

const NOWHERE: &str = "http://registry.example";
/// More than all buffers between two sockets hold.
const LARGE: usize = 32 << 20;

async fn nopar() -> TestNopar {
    TestNopar::forwarding_to(NOWHERE).start().await
}

fn put(headers: &str) -> Vec<u8> {
    format!("POST /a HTTP/1.1\r\nHost: a.test\r\n{headers}\r\n\r\n").into_bytes()
}

async fn begin(nopar: &TestNopar, headers: &str) -> Connection {
    let mut connection = nopar.connect().await;
    connection.send_bytes(&put(headers)).await.expect("sent");
    connection
}

/// A large body is refused before it comes, and the client that sends it all first, and only then
/// looks, finds the answer.
#[tokio::test]
async fn the_refusal_of_a_large_body_is_seen() {
    let nopar = nopar().await;
    let mut eager = begin(&nopar, &format!("Content-Length: {LARGE}")).await;
    let answer = eager.receive().await.expect("an answer").expect(405);
    assert_eq!(answer.header("connection"), Some("close"));

    for headers in [format!("Content-Length: {LARGE}"), "Transfer-Encoding: chunked".to_owned()] {
        let mut stubborn = nopar.connect().await;
        let mut all = put(&headers);
        if headers.starts_with('T') {
            all.extend_from_slice(format!("{LARGE:x}\r\n").as_bytes());
        }
        all.resize(all.len() + LARGE, b'x');
        if headers.starts_with('T') {
            all.extend_from_slice(b"\r\n0\r\n\r\n");
        }
        stubborn.deliver(&all).await;
        let answer = stubborn.receive().await.expect("an answer");
        assert_eq!(answer.expect(405).json()["reason"], "method_not_allowed", "{headers}");
        stubborn.closed().await;
    }
}

/// A client that goes on sending after its answer is listened to for so long, and for so much.
#[tokio::test]
async fn what_comes_after_the_answer_is_borne_for_a_time() {
    let limit = Duration::from_millis(300);
    let nopar = TestNopar::forwarding_to(NOWHERE).patience(|p| p.linger = limit).start().await;
    let begun = Instant::now();
    let mut slow = begin(&nopar, "Content-Length: 100000").await;
    slow.receive().await.expect("an answer").expect(405);
    slow.send_bytes(b"some of it").await.expect("sent");
    slow.closed().await;
    slow.broken_off().await;
    assert!(begun.elapsed() >= limit);

    let nopar = TestNopar::forwarding_to(NOWHERE).patience(|p| p.linger_size = 1000).start().await;
    let mut long = begin(&nopar, "Content-Length: 100000").await;
    long.receive().await.expect("an answer").expect(405);
    long.send_bytes(&[b'x'; 2000]).await.expect("sent");
    long.broken_off().await;
}

/// A short body does not cost the connection, whether it comes with the head or after the answer.
#[tokio::test]
async fn a_short_body_keeps_the_connection() {
    let nopar = nopar().await;
    let mut connection = begin(&nopar, "Content-Length: 5").await;
    let answer = connection.receive().await.expect("an answer").expect(405);
    assert_eq!(answer.header("connection"), Some("keep-alive"));
    connection.send_bytes(b"hello").await.expect("sent");
    connection.get("/-/ping").await.expect(200);
    let mut whole = put("Content-Length: 5");
    whole.extend_from_slice(b"hello");
    connection.send_bytes(&whole).await.expect("sent");
    connection.receive().await.expect("an answer").expect(405);
    connection.get("/-/ping").await.expect(200);
}

/// A short body that does not come costs it after all.
#[tokio::test]
async fn a_short_body_that_does_not_come_ends_the_connection() {
    let limit = Duration::from_millis(200);
    let nopar = TestNopar::forwarding_to(NOWHERE).patience(|p| p.linger = limit).start().await;
    let mut connection = begin(&nopar, "Content-Length: 5").await;
    connection.receive().await.expect("an answer").expect(405);
    connection.send_bytes(b"hel").await.expect("sent");
    connection.closed().await;
}

/// Who asks whether to send a body that nobody wants is told no, not to go on.
#[tokio::test]
async fn expect_100_continue_is_answered_with_the_refusal() {
    let nopar = nopar().await;
    for length in [5, LARGE] {
        let headers = format!("Content-Length: {length}\r\nExpect: 100-continue");
        let mut asking = begin(&nopar, &headers).await;
        let heads = asking.receive_heads().await;
        assert_eq!(heads.iter().map(|head| head.status).collect::<Vec<_>>(), [405]);
        assert_eq!(heads[0].headers.get("connection"), Some("close"));
    }
}

/// An empty body in chunks is what some proxies make of none; it never goes to the upstream.
#[tokio::test]
async fn an_empty_body_in_chunks_is_none() {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v);
    let nopar = TestNopar::with(&upstream).start().await;
    for path in ["/a/-/a-1.0.0.tgz", "/a", "/a/-/a-1.0.0.tgz", "/a"] {
        let mut connection = nopar.connect().await;
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        );
        connection.send_bytes(head.as_bytes()).await.expect("sent");
        connection.receive().await.expect("an answer").expect(200);
    }
    for seen in upstream.requests() {
        assert_eq!(seen.header("transfer-encoding"), None, "{}", seen.path);
    }
}

/// So with a body that dribbles in where none may be: it is cut off.
#[tokio::test]
async fn a_body_that_dribbles_is_refused() {
    let nopar = TestNopar::forwarding_to(NOWHERE)
        .patience(|patience| patience.sending.window = Duration::from_millis(200))
        .start()
        .await;
    let mut connection = nopar.connect().await;
    let head = b"GET /a HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n";
    connection.send_bytes(head).await.expect("sent");
    let answer = connection.receive().await.expect("an answer").expect(408);
    assert_eq!(answer.json()["reason"], "slow_body");
    connection.closed().await;
}
