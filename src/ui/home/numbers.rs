//! What was counted, in few numbers.
//! Knows nothing of how it was counted.

use crate::cache_state::CacheState;
use crate::counters::{Histogram, Kind, Requests, Snapshot};
use crate::history::Did;
use crate::web::{Stat, bytes, count, part};

/// What was asked for, how much of it was held, and what that saved.
pub(super) fn traffic(snapshot: &Snapshot) -> Vec<Stat> {
    // As the curves have it.
    let Did { requests, served, fetched, .. } = Did::of(snapshot);
    let saved = served.saturating_sub(fetched);
    let more = String::new;
    vec![
        Stat { value: count(requests), name: "requests", more: more() },
        ratio(snapshot, "packument hits", |kind| {
            matches!(kind, Kind::Packument | Kind::Manifest | Kind::DistTags)
        }),
        ratio(snapshot, "tarball hits", |kind| kind == Kind::Tarball),
        Stat { value: bytes(served), name: "served", more: more() },
        Stat { value: bytes(fetched), name: "fetched", more: more() },
        Stat {
            value: part(saved, served),
            name: "saved",
            more: format!("{} were not fetched again", bytes(saved)),
        },
    ]
}

/// How many requests of these kinds waited for no upstream.
fn ratio(snapshot: &Snapshot, name: &'static str, of: impl Fn(Kind) -> bool) -> Stat {
    let is_one =
        |row: &Requests| of(row.kind) && row.cache != CacheState::None && row.status.class() < 5;
    let all = snapshot.requests_where(|row| is_one(row));
    let hits = snapshot.requests_where(|row| is_one(row) && row.cache.is_hit());
    let more = format!("{} of {} waited for no upstream", count(hits), count(all));
    Stat { value: part(hits, all), name, more }
}

/// What is taken of what may be.
pub(super) fn room(snapshot: &Snapshot) -> Vec<Stat> {
    let held = &snapshot.held;
    let of = |used: u64, limit: u64, number: u64, what: &str| {
        format!("{} of {}, {} {what}", bytes(used), bytes(limit), count(number))
    };
    let is_low = match held.disk_free < held.disk_min_free {
        true => "; nothing more is kept, as too little of its disk is free (NOPAR_CACHE_MIN_FREE)",
        false => "",
    };
    vec![
        Stat {
            value: part(held.disk_bytes, held.disk_limit),
            name: "of the cache on disk",
            more: of(held.disk_bytes, held.disk_limit, held.disk_entries, "files") + is_low,
        },
        Stat {
            value: part(held.memory_bytes, held.memory_limit),
            name: "of the memory tier",
            more: of(held.memory_bytes, held.memory_limit, held.memory_rows, "views"),
        },
        Stat {
            value: count(snapshot.connections.open()),
            name: if snapshot.connections.open() == 1 { "connection" } else { "connections" },
            more: String::new(),
        },
    ]
}

/// How long an upstream takes.
pub(super) fn latency(latency: &Histogram) -> String {
    let (half, most) = (latency.quantile(0.5), latency.quantile(0.95));
    match half.zip(most) {
        None => "nothing was asked yet".to_owned(),
        Some((half, most)) => format!(
            "half of {} answers came within {} ms, 95 % within {} ms",
            count(latency.count()),
            count(half.as_millis() as u64),
            count(most.as_millis() as u64)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::{Counters, Held};
    use std::time::Duration;

    fn value(stats: &[Stat], name: &str) -> String {
        stats.iter().find(|stat| stat.name == name).unwrap().value.clone()
    }

    #[test]
    fn what_waited_for_no_upstream_is_held() {
        let counters = Counters::new(1);
        let count = |kind, cache, status| {
            counters.request(kind, cache, status, 1000, Duration::from_millis(1));
        };
        count(Kind::Packument, CacheState::Hit, 200);
        count(Kind::Packument, CacheState::Hit, 304);
        count(Kind::Manifest, CacheState::Miss, 200);
        count(Kind::Packument, CacheState::Miss, 502);
        count(Kind::Packument, CacheState::None, 404);
        count(Kind::Tarball, CacheState::Hosted, 200);
        count(Kind::Page, CacheState::None, 200);
        let snapshot = counters.snapshot(Held::default());
        let stats = traffic(&snapshot);
        assert_eq!(value(&stats, "requests"), "6");
        assert_eq!(value(&stats, "packument hits"), "66.7 %");
        assert_eq!(value(&stats, "tarball hits"), "100 %");
        assert_eq!(value(&stats, "served"), "5.9 KiB");
        assert_eq!(value(&stats, "saved"), "100 %");
        assert_eq!(latency(&snapshot.upstream.latency), "nothing was asked yet");
    }

    #[test]
    fn room_is_told_in_parts_of_what_there_is() {
        let held = Held {
            disk_bytes: 28 << 20,
            disk_limit: 10 << 30,
            disk_entries: 12,
            ..Held::default()
        };
        let stats = room(&Counters::new(1).snapshot(held));
        assert_eq!(value(&stats, "of the cache on disk"), "0.3 %");
        assert_eq!(stats[0].more, "28 MiB of 10 GiB, 12 files");
        assert_eq!(value(&stats, "of the memory tier"), "–");
        let held = Held { disk_free: 1 << 30, disk_min_free: 2 << 30, ..held };
        let more = &room(&Counters::new(1).snapshot(held))[0].more;
        assert!(
            more.starts_with(&*stats[0].more) && more.contains("NOPAR_CACHE_MIN_FREE"),
            "{more}"
        );
    }
}
