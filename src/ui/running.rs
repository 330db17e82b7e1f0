//! What the process can tell of itself, as pages have to know it.
//! Knows nothing of how it is found out.

use crate::counters::{Histogram, Snapshot};
use std::time::Duration;

/// Who knows how things go.
pub trait Running: Send + Sync {
    /// What was counted, and what is held.
    fn snapshot(&self) -> Snapshot;

    /// The upstreams, the default one first.
    fn upstreams(&self) -> Vec<UpstreamState>;
}

/// An upstream.
#[derive(Clone, Debug)]
pub struct UpstreamState {
    /// Its root URL.
    pub root: String,
    /// Whether it may be asked at all.
    pub is_asked: bool,
    /// Whether it could not be reached just now.
    pub is_down: bool,
    /// Since when the last request got through, if any did.
    pub reached: Option<Duration>,
    /// Since when the last one did not, if any did not.
    pub failed: Option<Duration>,
    /// How many did not.
    pub failures: u64,
    /// Since when the last answer came that was an error, and its status, if any was.
    pub erred: Option<(Duration, u16)>,
    /// How many were.
    pub errors: u64,
    /// Whether the last one was.
    pub is_erring: bool,
    /// How long it took to answer.
    pub latency: Histogram,
}
