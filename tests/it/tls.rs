//! NOPAR with a certificate: the same answers over TLS, by HTTP/1.1 and by HTTP/2.
//! Knows nothing of what those answers are in every case: other tests do, without TLS.

mod http1;
mod http2;
mod limits;
mod pages;
mod refusal;
mod renewal;
mod stop;

use std::net::SocketAddr;
use std::sync::Arc;

use crate::support::http2::Http2;
use crate::support::nopar::{TestNopar, TestNoparBuilder};
use crate::support::tls::{Certificate, HOST};
use crate::support::upstream::FakeUpstream;

/// More than any window or buffer holds.
const LARGE: usize = 8_000_000;
const TARBALL: &str = "/a/-/a-1.0.0.tgz";
const PACKUMENT: &str = "/a";

/// An upstream with a large tarball.
async fn upstream() -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v.tarball_size(LARGE));
    upstream
}

/// A NOPAR that speaks TLS, about to be started.
fn nopar(upstream: &FakeUpstream, certificate: &Certificate) -> TestNoparBuilder {
    TestNopar::with(upstream)
        .host(HOST)
        .env("NOPAR_TLS_CERT", &certificate.cert())
        .env("NOPAR_TLS_KEY", &certificate.key())
}

/// One that runs.
async fn started() -> (FakeUpstream, Arc<Certificate>, TestNopar) {
    let (upstream, certificate) = (upstream().await, Arc::new(Certificate::new()));
    let nopar = nopar(&upstream, &certificate).start().await;
    (upstream, certificate, nopar)
}

async fn http2(addr: SocketAddr, certificate: &Certificate) -> Http2 {
    Http2::open(addr, certificate).await
}
