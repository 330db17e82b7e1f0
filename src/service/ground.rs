//! Directories and files that root makes for another user.
//! Knows nothing of what is put there.
//!
//! Root makes and gives away nothing where that user, or any other, could have put a link meanwhile: only below
//! directories that nobody but root may change. Elsewhere, the user's own process makes what it needs.

use super::run_files::RunFiles;
use rustix::fs::{AtFlags, CWD, Gid, Mode, OFlags, Uid, chownat, fchown, mkdirat, openat};
use std::fs::{self, Metadata};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The user who may do everything.
const ROOT: u32 = 0;
/// Writable for the group and everybody.
const OTHERS_WRITE: u32 = 0o022;
/// Whoever writes there may move or remove what is theirs only.
const STICKY: u32 = 0o1000;

/// It is not there, and cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be made for that user: {source} (NOPAR_RUNAS_USER)", path.display())]
pub struct GroundError {
    path: PathBuf,
    source: io::Error,
}

/// Whose things are to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground {
    pub(super) user: u32,
    pub(super) group: u32,
}

impl Ground {
    /// Makes a directory that is not there, and those above it, for that user.
    pub(super) fn directory(self, path: &Path) -> Result<(), GroundError> {
        let failed = |source| GroundError { path: path.to_owned(), source };
        if fs::symlink_metadata(path).is_ok() {
            return Ok(());
        }
        let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) else {
            return Ok(());
        };
        self.directory(above)?;
        if !self.is_roots(above) {
            return Ok(());
        }
        self.make_directory(path).map_err(failed)
    }

    fn make_directory(self, path: &Path) -> io::Result<()> {
        mkdirat(CWD, path, Mode::from_raw_mode(0o750))?;
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
        self.own(&openat(CWD, path, flags, Mode::empty())?)
    }

    /// Makes an empty file that is not there, and the directories above it, for that user.
    pub(super) fn file(self, path: &Path) -> Result<(), GroundError> {
        let failed = |source: io::Error| GroundError { path: path.to_owned(), source };
        let above = path.parent().unwrap_or_else(|| Path::new("."));
        self.directory(above)?;
        if fs::symlink_metadata(path).is_ok() || !self.is_roots(above) {
            return Ok(());
        }
        let flags =
            OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::WRONLY;
        let file = openat(CWD, path, flags, Mode::from_raw_mode(0o640));
        file.map_err(io::Error::from).and_then(|file| self.own(&file)).map_err(failed)
    }

    /// Gives it what root has just made there, but where others may have put something else.
    pub(super) fn give(self, path: &Path) -> Result<(), GroundError> {
        if !path.parent().is_some_and(|above| self.is_roots(above)) {
            return Ok(());
        }
        let (user, group) = (Uid::from_raw(self.user), Gid::from_raw(self.group));
        let given = chownat(CWD, path, Some(user), Some(group), AtFlags::SYMLINK_NOFOLLOW);
        given.map_err(|error| GroundError { path: path.to_owned(), source: error.into() })
    }

    /// The same for NOPAR's own files.
    pub(super) fn give_files(self, files: &RunFiles) -> Result<(), GroundError> {
        self.give(&files.pid_path())?;
        self.give(&files.socket_path())
    }

    /// Whether nobody but root may change what is in it, nor on the way there: neither as it is written, where a link may
    /// be root's only, nor where that leads.
    pub(super) fn is_roots(self, path: &Path) -> bool {
        is_roots(path)
    }

    fn own(self, file: &OwnedFd) -> io::Result<()> {
        let (user, group) = (Uid::from_raw(self.user), Gid::from_raw(self.group));
        Ok(fchown(file, Some(user), Some(group))?)
    }
}

/// Whether nobody but root may change a file, or what is in a directory, nor on the way there: neither as it is written,
/// where a link may be root's only, nor where that leads.
pub fn is_roots(path: &Path) -> bool {
    let written = std::path::absolute(path);
    written.is_ok_and(|path| are_roots(&path))
        && fs::canonicalize(path).is_ok_and(|path| are_roots(&path))
}

