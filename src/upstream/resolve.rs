//! Host names to addresses, remembered for a short while.
//! Knows nothing of what is done with them.
//!
//! Pingora's own lookup blocks its thread, and panics when a name does not resolve.

use parking_lot::Mutex;
use pingora::{Error, ErrorType, OrErr, Result};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long an answer is used. The system's resolver does not tell a record's TTL; half a minute
/// follows a moved upstream soon, and spares a lookup per request.
const REMEMBERED: Duration = Duration::from_secs(30);

/// More hosts than this are only remembered as long as they are of use: documents name hosts, too.
const MOST_HOSTS: usize = 1000;

/// Remembered lookups.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    known: Mutex<HashMap<(String, u16), Known>>,
    turn: AtomicUsize,
}

#[derive(Debug)]
struct Known {
    addresses: Vec<SocketAddr>,
    since: Instant,
}

impl Resolver {
    /// One address of the host, another one at each call when there are several, so that a retry
    /// tries the next.
    pub(super) async fn address(&self, host: &str, port: u16) -> Result<SocketAddr> {
        if let Ok(ip) = host.parse() {
            return Ok(SocketAddr::new(ip, port));
        }
        if let Some(address) = self.remembered(host, port) {
            return Ok(address);
        }
        let found = tokio::net::lookup_host((host, port)).await;
        let addresses: Vec<SocketAddr> =
            found.or_err_with(ErrorType::ConnectNoRoute, || format!("resolving {host}"))?.collect();
        if addresses.is_empty() {
            return Error::e_explain(ErrorType::ConnectNoRoute, format!("{host} has no address"));
        }
        let known = Known { addresses, since: Instant::now() };
        let address = self.pick(&known.addresses);
        let mut all = self.known.lock();
        if all.len() >= MOST_HOSTS {
            all.retain(|_, known| known.since.elapsed() < REMEMBERED);
        }
        all.insert((host.to_owned(), port), known);
        Ok(address)
    }

    /// How many addresses the host was last seen to have.
    pub(super) fn count(&self, host: &str, port: u16) -> usize {
        let known = self.known.lock();
        known.get(&(host.to_owned(), port)).map_or(1, |known| known.addresses.len())
    }

    fn remembered(&self, host: &str, port: u16) -> Option<SocketAddr> {
        let known = self.known.lock();
        let known = known.get(&(host.to_owned(), port))?;
        (known.since.elapsed() < REMEMBERED).then(|| self.pick(&known.addresses))
    }

    fn pick(&self, addresses: &[SocketAddr]) -> SocketAddr {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        addresses[turn % addresses.len()]
    }
}
