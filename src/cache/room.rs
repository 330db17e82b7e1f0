//! How much of the cache's file system is free, and how much of it is to stay so: beside the cache, hosted packages may
//! be on it, which are never refused for the sake of copies.
//! Knows nothing of entries: who has too little room is told, and makes some.
//!
//! The file system is asked once a second at most, while something is being kept, and else once a minute.

use crate::clock;
use log::{info, warn};
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::SystemTime;

/// How long what was seen is believed, in milliseconds.
const BELIEVED_MS: u64 = 1000;
/// When there is too little room, this part more than the least is to be free before there is enough again: else that
/// would come and go with each file.
const SPARE_PART: u64 = 8;
/// So many times in a row, entries leave in vain: then others take the room, or something holds on to it (snapshots),
/// and to lose the whole cache would help nobody.
const MOST_IN_VAIN: usize = 3;
/// After so long, in milliseconds, it is tried again.
const REST_MS: u64 = 3_600_000;

/// How much there is on a file system, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Space {
    pub(super) total: u64,
    pub(super) free: u64,
}

impl Space {
    /// That of the file system that a path is on. Blocks.
    pub(super) fn of(path: &Path) -> io::Result<Space> {
        let seen = rustix::fs::statvfs(path)?;
        // What only root may take is not free.
        let bytes = |blocks: u64| blocks.saturating_mul(seen.f_frsize);
        Ok(Space { total: bytes(seen.f_blocks), free: bytes(seen.f_bavail) })
    }
}

type Least = Box<dyn Fn(u64) -> u64 + Send + Sync>;
type Look = Box<dyn Fn(&Path) -> io::Result<Space> + Send + Sync>;

/// What was seen of it.
pub struct Room {
    /// How much is to stay free, by how much there is; `None`: it is not looked at.
    least_of: Option<Least>,
    look: Look,
    /// When it was last looked at, in milliseconds since 1970.
    looked: AtomicU64,
    free: AtomicU64,
    least: AtomicU64,
    is_low: AtomicBool,
    /// What was free when entries last had to leave, and how often that has not helped since.
    before: AtomicU64,
    in_vain: AtomicUsize,
    /// When they last had to, in milliseconds since 1970.
    shed: AtomicU64,
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (free, least) = (self.free(), self.least());
        f.debug_struct("Room").field("free", &free).field("least", &least).finish_non_exhaustive()
    }
}

impl Room {
    /// Any.
    pub(super) fn unlimited() -> Room {
        Room {
            least_of: None,
            look: Box::new(Space::of),
            looked: AtomicU64::new(0),
            free: AtomicU64::new(0),
            least: AtomicU64::new(0),
            is_low: AtomicBool::new(false),
            before: AtomicU64::new(0),
            in_vain: AtomicUsize::new(0),
            shed: AtomicU64::new(0),
        }
    }

    /// So much is to stay free of a file system that is so large.
    pub(super) fn with_least(least_of: impl Fn(u64) -> u64 + Send + Sync + 'static) -> Room {
        Room { least_of: Some(Box::new(least_of)), ..Room::unlimited() }
    }

    /// The same of a file system that says this of itself.
    #[cfg(test)]
    pub(super) fn seen_by(
        self,
        look: impl Fn(&Path) -> io::Result<Space> + Send + Sync + 'static,
    ) -> Room {
        Room { look: Box::new(look), ..self }
    }

    /// Whether it is looked at.
    pub(super) fn is_limited(&self) -> bool {
        self.least_of.is_some()
    }

    /// What was free when it was last looked at, but for what was kept since; 0 if it is not looked at.
    pub fn free(&self) -> u64 {
        self.free.load(Ordering::Relaxed)
    }

    /// What is to stay free; 0 if it is not looked at.
    pub fn least(&self) -> u64 {
        self.least.load(Ordering::Relaxed)
    }

    /// Whether so many bytes more may be kept.
    pub(super) fn has(&self, bytes: u64) -> bool {
        let is_low = self.is_low.load(Ordering::Relaxed);
        !is_low && self.free() >= self.least().saturating_add(bytes)
    }

    /// Notes that so many bytes were kept.
    pub(super) fn took(&self, bytes: u64) {
        let less = |free: u64| Some(free.saturating_sub(bytes));
        let _ = self.free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Looks at the file system of `path`, unless that was done a moment ago; then how many bytes are missing so that
    /// `bytes` more can be kept, and whoever is told makes room for them. Blocks.
    pub(super) fn missing(&self, path: &Path, bytes: u64, now: SystemTime) -> Option<u64> {
        let least_of = self.least_of.as_ref()?;
        let now = clock::to_millis(now);
        if !self.is_due(now) {
            return None;
        }
        let (free, least) = match (self.look)(path) {
            Ok(Space { total, free }) if total > 0 => (free, least_of(total)),
            // Some say nothing of themselves, and a directory that is gone has none.
            _ => (u64::MAX, 0),
        };
        self.free.store(free, Ordering::Relaxed);
        self.least.store(least, Ordering::Relaxed);
        let spare = least.saturating_add(least / SPARE_PART);
        let was_low = self.is_low.load(Ordering::Relaxed);
        let is_low = free < if was_low { spare } else { least };
        self.is_low.store(is_low, Ordering::Relaxed);
        self.tell(path, was_low, is_low);
        let wanted = if is_low { spare } else { least };
        let missing = wanted.saturating_add(bytes).saturating_sub(free);
        (missing > 0 && self.may_help(free, now)).then_some(missing)
    }

    fn is_due(&self, now: u64) -> bool {
        let looked = self.looked.load(Ordering::Relaxed);
        // Not only later: a clock may have been set back.
        let is_due = now.abs_diff(looked) >= BELIEVED_MS;
        is_due
            && self
                .looked
                .compare_exchange(looked, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// Whether more is free than before entries last had to leave, or that has not been in vain often.
    fn may_help(&self, free: u64, now: u64) -> bool {
        let before = self.before.swap(free, Ordering::Relaxed);
        let is_long_ago = now.abs_diff(self.shed.load(Ordering::Relaxed)) >= REST_MS;
        if before == 0 || free > before || is_long_ago {
            self.in_vain.store(0, Ordering::Relaxed);
        } else if self.in_vain.fetch_add(1, Ordering::Relaxed) >= MOST_IN_VAIN {
            return false;
        }
        self.shed.store(now, Ordering::Relaxed);
        true
    }

    fn tell(&self, path: &Path, was_low: bool, is_low: bool) {
        let (path, free, least) = (path.display(), self.free(), self.least());
        match (was_low, is_low) {
            (false, true) => warn!(
                "cache: {free} bytes are free where {path} is, and {least} should stay so: nothing more is kept, and what was used least recently leaves (NOPAR_CACHE_MIN_FREE)"
            ),
            (true, false) => {
                self.before.store(0, Ordering::Relaxed);
                info!("cache: {free} bytes are free where {path} is: things are kept again");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
