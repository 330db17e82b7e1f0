//! The order in which entries leave when the limit is reached: least recently used first.
//! Knows nothing of files.

use super::entry::eviction_key;
use super::name::FileName;
use pingora_cache::CacheEntryKey;
use pingora_cache::eviction::EvictionManager as _;
use pingora_cache::eviction::simple_lru::Manager;
use std::time::SystemTime;

/// A limit that no disk reaches.
const MOST: usize = usize::MAX >> 2;

/// The eviction order of one directory.
pub(super) struct Eviction {
    /// One order under one lock: exact, and asked rarely enough (a fill, a hit now and then).
    manager: Manager,
    limit: usize,
}

impl Eviction {
    /// An empty order that keeps the sum of weights at or below `limit` bytes.
    pub(super) fn new(limit: u64) -> Eviction {
        // Sums of weights must not overflow.
        let limit = usize::try_from(limit).unwrap_or(usize::MAX).min(MOST);
        Eviction { manager: Manager::new(limit), limit }
    }

    /// Adds a file. Returns those that no longer fit, as hash and generation.
    pub(super) fn admit(&self, name: &FileName) -> Vec<([u8; 16], u64)> {
        let weight = usize::try_from(name.size).unwrap_or(usize::MAX);
        self.out(name, weight)
    }

    /// Lets those go that were used least recently, until they come to so many bytes, or none is left.
    pub(super) fn shed(&self, bytes: u64) -> Vec<([u8; 16], u64)> {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX).min(self.manager.total_size());
        // Somebody comes who would fit but for so many bytes, and leaves again.
        let nobody = FileName { hash: [0; 16], id: 0, size: 0 };
        let weight = self.limit - self.manager.total_size() + bytes;
        let out = self.out(&nobody, weight);
        self.forget(&nobody);
        out
    }

    fn out(&self, name: &FileName, weight: usize) -> Vec<([u8; 16], u64)> {
        let out = self.manager.admit(eviction_key(name), weight, SystemTime::UNIX_EPOCH);
        let key = |out: &CacheEntryKey| Some((out.key().primary, out.entry_id()?.get()));
        out.iter().filter_map(key).collect()
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
