//! Host names to addresses, remembered for a short while.
//! Knows nothing of what is done with them.
//!
//! Pingora's own lookup blocks its thread, and panics when a name does not resolve.

use parking_lot::Mutex;
use pingora::{Error, ErrorType, OrErr, Result};
use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How long an answer is used. The system's resolver does not tell a record's TTL; half a minute
/// follows a moved upstream soon, and spares a lookup per request.
const REMEMBERED: Duration = Duration::from_secs(30);

/// How long a lookup may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// More hosts than this are only remembered as long as they are of use: documents name hosts, too.
const MOST_HOSTS: usize = 1000;

/// Lookups at once, a quarter of the threads there are for waiting.
static TURNS: Semaphore = Semaphore::const_new(8);

/// Remembered lookups.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    known: Mutex<HashMap<(String, u16), Known>>,
}

#[derive(Debug)]
struct Known {
    /// In the system's order of preference.
    addresses: Vec<SocketAddr>,
    /// Which of them is tried.
    good: usize,
    since: Instant,
}

impl Resolver {
    /// The address of the host that is good as far as is known.
    pub(super) async fn address(&self, host: &str, port: u16) -> Result<SocketAddr> {
        if let Ok(ip) = host.parse() {
            return Ok(SocketAddr::new(ip, port));
        }
        if let Some(address) = self.remembered(host, port) {
            return Ok(address);
        }
        let Ok(found) = tokio::time::timeout(PATIENCE, look_up(host, port)).await else {
            return Error::e_explain(ErrorType::ConnectTimedout, format!("resolving {host}"));
        };
        let addresses: Vec<SocketAddr> =
            found.or_err_with(ErrorType::ConnectNoRoute, || format!("resolving {host}"))?;
        let Some(first) = addresses.first().copied() else {
            return Error::e_explain(ErrorType::ConnectNoRoute, format!("{host} has no address"));
        };
        let known = Known { addresses, good: 0, since: Instant::now() };
        let mut all = self.known.lock();
        if all.len() >= MOST_HOSTS {
            all.retain(|_, known| known.since.elapsed() < REMEMBERED);
        }
        all.insert((host.to_owned(), port), known);
        Ok(first)
    }

    /// Tells that this address could not be connected to: from now on it is the next one's turn.
    pub(super) fn failed(&self, host: &str, port: u16, address: SocketAddr) {
        if let Some(known) = self.known.lock().get_mut(&(host.to_owned(), port))
            && known.addresses[known.good] == address
        {
            known.good = (known.good + 1) % known.addresses.len();
        }
    }

    /// How many addresses the host was last seen to have.
    pub(super) fn count(&self, host: &str, port: u16) -> usize {
        let known = self.known.lock();
        known.get(&(host.to_owned(), port)).map_or(1, |known| known.addresses.len())
    }

    /// Takes a host to have these addresses.
    #[cfg(test)]
    pub(super) fn learn(&self, host: &str, port: u16, addresses: Vec<SocketAddr>) {
        let known = Known { addresses, good: 0, since: Instant::now() };
        self.known.lock().insert((host.to_owned(), port), known);
    }

    fn remembered(&self, host: &str, port: u16) -> Option<SocketAddr> {
        let known = self.known.lock();
        let known = known.get(&(host.to_owned(), port))?;
        let fresh = known.since.elapsed() < REMEMBERED;
        fresh.then(|| known.addresses[known.good])
    }
}

/// Asks the system. Its answer may take longer than anybody waits for it, and its threads are the
/// disk's as well: those that ask on after they were given up count, too.
async fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let turn = TURNS.acquire().await.map_err(io::Error::other)?;
    let host = host.to_owned();
    let asked = tokio::task::spawn_blocking(move || {
        let found = (host.as_str(), port).to_socket_addrs();
        drop(turn);
        found.map(Iterator::collect)
    });
    asked.await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_that_fails_makes_room_for_the_next_once() {
        let resolver = Resolver::default();
        let addresses: Vec<SocketAddr> =
            (1..4).map(|n| SocketAddr::from(([127, 0, 0, n], 80))).collect();
        resolver.learn("a.example", 80, addresses.clone());
        for expected in [0, 1, 2, 0] {
            let address = resolver.address("a.example", 80).await.unwrap();
            assert_eq!(address, addresses[expected]);
            // Two requests that fail on one address are one failure.
            resolver.failed("a.example", 80, address);
            resolver.failed("a.example", 80, address);
        }
        assert_eq!(resolver.count("a.example", 80), 3);
        assert_eq!(resolver.count("127.0.0.1", 80), 1);
    }
}
