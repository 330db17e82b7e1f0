//! What NOPAR counts, against what clients and the upstream saw.
//! Knows nothing of how it counts.

mod tiers;
mod upstream;

use std::collections::BTreeMap;
use std::time::Duration;

use nopar::counters::{Connections, FillEnd, Snapshot};

use crate::support::client::{Connection, Request, Response};
use crate::support::deadline::within;
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

/// More than NOPAR_META_TTL.
const PAST_TTL: Duration = Duration::from_secs(21_601);

fn tarball(name: &str) -> String {
    format!("/{name}/-/{name}-1.0.0.tgz")
}

/// An upstream with one package `a` of one version, whose tarball has 1000 bytes.
async fn upstream() -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v.tarball_size(1000));
    upstream
}

/// How long the body is that the upstream sends to NOPAR for this path.
async fn sent_for(upstream: &FakeUpstream, path: &str) -> u64 {
    let request = Request::get(upstream.addr(), path).header("Accept-Encoding", "gzip");
    let answer = request.send().await.expect(200);
    upstream.clear();
    answer.raw_len as u64
}

/// What a client saw: requests by kind, cache state and status, and bytes of bodies by the first two.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    requests: BTreeMap<(String, String, String), u64>,
    bytes: BTreeMap<(String, String), u64>,
}

impl Seen {
    fn note(&mut self, kind: &str, answer: &Response) {
        let cache = answer.header("x-cache").unwrap_or("-").to_owned();
        self.add(kind, &cache, &answer.status.to_string(), 1, answer.raw_len as u64);
    }

    fn add(&mut self, kind: &str, cache: &str, status: &str, count: u64, bytes: u64) {
        let (kind, cache, status) = (kind.to_owned(), cache.to_owned(), status.to_owned());
        if bytes > 0 {
            *self.bytes.entry((kind.clone(), cache.clone())).or_default() += bytes;
        }
        if count > 0 {
            *self.requests.entry((kind, cache, status)).or_default() += count;
        }
    }

    /// The same, as NOPAR has it.
    fn counted(snapshot: &Snapshot) -> Self {
        let mut seen = Self::default();
        for row in &snapshot.requests {
            let status = row.status.to_string();
            seen.add(row.kind.as_str(), row.cache.as_str(), &status, row.count, 0);
        }
        for row in &snapshot.served {
            seen.add(row.kind.as_str(), row.cache.as_str(), "", 0, row.bytes);
        }
        seen
    }

    fn all(&self) -> u64 {
        self.requests.values().sum()
    }
}

/// Each request is counted as what it asked for, and as what the client was told of it: its `x-cache`,
/// its status, the length of its body.
#[tokio::test]
async fn requests_are_counted_as_clients_see_them() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).host("npm.test").start().await;
    let mut seen = Seen::default();
    let tarball = tarball("a");
    let etag = nopar.get("/a").await.expect(200);
    seen.note("packument", &etag);
    let etag = etag.header("etag").expect("an ETag").to_owned();
    for (kind, method, path, header, status, cache) in [
        ("packument", "GET", "/a", None, 200, "hit"),
        ("packument", "HEAD", "/a", None, 200, "hit"),
        ("packument", "GET", "/a", Some(("If-None-Match", etag.as_str())), 304, "hit"),
        ("packument", "GET", "/a", Some(("Cache-Control", "no-cache")), 200, "revalidated"),
        ("packument", "GET", "/none", None, 404, "miss"),
        ("packument", "GET", "/none", None, 404, "negative"),
        ("manifest", "GET", "/a/latest", None, 200, "hit"),
        ("manifest", "GET", "/a/2.0.0", None, 404, "revalidated"),
        ("dist_tags", "GET", "/-/package/a/dist-tags", None, 200, "hit"),
        ("tarball", "GET", &tarball, None, 200, "miss"),
        ("tarball", "GET", &tarball, None, 200, "hit"),
        ("tarball", "GET", &tarball, Some(("Range", "bytes=0-9")), 206, "hit"),
        ("attestations", "GET", "/-/npm/v1/attestations/a@1.0.0", None, 404, "miss"),
        ("attestations", "GET", "/-/npm/v1/attestations/a@1.0.0", None, 404, "negative"),
        ("ping", "GET", "/-/ping", None, 200, "-"),
        ("root", "GET", "/", None, 200, "-"),
        ("robots", "GET", "/robots.txt", None, 200, "-"),
        ("favicon", "GET", "/favicon.ico", None, 200, "-"),
        ("other", "POST", "/a", None, 405, "-"),
        ("other", "GET", "/-/nothing", None, 404, "-"),
        ("other", "GET", "/a%2", None, 400, "-"),
    ] {
        let request = nopar.request(path).method(method);
        let request = match header {
            Some((name, value)) => request.header(name, value),
            None => request,
        };
        let answer = request.send().await.expect(status);
        assert_eq!(answer.header("x-cache").unwrap_or("-"), cache, "{method} {path}");
        seen.note(kind, &answer);
    }
    let snapshot = nopar.counted(seen.all()).await;
    assert_eq!(Seen::counted(&snapshot), seen);
    assert_eq!(snapshot.latency_where(|_| true).count(), seen.all());
}

