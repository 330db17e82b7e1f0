//! A backup: all folders copied, and then a snapshot of them.
//! Knows nothing of how a folder is copied.

use super::copy::{Copied, Copier};
use super::depot::{Depot, DepotError};
use super::snapshot::{Configuration, Kept, Snapshot, is_id};
use super::source::Folders;
use super::{Stride, in_name};
use crate::store::DiskStore;
use crate::store::disk::OpenError;
use crate::verify::{self, Step, VerifyError, in_parallel};
use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

/// What is wanted.
#[derive(Debug, Default)]
pub struct Wish {
    /// Whether files are read that have not changed since the backup before, and what is kept of them is compared.
    pub is_full: bool,
    /// The configuration file, as it was read.
    pub configuration: Option<(PathBuf, Metadata, Vec<u8>)>,
}

/// A backup that was made.
#[derive(Debug)]
pub struct Made {
    /// What there was.
    pub snapshot: Snapshot,
    /// How many files of it were not kept before.
    pub new_files: usize,
    /// The bytes of these.
    pub new_bytes: u64,
    /// What was left out, as it is no part of a registry.
    pub left_out: Vec<String>,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is nothing to copy.
    #[error("there is no registry directory {} (NOPAR_REGISTRY_PATH)", .0.display())]
    Nothing(PathBuf),
    /// One is in the other: each backup would be in the next, or go with what it is of, or with copies that may always go.
    #[error("the backup directory {} and the {what} directory {} must not be in each other", depot.display(), other.display())]
    Within {
        /// That of backups.
        depot: PathBuf,
        /// Which the other is: `registry`, or `cache`.
        what: &'static str,
        /// The other.
        other: PathBuf,
    },
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It cannot be read.
    #[error("the registry directory cannot be read: {0}")]
    Unread(#[source] io::Error),
    /// It cannot be looked at.
    #[error(transparent)]
    Unseen(#[from] VerifyError),
    /// The backup before cannot be read.
    #[error(transparent)]
    Depot(#[from] DepotError),
    /// It cannot be written.
    #[error("the backup cannot be written: {0}")]
    Unwritten(#[source] io::Error),
}

/// Copies the directory of a registry. Blocks.
///
/// # Errors
/// Why there is no backup; those before it are as they were. What cannot be read of the registry is none: that is told in the
/// snapshot.
pub fn make(
    root: &Path,
    depot: &Depot,
    wish: Wish,
    now: SystemTime,
    watch: &mut dyn FnMut(Stride),
) -> Result<Made, BackupError> {
    let store = DiskStore::open(root)?;
    let names = depot.names()?;
    let (last, files) = before(depot, &names);
    let copier = Copier {
        root,
        store: &store,
        depot,
        before: &files,
        is_full: wish.is_full,
        has_failed: AtomicBool::default(),
    };
    let folders = Folders::of(root).map_err(BackupError::Unread)?;
    let snapshot = Snapshot::new(name_of(now, last, &names), root);
    let mut made = Made { snapshot, new_files: 0, new_bytes: 0, left_out: folders.left_out };
    made.snapshot.problems = folders.problems;
    if let Some((path, it, bytes)) = wish.configuration {
        let file = copier.copy_bytes(&it, bytes).map_err(BackupError::Unwritten)?;
        let path = path.display().to_string();
        made.snapshot.configuration = Some(Configuration { path, file });
    }
    let phases = [folders.stages, folders.packages, folders.rest];
    watch(Stride::Expected(phases.iter().map(Vec::len).sum::<usize>() as u64));
    for phase in phases {
        let mut failed = None;
        in_parallel(
            phase.into_iter(),
            |folder| copier.copy(&folder),
            |copied| {
                watch(Stride::Done(1));
                match copied {
                    Ok(copied) => made.add(copied),
                    Err(error) => drop(failed.get_or_insert(error)),
                }
            },
        );
        if let Some(error) = failed {
            return Err(BackupError::Unwritten(error));
        }
    }
    // What a restore would refuse is told now, while there is still something to be done about it.
    verify::places(root, &mut |step| {
        if let Step::Found(finding) = step
            && finding.is_damage
        {
            made.snapshot.problems.push(format!("{}: {}", finding.path, finding.what));
        }
    })?;
    made.snapshot.problems.sort_unstable();
    made.snapshot.problems.dedup();
    depot.put_snapshot(&made.snapshot).map_err(BackupError::Unwritten)?;
    Ok(made)
}

impl Made {
    fn add(&mut self, copied: Copied) {
        let Snapshot { folders, files, problems, .. } = &mut self.snapshot;
        folders.extend(copied.folder);
        files.extend(copied.files);
        problems.extend(copied.problems);
        self.left_out.extend(copied.left_out);
        self.new_files += copied.new.0;
        self.new_bytes += copied.new.1;
    }
}

/// The name of the backup before, and the files of the last one that can be read: where it is damaged, it costs the time of
/// reading all files. Copies that somebody keeps under other names are none.
fn before<'a>(depot: &Depot, names: &'a [String]) -> (Option<&'a str>, BTreeMap<String, Kept>) {
    let mut last = None;
    for name in names.iter().rev().filter(|name| is_id(name)) {
        match depot.snapshot(name) {
            Ok(snapshot) if !snapshot.is_called(name) => {}
            Ok(snapshot) => return (last.or(Some(name.as_str())), snapshot.files),
            Err(_) => last = last.or(Some(name.as_str())),
        }
    }
    (last, BTreeMap::new())
}

/// What a backup of that time is called, behind the last one, also if that is of the same second, or the clock was set
/// back; and as none of these names.
fn name_of(now: SystemTime, last: Option<&str>, names: &[String]) -> String {
    let time = in_name(now);
    let mut name = match last.filter(|last| *last >= time.as_str()) {
        None => time,
        Some(last) => next(last),
    };
    while names.contains(&name) {
        name = next(&name);
    }
    name
}

/// The name behind this one.
fn next(name: &str) -> String {
    let (stem, number) = match name.rsplit_once('-') {
        Some((stem, number)) if stem.ends_with('Z') => (stem, number.parse().unwrap_or(1)),
        _ => (name, 1_u32),
    };
    format!("{stem}-{:03}", number.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_backup_is_called_by_a_name_behind_all_others() {
        let time =
            |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(1_764_000_000 + seconds);
        let mut ids = Vec::new();
        for seconds in [0, 0, 0, 1, 0, 0, 1, 2_u64] {
            let name = name_of(time(seconds), ids.last().map(String::as_str), &ids);
            assert!(ids.last().is_none_or(|last| *last < name), "{name} after {ids:?}");
            ids.push(name);
        }
        assert_eq!(ids[..2], ["2025-11-24T16-00-00Z", "2025-11-24T16-00-00Z-002"]);
        // What has a later name, and is none of them, keeps it.
        let names = ["2025-11-24T16-00-00Z", "2025-11-24T16-00-01Z"].map(str::to_owned);
        let name = name_of(time(1), Some(&names[0]), &names);
        assert_eq!(name, "2025-11-24T16-00-01Z-002");
    }
}
