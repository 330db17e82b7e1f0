//! Upgrades while clients ask, download and publish.
//! Knows nothing of what is wrong with an upgrade that fails.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::Scene;
use crate::support::client::{Connection, NoResponse, Request, get};
use crate::support::publish::Publish;

const TARBALL: &str = "/a/-/a-1.0.0.tgz";
pub(super) const UPGRADES: usize = 10;
/// What a process says whose place another has taken, when nothing is left for it to do.
const LEFT: &str = "stop] left";
/// Enough of it that Pingora, which gathers small pieces, passes the head on.
const PART: usize = 1_000_000;

/// A client that keeps its connection, and repeats a GET when one that it has used before was closed before the first
/// byte of an answer, as clients of npm do; else nothing may fail.
struct Client {
    addr: SocketAddr,
    connection: Option<Connection>,
    repeated: usize,
}

impl Client {
    async fn get(&mut self, path: &str) {
        let used = self.connection.take();
        let is_used = used.is_some();
        let (mut connection, answer) = self.try_get(used, path).await;
        let answer = match answer {
            Err(NoResponse::Closed | NoResponse::Broken(_)) if is_used => {
                self.repeated += 1;
                let (other, answer) = self.try_get(None, path).await;
                connection = other;
                answer
            }
            answer => answer,
        };
        let answer = answer.unwrap_or_else(|error| panic!("{path}: {error} (used: {is_used})"));
        let answer = answer.expect(200);
        assert!(answer.complete, "{path}: {:?}", answer.fault);
        let is_last = answer.header("connection") == Some("close");
        self.connection = (!is_last).then_some(connection);
    }

    async fn try_get(
        &self,
        connection: Option<Connection>,
        path: &str,
    ) -> (Connection, Result<crate::support::client::Response, NoResponse>) {
        let mut connection = match connection {
            Some(connection) => connection,
            None => Connection::open(self.addr).await.expect("a connection"),
        };
        let answer = match connection.send(&Request::get(self.addr, path)).await {
            Ok(()) => connection.receive().await,
            Err(error) => Err(error),
        };
        (connection, answer)
    }
}

/// Clients that ask until they are told to stop.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    published: Arc<AtomicUsize>,
    clients: Vec<tokio::task::JoinHandle<usize>>,
    publisher: tokio::task::JoinHandle<()>,
}

