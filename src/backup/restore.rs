//! The way back: a directory is made of a snapshot beside the registry's, looked at, and put in its place.
//! Knows nothing of who serves it: that nobody does is for who calls to see to.
//!
//! Nothing is replaced before all of it is known to be whole: each file by its digest, and then each document, each
//! tarball against its document, users, tokens and keys, as `verify` looks at them.

use super::depot::{Depot, DepotError, naming_above};
use super::object::{Uncopied, copy};
use super::snapshot::{Kept, Snapshot};
use super::swap::{Beside, Place, Swapped, Unswapped, is_mount_point, place_beside, place_of};
use super::{Stride, in_name};
use crate::regular::{self, owned};
use crate::verify::{self, Step, VerifyError, in_parallel};
use rustix::process::getuid;
use std::error::Error;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// So many things that are wrong are told one by one in an error.
const TOLD: usize = 20;

/// How it is to go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// Whether a registry that is there is moved aside.
    pub replaces: bool,
    /// Whether it goes on where something is damaged, without that.
    pub even_damaged: bool,
}

/// What was restored; or, of a backup that was only compared, what could be.
#[derive(Debug, Default)]
pub struct Restored {
    /// Files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Where the registry is that was there before.
    pub aside: Option<PathBuf>,
    /// What is damaged, a sentence each: none, unless it was to go on all the same.
    pub damaged: Vec<String>,
    /// Why a crash of the machine might undo that it is in its place, if the disk does not say that it would not.
    pub unsynced: Option<io::Error>,
}

/// Asked at the last moment, when all is written and nothing is replaced: whether that may be; and if not, why.
pub type MayReplace<'a> = dyn Fn() -> Result<(), Box<dyn Error + Send + Sync>> + 'a;

