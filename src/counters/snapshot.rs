//! What was counted, as plain numbers at one moment.
//! Knows nothing of how they were counted, nor of who shows them.
//!
//! All numbers grow from 0 at the start of the process, but for those of [`Held`], which say how much
//! there is just now. Numbers that belong together may differ by what happened while they were read.

use super::histogram::Histogram;
use super::limited::Limited;
use super::shard::{Shards, Tally};
use super::words::{FillEnd, Kind, Outcome, Status};
use crate::cache_state::CacheState;
use serde::Serialize;

/// What the parts hold just now: they know it themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Requests and fills that are going on.
    pub in_flight: u64,
    /// Names that are the registry's own, as far as they were looked at.
    pub hosted: u64,
    /// Versions of their packages.
    pub hosted_versions: u64,
    /// Bytes of the tarballs of these.
    pub hosted_bytes: u64,
    /// Bytes that the memory tier holds, as it weighs them.
    pub memory_bytes: u64,
    /// The most it may hold, in bytes.
    pub memory_limit: u64,
    /// Its rows: views, indexes, small tarballs.
    pub memory_rows: u64,
    /// Entries of the cache directory.
    pub disk_entries: u64,
    /// Bytes of their files.
    pub disk_bytes: u64,
    /// The most these may be, in bytes.
    pub disk_limit: u64,
    /// Bytes that were free of their file system when it was last looked at; 0 if it is not.
    pub disk_free: u64,
    /// The least that is to be free of it, in bytes; 0 if it is not looked at.
    pub disk_min_free: u64,
}

/// Requests of one sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Requests {
    /// What they asked for.
    pub kind: Kind,
    /// Where the answers came from.
    pub cache: CacheState,
    /// The answers' status.
    pub status: Status,
    /// How many there were.
    pub count: u64,
}

/// Bodies of one sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Served {
    /// What was asked for.
    pub kind: Kind,
    /// Where the answers came from.
    pub cache: CacheState,
    /// Bytes of bodies as sent, without heads and framing.
    pub bytes: u64,
}

/// Answers that broke off after their heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Because the client left, or took too little.
    pub by_clients: u64,
    /// Because what was to be sent could not be had: a damaged file, an upstream that broke off.
    pub for_lack: u64,
}

/// How long requests took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// Where the answers came from.
    pub cache: CacheState,
    /// From the request to the end of the answer, which is when its last bytes are the system's to send.
    pub durations: Histogram,
}

/// Requests to upstreams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Upstream {
    /// How many ended in each way, if any did.
    pub outcomes: Vec<(Outcome, u64)>,
    /// How long those that were answered waited for the head of the answer, from where they had a place
    /// among the requests to their upstream.
    pub latency: Histogram,
    /// Bytes of bodies as sent, also of those that nobody wanted.
    pub fetched_bytes: u64,
    /// Bodies that broke off, or of which nothing came for too long.
    pub broken_bodies: u64,
}

/// Look-ups in the memory tier, and what left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// Look-ups that found what they looked for, or waited while another made it.
    pub hits: u64,
    /// Look-ups that did not.
    pub misses: u64,
    /// Rows that had to make room, or that are too large to be kept.
    pub evictions: u64,
    /// Their weight in bytes.
    pub evicted_bytes: u64,
}

/// What became of files in the cache directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disk {
    /// How many fills ended in each way, if any did.
    pub fills: Vec<(FillEnd, u64)>,
    /// Bytes of the files that were kept.
    pub fill_bytes: u64,
    /// Files that had to make room.
    pub evictions: u64,
    /// Their bytes.
    pub evicted_bytes: u64,
    /// Files that were dropped because they could not be read, or were damaged.
    pub damaged: u64,
    /// How often the directory was looked into for what another process may have written.
    pub looked_again: u64,
    /// How often that helped.
    pub found_again: u64,
}

/// Packuments that were made entries of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Documents {
    /// How many.
    pub ingested: u64,
    /// Their bytes as upstreams sent them, which may be packed.
    pub bytes: u64,
    /// How long it took to read, check, render and pack them, in nanoseconds; to wait for that is not in
    /// it.
    pub duration_ns: u64,
    /// Those that were none, or another package's, or too long. They count nowhere else here.
    pub refused: u64,
}

/// Connections of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Connections {
    /// Those that were let in.
    pub opened: u64,
    /// Those of them that have ended.
    pub closed: u64,
    /// Those for which there was no room.
    pub refused: u64,
}

impl Connections {
    /// How many there are.
    pub fn open(&self) -> u64 {
        self.opened.saturating_sub(self.closed)
    }
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// How many requests there were of each sort, if there were any.
    pub requests: Vec<Requests>,
    /// How many bytes were served with them.
    pub served: Vec<Served>,
    /// Those of them that broke off.
    pub broken: Broken,
    /// How long they took.
    pub latency: Vec<Latency>,
    /// What upstreams were asked.
    pub upstream: Upstream,
    /// The memory tier.
    pub memory: Memory,
    /// The cache directory.
    pub disk: Disk,
    /// Packuments.
    pub documents: Documents,
    /// Versions that were published here.
    pub published: u64,
    /// Connections.
    pub connections: Connections,
    /// How often each limit was reached, if it was.
    pub limited: Vec<(Limited, u64)>,
    /// What there is just now.
    pub held: Held,
}

