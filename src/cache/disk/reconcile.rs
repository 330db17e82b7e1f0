//! Keeping the index true to the directory while other processes change it, too.
//! Knows nothing of entries' contents: names and lengths are enough.
//!
//! Two processes on one directory (an upgrade, a command) each know what was there when they started
//! and what they wrote since. Neither may serve wrong bytes for that: names hold a generation that no
//! other process makes, and a file that is gone is fetched again. What suffers is the count of bytes,
//! and so the limit; this sets it right.

use super::DiskCache;
use super::scan::{self, OpenError};
use crate::cache::entry::Entry;
use crate::cache::fill::blocking;
use crate::cache::key::Key;
use crate::cache::name::FileName;
use crate::clock;
use log::{info, warn};
use std::collections::HashSet;
use std::io;
use std::sync::Arc;
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

    /// Looks into the directory for an entry of `key` that another process wrote since: when nothing
    /// else is left to answer with.
    pub async fn look_again(&'static self, key: &Key) -> Option<Arc<Entry>> {
        let hash = key.hash();
        let looked = blocking(move || {
            let files = scan::files_in(&self.path, hash[0]).map_err(io::Error::other)?;
            let ours = files.into_iter().filter(|name| name.hash == hash);
            ours.filter(|name| !self.index.has(name)).for_each(|name| self.found(name));
            Ok(())
        });
        looked.await.inspect_err(|error| warn!("cache: {error}")).ok()?;
        let found = self.get(key).await;
        self.counters.looked_again(found.is_some());
        found
    }

    /// Learns of files that others wrote, and forgets those that others removed. Blocks.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub(in crate::cache) fn reconcile(&self) -> Result<(), OpenError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::counters::Counters;
    use std::fs;
    use std::path::Path;

    fn write(path: &Path, name: &FileName) {
        let file = path.join(name.relative());
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, vec![0; name.size as usize]).unwrap();
    }

    #[test]
    fn what_others_wrote_counts_and_what_they_removed_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let counters = Arc::new(Counters::new(1));
        let cache = DiskCache::open(path, 1000, Clock::system(), counters).unwrap();
        let name = |byte: u8, size| FileName { hash: [byte; 16], id: cache.ids.next(), size };
        let (one, two) = (name(1, 300), name(2, 400));
        write(path, &one);
        write(path, &two);
        fs::write(path.join("01").join("a note of somebody's"), "not ours").unwrap();
        cache.reconcile().unwrap();
        assert_eq!((cache.len(), cache.size()), (2, 700));
        // A younger generation of the first, and one more that has no room beside it.
        let (younger, three) = (name(1, 500), name(3, 600));
        write(path, &younger);
        cache.reconcile().unwrap();
        assert_eq!((cache.len(), cache.size()), (2, 900));
        assert!(!path.join(one.relative()).exists(), "the older generation is not wanted");
        write(path, &three);
        cache.reconcile().unwrap();
        assert_eq!((cache.len(), cache.size()), (1, 600));
        assert!(!path.join(two.relative()).exists(), "the limit holds");
        fs::remove_file(path.join(three.relative())).unwrap();
        cache.reconcile().unwrap();
        assert_eq!((cache.len(), cache.size()), (0, 0));
        fs::remove_dir_all(path).unwrap();
        cache.reconcile().unwrap();
    }
}
