//! The same limits by HTTP/2, where a request is a stream.
//! Knows nothing of what is asked for.

use super::upstream;
use crate::support::http2::Http2;
use crate::support::nopar::TestNopar;
use crate::support::tls::{Certificate, HOST};

async fn started(settings: &[(&str, &str)]) -> (Certificate, TestNopar) {
    let (upstream, certificate) = (upstream().await, Certificate::new());
    let mut nopar = TestNopar::with(&upstream).stopped_clock().host(HOST);
    nopar = nopar.env("NOPAR_TLS_CERT", &certificate.cert());
    nopar = nopar.env("NOPAR_TLS_KEY", &certificate.key());
    for (name, value) in settings {
        nopar = nopar.env(name, value);
    }
    let nopar = nopar.start().await;
    (certificate, nopar)
}

/// One stream too many is answered like one request too many, and the connection goes on.
#[tokio::test]
async fn streams_count_as_requests() {
    let (certificate, nopar) = started(&[("NOPAR_MAX_REQUESTS_PER_ADDRESS", "3/min")]).await;
    let client = Http2::open(nopar.addr(), &certificate).await;
    for _ in 0..3 {
        assert_eq!(client.get("/-/nothing").await.status, 404);
    }
    for _ in 0..2 {
        let told = client.get("/-/nothing").await;
        assert_eq!((told.status, told.header("retry-after")), (429, Some("20")));
        assert_eq!(told.json()["reason"], "too_many_requests");
        assert_eq!(client.get("/-/ping").await.status, 200);
    }
    nopar.advance(std::time::Duration::from_secs(20));
    assert_eq!(client.get("/-/nothing").await.status, 404);
}

/// One connection too many is told in HTTP/2 that nothing was done.
#[tokio::test]
async fn a_connection_too_many_is_told() {
    let (certificate, nopar) = started(&[("NOPAR_MAX_CONNECTIONS_PER_ADDRESS", "1")]).await;
    let inside = Http2::open(nopar.addr(), &certificate).await;
    assert_eq!(inside.get("/-/ping").await.status, 200);
    let refused = Http2::open(nopar.addr(), &certificate).await;
    let error = refused.ask("GET", "/-/ping", &[]).await.err().expect("no answer");
    assert!(error.is_remote() && error.is_go_away(), "{error}");
    assert_eq!(error.reason(), Some(h2::Reason::ENHANCE_YOUR_CALM));
    assert_eq!(inside.get("/-/ping").await.status, 200);
}
