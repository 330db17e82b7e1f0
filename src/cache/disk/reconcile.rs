//! Keeping the index true to the directory while other processes change it, too.
//! Knows nothing of entries' contents: names and lengths are enough.
//!
//! Two processes on one directory (an upgrade, a command) each know what was there when they started
//! and what they wrote since. Neither may serve wrong bytes for that: names hold a generation that no
//! other process makes, and a file that is gone is fetched again. What suffers is the count of bytes,
//! and so the limit, and who could be served from what the other has fetched; this sets it right.

use super::DiskCache;
use super::scan::{self, OpenError};
use crate::cache::entry::Entry;
use crate::cache::fill::blocking;
use crate::cache::key::Key;
use crate::cache::name::{FileName, made_at};
use crate::clock;
use log::{info, warn};
use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How often a cache that is being filled looks through its directory, in milliseconds: every five
/// minutes. A listing of a million files takes a second or two.
const EVERY_MS: u64 = 300_000;

/// What was used, or came in, within so many seconds does not leave for what others wrote, which nobody has asked for
/// here.
const IN_USE_SECONDS: u64 = 600;

/// What a look through the directory has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// How many files others wrote, which are entries now.
    pub added: usize,
    /// How many entries are none any more, as others removed their files.
    pub gone: usize,
}

impl DiskCache {
    /// Looks through the directory on the blocking pool, unless that was done lately.
    pub(super) fn reconcile_now_and_then(&'static self) {
        let now = clock::to_millis(self.clock.now());
        let last = self.reconciled.load(Ordering::Relaxed);
        let due = now.saturating_sub(last) >= EVERY_MS;
        let (relaxed, set) = (Ordering::Relaxed, &self.reconciled);
        if due && set.compare_exchange(last, now, relaxed, relaxed).is_ok() {
            tokio::task::spawn_blocking(|| match self.look_through() {
                Ok(Looked { added: 0, gone: 0 }) => {}
                Ok(Looked { added, gone }) => {
                    info!("cache: other processes wrote {added} files and removed {gone}");
                }
                Err(error) => warn!("cache: {error}"),
            });
        }
    }

    /// Looks into the directory for an entry of `key` that another process wrote since: when nothing
    /// else is left to answer with.
    pub async fn look_again(&'static self, key: &Key) -> Option<Arc<Entry>> {
        let hash = key.hash();
        let looked = blocking(move || {
            let _looking = self.moving.look();
            let files = scan::files_in(&self.path, hash[0]).map_err(io::Error::other)?;
            for name in files.into_iter().filter(|name| name.hash == hash) {
                self.found(name);
            }
            Ok(())
        });
        looked.await.inspect_err(|error| warn!("cache: {error}")).ok()?;
        let found = self.get(key).await;
        self.counters.looked_again(found.is_some());
        found
    }

    /// Learns of all files that others wrote, and forgets those that others removed. Of a file that is known, nothing
    /// but its name is read. Fills and evictions go on meanwhile. Blocks.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn look_through(&self) -> Result<Looked, OpenError> {
        self.reconciled.store(clock::to_millis(self.clock.now()), Ordering::Relaxed);
        let _looking = self.moving.look();
        let (mut looked, mut new) = (Looked::default(), Vec::new());
        for folder in 0..=255 {
            // What is known before the listing and not in it is gone.
            let known = self.index.names_beginning(folder).into_iter().map(|name| (name.id, name));
            let mut known: HashMap<u64, FileName> = known.collect();
            let listed = scan::files_in(&self.path, folder)?;
            new.extend(listed.into_iter().filter(|name| known.remove(&name.id).is_none()));
            looked.gone += known.into_values().filter(|name| self.forget_if_gone(name)).count();
        }
        // Now that what is gone takes no room any more; the oldest first, as at a start.
        new.sort_unstable_by_key(|name| name.id);
        let is_added = |name: &&FileName| is_file(&self.path_of(name)) && self.found_unused(**name);
        looked.added = new.iter().filter(is_added).count();
        Ok(looked)
    }

    fn forget_if_gone(&self, name: &FileName) -> bool {
        is_gone(&self.path_of(name)) && self.drop_file(&name.hash, Some(name.id)).is_some()
    }

    /// A file is in the directory, and somebody wants it. Whether it is an entry from now on.
    pub(super) fn found(&self, name: FileName) -> bool {
        self.take_in(name, |name| self.make_room_for(name))
    }

    /// The same of one that nobody has asked for.
    fn found_unused(&self, name: FileName) -> bool {
        self.take_in(name, |name| self.make_spare_room_for(name))
    }

    fn take_in(&self, name: FileName, make_room: impl Fn(&FileName) -> Vec<FileName>) -> bool {
        let accounts = self.accounts.lock();
        if self.moving.has(name.id) || self.index.has(&name) {
            return false;
        }
        let mut unwanted: Vec<FileName> = self.index.found(name).into_iter().collect();
        // Of two generations the younger one counts.
        if !unwanted.contains(&name) {
            unwanted.iter().for_each(|older| self.eviction.forget(older));
            unwanted.extend(make_room(&name));
        }
        self.moving.leave(&unwanted);
        drop(accounts);
        self.changes.note(&name.hash);
        self.remove_files(&unwanted);
        !unwanted.contains(&name)
    }

    /// Enters a file into the order, and takes those out that no longer fit: itself, if else one would have to leave
    /// that is in use.
    fn make_spare_room_for(&self, name: &FileName) -> Vec<FileName> {
        let mut out = vec![(name.hash, name.id)];
        if name.size <= self.limit {
            let others = self.eviction.admit(name);
            if others.iter().any(|other| self.is_in_use(other)) {
                self.eviction.forget(name);
                let rows = others.iter().filter_map(|(hash, _)| self.index.get(hash));
                rows.for_each(|row| self.eviction.touch(&row.name));
            } else {
                out = others;
            }
        }
        self.evict(out)
    }

    /// Whether an entry was asked for lately, or came in.
    fn is_in_use(&self, (hash, id): &([u8; 16], u64)) -> bool {
        let since = (clock::to_millis(self.clock.now()) / 1000).saturating_sub(IN_USE_SECONDS);
        let is_used = |entry: &Entry| entry.heard().1 >= since || made_at(*id) / 1000 >= since;
        self.index.look(hash, is_used).unwrap_or_default()
    }
}

/// Whether something may be an entry's file: nothing that only bears such a name.
fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_file())
}

/// Whether nothing is there, for certain.
fn is_gone(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests;