/// Why nothing was restored. What was there is as it was, unless [`RestoreError::Unplaced`] says where it is.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Something is there already.
    #[error("{} is not empty: --replace moves it aside, under another name; --to DIRECTORY restores to another place", .0.display())]
    Full(PathBuf),
    /// Nothing takes the place of that.
    #[error(
        "{path} is a mount point, and no other directory can take its place: restore to a directory below it (--to \
         {path}/registry), and let NOPAR_REGISTRY_PATH be that",
        path = .0.display()
    )]
    Mounted(PathBuf),
    /// Somebody does the same.
    #[error("another nopar restore is at work beside {}", .0.display())]
    Busy(PathBuf),
    /// Not all of it is whole.
    #[error("{}", told(.0))]
    Damaged(Vec<String>),
    /// Whoever called does not want it any more.
    #[error("nothing is restored: {0}")]
    Unwanted(#[source] Box<dyn Error + Send + Sync>),
    /// The backup cannot be read.
    #[error(transparent)]
    Depot(#[from] DepotError),
    /// What was written cannot be looked at.
    #[error("what was restored cannot be looked at: {0}")]
    Unseen(#[from] VerifyError),
    /// There is no directory to write it to.
    #[error("{} cannot be made, where what is restored is written first: {source}", path.display())]
    Unbegun {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Nor may one be made there.
    #[error("nothing may be made in {}, where what is restored is written first: {source}{}", above.display(), as_root())]
    Forbidden {
        /// The directory above.
        above: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("{} cannot be restored: {source}", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// All was written, and could not take its place.
    #[error("{} cannot be restored: {source}", path.display())]
    Unplaced {
        /// The directory.
        path: PathBuf,
        /// Why, and what is where now.
        source: Unswapped,
    },
}

fn told(damaged: &[String]) -> String {
    let mut text =
        "nothing is restored, as not all of it is whole (--even-damaged restores what is):"
            .to_owned();
    for what in damaged.iter().take(TOLD) {
        text += &format!("\n  {what}");
    }
    if damaged.len() > TOLD {
        text += &format!("\n  and {} more", damaged.len() - TOLD);
    }
    text
}

/// Restores a snapshot to `target`, if `may_replace` still allows it when all else is done. Blocks.
///
/// # Errors
/// Why nothing was restored.
pub fn restore(
    depot: &Depot,
    snapshot: &Snapshot,
    target: &Path,
    way: Way,
    now: SystemTime,
    may_replace: &MayReplace<'_>,
    watch: &mut dyn FnMut(Stride),
) -> Result<Restored, RestoreError> {
    check_place(target, way)?;
    let beside = Beside::make(target, depot.keeper()).map_err(|source| unbegun(target, source))?;
    let beside = beside.ok_or_else(|| RestoreError::Busy(target.to_owned()))?;
    let written = written(depot, snapshot, &beside, target, way, watch).and_then(|restored| {
        // It may have taken hours.
        check_place(target, way)?;
        may_replace().map_err(RestoreError::Unwanted)?;
        Ok(restored)
    });
    let restored = match written {
        Ok(restored) => restored,
        Err(error) => {
            // Best effort: the next one removes what stays.
            let _ = beside.discard();
            return Err(error);
        }
    };
    let swapped = beside.swap(&format!(".before-restore-{}", in_name(now)));
    let Swapped { aside, unsynced } =
        swapped.map_err(|source| RestoreError::Unplaced { path: target.to_owned(), source })?;
    Ok(Restored { aside, unsynced, ..restored })
}

fn unbegun(target: &Path, source: io::Error) -> RestoreError {
    match (source.kind(), target.parent()) {
        (io::ErrorKind::PermissionDenied, Some(above)) => {
            RestoreError::Forbidden { above: regular::folder(above).to_owned(), source }
        }
        _ => {
            let source = naming_above(source, target);
            RestoreError::Unbegun { path: place_beside(target), source }
        }
    }
}

/// What helps who is not root, and has not begun as root.
fn as_root() -> &'static str {
    if getuid().is_root() { "" } else { "; run this command as root" }
}

/// Whether a directory can be put there, and may be.
fn check_place(target: &Path, way: Way) -> Result<(), RestoreError> {
    let failed = |source| RestoreError::Io { path: target.to_owned(), source };
    let place = place_of(target).map_err(failed)?;
    // First: --replace would not help.
    if place != Place::Absent && is_mount_point(target).map_err(failed)? {
        return Err(RestoreError::Mounted(target.to_owned()));
    }
    match place {
        Place::Full if !way.replaces => Err(RestoreError::Full(target.to_owned())),
        _ => Ok(()),
    }
}

/// Writes all of a snapshot, and looks at it.
fn written(
    depot: &Depot,
    snapshot: &Snapshot,
    beside: &Beside<'_>,
    target: &Path,
    way: Way,
    watch: &mut dyn FnMut(Stride),
) -> Result<Restored, RestoreError> {
    let failed = |source| RestoreError::Io { path: target.to_owned(), source };
    let mut restored = fill(depot, snapshot, beside.path(), watch).map_err(failed)?;
    restored.damaged.extend(looked_at(beside.path())?);
    // What could not be read then is missing, and nobody sees that.
    restored.damaged.extend(snapshot.problems_beside(&restored.damaged));
    if !restored.damaged.is_empty() && !way.even_damaged {
        return Err(RestoreError::Damaged(restored.damaged));
    }
    finish(snapshot, beside.path()).map_err(failed)?;
    Ok(restored)
}

impl Restored {
    /// One more file of so many bytes.
    pub(super) fn count(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }
}

/// Writes all files of a snapshot that are whole.
fn fill(
    depot: &Depot,
    snapshot: &Snapshot,
    to: &Path,
    watch: &mut dyn FnMut(Stride),
) -> io::Result<Restored> {
    watch(Stride::Expected(snapshot.bytes()));
    for folder in snapshot.folders.keys() {
        fs::create_dir_all(to.join(folder))?;
    }
    let (mut restored, mut failed) = (Restored::default(), None);
    in_parallel(
        snapshot.files.iter(),
        |(path, kept)| (path, kept.size, put(depot, kept, &to.join(path))),
        |(path, size, done)| {
            watch(Stride::Done(size));
            match done {
                Ok(()) => restored.count(size),
                Err(Uncopied::Wrong(wrong)) => restored.damaged.push(format!("{path}: {wrong}")),
                Err(Uncopied::Unwritten(error)) => drop(failed.get_or_insert(error)),
            }
        },
    );
    restored.damaged.sort_unstable();
    failed.map_or(Ok(restored), Err)
}

/// Writes a file; there is none if something is wrong with it in the backup.
fn put(depot: &Depot, kept: &Kept, place: &Path) -> Result<(), Uncopied> {
    let from = depot.open_object(&kept.sha256).map_err(Uncopied::Wrong)?;
    let unwritten = Uncopied::Unwritten;
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder).map_err(unwritten)?;
    }
    let mut to = owned::create(place).map_err(unwritten)?;
    if let Err(uncopied) = copy(from, &mut to, kept) {
        fs::remove_file(place).map_err(unwritten)?;
        return Err(uncopied);
    }
    to.set_permissions(Permissions::from_mode(mode_of(&kept.mode))).map_err(unwritten)?;
    to.set_modified(time_of(kept.mtime)).map_err(unwritten)
}

/// What is damaged of a registry that was written.
fn looked_at(root: &Path) -> Result<Vec<String>, VerifyError> {
    let mut damaged = Vec::new();
    verify::registry(root, &mut |step| {
        if let Step::Found(finding) = step
            && finding.is_damage
        {
            damaged.push(format!("{}: {}", finding.path, finding.what));
        }
    })?;
    damaged.sort_unstable();
    Ok(damaged)
}

/// Gives folders their modes, and sees to it that all is on the disk.
fn finish(snapshot: &Snapshot, root: &Path) -> io::Result<()> {
    // Those within others first: a folder may be one that nobody may write to.
    for (folder, mode) in snapshot.folders.iter().rev() {
        fs::set_permissions(root.join(folder), Permissions::from_mode(mode_of(mode)))?;
    }
    Ok(rustix::fs::syncfs(File::open(root)?)?)
}

/// A mode by its octal digits; what makes no sense is for the owner alone.
fn mode_of(digits: &str) -> u32 {
    u32::from_str_radix(digits, 8).map_or(0o700, |mode| mode & 0o777)
}

fn time_of((seconds, nanos): (i64, i64)) -> SystemTime {
    let nanos = Duration::from_nanos(nanos.unsigned_abs());
    match u64::try_from(seconds) {
        Ok(seconds) => UNIX_EPOCH + Duration::from_secs(seconds) + nanos,
        Err(_) => UNIX_EPOCH,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::{Made, Wish, make};
    use crate::keeper::Keeper;
    use tempfile::TempDir;

    /// A registry with one file, and a backup of it.
    fn backed_up() -> (TempDir, Depot, Made) {
        let home = tempfile::tempdir().unwrap();
        let registry = home.path().join("registry");
        fs::create_dir(&registry).unwrap();
        fs::write(registry.join("notes.txt"), "then").unwrap();
        let depot = Depot::make(&home.path().join("backup"), Keeper::begin().unwrap()).unwrap();
        let made = make(&registry, &depot, Wish::default(), UNIX_EPOCH, &mut |_| {}).unwrap();
        (home, depot, made)
    }

    #[test]
    fn it_is_asked_at_the_last_moment_whether_a_registry_may_be_replaced() {
        let (home, depot, made) = backed_up();
        let (registry, beside) =
            (home.path().join("registry"), home.path().join("registry.restoring"));
        fs::write(registry.join("notes.txt"), "now").unwrap();
        let way = Way { replaces: true, even_damaged: false };
        let refused = || {
            assert!(beside.join("notes.txt").exists(), "all is written by then");
            Err("somebody runs on it".into())
        };
        let mut watch = |_| {};
        let error =
            restore(&depot, &made.snapshot, &registry, way, UNIX_EPOCH, &refused, &mut watch)
                .unwrap_err();
        assert_eq!(error.to_string(), "nothing is restored: somebody runs on it");
        assert_eq!(fs::read(registry.join("notes.txt")).unwrap(), b"now");
        assert!(!beside.exists());
        let mut watch = |_| {};
        let restored =
            restore(&depot, &made.snapshot, &registry, way, UNIX_EPOCH, &|| Ok(()), &mut watch)
                .unwrap();
        assert_eq!((restored.files, restored.bytes), (1, 4));
        assert_eq!(fs::read(registry.join("notes.txt")).unwrap(), b"then");
        let aside = home.path().join("registry.before-restore-1970-01-01T00-00-00Z");
        assert_eq!(restored.aside.as_ref(), Some(&aside));
    }
}
