//! What is not there, and what just failed: remembered shortly, in memory.
//! Knows nothing of entries. A 404 costs a client two requests, and clients probe the same few names
//! on every command; and when an upstream fails, all who waited share the one failure.

use super::failure::Failure;
use crate::cache::Key;
use crate::clock::Clock;
use quick_cache::sync::Cache;
use std::time::{Duration, SystemTime};

/// How many are remembered: made-up names fill this and no more.
const REMEMBERED: usize = 20_000;

/// Remembered failures, by key.
pub(super) struct Negatives {
    rows: Cache<String, Row>,
    clock: Clock,
}

#[derive(Clone)]
struct Row {
    failure: Failure,
    until: SystemTime,
    /// The ticket it was made under: see [`Negatives::since`].
    ticket: u64,
}

impl Negatives {
    pub(super) fn new(clock: Clock) -> Negatives {
        Negatives { rows: Cache::new(REMEMBERED), clock }
    }

    /// Remembers for `ttl`; with a zero `ttl` only those learn of it who were waiting.
    pub(super) fn put(&self, key: &Key, failure: Failure, ttl: Duration, ticket: u64) {
        let row = Row { failure, until: self.clock.now() + ttl, ticket };
        self.rows.insert(key.as_str().to_owned(), row);
    }

    /// What is remembered of `key` and still counts.
    pub(super) fn get(&self, key: &Key) -> Option<Failure> {
        self.get_with_ticket(key).map(|(failure, _)| failure)
    }

    /// The same, with the ticket it was made under.
    pub(super) fn get_with_ticket(&self, key: &Key) -> Option<(Failure, u64)> {
        let row = self.rows.get(key.as_str())?;
        (row.until > self.clock.now()).then_some((row.failure, row.ticket))
    }

    /// What became of `key` after the request with this ticket came in: its answer too.
    pub(super) fn since(&self, key: &Key, ticket: u64) -> Option<Failure> {
        let row = self.rows.get(key.as_str())?;
        (row.ticket > ticket).then_some(row.failure)
    }

    /// Forgets all of them: another way may lead to what they are about.
    pub(super) fn clear(&self) {
        self.rows.clear();
    }

    pub(super) fn forget(&self, key: &Key) {
        self.rows.remove(key.as_str());
    }
}
