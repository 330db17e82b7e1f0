//! How a NOPAR with open HTTP/2 connections ends: told to its clients, quickly, and with the last byte.
//! Knows nothing of HTTP/1.1.

use std::time::{Duration, Instant};

use super::{LARGE, PACKUMENT, TARBALL, http2, nopar, started, upstream};
use crate::support::http2::Http2;
use crate::support::tls::Certificate;

/// It ends by GOAWAY; the client's own last words may find nobody.
async fn ended(client: Http2) {
    let ended = client.ended().await;
    assert!(ended.as_ref().err().is_none_or(h2::Error::is_io), "{ended:?}");
}

/// Connections on which nothing is going on are ended at once, and properly.
#[tokio::test]
async fn idle_connections_are_ended() {
    let (_upstream, certificate, mut nopar) = started().await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let client = http2(nopar.addr(), &certificate).await;
        client.get(PACKUMENT).await;
        open.push(client);
    }
    let since = Instant::now();
    nopar.stop().await;
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    for client in open {
        ended(client).await;
    }
}

/// A client that takes no notice is not waited for long.
#[tokio::test]
async fn a_client_that_is_dead_does_not_hold_it_up() {
    let (upstream, certificate) = (upstream().await, Certificate::new());
    let nopar = nopar(&upstream, &certificate).env("NOPAR_STOP_TIMEOUT", "30s");
    let mut nopar = nopar.start().await;
    let mut stream = certificate.connect(nopar.addr(), &[b"h2"]).await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    tokio::io::AsyncWriteExt::write_all(&mut stream, preface).await.expect("sent");
    // Its SETTINGS say that the connection is Pingora's.
    let mut first = [0; 9];
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut first).await.expect("SETTINGS");
    let since = Instant::now();
    nopar.stop().await;
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
}

/// A download that is going on comes to its end, to the last byte.
#[tokio::test]
async fn a_running_download_comes_to_its_end() {
    let (upstream, certificate) = (upstream().await, Certificate::new());
    let nopar = nopar(&upstream, &certificate).env("NOPAR_STOP_TIMEOUT", "30s");
    let mut nopar = nopar.start().await;
    for held in [false, true] {
        let client = http2(nopar.addr(), &certificate).await;
        let mut download = client.begin("GET", TARBALL, &[]).await.expect("a head");
        let first = download.piece().await.expect("a piece").expect("bytes");
        let reading = async {
            let rest = download.whole().await.expect("a whole body").body;
            assert!(first.len() + rest.len() == LARGE, "held {held}");
            assert!([first.as_ref(), &rest].concat() == upstream.tarball("a", "1.0.0"));
        };
        tokio::join!(nopar.stop(), reading);
        ended(client).await;
        nopar.restart().await;
    }
}
