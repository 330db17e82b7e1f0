//! The order in which entries leave when the limit is reached: least recently used first.
//! Knows nothing of files.

use super::entry::eviction_key;
use super::name::FileName;
use pingora_cache::eviction::EvictionManager as _;
use pingora_cache::eviction::simple_lru::Manager;
use std::time::SystemTime;

/// The eviction order of one directory.
pub(super) struct Eviction {
    /// One order under one lock: exact, and asked rarely enough (a fill, a hit now and then).
    manager: Manager,
}

impl Eviction {
    /// An empty order that keeps the sum of weights at or below `limit` bytes.
    pub(super) fn new(limit: u64) -> Eviction {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Eviction { manager: Manager::new(limit) }
    }

    /// Adds a file. Returns those that no longer fit, as hash and generation.
    pub(super) fn admit(&self, name: &FileName) -> Vec<([u8; 16], u64)> {
        let weight = usize::try_from(name.size).unwrap_or(usize::MAX);
        self.manager
            .admit(eviction_key(name), weight, SystemTime::UNIX_EPOCH)
            .into_iter()
            .filter_map(|out| Some((out.key().primary, out.entry_id()?.get())))
            .collect()
    }

    pub(super) fn touch(&self, name: &FileName) {
        let weight = usize::try_from(name.size).unwrap_or(usize::MAX);
        self.manager.access(&eviction_key(name), weight, SystemTime::UNIX_EPOCH);
    }

    pub(super) fn forget(&self, name: &FileName) {
        self.manager.remove((&eviction_key(name)).into());
    }

    /// Bytes of all files it knows.
    pub(super) fn size(&self) -> u64 {
        self.manager.total_size() as u64
    }
}
