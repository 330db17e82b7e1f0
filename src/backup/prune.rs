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
/// A copy of a snapshot that somebody keeps under a name of their own is no backup more, and stays, with all that it needs.
///
/// # Errors
/// When that cannot be done; and where any snapshot cannot be read, of which nobody knows what it needs, or what could still
/// be made of it: then nothing is removed.
pub fn prune(depot: &Depot, most: usize) -> Result<Pruned, DepotError> {
    let failed = |source: io::Error| DepotError::Io { path: depot.path().to_owned(), source };
    let (mut left, mut old, mut wanted) = (most.max(1), Vec::new(), HashSet::new());
    for name in depot.names()?.into_iter().rev() {
        let snapshot = depot.snapshot(&name)?;
        let is_backup = snapshot.is_called(&name);
        if is_backup && left == 0 {
            old.push(name);
            continue;
        }
        left -= usize::from(is_backup);
        wanted.extend(snapshot.objects().map(|(sha256, _)| sha256.to_owned()));
    }
    old.reverse();
    for id in &old {
        depot.remove_snapshot(id).map_err(failed)?;
    }
    let swept = depot.sweep(move |sha256| wanted.contains(sha256));
    let (objects, bytes) = swept.map_err(failed)?;
    Ok(Pruned { snapshots: old, objects, bytes })
}
