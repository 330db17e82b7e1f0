//! The hot path: plain requests whose answers are ready, answered past Pingora, and with the same words.
//! Knows nothing of how answers come to be ready.

mod damage;
mod forwarded;
mod freshness;
mod heads;
mod log;
mod made;
mod own;
mod pages;
mod parity;
mod pipelining;
mod readers;

use std::net::SocketAddr;

use crate::support::client::{Connection, Request, Response};
use crate::support::headers::Headers;
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

/// A tarball that is sent from memory in one piece, and one that is sent in several.
const SIZES: [(&str, usize); 2] = [("small", 10_000), ("large", 700_000)];

/// An upstream with a package for each size, and one without a tarball worth naming.
async fn upstream() -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    for (name, size) in SIZES {
        upstream.package(name).version("1.0.0", |v| v.tarball_size(size));
    }
    upstream.package("@s/n").version("1.0.0", |v| v).version("1.1.0", |v| v);
    upstream
}

fn tarball(name: &str) -> String {
    format!("/{name}/-/{name}-1.0.0.tgz")
}

/// Whether an answer was ready: there `x-cache` stands right before `Age`. Pingora's way writes the age
/// of packuments and large tarballs earlier; small tarballs look the same both ways.
pub(crate) fn is_hot(headers: &Headers) -> bool {
    let names: Vec<_> = headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    headers.get("x-cache") == Some("hit") && names.windows(2).any(|two| two == ["x-cache", "age"])
}

/// Asks until the answer is ready: the first time it is fetched, and the second time its file is opened.
async fn warm(addr: SocketAddr, path: &str) -> Response {
    for _ in 0..4 {
        let answer = Request::get(addr, path).send().await.expect(200);
        if is_hot(&answer.headers) {
            return answer;
        }
    }
    panic!("{path} is not hot");
}

/// The next answer on a connection, whole.
async fn next(connection: &mut Connection) -> Response {
    connection.receive().await.expect("an answer")
}

/// A NOPAR that has the answers to these paths ready.
async fn ready(upstream: &FakeUpstream, paths: &[&str]) -> TestNopar {
    let nopar = TestNopar::with(upstream).start().await;
    for path in paths {
        warm(nopar.addr(), path).await;
    }
    nopar
}
