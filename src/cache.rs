//! Disposable copies of what upstreams said, on disk, behind pingora-cache's `Storage`.
//! Knows nothing of users, hosted packages or base URLs; deleting its directory is always safe.
//!
//! A file is written beside its place, checked, renamed, and only then visible. The index in memory
//! holds what a directory listing tells (key, generation, size); a file's head is read when the
//! entry is first asked for, so that starting costs a listing and not a read of every file.

mod changes;
mod chunks;
mod disk;
mod entry;
mod evict;
mod fill;
mod format;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod growing;
mod hit;
mod index;
mod inspect;
mod key;
#[cfg(test)]
mod model_tests;
mod name;
mod open;
mod parts;
mod peek;
mod read;
mod room;
mod store;

pub use changes::{Changes, Waited};
pub(crate) use chunks::CHUNK;
pub use disk::{Amount, DiskCache, Looked, OpenError, files_of, is_cache};
pub use entry::{Entry, Terms};
pub use format::{FOR_EVER, Freshness};
pub use growing::{Growing, Wrong};
pub use hit::{DiskHit, GrowingHit, ReadyHit, in_parts};
pub use index::Known;
pub use inspect::{Inside, InspectError, Inspected, inspect};
pub use key::{Key, Kind, Subject, Thing};
pub use name::{FileHash, FileName};
pub use open::OpenFile;
pub use parts::{PartError, Parts, PartsWriter};
pub use peek::{Facts, Heard, PEEK, Peek};
pub use room::Room;
pub use store::{Found, Store};
