//! What NOPAR does, counted: requests, bytes, durations, upstreams, tiers, connections.
//! Knows nothing of who reads the numbers, nor of what is behind the words they are counted by.
//!
//! To count must cost nothing worth mentioning: no lock, no allocation, no system call, and no cache
//! line that two threads write to. Each thread has numbers of its own (`shard`), to which it adds with
//! plain loads and stores: 4.4 ns of CPU for [`Counters::request`] on an EPYC (2026-11-23). A [`Snapshot`]
//! adds them up, and costs whoever reads it some tens of microseconds.

mod histogram;
mod limited;
mod pending;
mod shard;
mod since;
mod slot;
mod snapshot;
#[cfg(test)]
mod tests;
mod words;

pub use crate::cache_state::CacheState;
pub use histogram::{BOUNDS, Histogram};
pub use limited::Limited;
pub use pending::{Asking, Filling};
pub use snapshot::{
    Broken, Connections, Disk, Documents, Held, Latency, Memory, Requests, Served, Snapshot,
    Upstream,
};
pub use words::{FillEnd, Kind, Outcome, Status};

use histogram::nanoseconds;
use shard::{Shards, Tally};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Counts. One for each NOPAR, shared by its parts.
pub struct Counters {
    shards: Shards,
}

impl Counters {
    /// All at 0, for a server of so many threads. More threads may count; it costs them a little more.
    pub fn new(threads: usize) -> Counters {
        Counters { shards: Shards::new(threads) }
    }

    /// A request is done: `bytes` of its answer's body were sent, and from the request's head to the end
    /// of the answer it took `duration`; `status` is 0 when there was none.
    #[inline]
    pub fn request(
        &self,
        kind: Kind,
        cache: CacheState,
        status: u16,
        bytes: u64,
        duration: Duration,
    ) {
        let (status, nanoseconds) = (Status::of(status), nanoseconds(duration));
        self.shards.mine().request(kind, cache, status, bytes, nanoseconds);
    }

    /// The answer to a request that was counted broke off: because of its client, or for lack of what was to be sent.
    pub fn answer_broke(&self, by_client: bool) {
        self.add(if by_client { Tally::CutOff } else { Tally::Broken }, 1);
    }

    /// A request to an upstream begins; how it ends is told to what is returned.
    pub fn asking(&self) -> Asking<'_> {
        Asking::new(self)
    }

    fn upstream(&self, outcome: Outcome, duration: Duration) {
        let mine = self.shards.mine();
        mine.upstream(outcome);
        if outcome.is_answer() {
            mine.upstream_took(nanoseconds(duration));
        }
    }

    /// So many bytes of a body came from an upstream.
    pub fn fetched(&self, bytes: usize) {
        self.add(Tally::FetchedBytes, bytes as u64);
    }

    /// A body from an upstream broke off.
    pub fn body_broke(&self) {
        self.add(Tally::BrokenBodies, 1);
    }

    /// Something was looked for in the memory tier, and found or not.
    #[inline]
    pub fn memory(&self, found: bool) {
        self.add(if found { Tally::MemoryHits } else { Tally::MemoryMisses }, 1);
    }

    /// A row of so many bytes had to leave the memory tier, or was not let in.
    pub fn memory_evicted(&self, bytes: u64) {
        self.add(Tally::MemoryLeft, 1);
        self.add(Tally::MemoryLeftBytes, bytes);
    }

    /// A fill of the cache directory begins; how it ends is told to what is returned.
    pub fn filling(self: &Arc<Self>) -> Filling {
        Filling::new(self)
    }

    fn filled(&self, end: FillEnd, bytes: u64) {
        let mine = self.shards.mine();
        mine.fill(end);
        mine.tally(Tally::FillBytes, bytes);
    }

    /// A file of so many bytes had to leave the cache directory.
    pub fn evicted(&self, bytes: u64) {
        self.add(Tally::Evictions, 1);
        self.add(Tally::EvictedBytes, bytes);
    }

    /// A file was dropped because of what it holds, or does not.
    pub fn damaged(&self) {
        self.add(Tally::Damaged, 1);
    }

    /// The directory was looked into once more for an entry, and it was there or not.
    pub fn looked_again(&self, found: bool) {
        self.add(Tally::LooksAgain, 1);
        self.add(Tally::FoundAgain, u64::from(found));
    }

    /// An entry was made of a packument that was so many bytes long when it was sent, in so much time.
    pub fn ingested(&self, bytes: usize, duration: Duration) {
        self.add(Tally::Ingested, 1);
        self.add(Tally::IngestedBytes, bytes as u64);
        self.add(Tally::IngestNanoseconds, nanoseconds(duration));
    }

    /// No entry could be made of what an upstream sent.
    pub fn ingest_refused(&self) {
        self.add(Tally::IngestRefused, 1);
    }

    /// A version was published here.
    pub fn published(&self) {
        self.add(Tally::Published, 1);
    }

    /// A connection was let in.
    pub fn connection_opened(&self) {
        self.add(Tally::Opened, 1);
    }

    /// A connection that had been let in is gone.
    pub fn connection_closed(&self) {
        self.add(Tally::Closed, 1);
    }

    /// A connection found no room.
    pub fn connection_refused(&self) {
        self.add(Tally::Refused, 1);
    }

    /// Something was not done because a limit was reached.
    pub fn limited(&self, limit: Limited) {
        self.shards.mine().limited(limit);
    }

    #[inline]
    fn add(&self, tally: Tally, more: u64) {
        self.shards.mine().tally(tally, more);
    }

    /// All that was counted, beside what is `held` just now.
    pub fn snapshot(&self, held: Held) -> Snapshot {
        Snapshot::of(&self.shards, held)
    }
}

impl fmt::Debug for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.snapshot(Held::default()).fmt(f)
    }
}
