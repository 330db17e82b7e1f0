//! Upstreams that take their time: each wait has its limit, and its end is a 504.
//! Knows nothing of upstreams that fail quickly.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

use super::{failed_in_time, upstream};
use crate::support::nopar::{TestNopar, TestNoparBuilder};

const PATHS: [&str; 2] = ["/a", "/a/-/a-1.0.0.tgz"];

fn impatient(builder: TestNoparBuilder) -> TestNoparBuilder {
    builder
        .env("NOPAR_CONNECT_TIMEOUT", "300ms")
        .env("NOPAR_READ_TIMEOUT", "300ms")
        .env("NOPAR_FETCH_TIMEOUT", "2s")
}

/// An upstream that reads the request and says nothing is a 504 after NOPAR_READ_TIMEOUT.
#[tokio::test]
async fn silence_is_a_504() {
    let upstream = upstream().await;
    let nopar = impatient(TestNopar::with(&upstream)).start().await;
    let _hold = upstream.hold("*");
    for path in PATHS {
        let since = Instant::now();
        failed_in_time(nopar.get(path).await, 504, since, 3);
    }
}

/// A packument that stops in the middle is a 504; the next one is whole.
#[tokio::test]
async fn a_packument_that_stops_in_the_middle_is_a_504() {
    let upstream = upstream().await;
    let nopar = impatient(TestNopar::with(&upstream)).start().await;
    let hold = upstream.hold_body("/a", 20);
    let since = Instant::now();
    failed_in_time(nopar.get("/a").await, 504, since, 3);
    hold.release();
    nopar.forget_failures();
    nopar.get("/a").await.expect(200);
}

/// A packument that trickles forever ends at NOPAR_FETCH_TIMEOUT.
#[tokio::test]
async fn a_packument_that_trickles_is_a_504() {
    let upstream = upstream().await;
    let builder = TestNopar::with(&upstream).env("NOPAR_FETCH_TIMEOUT", "500ms");
    let nopar = builder.env("NOPAR_READ_TIMEOUT", "5s").start().await;
    let trickle = upstream.trickle("/a", 1);
    let since = Instant::now();
    let asking = tokio::spawn(nopar.get("/a"));
    for byte in 1..=20 {
        trickle.admit(1);
        trickle.arrived(byte).await;
    }
    failed_in_time(asking.await.expect("an answer"), 504, since, 3);
}

/// A tarball that stops in the middle is cut off in time, and is not kept.
#[tokio::test]
async fn a_tarball_that_stops_in_the_middle_is_cut_off() {
    let upstream = upstream().await;
    upstream.package("a").version("1.0.0", |v| v.tarball_size(500_000));
    let nopar = impatient(TestNopar::with(&upstream)).start().await;
    let hold = upstream.hold_body("/a/-/a-1.0.0.tgz", 100_000);
    let since = Instant::now();
    let cut = nopar.get("/a/-/a-1.0.0.tgz").await;
    assert!(!cut.complete, "a {} of {} bytes", cut.status, cut.raw_len);
    assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
    hold.release();
    nopar.forget_failures();
    let whole = nopar.get("/a/-/a-1.0.0.tgz").await.expect(200);
    assert_eq!(whole.body, upstream.tarball("a", "1.0.0"));
    assert_eq!(upstream.count_all(), 2);
}

/// An upstream that accepts no connection and refuses none is a 504 after NOPAR_CONNECT_TIMEOUT.
#[tokio::test]
async fn a_connection_that_never_comes_about_is_a_504() {
    let full = FullListener::start().await;
    let url = format!("http://{}", full.addr);
    let nopar = impatient(TestNopar::forwarding_to(&url)).start().await;
    for path in PATHS {
        let since = Instant::now();
        failed_in_time(nopar.get(path).await, 504, since, 3);
    }
}

/// An upstream that accepts and never speaks TLS is a 504 after NOPAR_CONNECT_TIMEOUT.
#[tokio::test]
async fn a_tls_handshake_that_never_ends_is_a_504() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addr = listener.local_addr().expect("an address");
    let silent = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            open.push(stream);
        }
    });
    let nopar = impatient(TestNopar::forwarding_to(&format!("https://{addr}"))).start().await;
    for path in PATHS {
        let since = Instant::now();
        failed_in_time(nopar.get(path).await, 504, since, 3);
    }
    silent.abort();
}

/// While one package waits for a slow upstream, all else is answered.
#[tokio::test]
async fn a_slow_upstream_slows_down_nothing_that_is_held() {
    let upstream = upstream().await;
    let nopar = impatient(TestNopar::with(&upstream)).start().await;
    nopar.get("/a").await.expect(200);
    let hold = upstream.hold("*");
    let slow: Vec<_> = (0..50).map(|n| tokio::spawn(nopar.get(&format!("/slow{n}")))).collect();
    hold.arrived(50).await;
    let since = Instant::now();
    nopar.get("/a").await.expect(200);
    nopar.get("/-/ping").await.expect(200);
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    for answer in slow {
        answer.await.expect("an answer").expect(504);
    }
}

/// A listener whose backlog is full: the kernel leaves further connections without an answer.
struct FullListener {
    addr: SocketAddr,
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl FullListener {
    async fn start() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let listener = socket.listen(1).expect("a listener");
        let addr = listener.local_addr().expect("an address");
        let mut waiting = Vec::new();
        while let Ok(connected) =
            timeout(Duration::from_millis(200), TcpStream::connect(addr)).await
        {
            waiting.push(connected.expect("room, or no answer"));
            assert!(waiting.len() < 5000, "the backlog of 1 has no end");
        }
        Self { addr, _listener: listener, _waiting: waiting }
    }
}
