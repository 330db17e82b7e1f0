//! A process's own folder of files that have no name yet.
//! Knows nothing of packages.
//!
//! Its lock tells others that the process lives: the system lets go of it whatever ends the process. Folders
//! are made and swept under the one lock of [`OWN`], so nobody sweeps a folder that is just being made.

use super::format::{self, OWN};
use super::lock;
use super::steps::Disk;
use crate::regular::{self, sync_folder};
use crate::store::StoreError;
use log::warn;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// The file in a folder that its process has locked.
const LOCK: &str = "lock";

/// The folder; gone with the last who uses it.
pub(super) struct Workspace {
    pub(super) disk: Arc<Disk>,
    path: PathBuf,
    last: AtomicU64,
    _lock: File,
}

/// Where the locks of packages are.
pub(super) fn locks(root: &Path) -> PathBuf {
    root.join(OWN).join("locks")
}

/// Where the folders of all processes are.
pub(super) fn all(root: &Path) -> PathBuf {
    root.join(OWN).join("tmp")
}

fn gate(root: &Path) -> PathBuf {
    root.join(OWN).join(LOCK)
}

impl Workspace {
    /// Makes and locks a folder, and what is needed around it. Blocks.
    pub(super) fn claim(disk: &Arc<Disk>) -> Result<Workspace, StoreError> {
        let root = disk.root();
        let claimed = claim(root);
        let (path, lock) =
            claimed.map_err(|error| disk.failed(&root.join(OWN), "prepared", error))?;
        Ok(Workspace { disk: Arc::clone(disk), path, last: AtomicU64::new(0), _lock: lock })
    }

    /// Whether the folder, and that of the locks, are still there: who tidies up may take either for rubbish.
    pub(super) fn is_there(&self) -> bool {
        self.path.join(LOCK).exists() && locks(self.disk.root()).is_dir()
    }

    /// A path in it that no other file has.
    pub(super) fn next(&self) -> PathBuf {
        self.path.join(self.last.fetch_add(1, Ordering::Relaxed).to_string())
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        // Best effort: what stays is swept at the next start.
        let _ = self.disk.remove_all(&self.path);
    }
}

fn claim(root: &Path) -> io::Result<(PathBuf, File)> {
    format::check(root).map_err(io::Error::other)?;
    let all = all(root);
    fs::create_dir_all(&all)?;
    fs::create_dir_all(locks(root))?;
    // The directory's own name must be on the disk before anything in it can be, and it may be new. What
    // cannot be opened was made by somebody else, long ago.
    for above in root.ancestors().skip(1) {
        let _ = sync_folder(above);
    }
    let _gate = lock::hold(&gate(root))?;
    format::mark(root)?;
    // Processes on two machines may have the same number, and one may open the store twice.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let (process, mut nanos) = (std::process::id(), now.as_nanos());
    let path = loop {
        let path = all.join(format!("{process}-{nanos:x}"));
        match fs::create_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => nanos += 1,
            other => break other.map(|()| path)?,
        }
    };
    let lock = lock::hold(&path.join(LOCK))?;
    Ok((path, lock))
}

/// Removes the folders of processes that are gone. What cannot be removed is tried again at the next
/// start: it takes room, and is in nobody's way.
pub(super) fn sweep(root: &Path) {
    if let Err(error) = try_sweep(root) {
        warn!("store: unfinished files of earlier processes stay: {error}");
    }
}

fn try_sweep(root: &Path) -> io::Result<()> {
    let folders = match fs::read_dir(all(root)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    // Reading is enough for a lock, and a directory that can only be read is fine.
    let gate = gate(root);
    let gate = regular::open(&gate).map_err(regular::naming(&gate))?;
    lock::lock(&gate)?;
    let mut failed = Ok(());
    for folder in folders {
        let swept = folder.and_then(|folder| match folder.path() {
            path if is_dead(&path) => fs::remove_dir_all(path),
            _ => Ok(()),
        });
        match swept {
            // The others all the same. One that is not there any more was just going by itself.
            Err(error) if error.kind() != io::ErrorKind::NotFound => failed = Err(error),
            _ => {}
        }
    }
    failed
}

/// Whether the folder of a process that lives is there. Blocks while somebody makes or sweeps one.
pub(super) fn is_in_use(root: &Path) -> io::Result<bool> {
    let gate = gate(root);
    let _gate = match regular::open(&gate).map_err(regular::naming(&gate)) {
        // Nobody has made a folder here, or is about to: the lock is made before.
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        opened => {
            let gate = opened?;
            lock::lock(&gate)?;
            Some(gate)
        }
    };
    let folders = match fs::read_dir(all(root)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        other => other?,
    };
    for folder in folders {
        if !is_dead(&folder?.path()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a folder's process is gone. Who asks holds the lock of [`OWN`], so one without a lock is of a
/// process that died before it made one: nobody makes one just now.
fn is_dead(folder: &Path) -> bool {
    regular::open(&folder.join(LOCK)).map_or_else(
        |error| error.kind() == io::ErrorKind::NotFound,
        |lock| lock.try_lock().is_ok(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::disk::lock::is_waited_for;
    use std::thread;

    /// A folder that had no lock yet counted as one of a process that is gone.
    #[test]
    fn a_process_that_is_just_making_its_folder_is_waited_for() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path();
        assert!(!is_in_use(root).unwrap(), "nobody was ever here");
        fs::create_dir_all(all(root).join("1-2")).unwrap();
        let held = lock::hold(&gate(root)).unwrap();
        thread::scope(|scope| {
            let asking = scope.spawn(|| is_in_use(root).unwrap());
            while !asking.is_finished() && !is_waited_for(&held) {
                thread::yield_now();
            }
            let _own = lock::hold(&all(root).join("1-2").join(LOCK)).unwrap();
            drop(held);
            assert!(asking.join().unwrap());
        });
        assert!(!is_in_use(root).unwrap(), "it has ended");
    }
}
