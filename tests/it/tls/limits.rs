//! Limits on callers who speak HTTP/2, as far as they hold there.
//! Knows nothing of what is asked.

use std::time::{Duration, Instant};

use super::{PACKUMENT, TARBALL, http2, nopar, upstream};
use crate::support::client::Connection;
use crate::support::deadline::within;
use crate::support::http2::Http2;
use crate::support::tls::Certificate;
use tokio::io::AsyncReadExt;

/// In which a client has to take the least, or to shake hands.
const WINDOW: Duration = Duration::from_secs(2);

/// A connection on which nothing is asked is closed; one with a request that is going on is not.
#[tokio::test]
async fn idle_connections_are_closed() {
    let (upstream, certificate) = (upstream().await, Certificate::new());
    let nopar = nopar(&upstream, &certificate);
    let idle = Duration::from_millis(300);
    let nopar = nopar.patience(|patience| patience.idle = idle).start().await;
    let busy = http2(nopar.addr(), &certificate).await;
    let hold = upstream.hold(PACKUMENT);
    let asking = async {
        let answer = busy.get(PACKUMENT).await;
        assert_eq!(answer.status, 200);
    };
    let waiting = async {
        hold.arrived(1).await;
        let client = http2(nopar.addr(), &certificate).await;
        let since = Instant::now();
        assert_eq!(client.get("/-/ping").await.status, 200);
        let _ = client.ended().await;
        assert!(since.elapsed() >= idle, "{:?}", since.elapsed());
        hold.release();
    };
    tokio::join!(asking, waiting);
}

/// One that does not even begin is closed, too.
#[tokio::test]
async fn a_connection_that_does_not_begin_is_closed() {
    let (upstream, certificate) = (upstream().await, Certificate::new());
    let nopar = nopar(&upstream, &certificate);
    let patient = |patience: &mut nopar::connection::Patience| {
        patience.head = Duration::from_millis(200);
    };
    let nopar = nopar.patience(patient).start().await;
    let mut silent = certificate.connect(nopar.addr(), &[b"h2"]).await;
    let mut said = Vec::new();
    let reading = within("a close".to_owned(), silent.read_to_end(&mut said)).await;
    assert!(said.is_empty(), "{reading:?} {said:?}");
}

/// Whoever finds no room is told in HTTP/2 that nothing was done.
#[tokio::test]
async fn connections_beyond_the_limit_are_told() {
    let (upstream, certificate) = (upstream().await, Certificate::new());
    let nopar = nopar(&upstream, &certificate).env("NOPAR_MAX_CONNECTIONS", "2").start().await;
    let mut inside: Vec<Http2> = Vec::new();
    for _ in 0..2 {
        let client = http2(nopar.addr(), &certificate).await;
        assert_eq!(client.get("/-/ping").await.status, 200);
        inside.push(client);
    }
    let refused = http2(nopar.addr(), &certificate).await;
    let answer = refused.ask("GET", "/-/ping", &[]).await;
    let error = answer.err().expect("no answer");
    assert!(error.is_remote() && error.is_go_away(), "{error}");
    assert_eq!(error.reason(), Some(h2::Reason::ENHANCE_YOUR_CALM));
    for client in &inside {
        assert_eq!(client.get("/-/ping").await.status, 200);
    }
}

/// Who has not shaken hands yet counts, and is closed when that takes too long.
#[tokio::test]
async fn handshakes_count_as_connections() {
    let (upstream, certificate) = (upstream().await, Certificate::new());
    let nopar = nopar(&upstream, &certificate).env("NOPAR_MAX_CONNECTIONS", "1");
    let nopar = nopar.patience(|patience| patience.head = WINDOW);
    let nopar = nopar.start().await;
    let mut silent = Connection::open(nopar.addr()).await.expect("a connection");
    let inside = async {
        while nopar.counted(0).await.connections.opened == 0 {
            tokio::task::yield_now().await;
        }
    };
    within("a connection that counts".to_owned(), inside).await;
    let refused = http2(nopar.addr(), &certificate).await.ask("GET", "/-/ping", &[]).await;
    let error = refused.err().expect("no answer");
    assert_eq!(error.reason(), Some(h2::Reason::ENHANCE_YOUR_CALM), "{error}");
    silent.closed().await;
    let served = async {
        while http2(nopar.addr(), &certificate).await.ask("GET", "/-/ping", &[]).await.is_err() {}
    };
    within("a place".to_owned(), served).await;
}

/// After so many requests a client is told to go on with another connection; what it asked for until
/// then, it gets.
#[tokio::test]
async fn connections_end_after_so_many_requests() {
    let (upstream, certificate) = (upstream().await, Certificate::new());
    let nopar = nopar(&upstream, &certificate);
    let nopar = nopar.patience(|patience| patience.requests = 3).start().await;
    let client = http2(nopar.addr(), &certificate).await;
    let hold = upstream.hold(PACKUMENT);
    let going_on = async {
        hold.arrived(1).await;
        for _ in 0..2 {
            assert_eq!(client.get("/-/ping").await.status, 200);
        }
        hold.release();
    };
    let (held, ()) = tokio::join!(client.get(PACKUMENT), going_on);
    assert_eq!(held.status, 200);
    client.ended().await.expect("a decent end");
    assert_eq!(http2(nopar.addr(), &certificate).await.get("/-/ping").await.status, 200);
}

/// A stream whose client opens no window is cut off, as soon as one of HTTP/1.1 would be, and does not hold
/// up a stop; others on the same connection are served.
#[tokio::test]
async fn streams_that_stall_are_cut_off() {
    let (upstream, certificate) = (upstream().await, Certificate::new());
    let nopar = nopar(&upstream, &certificate).env("NOPAR_STOP_TIMEOUT", "30s");
    let nopar = nopar.patience(|patience| {
        patience.reading.window = WINDOW;
    });
    let nopar = nopar.start().await;
    let since = Instant::now();
    let client = http2(nopar.addr(), &certificate).await;
    let stalled = client.begin("GET", TARBALL, &[]).await.expect("a head");
    // Counted once it has ended, while the client still holds its stream.
    nopar.counted(1).await;
    let rest = stalled.whole().await;
    let reset = rest.err().expect("no whole body");
    assert!(reset.is_reset(), "{reset}");
    assert!(since.elapsed() < 3 * WINDOW, "{:?}", since.elapsed());
}
