//! Clients that ask and do not listen.
//! Knows nothing of what they ask for, but that it is large.

use std::time::{Duration, Instant};

use crate::support::client::Request;
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

/// More than all buffers between two sockets hold.
const LARGE: usize = 32 << 20;
const TARBALL: &str = "/a/-/a-1.0.0.tgz";

async fn upstream() -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v.tarball_size(LARGE));
    upstream.package("b").version("1.0.0", |v| v).readme(&"r".repeat(LARGE));
    upstream
}

/// A reader that stalls is cut off, wherever the bytes come from: upstream, disk or memory. A stop,
/// which waits for every request, shows when it was.
#[tokio::test]
async fn readers_that_stall_are_cut_off() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_STOP_TIMEOUT", "9s").host("npm.test");
    let nopar = nopar.patience(|patience| patience.reading.window = Duration::from_millis(300));
    let mut nopar = nopar.start().await;
    for (path, held) in [(TARBALL, false), (TARBALL, true), ("/b", true)] {
        if held {
            nopar.get(path).await.expect(200);
        }
        let mut connection = nopar.connect().await;
        connection.send(&nopar.request(path)).await.expect("sent");
        connection.receive_head().await.expect("a head");
        connection.receive_body(1000).await.expect("a beginning");
        let begun = Instant::now();
        nopar.stop().await;
        assert!(begun.elapsed() < Duration::from_secs(5), "{path} {held}: {:?}", begun.elapsed());
        let rest = connection.receive_body(usize::MAX).await;
        assert!(rest.is_err(), "{path}: {} bytes came", rest.map_or(0, |bytes| bytes.len()));
        nopar.restart().await;
    }
    assert!(nopar.get(TARBALL).await.expect(200).body == upstream.tarball("a", "1.0.0"));
}

/// One that is slow but takes enough is served to the end, however long that takes.
#[tokio::test]
async fn a_slow_reader_is_served() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).patience(|patience| {
        patience.reading.window = Duration::from_millis(1500);
        patience.reading.least = 1;
    });
    let nopar = nopar.start().await;
    for path in [TARBALL, "/b"] {
        let whole = nopar.get(path).await.expect(200).body;
        let mut connection = nopar.connect().await;
        connection.send(&Request::get(nopar.addr(), path)).await.expect("sent");
        connection.receive_head().await.expect("a head");
        let mut pause = tokio::time::interval(Duration::from_millis(10));
        let mut body = Vec::new();
        while body.len() < whole.len() {
            pause.tick().await;
            body.extend(connection.receive_body(150_000).await.expect("more of it"));
        }
        assert!(body == whole, "{path}");
    }
}
