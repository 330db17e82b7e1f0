//! Keeping the index true to the directory while other processes change it, too.
//! Knows nothing of entries' contents: names and lengths are enough.
//!
//! Two processes on one directory (an upgrade, a command) each know what was there when they started
//! and what they wrote since. Neither may serve wrong bytes for that: names hold a generation that no
//! other process makes, and a file that is gone is fetched again. What suffers is the count of bytes,
//! and so the limit; this sets it right.

use super::DiskCache;
use super::scan::{self, OpenError};
use crate::cache::name::FileName;
use crate::clock;
use log::{info, warn};
use std::collections::HashSet;
use std::sync::atomic::Ordering;

/// How often a cache that is being filled looks through its directory, in milliseconds: every five
/// minutes. A listing of a million files takes a second or two.
const EVERY_MS: u64 = 300_000;

impl DiskCache {
    /// Looks through the directory on the blocking pool, unless that was done lately.
    pub(super) fn reconcile_now_and_then(&'static self) {
        let now = clock::to_millis(self.clock.now());
        let last = self.reconciled.load(Ordering::Relaxed);
        let due = now.saturating_sub(last) >= EVERY_MS;
        let (relaxed, set) = (Ordering::Relaxed, &self.reconciled);
        if due && set.compare_exchange(last, now, relaxed, relaxed).is_ok() {
            tokio::task::spawn_blocking(|| {
                if let Err(error) = self.reconcile() {
                    warn!("cache: {error}");
                }
            });
        }
    }

    /// Learns of files that others wrote, and forgets those that others removed. Blocks.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn reconcile(&self) -> Result<(), OpenError> {
        // What this process writes from here on may not be in the listing.
        let begun = self.ids.next();
        let listed = scan::files(&self.path)?;
        let new = listed.iter().filter(|name| !self.index.has(name) && self.path_of(name).exists());
        let new: Vec<FileName> = new.copied().collect();
        new.iter().for_each(|name| self.found(*name));
        let listed: HashSet<u64> = listed.iter().map(|name| name.id).collect();
        let known = self.index.names().into_iter();
        let gone = known
            .filter(|name| name.id < begun && !listed.contains(&name.id))
            .filter(|name| !self.path_of(name).exists())
            .filter_map(|name| self.drop_file(&name.hash, Some(name.id)))
            .count();
        if new.len() + gone > 0 {
            info!("cache: other processes wrote {} files and removed {gone}", new.len());
        }
        Ok(())
    }
}
