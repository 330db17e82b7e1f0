//! Counting and reading, together.
//! Knows nothing of how numbers are kept.

use super::*;
use proptest::prelude::*;
use std::thread;

const THREADS: usize = 16;
const EACH: u64 = 20_000;

fn read(counters: &Counters) -> Snapshot {
    counters.snapshot(Held::default())
}

/// More threads than have numbers of their own, all at once, and once more by others that get the
/// numbers of the first: nothing is lost.
#[test]
fn no_addition_is_lost() {
    let counters = &Counters::new(0);
    for round in 1..=2 {
        thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|_| {
                    scope.spawn(|| {
                        for number in 0..EACH {
                            let took = Duration::from_micros(number % 100);
                            counters.request(Kind::Tarball, CacheState::Hit, 200, 3, took);
                            counters.fetched(2);
                            counters.memory(number % 4 != 0);
                        }
                    })
                })
                .collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        });
        let all = round * THREADS as u64 * EACH;
        let snapshot = read(counters);
        let (kind, cache, status) = (Kind::Tarball, CacheState::Hit, Status::of(200));
        assert_eq!(snapshot.requests, [Requests { kind, cache, status, count: all }]);
        assert_eq!(snapshot.served, [Served { kind, cache, bytes: 3 * all }]);
        assert_eq!(snapshot.upstream.fetched_bytes, 2 * all);
        assert_eq!((snapshot.memory.hits, snapshot.memory.misses), (all / 4 * 3, all / 4));
        let durations = snapshot.latency_where(|_| true);
        assert_eq!(durations.count(), all);
        assert_eq!(durations.sum_ns, all / 100 * 4950 * 1000);
    }
}

/// Who reads while others count reads numbers that only grow.
#[test]
fn numbers_only_grow() {
    let counters = &Counters::new(1);
    thread::scope(|scope| {
        let counting = scope.spawn(|| (0..EACH).for_each(|_| counters.fetched(1)));
        let mut last = 0;
        while !counting.is_finished() {
            let now = read(counters).upstream.fetched_bytes;
            assert!(now >= last);
            last = now;
        }
    });
    assert_eq!(read(counters).upstream.fetched_bytes, EACH);
}

#[test]
fn each_thing_is_counted_where_it_is_read() {
    let counters = Arc::new(Counters::new(1));
    let before = read(&counters);
    counters.fetched(10);
    counters.body_broke();
    counters.memory_evicted(20);
    counters.evicted(30);
    counters.damaged();
    counters.looked_again(true);
    counters.looked_again(false);
    counters.ingested(40, Duration::from_nanos(50));
    counters.ingest_refused();
    counters.published();
    (0..3).for_each(|_| counters.connection_opened());
    counters.connection_closed();
    counters.connection_refused();
    let now = read(&counters);
    assert_eq!((now.upstream.fetched_bytes, now.upstream.broken_bodies), (10, 1));
    let memory = Memory { hits: 0, misses: 0, evictions: 1, evicted_bytes: 20 };
    assert_eq!(now.memory, memory);
    let disk = Disk {
        fills: Vec::new(),
        fill_bytes: 0,
        evictions: 1,
        evicted_bytes: 30,
        damaged: 1,
        looked_again: 2,
        found_again: 1,
    };
    assert_eq!(now.disk, disk);
    let documents = Documents { ingested: 1, bytes: 40, duration_ns: 50, refused: 1 };
    assert_eq!(now.documents, documents);
    assert_eq!(now.published, 1);
    assert_eq!(now.connections, Connections { opened: 3, closed: 1, refused: 1 });
    assert_eq!(now.connections.open(), 2);
    assert_eq!(now.since(&before), now);
    assert_eq!(now.since(&now), before);
}

#[test]
fn what_is_dropped_is_counted_as_that() {
    let counters = Arc::new(Counters::new(1));
    drop(counters.asking());
    counters.asking().ends(Outcome::Busy);
    counters.asking().ends(Outcome::Success);
    drop(counters.filling());
    counters.filling().kept(100);
    counters.filling().wrong();
    counters.filling().unkept();
    let now = read(&counters);
    let one_each = [Outcome::Success, Outcome::Busy, Outcome::Abandoned].map(|o| (o, 1));
    assert_eq!(now.upstream.outcomes, one_each);
    assert_eq!(now.upstream.latency.count(), 1, "of answers only");
    assert_eq!(now.disk.fills, FillEnd::ALL.map(|end| (end, 1)));
    assert_eq!(now.disk.fill_bytes, 100);
}

/// What pages and scripts will read.
#[test]
fn a_snapshot_is_written_in_plain_words() {
    let counters = Counters::new(1);
    counters.request(Kind::DistTags, CacheState::None, 418, 5, Duration::from_micros(18));
    let written = serde_json::to_value(read(&counters)).unwrap();
    let expected = serde_json::json!([
        {"kind": "dist_tags", "cache": "none", "status": "4xx", "count": 1}
    ]);
    assert_eq!(written["requests"], expected);
    assert_eq!(written["latency"][0]["durations"]["buckets"][1], 1);
    assert_eq!(written["latency"][0]["durations"]["sum_ns"], 18_000);
}

fn any_request() -> impl Strategy<Value = (Kind, CacheState, u16, u64, u64)> {
    let kind = prop::sample::select(Kind::ALL.to_vec());
    let cache = prop::sample::select(CacheState::ALL.to_vec());
    (kind, cache, any::<u16>(), 0..1_u64 << 40, 0..1_u64 << 40)
}

proptest! {
    /// However they are added up, there are as many requests.
    #[test]
    fn the_sums_are_equal(requests in prop::collection::vec(any_request(), 0..100)) {
        let counters = Counters::new(1);
        for (kind, cache, status, bytes, nanoseconds) in &requests {
            counters.request(*kind, *cache, *status, *bytes, Duration::from_nanos(*nanoseconds));
        }
        let snapshot = read(&counters);
        let all = requests.len() as u64;
        let by_kind = Kind::ALL.map(|kind| snapshot.requests_where(|row| row.kind == kind));
        let by_cache = CacheState::ALL.map(|cache| snapshot.requests_where(|r| r.cache == cache));
        let by_class = [0, 1, 2, 3, 4, 5].map(|class| snapshot.requests_where(|r| r.status.class() == class));
        let durations = CacheState::ALL.map(|cache| snapshot.latency_where(|this| this == cache).count());
        prop_assert_eq!(by_kind.iter().sum::<u64>(), all);
        prop_assert_eq!(by_class.iter().sum::<u64>(), all);
        prop_assert_eq!(by_cache.iter().sum::<u64>(), all);
        prop_assert_eq!(durations, by_cache);
        prop_assert_eq!(snapshot.latency_where(|_| true).count(), all);
        prop_assert_eq!(snapshot.served_where(|_| true), requests.iter().map(|r| r.3).sum::<u64>());
        prop_assert_eq!(snapshot.latency_where(|_| true).sum_ns, requests.iter().map(|r| r.4).sum::<u64>());
    }
}
