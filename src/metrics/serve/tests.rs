//! What the listener answers, and what it does not bear.
//! Knows nothing of metrics.

use super::*;
use std::time::Instant;
use tokio::task::yield_now;

/// Far above what anything here takes.
const PATIENT: Duration = Duration::from_secs(30);
const TEXT: &str = "x 1\n";

async fn serving(bounds: Bounds, text: impl Fn() -> String + Send + Sync + 'static) -> SocketAddr {
    let endpoint = Endpoint::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = endpoint.address;
    tokio::spawn(endpoint.serve_within(bounds, text));
    address
}

async fn connected(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// What comes until the connection ends, in whichever way.
async fn rest(mut stream: TcpStream) -> String {
    let mut got = Vec::new();
    let reading = stream.read_to_end(&mut got);
    let _ = tokio::time::timeout(PATIENT, reading).await.expect("an end");
    String::from_utf8(got).unwrap()
}

async fn ask(address: SocketAddr, head: &str) -> String {
    let mut stream = connected(address).await;
    stream.write_all(head.as_bytes()).await.unwrap();
    rest(stream).await
}

#[tokio::test]
async fn heads_are_answered_by_what_they_ask() {
    let address =
        serving(Bounds { head: PATIENT, deadline: PATIENT, ..USUAL }, || TEXT.to_owned()).await;
    let long = format!("GET /metrics HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(MOST_HEAD));
    let many = format!("GET /metrics HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(MOST_LINES + 1));
    for (head, status) in [
        ("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        ("GET /metrics?x HTTP/1.0\r\n\r\n", 200),
        ("HEAD /metrics HTTP/1.1\r\n\r\n", 200),
        ("POST /metrics HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody", 405),
        ("GET / HTTP/1.1\r\n\r\n", 404),
        ("HEAD / HTTP/1.1\r\n\r\n", 404),
        ("POST /metrics/x HTTP/1.1\r\n\r\n", 404),
        ("\u{16}\u{3}\u{1} what\r\n\r\n", 400),
        (&long, 431),
        (&many, 431),
    ] {
        let answer = ask(address, head).await;
        let shown = &head[..head.len().min(40)];
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{shown}: {answer}");
        assert_eq!(answer.contains("Allow: GET, HEAD\r\n"), status == 405, "{shown}: {answer}");
        let (head_of, body) = answer.split_once("\r\n\r\n").unwrap();
        assert_eq!(body.is_empty(), head.starts_with("HEAD"), "{shown}: {answer}");
        if status == 200 {
            assert!(head_of.contains(CONTENT_TYPE), "{head_of}");
            assert!(head_of.contains("content-length: 4\r\n"), "{head_of}");
            assert!(body.is_empty() || body == TEXT, "{body}");
        }
    }
}

#[tokio::test]
async fn a_head_may_come_in_pieces() {
    let address =
        serving(Bounds { head: PATIENT, deadline: PATIENT, ..USUAL }, || TEXT.to_owned()).await;
    let mut stream = connected(address).await;
    for piece in ["GET /met", "rics HTTP/1.1\r\nHo", "st: a\r\n", "\r\n"] {
        stream.write_all(piece.as_bytes()).await.unwrap();
        yield_now().await;
    }
    assert!(rest(stream).await.ends_with(TEXT));
}

/// A head that does not come to its end in time has no answer.
#[tokio::test]
async fn who_is_slow_is_cut_off() {
    let short = Duration::from_millis(20);
    for bounds in [
        Bounds { deadline: short, head: PATIENT * 2, ..USUAL },
        Bounds { head: short, deadline: PATIENT * 2, ..USUAL },
    ] {
        let address = serving(bounds, || TEXT.to_owned()).await;
        for said in ["GET /metrics HTTP/1.1\r\n", ""] {
            let since = Instant::now();
            assert_eq!(ask(address, said).await, "");
            assert!(since.elapsed() >= short);
        }
    }
    assert_eq!(USUAL.head, Duration::from_secs(2));
}

/// Who takes nothing of an answer that no buffer holds has to leave the only place, too.
#[tokio::test]
async fn who_does_not_read_is_cut_off() {
    let bounds = Bounds { connections: 1, deadline: Duration::from_millis(500), ..USUAL };
    let address = serving(bounds, || "x".repeat(64 << 20)).await;
    let mut first = connected(address).await;
    first.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(ask(address, "GET /other HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 404 "));
    assert!(rest(first).await.len() < 64 << 20);
}

/// Who finds no place waits, and is answered when there is one.
#[tokio::test]
async fn few_are_answered_at_once() {
    let bounds = Bounds { connections: 1, head: PATIENT, deadline: PATIENT };
    let address = serving(bounds, || TEXT.to_owned()).await;
    let mut first = connected(address).await;
    first.write_all(b"GET /metrics HTTP/1.1\r\n").await.unwrap();
    let mut second = connected(address).await;
    second.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").await.unwrap();
    // All on one thread: each time, whoever can go on does.
    for _ in 0..1000 {
        yield_now().await;
        let read = second.try_read(&mut [0; 1]);
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
    first.write_all(b"\r\n").await.unwrap();
    assert!(rest(first).await.ends_with(TEXT));
    assert!(rest(second).await.ends_with(TEXT));
}

/// Who connects and says nothing keeps nobody waiting who asks: the longest silent leave.
#[tokio::test]
async fn who_says_nothing_keeps_no_place() {
    let bounds = Bounds { head: PATIENT * 2, deadline: PATIENT * 2, ..USUAL };
    let address = serving(bounds, || TEXT.to_owned()).await;
    let mut idle = Vec::new();
    for _ in 0..137 {
        idle.push(connected(address).await);
    }
    for _ in 0..3 {
        assert!(ask(address, "GET /metrics HTTP/1.1\r\n\r\n").await.ends_with(TEXT));
    }
    // The oldest has been sent away; one of the last is still there.
    assert_eq!(rest(idle.remove(0)).await, "");
    let mut last = idle.pop().unwrap();
    last.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").await.unwrap();
    assert!(rest(last).await.ends_with(TEXT));
}

#[test]
fn an_address_in_use_is_an_error_that_names_it() {
    let first = Endpoint::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let error = Endpoint::bind(first.address).unwrap_err().to_string();
    let start = format!("cannot listen on {}: ", first.address);
    assert!(error.starts_with(&start) && error.ends_with("(NOPAR_METRICS_LISTEN)"), "{error}");
}
