//! Signals while clients ask: no answer that has begun is broken by any of them.
//! Knows nothing of sockets that outlive a process: here, who comes too late is refused.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinHandle;

use crate::support::binary::Binary;
use crate::support::client::{Connection, NoResponse, Request};
use crate::support::deadline::once;
use crate::support::upstream::FakeUpstream;

const TARBALL: &str = "/a/-/a-1.0.0.tgz";
const CLIENTS: usize = 6;

/// Asks until nobody answers any more; fails for an answer that is not whole.
fn client(addr: SocketAddr, answered: Arc<AtomicUsize>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut kept: Option<Connection> = None;
        loop {
            for path in ["/a", TARBALL, "/-/ping", "/a/1.0.0"] {
                let connection = match kept.take() {
                    Some(connection) => Ok(connection),
                    None => Connection::open(addr).await,
                };
                let Ok(mut connection) = connection else { return };
                let answer = match connection.send(&Request::get(addr, path)).await {
                    Ok(()) => connection.receive().await,
                    Err(gone) => Err(gone),
                };
                match answer {
                    Ok(answer) => {
                        let answer = answer.expect(200);
                        assert!(answer.complete, "{path}: {:?}", answer.fault);
                        answered.fetch_add(1, Ordering::Relaxed);
                        let is_last = answer.header("connection") == Some("close");
                        kept = (!is_last).then_some(connection);
                    }
                    // Before the first byte: a client asks again, on another connection.
                    Err(NoResponse::Closed | NoResponse::Broken(_)) => {}
                    Err(other) => panic!("{path}: {other}"),
                }
            }
        }
    })
}

async fn more(answered: &AtomicUsize, clients: &[JoinHandle<()>]) {
    let wanted = answered.load(Ordering::Relaxed) + 60;
    once("more answers", async || {
        assert!(!clients.iter().any(JoinHandle::is_finished), "nobody ended it");
        let now = answered.load(Ordering::Relaxed);
        if now >= wanted { Ok(()) } else { Err(now.to_string()) }
    })
    .await;
}

async fn try_end(signals: &[&str]) {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |version| version.tarball_size(600_000));
    let (binary, addr) = Binary::serving(&upstream.url(), &[]).await;
    let answered = Arc::<AtomicUsize>::default();
    let clients: Vec<_> = (0..CLIENTS).map(|_| client(addr, Arc::clone(&answered))).collect();
    more(&answered, &clients).await;
    for harmless in ["USR1", "HUP", "USR1", "HUP", "HUP"] {
        binary.signal(harmless);
        more(&answered, &clients).await;
    }
    for signal in signals {
        binary.signal(signal);
    }
    for client in clients {
        client.await.unwrap_or_else(|error| panic!("{signals:?}: {error}"));
    }
    let ended = binary.ended().await;
    assert!(ended.success, "{signals:?}: {}", ended.stderr);
    assert!(!ended.stderr.contains("unfinished"), "{signals:?}: {}", ended.stderr);
    // Those that do not end it; HUPs that come while one is followed may be one.
    assert!(ended.stderr.contains("reload: changed: nothing"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_is_broken_by_any_of_them() {
    for signal in ["TERM", "INT", "QUIT"] {
        try_end(&[signal]).await;
    }
    // One that is too late to be followed does no harm.
    try_end(&["TERM", "HUP", "USR1"]).await;
}
