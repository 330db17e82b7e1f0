//! Old backups, removed.
//! Knows nothing of what is in them.

use super::depot::{Depot, DepotError};
use std::collections::HashSet;
use std::io;

/// What was removed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Backups.
    pub snapshots: Vec<String>,
    /// Files that no other has.
    pub objects: usize,
    /// Bytes of these.
    pub bytes: u64,
}

/// Removes all but the last `most` backups, and what only they have: after a crash in the middle of it, the rest is whole.
///
/// # Errors
/// When that cannot be done, or one of those that stay cannot be read: then nothing of what they have is removed.
pub fn prune(depot: &Depot, most: usize) -> Result<Pruned, DepotError> {
    let failed = |source: io::Error| DepotError::Io { path: depot.path().to_owned(), source };
    let mut old = depot.snapshots()?;
    let stay = old.split_off(old.len().saturating_sub(most.max(1)));
    let mut wanted = HashSet::new();
    for id in &stay {
        wanted.extend(depot.snapshot(id)?.objects().map(|(sha256, _)| sha256.to_owned()));
    }
    for id in &old {
        depot.remove_snapshot(id).map_err(failed)?;
    }
    let swept = depot.sweep(move |sha256| wanted.contains(sha256));
    let (objects, bytes) = swept.map_err(failed)?;
    Ok(Pruned { snapshots: old, objects, bytes })
}
