//! Backups of the directory of a registry, and the way back.
//! Knows nothing of requests, nor of who serves the directory meanwhile: its files are replaced by renames, and never
//! written to, so whoever has one open has a whole one.
//!
//! ```text
//! DIR/README.txt            how to get files back by hand
//! DIR/nopar-backup          which layout this is
//! DIR/lock                  held by who makes a backup, and, shared, by who reads one; a copy of DIR may be without
//! DIR/objects/ab/abcdef…    the bytes of files, each named by its SHA-256
//! DIR/snapshots/TIME.json   what there was at that time: each file with its digest, length, mode and date
//! DIR/tmp/                  what is not finished; emptied by the next backup
//! ```
//!
//! A snapshot gets its name when all that it speaks of is on the disk. So a backup that is broken off leaves the ones
//! before it as they were, and bytes that the next one finds.

mod compare;
mod copy;
mod depot;
mod make;
mod object;
mod prune;
mod restore;
mod snapshot;
mod source;
mod swap;

pub use compare::compare;
pub use depot::{Depot, DepotError};
pub use make::{BackupError, Made, Wish, make};
pub use object::ObjectError;
pub use prune::{Pruned, prune};
pub use restore::{MayReplace, RestoreError, Restored, Way, restore};
pub use snapshot::{Configuration, Kept, Snapshot, is_id};

use jiff::Timestamp;
use std::time::SystemTime;

/// How far a long work has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stride {
    /// There are so many bytes, or things, more to do.
    Expected(u64),
    /// So many are done.
    Done(u64),
}

/// A time as a part of a file name: `2026-11-28T10-20-30Z`.
fn in_name(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let time = i64::try_from(seconds).ok().and_then(|it| Timestamp::from_second(it).ok());
    time.unwrap_or_default().to_string().replace(':', "-")
}
