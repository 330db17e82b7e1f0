//! The numbers themselves: one set for each thread, so that no two threads write to one cache line.
//! Knows nothing of what they mean beyond their places.

use super::histogram::{BUCKETS, Histogram, bucket_of};
use super::limited::Limited;
use super::slot;
use super::words::{FillEnd, Kind, Outcome, Status};
use crate::cache_state::CacheState;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// Threads beyond the server's own that count now and then: the main thread, those that read and
/// write files, those that work on documents. Others share a set.
const SPARE: usize = 8;

const KINDS: usize = Kind::ALL.len();
const STATES: usize = CacheState::ALL.len();

/// What is just counted, or summed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tally {
    FetchedBytes,
    BrokenBodies,
    MemoryHits,
    MemoryMisses,
    MemoryLeft,
    MemoryLeftBytes,
    FillBytes,
    Evictions,
    EvictedBytes,
    Damaged,
    LooksAgain,
    FoundAgain,
    Ingested,
    IngestedBytes,
    IngestNanoseconds,
    IngestRefused,
    Published,
    Opened,
    Closed,
    Refused,
    CutOff,
    Broken,
}

const TALLIES: usize = Tally::Broken as usize + 1;

/// One set of numbers. Twice a cache line, as processors fetch lines in pairs.
#[repr(align(128))]
pub(super) struct Shard {
    requests: [AtomicU64; KINDS * STATES * Status::COUNT],
    served: [AtomicU64; KINDS * STATES],
    latency: [Durations; STATES],
    upstream: [AtomicU64; Outcome::ALL.len()],
    upstream_latency: Durations,
    fills: [AtomicU64; FillEnd::ALL.len()],
    tallies: [AtomicU64; TALLIES],
    limited: [AtomicU64; Limited::ALL.len()],
}

struct Durations {
    buckets: [AtomicU64; BUCKETS],
    nanoseconds: AtomicU64,
}

fn zeros<const N: usize>() -> [AtomicU64; N] {
    [const { AtomicU64::new(0) }; N]
}

impl Durations {
    fn none() -> Durations {
        Durations { buckets: zeros(), nanoseconds: AtomicU64::new(0) }
    }
}

impl Shard {
    fn new() -> Shard {
        Shard {
            requests: zeros(),
            served: zeros(),
            latency: std::array::from_fn(|_| Durations::none()),
            upstream: zeros(),
            upstream_latency: Durations::none(),
            fills: zeros(),
            tallies: zeros(),
            limited: zeros(),
        }
    }
}

/// All sets.
pub(super) struct Shards {
    own: Box<[Shard]>,
    /// Of threads for which there is none.
    shared: Box<Shard>,
}

/// The set of the thread that asked for it.
#[derive(Clone, Copy)]
pub(super) struct Mine<'a> {
    shard: &'a Shard,
    alone: bool,
}

impl Shards {
    /// Enough of them for a server of so many threads.
    pub(super) fn new(threads: usize) -> Shards {
        let own = (0..threads + SPARE).map(|_| Shard::new()).collect();
        Shards { own, shared: Box::new(Shard::new()) }
    }

    #[inline]
    pub(super) fn mine(&self) -> Mine<'_> {
        match self.own.get(slot::current()) {
            Some(shard) => Mine { shard, alone: true },
            None => Mine { shard: &self.shared, alone: false },
        }
    }

    fn sum(&self, number: impl Fn(&Shard) -> &AtomicU64) -> u64 {
        let all = self.own.iter().chain([&*self.shared]);
        all.fold(0, |sum, shard| sum.wrapping_add(number(shard).load(Relaxed)))
    }

    fn histogram(&self, durations: impl Fn(&Shard) -> &Durations) -> Histogram {
        let bucket = |bucket: usize| self.sum(|shard| &durations(shard).buckets[bucket]);
        Histogram {
            buckets: (0..BUCKETS).map(bucket).collect(),
            sum_ns: self.sum(|shard| &durations(shard).nanoseconds),
        }
    }

    pub(super) fn requests(&self, kind: Kind, cache: CacheState, status: Status) -> u64 {
        let place = place(kind, cache) * Status::COUNT + status.number();
        self.sum(|shard| &shard.requests[place])
    }

    pub(super) fn served(&self, kind: Kind, cache: CacheState) -> u64 {
        self.sum(|shard| &shard.served[place(kind, cache)])
    }

    pub(super) fn latency(&self, cache: CacheState) -> Histogram {
        self.histogram(|shard| &shard.latency[cache as usize])
    }

    pub(super) fn upstream(&self, outcome: Outcome) -> u64 {
        self.sum(|shard| &shard.upstream[outcome as usize])
    }

    pub(super) fn upstream_latency(&self) -> Histogram {
        self.histogram(|shard| &shard.upstream_latency)
    }

    pub(super) fn fills(&self, end: FillEnd) -> u64 {
        self.sum(|shard| &shard.fills[end as usize])
    }

    pub(super) fn limited(&self, limit: Limited) -> u64 {
        self.sum(|shard| &shard.limited[limit as usize])
    }

    pub(super) fn tally(&self, tally: Tally) -> u64 {
        self.sum(|shard| &shard.tallies[tally as usize])
    }
}

#[inline]
fn place(kind: Kind, cache: CacheState) -> usize {
    kind as usize * STATES + cache as usize
}

impl Mine<'_> {
    /// To a number that only this thread writes, an addition is a load and a store: a locked
    /// instruction would cost some five nanoseconds each.
    #[inline]
    fn add(self, number: &AtomicU64, more: u64) {
        if self.alone {
            number.store(number.load(Relaxed).wrapping_add(more), Relaxed);
        } else {
            number.fetch_add(more, Relaxed);
        }
    }

    #[inline]
    fn took(self, durations: &Durations, nanoseconds: u64) {
        self.add(&durations.buckets[bucket_of(nanoseconds)], 1);
        self.add(&durations.nanoseconds, nanoseconds);
    }

    #[inline]
    pub(super) fn request(
        self,
        kind: Kind,
        cache: CacheState,
        status: Status,
        bytes: u64,
        nanoseconds: u64,
    ) {
        let place = place(kind, cache);
        self.add(&self.shard.served[place], bytes);
        self.took(&self.shard.latency[cache as usize], nanoseconds);
        self.add(&self.shard.requests[place * Status::COUNT + status.number()], 1);
    }

    pub(super) fn upstream(self, outcome: Outcome) {
        self.add(&self.shard.upstream[outcome as usize], 1);
    }

    pub(super) fn upstream_took(self, nanoseconds: u64) {
        self.took(&self.shard.upstream_latency, nanoseconds);
    }

    pub(super) fn fill(self, end: FillEnd) {
        self.add(&self.shard.fills[end as usize], 1);
    }

    pub(super) fn limited(self, limit: Limited) {
        self.add(&self.shard.limited[limit as usize], 1);
    }

    #[inline]
    pub(super) fn tally(self, tally: Tally, more: u64) {
        self.add(&self.shard.tallies[tally as usize], more);
    }
}
