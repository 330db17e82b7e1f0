//! A snapshot as a text: pure, and as long as there are sorts of things that were counted.
//! Knows nothing of the text's format, nor of who reads it.

use super::table;
use super::text::Text;
use crate::counters::{FillEnd, Limited, Outcome, Snapshot};
use std::time::{SystemTime, UNIX_EPOCH};

/// What is told of the process, and does not change.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    /// Which NOPAR it is.
    pub version: &'static str,
    /// When it started.
    pub started: SystemTime,
}

/// All metrics, of one moment.
///
/// What is counted by few words is there from the start, at 0, so that the first increase is one as well; what could be
/// counted in thousands of ways is there once it was counted.
pub fn render(process: Process, snapshot: &Snapshot) -> String {
    let mut text = Text::default();
    of_process(&mut text, process);
    requests(&mut text, snapshot);
    upstream(&mut text, snapshot);
    cache(&mut text, snapshot);
    memory(&mut text, snapshot);
    text.one(&table::STORE_PACKAGES, snapshot.held.hosted);
    text.one(&table::STORE_VERSIONS, snapshot.held.hosted_versions);
    text.one(&table::STORE_BYTES, snapshot.held.hosted_bytes);
    text.one(&table::PUBLISHES, snapshot.published);
    packuments(&mut text, snapshot);
    connections(&mut text, snapshot);
    limits(&mut text, snapshot);
    text.finish()
}

fn of_process(text: &mut Text, process: Process) {
    text.of(&table::BUILD_INFO).add(&[process.version], 1);
    let since = process.started.duration_since(UNIX_EPOCH).unwrap_or_default();
    text.one(&table::START_TIME, since.as_millis() as f64 / 1e3);
}

fn requests(text: &mut Text, snapshot: &Snapshot) {
    let mut samples = text.of(&table::REQUESTS);
    for row in &snapshot.requests {
        let status = row.status.to_string();
        samples.add(&[row.kind.as_str(), row.cache.as_str(), &status], row.count);
    }
    let mut samples = text.of(&table::SERVED);
    for row in &snapshot.served {
        samples.add(&[row.kind.as_str(), row.cache.as_str()], row.bytes);
    }
    let mut samples = text.of(&table::BROKEN);
    samples.add(&["client"], snapshot.broken.by_clients);
    samples.add(&["source"], snapshot.broken.for_lack);
    let mut samples = text.of(&table::DURATION);
    for row in &snapshot.latency {
        samples.histogram(&[row.cache.as_str()], &row.durations);
    }
    text.one(&table::IN_FLIGHT, snapshot.held.in_flight);
}

fn upstream(text: &mut Text, snapshot: &Snapshot) {
    let mut samples = text.of(&table::UPSTREAM_REQUESTS);
    for outcome in Outcome::ALL {
        samples.add(&[outcome.as_str()], snapshot.upstream_requests(outcome));
    }
    text.of(&table::UPSTREAM_DURATION).histogram(&[], &snapshot.upstream.latency);
    text.one(&table::FETCHED, snapshot.upstream.fetched_bytes);
    text.one(&table::BROKEN_BODIES, snapshot.upstream.broken_bodies);
}

fn cache(text: &mut Text, snapshot: &Snapshot) {
    let (held, disk) = (&snapshot.held, &snapshot.disk);
    text.one(&table::CACHE_ENTRIES, held.disk_entries);
    text.one(&table::CACHE_BYTES, held.disk_bytes);
    text.one(&table::CACHE_LIMIT, held.disk_limit);
    let mut samples = text.of(&table::FILLS);
    for end in FillEnd::ALL {
        samples.add(&[end.as_str()], snapshot.fills(end));
    }
    text.one(&table::FILLED, disk.fill_bytes);
    text.one(&table::EVICTIONS, disk.evictions);
    text.one(&table::EVICTED, disk.evicted_bytes);
    text.one(&table::DAMAGED, disk.damaged);
    let mut samples = text.of(&table::LOOKED_AGAIN);
    samples.add(&["found"], disk.found_again);
    samples.add(&["absent"], disk.looked_again.saturating_sub(disk.found_again));
    text.one(&table::CACHE_FREE, held.disk_free);
    text.one(&table::CACHE_MIN_FREE, held.disk_min_free);
}

fn memory(text: &mut Text, snapshot: &Snapshot) {
    let (held, memory) = (&snapshot.held, &snapshot.memory);
    text.one(&table::MEMORY_BYTES, held.memory_bytes);
    text.one(&table::MEMORY_LIMIT, held.memory_limit);
    text.one(&table::MEMORY_ROWS, held.memory_rows);
    let mut samples = text.of(&table::MEMORY_LOOKUPS);
    samples.add(&["hit"], memory.hits);
    samples.add(&["miss"], memory.misses);
    text.one(&table::MEMORY_EVICTIONS, memory.evictions);
    text.one(&table::MEMORY_EVICTED, memory.evicted_bytes);
}

fn packuments(text: &mut Text, snapshot: &Snapshot) {
    let documents = &snapshot.documents;
    text.one(&table::PACKUMENTS, documents.ingested);
    text.one(&table::PACKUMENT_BYTES, documents.bytes);
    text.one(&table::PACKUMENT_SECONDS, documents.duration_ns as f64 / 1e9);
    text.one(&table::PACKUMENTS_REFUSED, documents.refused);
}

fn connections(text: &mut Text, snapshot: &Snapshot) {
    let connections = &snapshot.connections;
    text.one(&table::CONNECTIONS, connections.open());
    text.one(&table::CONNECTIONS_OPENED, connections.opened);
    text.one(&table::CONNECTIONS_REFUSED, connections.refused);
}

fn limits(text: &mut Text, snapshot: &Snapshot) {
    let mut samples = text.of(&table::LIMITED);
    for limit in Limited::ALL {
        samples.add(&[limit.as_str()], snapshot.limited(limit));
    }
}
