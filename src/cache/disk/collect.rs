//! What the directory holds that is of no use, and what leaves because somebody says so and not for lack of room.
//! Knows nothing of why.

use super::DiskCache;
use super::scan::{self, OpenError};
use crate::cache::name::{FileName, made_at};
use crate::cache::room::Space;
use std::collections::HashSet;
use std::io;
use std::path::Path;

/// So many files, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many.
    pub files: u64,
    /// Of how many bytes.
    pub bytes: u64,
}

impl Amount {
    /// One more.
    pub fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }

    /// These and those.
    #[must_use]
    pub fn and(self, other: Amount) -> Amount {
        Amount { files: self.files + other.files, bytes: self.bytes + other.bytes }
    }

    pub(super) fn of(names: &[FileName]) -> Amount {
        Amount { files: names.len() as u64, bytes: names.iter().map(|name| name.size).sum() }
    }
}

/// Whether a cache was ever made in a directory: its mark is there.
///
/// # Errors
/// When that cannot be looked at.
pub fn is_cache(path: &Path) -> io::Result<bool> {
    path.join(scan::MARK).try_exists()
}

impl DiskCache {
    /// Removes a file, if it is the current generation of its key. Blocks, where there is no runtime.
    pub fn take_out(&self, name: &FileName) -> bool {
        self.drop_file(&name.hash, Some(name.id)).is_some()
    }

    /// Files in the directory that lost their place to a newer generation, and are still there: another process put both
    /// there, or something kept them from being removed. With `is_dry` they stay. Blocks.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn replaced_files(&self, is_dry: bool) -> Result<Amount, OpenError> {
        let mut amount = Amount::default();
        for folder in 0..=255 {
            for name in scan::files_in(&self.path, folder)? {
                let current = self.index.get(&name.hash).map(|row| row.name.id);
                let is_replaced = current.is_some_and(|id| id > name.id);
                // One that is just being removed is seen to already.
                if !is_replaced || self.moving.has(name.id) {
                    continue;
                }
                if is_dry || std::fs::remove_file(self.path_of(&name)).is_ok() {
                    amount.add(name.size);
                }
            }
        }
        Ok(amount)
    }

    /// Unfinished files of processes that are gone, also of those that were swept when this was opened, once. With
    /// `is_dry` they stay. Blocks.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn unfinished_files(&self, is_dry: bool) -> Result<Amount, OpenError> {
        let swept = std::mem::take(&mut *self.swept.lock());
        Ok(swept.and(self.temporary.sweep_others(&self.path, is_dry)?))
    }

    /// What was swept when this was opened is nobody's to hear.
    pub fn forget_swept(&self) {
        *self.swept.lock() = Amount::default();
    }

    /// Whether another process that lives has the directory open, too. Blocks.
    pub fn is_open_elsewhere(&self) -> bool {
        self.temporary.has_others(&self.path)
    }

    /// Has those leave that were used least recently, until all come to no more than so many bytes. Blocks.
    pub fn shrink(&self, to: u64) -> Amount {
        let unwanted = {
            let _accounts = self.accounts.lock();
            let out = match self.eviction.size().saturating_sub(to) {
                0 => Vec::new(),
                missing => self.evict(self.eviction.shed(missing)),
            };
            self.moving.leave(&out);
            out
        };
        self.remove_files(&unwanted);
        Amount::of(&unwanted)
    }

    /// What [`DiskCache::shrink`] would remove beside `others`, which are to leave anyway: about, as the order is known to
    /// within seconds only.
    pub fn would_shrink(&self, to: u64, others: &HashSet<u64>) -> Amount {
        let all = (0..self.shards()).flat_map(|shard| self.index.names_in(shard));
        let mut all: Vec<FileName> = all.filter(|name| !others.contains(&name.id)).collect();
        let mut excess = all.iter().map(|name| name.size).sum::<u64>().saturating_sub(to);
        all.sort_by_cached_key(|name| {
            let used = self.heard(&name.hash, name.id).unwrap_or_default().last * 1000;
            (used.max(made_at(name.id)), name.id)
        });
        let mut amount = Amount::default();
        for name in all {
            if excess == 0 {
                break;
            }
            amount.add(name.size);
            excess = excess.saturating_sub(name.size);
        }
        amount
    }

    /// How much of its file system is free, and how large that is, in bytes; `None` if it does not say. Blocks.
    pub fn space(&self) -> Option<(u64, u64)> {
        let Space { total, free } = Space::of(&self.path).ok()?;
        (total > 0).then_some((free, total))
    }
}

#[cfg(test)]
mod tests;
