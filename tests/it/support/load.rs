//! Clients that install the same packages until they are told to stop, and look at each byte.
//! Knows nothing of what is done meanwhile.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::task::JoinHandle;

use super::client::get;
use super::deadline::once;
use super::upstream::{FakeUpstream, usual_path};

/// Some clients.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    /// So many, each of which asks for version 1.0.0 of these packages one after the other, as the upstream has it.
    pub(crate) fn begin(
        upstream: &FakeUpstream,
        names: &[&str],
        addr: SocketAddr,
        clients: usize,
    ) -> Self {
        let (stop, asked) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let packages: Vec<_> =
            names.iter().map(|name| (name.to_string(), upstream.tarball(name, "1.0.0"))).collect();
        let client = |_| {
            let (stop, asked, packages) = (Arc::clone(&stop), Arc::clone(&asked), packages.clone());
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    for (name, body) in &packages {
                        let packument = get(addr, &format!("/{}", name.replace('/', "%2f"))).await;
                        assert_eq!(packument.expect(200).json()["name"], **name);
                        let answer = get(addr, &usual_path(name, "1.0.0")).await.expect(200);
                        assert!(answer.complete && answer.body == *body, "{name}");
                        asked.fetch_add(2, Ordering::Relaxed);
                    }
                }
            })
        };
        let clients = (0..clients).map(client).collect();
        Self { stop, asked, clients }
    }

    /// Waits until so many more requests were answered.
    pub(crate) async fn goes_on(&self, more: usize) {
        let wanted = self.asked.load(Ordering::Relaxed) + more;
        once("more answers", async || {
            let asked = self.asked.load(Ordering::Relaxed);
            let is_over = self.clients.iter().any(|client| client.is_finished());
            if asked >= wanted || is_over { Ok(()) } else { Err(format!("{asked}")) }
        })
        .await;
    }

    /// Has them stop; none of them has failed.
    pub(crate) async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.await.expect("no request failed");
        }
    }
}
