//! Clients that take a large ready answer slowly, in small parts, or not at all.
//! Knows nothing of files that are damaged.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::{is_hot, tarball, warm};
use crate::support::client::Connection;
use crate::support::deadline::within;
use crate::support::nopar::{TestNopar, TestNoparBuilder};
use crate::support::upstream::FakeUpstream;

/// More than the sending side's buffer ever takes.
pub(super) const LARGE: usize = 12 << 20;
/// The receive buffer of a client that takes little at once.
const NARROW: u32 = 64 << 10;
/// Too little for a tarball of that size: its pieces come from its file.
const LITTLE_MEMORY: (&str, &str) = ("NOPAR_MEMORY_SIZE", "8MiB");
/// The pieces are kept.
const MUCH_MEMORY: (&str, &str) = ("NOPAR_MEMORY_SIZE", "256MiB");
/// They are kept, and copied when they are sent.
const COPIED: (&str, &str) = ("NOPAR_SENDFILE", "no");

async fn upstream() -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v.tarball_size(LARGE));
    upstream
}

/// A plain request for the tarball of `name`.
pub(super) fn ask(addr: SocketAddr, name: &str) -> String {
    format!("GET {} HTTP/1.1\r\nHost: {addr}\r\n\r\n", tarball(name))
}

/// A NOPAR that has the tarball ready, and a client that has its head, and takes little at once.
async fn begun(builder: TestNoparBuilder) -> (TestNopar, Connection) {
    let nopar = builder.start().await;
    warm(nopar.addr(), &tarball("a")).await;
    let mut client = Connection::open_narrow(nopar.addr(), NARROW).await.expect("a connection");
    client.send_bytes(ask(nopar.addr(), "a").as_bytes()).await.expect("sent");
    assert!(is_hot(&client.receive_head().await.expect("a head").headers));
    (nopar, client)
}

/// Who reads slowly but steadily, a little at once, gets every byte right, and the connection goes on.
#[tokio::test]
async fn a_slow_and_narrow_reader_gets_everything() {
    let upstream = upstream().await;
    let whole = upstream.tarball("a", "1.0.0");
    for (name, memory) in [LITTLE_MEMORY, MUCH_MEMORY, COPIED] {
        let builder = TestNopar::with(&upstream).env(name, memory).patience(|patience| {
            patience.reading.window = Duration::from_millis(250);
            patience.reading.least = 1;
        });
        let (nopar, mut client) = begun(builder).await;
        let mut pause = tokio::time::interval(Duration::from_millis(5));
        let mut body = Vec::new();
        while body.len() < whole.len() {
            pause.tick().await;
            body.extend(client.receive_body(150_000).await.expect("more of it"));
        }
        assert!(body == whole, "{memory}");
        client.send(&nopar.request("/a")).await.expect("sent");
        super::next(&mut client).await.expect(200);
    }
}

/// Who has to wait where there is no room for pieces that wait, or not for long, gets every byte right:
/// they are read again.
#[tokio::test]
async fn pieces_that_were_given_back_are_read_again() {
    let upstream = upstream().await;
    let whole = upstream.tarball("a", "1.0.0");
    let cases = [(LITTLE_MEMORY, 0), (MUCH_MEMORY, 0), (COPIED, 0), (LITTLE_MEMORY, 1)];
    for ((name, memory), pieces) in cases {
        let builder = TestNopar::with(&upstream).env(name, memory).patience(|patience| {
            patience.stalled_pieces = pieces;
            patience.stalled = Duration::ZERO;
        });
        let (nopar, mut client) = begun(builder).await;
        let body = client.receive_body(usize::MAX).await.expect("a whole body");
        assert!(body == whole, "{memory}, {pieces} pieces: {} bytes", body.len());
        client.send(&nopar.request("/a")).await.expect("sent");
        super::next(&mut client).await.expect(200);
    }
}

/// Who stalls is cut off, wherever the pieces come from; a stop shows when.
#[tokio::test]
async fn a_reader_that_stalls_is_cut_off() {
    let upstream = upstream().await;
    let cases = [(LITTLE_MEMORY, 128), (MUCH_MEMORY, 128), (COPIED, 128), (LITTLE_MEMORY, 0)];
    for ((name, memory), pieces) in cases {
        let builder = TestNopar::with(&upstream).env(name, memory).env("NOPAR_STOP_TIMEOUT", "9s");
        let builder = builder.patience(|patience| {
            patience.reading.window = Duration::from_millis(200);
            patience.stalled_pieces = pieces;
        });
        let (mut nopar, mut client) = begun(builder).await;
        client.receive_body(1000).await.expect("a beginning");
        let since = Instant::now();
        nopar.stop().await;
        assert!(since.elapsed() < Duration::from_secs(5), "{memory}: {:?}", since.elapsed());
        let rest = client.receive_body(usize::MAX).await;
        assert!(rest.is_err(), "{memory}: {} bytes came", rest.map_or(0, |bytes| bytes.len()));
    }
}

/// A stop waits for an answer that is being taken, and closes its connection when it is.
#[tokio::test]
async fn a_stop_waits_for_a_slow_reader() {
    let upstream = upstream().await;
    for (name, memory) in [LITTLE_MEMORY, MUCH_MEMORY, COPIED] {
        let builder = TestNopar::with(&upstream).env(name, memory).env("NOPAR_STOP_TIMEOUT", "9s");
        let (mut nopar, mut client) = begun(builder).await;
        let (addr, whole) = (nopar.addr(), upstream.tarball("a", "1.0.0"));
        let read = async {
            let nobody_new = async {
                while Connection::open(addr).await.is_ok() {
                    tokio::task::yield_now().await;
                }
            };
            within("the end of listening".to_owned(), nobody_new).await;
            client.receive_body(usize::MAX).await.expect("a whole body")
        };
        let ((), body) = tokio::join!(nopar.stop(), read);
        assert!(body == whole, "{memory}: {} bytes", body.len());
        client.closed().await;
    }
}

/// Who waits between two requests is not waited for: a stop closes these connections at once.
#[tokio::test]
async fn a_stop_closes_idle_connections_at_once() {
    let upstream = super::upstream().await;
    let paths = ["/small", &tarball("small"), &tarball("large")];
    let mut nopar =
        super::ready(&upstream, &["/small", &tarball("small"), &tarball("large")]).await;
    let mut idle = Vec::new();
    for path in paths.iter().cycle().take(30) {
        let mut connection = nopar.connect().await;
        let answer = connection.get(path).await.expect(200);
        assert_eq!(answer.header("connection"), Some("keep-alive"));
        idle.push(connection);
    }
    let since = Instant::now();
    nopar.stop().await;
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    for mut connection in idle {
        connection.closed().await;
    }
}