impl Snapshot {
    pub(super) fn of(shards: &Shards, held: Held) -> Snapshot {
        Snapshot {
            requests: requests(shards),
            served: served(shards),
            broken: Broken {
                by_clients: shards.tally(Tally::CutOff),
                for_lack: shards.tally(Tally::Broken),
            },
            latency: latency(shards),
            upstream: upstream(shards),
            memory: Memory {
                hits: shards.tally(Tally::MemoryHits),
                misses: shards.tally(Tally::MemoryMisses),
                evictions: shards.tally(Tally::MemoryLeft),
                evicted_bytes: shards.tally(Tally::MemoryLeftBytes),
            },
            disk: disk(shards),
            documents: Documents {
                ingested: shards.tally(Tally::Ingested),
                bytes: shards.tally(Tally::IngestedBytes),
                duration_ns: shards.tally(Tally::IngestNanoseconds),
                refused: shards.tally(Tally::IngestRefused),
            },
            published: shards.tally(Tally::Published),
            connections: Connections {
                // First: what was opened after that shall not be closed before it.
                closed: shards.tally(Tally::Closed),
                opened: shards.tally(Tally::Opened),
                refused: shards.tally(Tally::Refused),
            },
            limited: limited(shards),
            held,
        }
    }

    /// Requests of certain sorts: `|r| r.kind == Kind::Tarball && r.status.class() == 5`.
    pub fn requests_where(&self, of: impl Fn(&Requests) -> bool) -> u64 {
        self.requests.iter().filter(|row| of(row)).map(|row| row.count).sum()
    }

    /// Bytes of bodies of certain sorts that were served.
    pub fn served_where(&self, of: impl Fn(&Served) -> bool) -> u64 {
        self.served.iter().filter(|row| of(row)).map(|row| row.bytes).sum()
    }

    /// How long requests took whose answers came from certain places.
    pub fn latency_where(&self, of: impl Fn(CacheState) -> bool) -> Histogram {
        let rows = self.latency.iter().filter(|row| of(row.cache));
        rows.fold(Histogram::default(), |sum, row| sum.and(&row.durations))
    }

    /// Requests to upstreams that ended in this way.
    pub fn upstream_requests(&self, outcome: Outcome) -> u64 {
        count_of(&self.upstream.outcomes, outcome)
    }

    /// Fills of the cache directory that ended in this way.
    pub fn fills(&self, end: FillEnd) -> u64 {
        count_of(&self.disk.fills, end)
    }

    /// How often this limit was reached.
    pub fn limited(&self, limit: Limited) -> u64 {
        count_of(&self.limited, limit)
    }
}

fn count_of<T: PartialEq>(counts: &[(T, u64)], which: T) -> u64 {
    counts.iter().filter(|(this, _)| *this == which).map(|(_, count)| count).sum()
}

/// All sorts of requests.
fn sorts() -> impl Iterator<Item = (Kind, CacheState)> {
    Kind::ALL.into_iter().flat_map(|kind| CacheState::ALL.map(|cache| (kind, cache)))
}

fn requests(shards: &Shards) -> Vec<Requests> {
    let statuses = || (0..Status::COUNT).map(Status::of_number);
    let all = sorts().flat_map(|(kind, cache)| statuses().map(move |s| (kind, cache, s)));
    all.map(|(kind, cache, status)| {
        let count = shards.requests(kind, cache, status);
        Requests { kind, cache, status, count }
    })
    .filter(|row| row.count > 0)
    .collect()
}

fn served(shards: &Shards) -> Vec<Served> {
    let row = |(kind, cache)| Served { kind, cache, bytes: shards.served(kind, cache) };
    sorts().map(row).filter(|row| row.bytes > 0).collect()
}

fn latency(shards: &Shards) -> Vec<Latency> {
    let row = |cache| Latency { cache, durations: shards.latency(cache) };
    CacheState::ALL.into_iter().map(row).filter(|row| row.durations.count() > 0).collect()
}

fn upstream(shards: &Shards) -> Upstream {
    let outcomes = Outcome::ALL.map(|outcome| (outcome, shards.upstream(outcome)));
    Upstream {
        outcomes: outcomes.into_iter().filter(|(_, count)| *count > 0).collect(),
        latency: shards.upstream_latency(),
        fetched_bytes: shards.tally(Tally::FetchedBytes),
        broken_bodies: shards.tally(Tally::BrokenBodies),
    }
}

fn disk(shards: &Shards) -> Disk {
    let fills = FillEnd::ALL.map(|end| (end, shards.fills(end)));
    Disk {
        fills: fills.into_iter().filter(|(_, count)| *count > 0).collect(),
        fill_bytes: shards.tally(Tally::FillBytes),
        evictions: shards.tally(Tally::Evictions),
        evicted_bytes: shards.tally(Tally::EvictedBytes),
        damaged: shards.tally(Tally::Damaged),
        looked_again: shards.tally(Tally::LooksAgain),
        found_again: shards.tally(Tally::FoundAgain),
    }
}

fn limited(shards: &Shards) -> Vec<(Limited, u64)> {
    let limits = Limited::ALL.map(|limit| (limit, shards.limited(limit)));
    limits.into_iter().filter(|(_, count)| *count > 0).collect()
}
