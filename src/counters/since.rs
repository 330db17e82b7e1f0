//! The difference of two snapshots: what came between them.
//! Knows nothing of when they were taken.

use super::snapshot::{
    Broken, Connections, Disk, Documents, Latency, Memory, Requests, Served, Snapshot, Upstream,
};

impl Snapshot {
    /// What was counted after `earlier`; `held` is this one's.
    pub fn since(&self, earlier: &Snapshot) -> Snapshot {
        Snapshot {
            requests: requests(self, earlier),
            served: served(self, earlier),
            broken: broken(self.broken, earlier.broken),
            latency: latency(self, earlier),
            upstream: upstream(&self.upstream, &earlier.upstream),
            memory: memory(self.memory, earlier.memory),
            disk: disk(&self.disk, &earlier.disk),
            documents: documents(self.documents, earlier.documents),
            published: less(self.published, earlier.published),
            connections: connections(self.connections, earlier.connections),
            limited: counts(&self.limited, &earlier.limited),
            held: self.held,
        }
    }
}

fn requests(now: &Snapshot, before: &Snapshot) -> Vec<Requests> {
    let earlier = |row: &Requests| {
        let same = |other: &Requests| Requests { count: row.count, ..*other } == *row;
        before.requests_where(same)
    };
    let row = |row: &Requests| Requests { count: less(row.count, earlier(row)), ..*row };
    now.requests.iter().map(row).filter(|row| row.count > 0).collect()
}

fn served(now: &Snapshot, before: &Snapshot) -> Vec<Served> {
    let earlier = |row: &Served| {
        let same = |other: &Served| Served { bytes: row.bytes, ..*other } == *row;
        before.served_where(same)
    };
    let row = |row: &Served| Served { bytes: less(row.bytes, earlier(row)), ..*row };
    now.served.iter().map(row).filter(|row| row.bytes > 0).collect()
}

fn broken(now: Broken, before: Broken) -> Broken {
    Broken {
        by_clients: less(now.by_clients, before.by_clients),
        for_lack: less(now.for_lack, before.for_lack),
    }
}

fn latency(now: &Snapshot, before: &Snapshot) -> Vec<Latency> {
    let row = |row: &Latency| {
        let earlier = before.latency_where(|cache| cache == row.cache);
        Latency { cache: row.cache, durations: row.durations.since(&earlier) }
    };
    now.latency.iter().map(row).filter(|row| row.durations.count() > 0).collect()
}

fn upstream(now: &Upstream, before: &Upstream) -> Upstream {
    Upstream {
        outcomes: counts(&now.outcomes, &before.outcomes),
        latency: now.latency.since(&before.latency),
        fetched_bytes: less(now.fetched_bytes, before.fetched_bytes),
        broken_bodies: less(now.broken_bodies, before.broken_bodies),
    }
}

fn memory(now: Memory, before: Memory) -> Memory {
    Memory {
        hits: less(now.hits, before.hits),
        misses: less(now.misses, before.misses),
        evictions: less(now.evictions, before.evictions),
        evicted_bytes: less(now.evicted_bytes, before.evicted_bytes),
    }
}

fn disk(now: &Disk, before: &Disk) -> Disk {
    Disk {
        fills: counts(&now.fills, &before.fills),
        fill_bytes: less(now.fill_bytes, before.fill_bytes),
        evictions: less(now.evictions, before.evictions),
        evicted_bytes: less(now.evicted_bytes, before.evicted_bytes),
        damaged: less(now.damaged, before.damaged),
        looked_again: less(now.looked_again, before.looked_again),
        found_again: less(now.found_again, before.found_again),
    }
}

fn documents(now: Documents, before: Documents) -> Documents {
    Documents {
        ingested: less(now.ingested, before.ingested),
        bytes: less(now.bytes, before.bytes),
        duration_ns: less(now.duration_ns, before.duration_ns),
        refused: less(now.refused, before.refused),
    }
}

fn connections(now: Connections, before: Connections) -> Connections {
    Connections {
        opened: less(now.opened, before.opened),
        closed: less(now.closed, before.closed),
        refused: less(now.refused, before.refused),
    }
}

fn counts<T: Copy + PartialEq>(now: &[(T, u64)], before: &[(T, u64)]) -> Vec<(T, u64)> {
    let earlier = |which: T| before.iter().find(|(this, _)| *this == which).map_or(0, |row| row.1);
    let rows = now.iter().map(|(which, count)| (*which, less(*count, earlier(*which))));
    rows.filter(|(_, count)| *count > 0).collect()
}

fn less(now: u64, before: u64) -> u64 {
    now.saturating_sub(before)
}
