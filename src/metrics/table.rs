//! Every metric: its name, its type, its labels, its meaning.
//! Knows nothing of numbers. `docs/metrics.md` says the same to people, and a test holds the two together.
//!
//! No label is a package, a user or an address: how many there are of each is not NOPAR's to bound.

/// A metric.
#[derive(Clone, Copy, Debug)]
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) of: Type,
    /// Its labels, in the order in which their values are given.
    pub(super) labels: &'static [&'static str],
    /// What it means, in a line without backslashes: nothing is escaped.
    pub(super) help: &'static str,
}

/// How its numbers behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// They only grow, from 0 at the start.
    Counter,
    /// They say how much there is now.
    Gauge,
    /// They count durations, by how long they were.
    Histogram,
}

impl Type {
    /// Its word.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
            Type::Histogram => "histogram",
        }
    }
}

macro_rules! metrics {
    ($($id:ident: $of:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        $(pub(super) const $id: Metric =
            Metric { name: $name, of: Type::$of, labels: &[$($label),*], help: $help };)*

        /// All of them, in the order in which they are sent.
        #[cfg(test)]
        pub(super) const METRICS: &[Metric] = &[$($id),*];
    };
}

metrics! {
BUILD_INFO: Gauge "nopar_build_info" ["version"]
    "Always 1; its label says which NOPAR this is.";
START_TIME: Gauge "process_start_time_seconds" []
    "When the process started, in seconds since 1970.";
REQUESTS: Counter "nopar_requests_total" ["kind", "cache", "status"]
    "Requests that are done: one for each line of the access log. Status 0 is no answer, as the client left before it.";
SERVED: Counter "nopar_served_bytes_total" ["kind", "cache"]
    "Bytes of the bodies of answers as sent, without heads and framing.";
BROKEN: Counter "nopar_broken_answers_total" ["cause"]
    "Answers that broke off after their heads: because of the client, or for lack of what was to be sent (source).";
DURATION: Histogram "nopar_request_duration_seconds" ["cache"]
    "From a request to the end of its answer.";
IN_FLIGHT: Gauge "nopar_in_flight" []
    "Requests and fills of the cache that are going on.";
UPSTREAM_REQUESTS: Counter "nopar_upstream_requests_total" ["outcome"]
    "Requests to upstreams, by how they ended. A redirect that is followed is a request of its own.";
UPSTREAM_DURATION: Histogram "nopar_upstream_request_duration_seconds" []
    "How long upstreams took to send the head of an answer.";
FETCHED: Counter "nopar_fetched_bytes_total" []
    "Bytes of bodies that came from upstreams.";
BROKEN_BODIES: Counter "nopar_upstream_broken_bodies_total" []
    "Bodies from upstreams that broke off, or of which nothing came for too long.";
CACHE_ENTRIES: Gauge "nopar_cache_entries" []
    "Entries of the cache directory.";
CACHE_BYTES: Gauge "nopar_cache_bytes" []
    "Bytes of their files.";
CACHE_LIMIT: Gauge "nopar_cache_limit_bytes" []
    "The most these may be (NOPAR_CACHE_SIZE).";
FILLS: Counter "nopar_cache_fills_total" ["end"]
    "Fills of the cache directory: kept, unkept (too long, or the disk takes no more), wrong (length or digests) or broken_off.";
FILLED: Counter "nopar_cache_filled_bytes_total" []
    "Bytes of the files that were kept.";
EVICTIONS: Counter "nopar_cache_evictions_total" []
    "Files that had to make room in the cache directory.";
EVICTED: Counter "nopar_cache_evicted_bytes_total" []
    "Their bytes.";
DAMAGED: Counter "nopar_cache_damaged_total" []
    "Files that were dropped because they were damaged, or could not be read.";
LOOKED_AGAIN: Counter "nopar_cache_second_looks_total" ["result"]
    "Looks into the directory for what another process may have written there: found or absent.";
CACHE_FREE: Gauge "nopar_cache_free_bytes" []
    "Bytes that were free of the cache's file system when it was last looked at; 0 if it is not (NOPAR_CACHE_MIN_FREE).";
CACHE_MIN_FREE: Gauge "nopar_cache_min_free_bytes" []
    "The least that is to be free of it: with less, nothing more is kept (NOPAR_CACHE_MIN_FREE).";
MEMORY_BYTES: Gauge "nopar_memory_bytes" []
    "Bytes that the memory tier holds.";
MEMORY_LIMIT: Gauge "nopar_memory_limit_bytes" []
    "The most it may hold (NOPAR_MEMORY_SIZE).";
MEMORY_ROWS: Gauge "nopar_memory_rows" []
    "What it holds, in pieces: views, indexes, small tarballs.";
MEMORY_LOOKUPS: Counter "nopar_memory_lookups_total" ["result"]
    "Look-ups in the memory tier: hit or miss.";
MEMORY_EVICTIONS: Counter "nopar_memory_evictions_total" []
    "Pieces that had to make room in the memory tier, or were too large for it.";
MEMORY_EVICTED: Counter "nopar_memory_evicted_bytes_total" []
    "Their bytes.";
STORE_PACKAGES: Gauge "nopar_store_packages" []
    "Names of packages that are this registry's own, as far as they were looked at: at the start, and when they are asked for.";
STORE_VERSIONS: Gauge "nopar_store_versions" []
    "Versions of these packages, one tarball each: kept by what changes, without a look at the disk.";
STORE_BYTES: Gauge "nopar_store_bytes" []
    "Bytes of their tarballs. What else is in the registry directory (documents, stages, keys) is not in it.";
PUBLISHES: Counter "nopar_publishes_total" []
    "Versions that were published here; those that were staged, when they are approved.";
PACKUMENTS: Counter "nopar_packuments_ingested_total" []
    "Packuments of upstreams that were made entries of the cache.";
PACKUMENT_BYTES: Counter "nopar_packuments_ingested_bytes_total" []
    "Their bytes as upstreams sent them, which may be packed.";
PACKUMENT_SECONDS: Counter "nopar_packuments_ingest_seconds_total" []
    "How long it took to read, check, render and pack them.";
PACKUMENTS_REFUSED: Counter "nopar_packuments_refused_total" []
    "Answers in place of packuments that were none, or another package's, or too long.";
CONNECTIONS: Gauge "nopar_connections" []
    "Connections of clients that are open.";
CONNECTIONS_OPENED: Counter "nopar_connections_opened_total" []
    "Connections of clients that were let in.";
CONNECTIONS_REFUSED: Counter "nopar_connections_refused_total" []
    "Connections of clients for which there was no room (NOPAR_MAX_CONNECTIONS).";
LIMITED: Counter "nopar_limited_total" ["limit"]
    "What was not done at a limit: connections of one address, requests by address or token (429), requests to an upstream that wants fewer, fills that were not kept (disk).";
}