/// Whether a directory and those above it are as nobody but root makes them.
fn are_roots(path: &Path) -> bool {
    let is_its_own = |it: &Metadata| it.is_symlink() || it.mode() & OTHERS_WRITE == 0;
    path.ancestors().enumerate().all(|(above, place)| {
        fs::symlink_metadata(place).is_ok_and(|it| {
            // Above, where others may write, what is root's stays where it is.
            let is_safe = is_its_own(&it) || above > 0 && it.mode() & STICKY != 0;
            it.uid() == ROOT && is_safe
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};
    use tempfile::TempDir;

    /// `nobody` of most systems; any but root would do.
    const NOBODY: Ground = Ground { user: 65_534, group: 65_534 };

    /// A directory of root's; `None`, with the reason told, where we are not root.
    fn roots() -> Option<TempDir> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: only root makes things for others");
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Some(home)
    }

    fn owner(path: &Path) -> (u32, u32) {
        let there = fs::symlink_metadata(path).unwrap();
        (there.uid(), there.gid())
    }

    #[test]
    fn what_is_not_there_is_made_and_given() {
        let Some(home) = roots() else { return };
        let (log, store) = (home.path().join("nopar.log"), home.path().join("store"));
        NOBODY.file(&log).unwrap();
        NOBODY.directory(&store).unwrap();
        assert_eq!((owner(&log), owner(&store)), ((65_534, 65_534), (65_534, 65_534)));
        // Below what is given by now, it is that user's to make.
        NOBODY.directory(&store.join("a/b")).unwrap();
        NOBODY.file(&store.join("c/log")).unwrap();
        assert_eq!(fs::read_dir(&store).unwrap().count(), 0);
        // What is there stays as it is.
        let mine = home.path().join("mine");
        fs::write(&mine, "x").unwrap();
        NOBODY.file(&mine).unwrap();
        assert_eq!((owner(&mine), fs::read_to_string(&mine).unwrap()), ((0, 0), "x".to_owned()));
        NOBODY.give(&mine).unwrap();
        assert_eq!(owner(&mine), (65_534, 65_534));
    }

    #[test]
    fn nothing_is_made_or_given_where_others_may_put_a_link() {
        let Some(home) = roots() else { return };
        let theirs = home.path().join("theirs");
        let secret = home.path().join("secret");
        fs::create_dir(&theirs).unwrap();
        fs::write(&secret, "").unwrap();
        chown(&theirs, Some(65_534), Some(65_534)).unwrap();
        symlink(&secret, theirs.join("link")).unwrap();
        fs::hard_link(&secret, theirs.join("same")).unwrap();
        for name in ["link", "same"] {
            NOBODY.give(&theirs.join(name)).unwrap();
            NOBODY.file(&theirs.join(name)).unwrap();
        }
        NOBODY.file(&theirs.join("new")).unwrap();
        assert!(!theirs.join("new").exists());
        assert_eq!(owner(&secret), (0, 0));
        // Nor by way of a link there.
        symlink(home.path(), theirs.join("up")).unwrap();
        for up in ["up", "up/theirs", "up/../theirs/up"] {
            assert!(!NOBODY.is_roots(&theirs.join(up)), "{up}");
        }
        symlink(home.path(), home.path().join("own")).unwrap();
        assert!(NOBODY.is_roots(&home.path().join("own")));
        let shared = home.path().join("shared");
        fs::create_dir(&shared).unwrap();
        fs::set_permissions(&shared, fs::Permissions::from_mode(0o1777)).unwrap();
        assert!(!NOBODY.is_roots(&shared) && NOBODY.is_roots(home.path()));
        assert!(!NOBODY.is_roots(&home.path().join("none")));
    }
}
