//! How often somebody may guess: who failed too often waits, longer each time.
//! Knows nothing of passwords or codes; is told who tries, from where, and what came of it.
//!
//! Failures are counted for a user at an address, so that nobody can lock a user out from elsewhere, and for an address,
//! so that nobody can try one password on all users. An attempt counts as failed from when it begins: a hundred guesses
//! sent at once are no fewer guesses. So what is asked for by many at once with one password has to be one attempt
//! (`remembered`), lest a fleet that starts is taken for somebody who guesses.
//!
//! There is room for so many. When it is full, those go first that failed least, and of these the one whose last failure
//! is the longest ago: who waits, waits.

mod table;

use super::denied::in_seconds;
use super::network::Network;
use crate::clock::Clock;
use log::warn;
use parking_lot::Mutex;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use table::{Limit, Table};

/// Failures of a user at an address: enough for who tries the three passwords they have, twice.
const OF_USER: Limit = Limit { free: 5, most: 10_000 };
/// Failures of an address, behind which there may be many users.
const OF_ADDRESS: Limit = Limit { free: 50, most: 10_000 };

/// Who failed how often lately. Clones are the same.
#[derive(Clone)]
pub(super) struct Attempts {
    clock: Clock,
    counts: Arc<Mutex<Counts>>,
}

struct Counts {
    users: Table<(String, Network)>,
    networks: Table<Network>,
}

/// An attempt that may be made. Unless it is said what came of it, it has failed.
#[must_use]
pub(super) struct Attempt {
    of: Attempts,
    user: String,
    network: Network,
}

/// It is too early for another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many failed logins: try again in {}", in_seconds(self.seconds()))]
pub(super) struct TooEarly(Duration);

impl TooEarly {
    /// How long to wait, in whole seconds: for `Retry-After`.
    pub(super) fn seconds(self) -> u64 {
        self.0.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
    }
}

impl Attempts {
    /// Nobody has failed yet.
    pub(super) fn new(clock: Clock) -> Attempts {
        Attempts::with(clock, OF_USER, OF_ADDRESS)
    }

    fn with(clock: Clock, of_user: Limit, of_address: Limit) -> Attempts {
        let counts = Counts { users: Table::new(of_user), networks: Table::new(of_address) };
        Attempts { clock, counts: Arc::new(Mutex::new(counts)) }
    }

    /// Begins an attempt to be this user, whether or not there is one, from this address.
    ///
    /// # Errors
    /// [`TooEarly`] when it may not be made yet. That counts for nothing.
    pub(super) fn begin(
        &self,
        user: &str,
        from: impl Into<Option<IpAddr>>,
    ) -> Result<Attempt, TooEarly> {
        let network = Network::of_client(from.into());
        let key = (user.to_owned(), network);
        let now = self.clock.now();
        let mut counts = self.counts.lock();
        let waits = [counts.users.wait(&key, now), counts.networks.wait(&network, now)];
        let wait = waits.into_iter().flatten().max();
        if let Some(wait) = wait {
            return Err(TooEarly(wait));
        }
        counts.networks.count(network, now);
        counts.users.count(key, now);
        drop(counts);
        Ok(Attempt { of: self.clone(), user: user.to_owned(), network })
    }

    fn settle(&self, settle: impl FnOnce(&mut Counts, SystemTime)) {
        settle(&mut self.counts.lock(), self.clock.now());
    }
}

impl Attempt {
    /// It was them: what they failed before is forgotten.
    pub(super) fn succeeded(self) {
        let key = (self.user, self.network);
        self.of.settle(|counts, _| {
            counts.users.forget(&key);
            counts.networks.take_back(&key.1);
        });
    }

    /// Nothing came of it: nobody has looked at what was shown.
    pub(super) fn was_none(self) {
        let key = (self.user, self.network);
        self.of.settle(|counts, _| {
            counts.users.take_back(&key);
            counts.networks.take_back(&key.1);
        });
    }

    /// It was not them. Waiting begins now, and the log is told of it.
    pub(super) fn failed(self) {
        let (user, network) = (self.user, self.network);
        let key = (user, network);
        let mut waits = [None; 2];
        self.of.settle(|counts, now| {
            waits = [counts.users.touch(&key, now), counts.networks.touch(&network, now)];
        });
        let [of_user, of_address] = waits;
        if let Some((times, wait)) = of_user {
            let user = key.0;
            let wait = wait.as_secs();
            warn!(
                "access: {times} failed logins of {user:?} from {network}: the next in {wait} s at the earliest"
            );
        }
        if let Some((times, wait)) = of_address {
            let wait = wait.as_secs();
            warn!(
                "access: {times} failed logins from {network}: the next in {wait} s at the earliest"
            );
        }
    }
}

#[cfg(test)]
mod tests;
