//! Whether a backup is whole: all of it read, and nothing written.
//! Knows nothing of where it would be restored to.

use super::Stride;
use super::depot::Depot;
use super::object::{Uncopied, copy};
use super::restore::Restored;
use super::snapshot::Snapshot;
use crate::verify::in_parallel;
use std::io;

/// Compares all that a snapshot needs with its digests: what is whole of it, and what is not. What was damaged in the
/// registry already when it was backed up is not whole either. Blocks.
pub fn compare(depot: &Depot, snapshot: &Snapshot, watch: &mut dyn FnMut(Stride)) -> Restored {
    watch(Stride::Expected(snapshot.bytes()));
    let mut compared = Restored::default();
    in_parallel(
        snapshot.files.iter(),
        |(path, kept)| {
            let opened = depot.open_object(&kept.sha256).map_err(Uncopied::Wrong);
            (path, kept.size, opened.and_then(|file| copy(file, &mut io::sink(), kept)))
        },
        |(path, size, done)| {
            watch(Stride::Done(size));
            match done {
                Ok(()) => compared.count(size),
                Err(Uncopied::Wrong(wrong)) => compared.damaged.push(format!("{path}: {wrong}")),
                Err(Uncopied::Unwritten(error)) => {
                    compared.damaged.push(format!("{path}: {error}"));
                }
            }
        },
    );
    if let Some(it) = &snapshot.configuration
        && let Err(wrong) = depot.bytes(&it.file)
    {
        compared.damaged.push(format!("{}: {wrong}", it.path));
    }
    compared.damaged.extend(snapshot.problems_beside(&compared.damaged));
    compared.damaged.sort_unstable();
    compared
}