/// What is sent past its time counts as that, with the upstream there and without.
#[tokio::test]
async fn stale_answers_are_counted() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let mut seen = Seen::default();
    seen.note("packument", &nopar.get("/a").await.expect(200));
    nopar.advance(PAST_TTL);
    seen.note("packument", &nopar.get("/a").await.expect(200));
    // The background update is done when nothing is in flight.
    let before = nopar.counted(2).await;
    upstream.stop().await;
    nopar.advance(PAST_TTL * 10);
    let request = nopar.request("/a").header("Cache-Control", "no-cache");
    let answer = request.send().await.expect(200);
    assert_eq!(answer.header("x-cache"), Some("stale"));
    seen.note("packument", &answer);
    let now = nopar.counted(3).await;
    assert_eq!(Seen::counted(&now), seen);
    let mut last = Seen::default();
    last.note("packument", &answer);
    assert_eq!(Seen::counted(&now.since(&before)), last);
}

/// Clients at the same time: each is counted, and one of them as the one that missed.
#[tokio::test]
async fn a_crowd_is_counted_to_the_last() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let asking: Vec<_> = (0..50).map(|_| tokio::spawn(nopar.get("/a"))).collect();
    let mut seen = Seen::default();
    for answer in asking {
        seen.note("packument", &answer.await.expect("an answer").expect(200));
    }
    let snapshot = nopar.counted(50).await;
    assert_eq!(Seen::counted(&snapshot), seen);
    assert_eq!(snapshot.fills(FillEnd::Kept), 1);
}

/// What is refused before it is a request counts as one that asked for nothing known.
#[tokio::test]
async fn a_head_that_is_no_request_is_counted() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let mut connection = nopar.connect().await;
    connection.send_bytes(b"what is this\r\n\r\n").await.expect("sent");
    let mut seen = Seen::default();
    seen.note("other", &connection.receive().await.expect("an answer").expect(400));
    let snapshot = nopar.counted(1).await;
    assert_eq!(Seen::counted(&snapshot), seen);
}

/// Waits until connections were counted so.
async fn connections(nopar: &TestNopar, wanted: Connections, requests: u64) {
    let counting = async {
        while nopar.counted(requests).await.connections != wanted {
            tokio::task::yield_now().await;
        }
    };
    within(format!("{wanted:?}"), counting).await;
}

/// Connections are counted when they come, when they go, and when there is no room for them.
#[tokio::test]
async fn connections_are_counted() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_MAX_CONNECTIONS", "1").start().await;
    let mut first = nopar.connect().await;
    first.get("/-/ping").await.expect(200);
    first.get("/-/ping").await.expect(200);
    connections(&nopar, Connections { opened: 1, closed: 0, refused: 0 }, 2).await;
    for refused in 1..=2 {
        let mut second: Connection = nopar.connect().await;
        second.get("/-/ping").await.expect(503);
        connections(&nopar, Connections { opened: 1, closed: 0, refused }, 2).await;
    }
    drop(first);
    connections(&nopar, Connections { opened: 1, closed: 1, refused: 2 }, 2).await;
}
