//! How much memory clients take that ask for a large tarball and then do not read it, measured on the real
//! binary.
//! Knows nothing of when they are cut off.

use super::{MB, Process};
use crate::asking::JSON;
use crate::support::client::{Connection, Request};
use crate::support::upstream::FakeUpstream;

const CLIENTS: usize = 350;
/// Too large to be kept in 8 MiB of memory: it is sent from its file.
const LARGE: usize = 5_000_000;
const TARBALL: &str = "/a/-/a-1.0.0.tgz";
/// The receive buffer of a client: it holds little of what it does not read.
const NARROW: u32 = 64 << 10;
/// A piece of 256 KiB for each of them would be 92 MB.
const LIMIT: u64 = 80 * MB;

/// Lets clients stall that ask with these header lines; the first and the last go on after that, and
/// get everything.
async fn check(lines: &[(&str, &str)], status: u16) {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v.tarball_size(LARGE));
    let whole = upstream.tarball("a", "1.0.0");
    let nopar = Process::start_holding(&upstream, "8MiB");
    for _ in 0..3 {
        assert!(nopar.ask(TARBALL, JSON, "gzip").await.body == whole);
    }
    let before = nopar.peak();
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut client = Connection::open_narrow(nopar.addr, NARROW).await.expect("a connection");
        let request = Request::get(nopar.addr, TARBALL);
        let request =
            lines.iter().fold(request, |request, (name, value)| request.header(name, value));
        client.send(&request).await.expect("sent");
        clients.push(client);
    }
    for client in &mut clients {
        assert_eq!(client.receive_head().await.expect("a head").status, status);
    }
    let taken = nopar.risen_since(before);
    for client in [0, CLIENTS - 1] {
        let body = clients[client].receive_body(usize::MAX).await.expect("a whole body");
        assert!(body == whole, "client {client}: {} bytes", body.len());
    }
    eprintln!("{lines:?}: {} MB", taken / MB);
    assert!(taken < LIMIT, "{} MB", taken / MB);
}

/// A plain request, answered by the hot path.
#[tokio::test]
async fn stalled_readers_of_a_large_tarball_take_bounded_memory() {
    check(&[], 200).await;
}

/// A range is answered by way of Pingora.
#[tokio::test]
async fn stalled_readers_of_a_range_take_bounded_memory() {
    check(&[("Range", "bytes=0-")], 206).await;
}
