//! Things whose end is counted, also when they are dropped before it.
//! Knows nothing of what goes on meanwhile.

use super::Counters;
use super::words::{FillEnd, Outcome};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A request to an upstream: abandoned, unless it is told how it ended.
pub struct Asking<'a> {
    counters: &'a Counters,
    since: Instant,
    /// What is counted when it is dropped, and how long it took.
    ended: (Outcome, Duration),
}

impl<'a> Asking<'a> {
    pub(super) fn new(counters: &'a Counters) -> Asking<'a> {
        let ended = (Outcome::Abandoned, Duration::ZERO);
        Asking { counters, since: Instant::now(), ended }
    }

    /// It was sent now, after it had waited.
    pub fn begins(&mut self) {
        self.since = Instant::now();
    }

    /// It ended now.
    pub fn ends(mut self, outcome: Outcome) {
        self.ended = (outcome, self.since.elapsed());
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let (outcome, duration) = self.ended;
        self.counters.upstream(outcome, duration);
    }
}

/// A fill of the cache directory: broken off, unless it is told how it ended.
pub struct Filling {
    counters: Arc<Counters>,
    end: FillEnd,
    bytes: u64,
}

impl Filling {
    pub(super) fn new(counters: &Arc<Counters>) -> Filling {
        Filling { counters: Arc::clone(counters), end: FillEnd::BrokenOff, bytes: 0 }
    }

    /// It is kept, in a file of so many bytes.
    pub fn kept(&mut self, bytes: u64) {
        (self.end, self.bytes) = (FillEnd::Kept, bytes);
    }

    /// It is right, but not kept.
    pub fn unkept(&mut self) {
        self.end = FillEnd::Unkept;
    }

    /// It is wrong.
    pub fn wrong(&mut self) {
        self.end = FillEnd::Wrong;
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        self.counters.filled(self.end, self.bytes);
    }
}
