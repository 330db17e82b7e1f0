//! Backups of the directory of a registry, and the way back.
//! Knows nothing of requests, nor of who serves the directory meanwhile: its files are replaced by renames, and never
//! written to, so whoever has one open has a whole one.
//!
//! ```text
//! DIR/README.txt            how to get files back by hand
//! DIR/nopar-backup          which layout this is
//! DIR/lock                  held by who makes a backup, and, shared, by who reads one
//! DIR/objects/ab/abcdef…    the bytes of files, each named by its SHA-256
//! DIR/snapshots/TIME.json   what there was at that time: each file with its digest, length, mode and date
//! DIR/tmp/                  what is not finished; emptied by the next backup
//! ```
//!
//! A snapshot gets its name when all that it speaks of is on the disk. So a backup that is broken off leaves the ones
//! before it as they were, and bytes that the next one finds.

mod copy;
mod depot;
mod make;
mod prune;
mod restore;
mod snapshot;
mod source;
mod swap;

pub use depot::{Depot, DepotError};
pub use make::{BackupError, Made, Wish, make};
pub use prune::{Pruned, prune};
pub use restore::{RestoreError, Restored, Way, restore};
pub use snapshot::{Kept, Snapshot};

/// How far a long work has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stride {
    /// There are so many bytes, or things, more to do.
    Expected(u64),
    /// So many are done.
    Done(u64),
}