impl Load {
    pub(super) fn begin(addr: SocketAddr, clients: usize) -> Self {
        let (stop, asked, published) = (
            Arc::<AtomicBool>::default(),
            Arc::<AtomicUsize>::default(),
            Arc::<AtomicUsize>::default(),
        );
        let ask = |_| {
            let (stop, asked) = (Arc::clone(&stop), Arc::clone(&asked));
            tokio::spawn(async move {
                let mut client = Client { addr, connection: None, repeated: 0 };
                while !stop.load(Ordering::Relaxed) {
                    for path in ["/a", TARBALL, "/-/ping", "/a/1.0.0", "/-/v1/search?text=a"] {
                        client.get(path).await;
                        asked.fetch_add(1, Ordering::Relaxed);
                    }
                }
                client.repeated
            })
        };
        let clients = (0..clients).map(ask).collect();
        let (ended, count) = (Arc::clone(&stop), Arc::clone(&published));
        let publisher = tokio::spawn(async move {
            while !ended.load(Ordering::Relaxed) {
                let n = count.load(Ordering::Relaxed);
                Publish::of("@acme/ui", &format!("1.0.{n}")).succeed(addr).await;
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self { stop, asked, published, clients, publisher }
    }

    /// Waits until so many more requests were answered.
    pub(super) async fn goes_on(&self, more: usize) {
        let wanted = self.asked.load(Ordering::Relaxed) + more;
        crate::support::deadline::once("more answers", async || {
            let asked = self.asked.load(Ordering::Relaxed);
            let is_over = self.clients.iter().any(|client| client.is_finished());
            if asked >= wanted || is_over { Ok(()) } else { Err(format!("{asked}")) }
        })
        .await;
    }

    /// How many requests were repeated, and how many versions published.
    pub(super) async fn end(self) -> (usize, usize) {
        self.stop.store(true, Ordering::Relaxed);
        let mut repeated = 0;
        for client in self.clients {
            repeated += client.await.expect("no request failed");
        }
        self.publisher.await.expect("no publish failed");
        (repeated, self.published.load(Ordering::Relaxed))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_upgrades_under_load_fail_no_request() {
    let scene = Scene::new(&[], &[("NOPAR_LOCAL_PACKAGES", "@acme/*")]).await;
    scene.upstream.package("a").version("1.0.0", |version| version.tarball_size(300_000));
    get(scene.addr, "/a").await.expect(200);
    get(scene.addr, TARBALL).await.expect(200);
    let load = Load::begin(scene.addr, 8);
    load.goes_on(100).await;
    let mut pids = vec![scene.first.pid()];
    for _ in 0..UPGRADES {
        pids.push(scene.upgrade().await);
        load.goes_on(100).await;
    }
    pids.sort_unstable();
    pids.dedup();
    assert_eq!(pids.len(), UPGRADES + 1);
    let (repeated, published) = load.end().await;
    eprintln!("{repeated} requests were repeated, {published} versions published");
    let document = get(scene.addr, "/@acme%2fui").await.expect(200).json();
    let versions = document["versions"].as_object().expect("versions");
    assert_eq!(versions.len(), published);
    // All that were before have ended by themselves, with nothing left to do.
    let left = scene.first.says_times(UPGRADES, LEFT).await;
    assert_eq!(left.len(), UPGRADES, "{left:?}");
    let said = scene.end().await;
    assert!(!said.contains("unfinished") && !said.contains("panicked"), "{said}");
}

/// What was begun comes to its end where it was begun; who asks meanwhile is answered by the next process.
#[tokio::test]
async fn a_download_and_a_publish_that_run_come_to_their_end() {
    let scene = Scene::new(&[], &[("NOPAR_LOCAL_PACKAGES", "@acme/*")]).await;
    scene.upstream.package("a").version("1.0.0", |version| version.tarball_size(8_000_000));
    let hold = scene.upstream.hold_body(TARBALL, PART);
    let mut download = Connection::open(scene.addr).await.expect("a connection");
    download.send(&Request::get(scene.addr, TARBALL)).await.expect("a request on its way");
    assert_eq!(download.receive_head().await.expect("a head").status, 200);
    hold.arrived(1).await;
    // The first half of a publish.
    let document = Publish::of("@acme/ui", "1.0.0").document().to_string();
    let (begun, rest) = document.split_at(document.len() / 2);
    let mut publish = Connection::open(scene.addr).await.expect("a connection");
    let head = format!(
        "PUT /@acme%2fui HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{begun}",
        scene.addr,
        document.len()
    );
    publish.deliver(head.as_bytes()).await;
    // An idle connection.
    let mut idle = Connection::open(scene.addr).await.expect("a connection");
    idle.get("/-/ping").await.expect(200);

    scene.upgrade().await;
    scene.first.says("another process serves").await;
    // It is as ready as ever: another process serves.
    let last = idle.get("/-/ready").await.expect(200);
    assert_eq!(last.header("connection"), Some("close"));
    idle.closed().await;
    publish.deliver(rest.as_bytes()).await;
    publish.receive().await.expect("an answer").expect(201);
    assert!(!scene.first.stderr().contains(LEFT), "{}", scene.first.stderr());
    hold.release();
    let body = download.receive_body(usize::MAX).await.expect("a whole body");
    assert!(body == scene.upstream.tarball("a", "1.0.0"), "{} bytes", body.len());
    scene.first.says(LEFT).await;
    // What was still downloaded there is known to the one that serves.
    scene.upstream.always(TARBALL, 500);
    crate::support::deadline::once("the tarball", async || {
        let answer = get(scene.addr, TARBALL).await;
        let is_hit = answer.status == 200 && answer.header("x-cache") == Some("hit");
        if is_hit { Ok(()) } else { Err(format!("{} {:?}", answer.status, answer.headers)) }
    })
    .await;
    let document = get(scene.addr, "/@acme%2fui").await.expect(200).json();
    assert!(document["versions"]["1.0.0"].is_object(), "{document}");
    scene.end().await;
}

/// A manager that stops the service means all of it.
#[tokio::test]
async fn who_leaves_can_be_stopped() {
    let scene = Scene::new(&[], &[("NOPAR_STOP_TIMEOUT", "1s")]).await;
    scene.upstream.package("a").version("1.0.0", |version| version.tarball_size(8_000_000));
    let hold = scene.upstream.hold_body(TARBALL, PART);
    let mut download = Connection::open(scene.addr).await.expect("a connection");
    download.send(&Request::get(scene.addr, TARBALL)).await.expect("a request on its way");
    hold.arrived(1).await;
    scene.upgrade().await;
    scene.first.says("another process serves").await;
    scene.first.signal("TERM");
    scene.first.says("requests unfinished after 1 s").await;
    // The one that serves is not touched by that.
    get(scene.addr, "/-/ping").await.expect(200);
    assert!(scene.running.pid().is_some_and(|pid| pid != scene.first.pid()));
    drop(hold);
    scene.end().await;
}
