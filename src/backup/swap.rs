//! A directory beside that of the registry, which takes its place once it is whole and right.
//! Knows nothing of what is in it. Everything here blocks.
//!
//! The old one is moved aside, and never removed. Both change places at once, where the file system can do that; else there
//! is a moment in which there is none, and a crash in it leaves the old one aside and the new one beside.

use crate::keeper::Keeper;
use crate::regular::{owned, sync_folder};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use rustix::process::{getegid, geteuid};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

/// The directory beside.
#[derive(Debug)]
pub(super) struct Beside<'a> {
    keeper: &'a Keeper,
    target: PathBuf,
    path: PathBuf,
    /// Held as long as somebody works in it.
    _lock: File,
}

/// What a directory is that something is to be put in the place of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Absent,
    Empty,
    Full,
}

/// What is in a place.
pub(super) fn place_of(target: &Path) -> io::Result<Place> {
    match fs::read_dir(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Place::Absent),
        Err(error) => Err(error),
        Ok(mut entries) => Ok(if entries.next().is_none() { Place::Empty } else { Place::Full }),
    }
}

impl<'a> Beside<'a> {
    /// Makes it, empty; `None` if somebody works in it. What somebody else has left there, who was stopped, is removed.
    pub(super) fn make(target: &Path, keeper: &'a Keeper) -> io::Result<Option<Beside<'a>>> {
        let path = named(target, ".restoring");
        match File::open(&path).map(|left| left.try_lock()) {
            Ok(Err(fs::TryLockError::WouldBlock)) => return Ok(None),
            Ok(Err(fs::TryLockError::Error(error))) => return Err(error),
            Ok(Ok(())) => remove(&path, keeper)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        if let Err(error) = owned::make_folder(&path) {
            if error.kind() != io::ErrorKind::PermissionDenied {
                return Err(error);
            }
            // In a directory of root's, only root makes one; it is for whose the registry is.
            let (place, user, group) = (path.clone(), geteuid().as_raw(), getegid().as_raw());
            keeper.run(move || make_for(&place, user, group))?;
        }
        let lock = File::open(&path)?;
        if lock.try_lock().is_err() {
            return Ok(None);
        }
        Ok(Some(Beside { keeper, target: target.to_owned(), path, _lock: lock }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it.
    pub(super) fn discard(self) -> io::Result<()> {
        remove(&self.path, self.keeper)
    }

    /// Puts it in its place; what was there is then here, if there was anything. `aside` is what that is called from then on.
    pub(super) fn swap(self, aside: &str) -> io::Result<Option<PathBuf>> {
        let (path, target) = (self.path.clone(), self.target.clone());
        let old = match place_of(&target)? {
            Place::Absent | Place::Empty => {
                self.rename(&path, &target)?;
                None
            }
            Place::Full => {
                let aside = free(&named(&target, aside));
                // Under this name from now on, so that what is called `.restoring` never is the old one.
                self.rename(&path, &aside)?;
                self.exchange(&aside, &target)?;
                Some(aside)
            }
        };
        let above = target.parent().unwrap_or(Path::new("")).to_owned();
        self.with_rights(move || sync_folder(&above))?;
        Ok(old)
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        let (from, to) = (one.to_owned(), other.to_owned());
        let at_once = self
            .with_rights(move || Ok(renameat_with(CWD, &from, CWD, &to, RenameFlags::EXCHANGE)?));
        match at_once {
            Err(error) if is_unknown(&error) => self.exchange_in_steps(one, other),
            done => done,
        }
    }

    /// The same where a file system cannot do it at once.
    fn exchange_in_steps(&self, one: &Path, other: &Path) -> io::Result<()> {
        let between = free(&named(other, ".restored"));
        self.rename(one, &between)?;
        self.rename(other, one)?;
        self.rename(&between, other)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.with_rights(move || fs::rename(&from, &to))
    }

    /// Does this as who is at work, or, where that one may not, as who began it.
    fn with_rights(&self, work: impl Fn() -> io::Result<()> + Send + 'static) -> io::Result<()> {
        match work() {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => self.keeper.run(work),
            done => done,
        }
    }
}

/// Whether the file system does not know how to have two change places.
fn is_unknown(error: &io::Error) -> bool {
    let unknown = [Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP];
    unknown.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

fn remove(path: &Path, keeper: &Keeper) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let path = path.to_owned();
            // What is in it is gone by now, or is not ours.
            keeper.run(move || fs::remove_dir(path))
        }
        done => done,
    }
}

fn make_for(path: &Path, user: u32, group: u32) -> io::Result<()> {
    owned::make_folder(path)?;
    let mut options = File::options();
    options.read(true).custom_flags(libc::O_DIRECTORY | libc::O_NOFOLLOW);
    fchown(options.open(path)?, Some(user), Some(group))
}

/// Beside a path, with this behind its name.
fn named(path: &Path, behind: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(behind);
    path.with_file_name(name)
}

/// This path, or one like it that nothing has.
fn free(path: &Path) -> PathBuf {
    let numbered = (2..).map(|number| named(path, &format!("-{number}")));
    let mut all = std::iter::once(path.to_owned()).chain(numbered);
    all.find(|path| fs::symlink_metadata(path).is_err()).unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn names(home: &TempDir) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(home.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn restored(home: &TempDir, keeper: &Keeper) -> Option<PathBuf> {
        let target = home.path().join("registry");
        let beside = Beside::make(&target, keeper).unwrap().unwrap();
        fs::write(beside.path().join("new"), "").unwrap();
        let old = beside.swap(".before").unwrap();
        assert!(target.join("new").exists());
        old
    }

    #[test]
    fn it_takes_the_place_of_none_and_of_an_empty_one_and_moves_a_full_one_aside() {
        let (home, keeper) = (tempfile::tempdir().unwrap(), Keeper::begin().unwrap());
        assert_eq!(restored(&home, &keeper), None);
        assert_eq!(names(&home), ["registry"]);
        let target = home.path().join("registry");
        fs::rename(target.join("new"), target.join("old")).unwrap();
        for aside in ["registry.before", "registry.before-2"] {
            let old = restored(&home, &keeper).unwrap();
            assert_eq!(old.file_name().unwrap(), aside);
        }
        assert!(home.path().join("registry.before/old").exists());
        assert_eq!(names(&home), ["registry", "registry.before", "registry.before-2"]);
        fs::remove_dir_all(&target).unwrap();
        fs::create_dir(&target).unwrap();
        assert_eq!(restored(&home, &keeper), None);
    }

    #[test]
    fn one_that_was_left_is_removed_and_one_that_somebody_works_in_is_not() {
        let (home, keeper) = (tempfile::tempdir().unwrap(), Keeper::begin().unwrap());
        let target = home.path().join("registry");
        let first = Beside::make(&target, &keeper).unwrap().unwrap();
        fs::write(first.path().join("half"), "").unwrap();
        assert!(Beside::make(&target, &keeper).unwrap().is_none());
        let path = first.path().to_owned();
        drop(first);
        let second = Beside::make(&target, &keeper).unwrap().unwrap();
        assert!(!path.join("half").exists());
        second.discard().unwrap();
        assert_eq!(names(&home), [""; 0]);
    }

    #[test]
    fn where_two_cannot_change_places_at_once_they_do_so_one_after_the_other() {
        for (errno, is) in [(libc::EINVAL, true), (libc::ENOSYS, true), (libc::EACCES, false)] {
            assert_eq!(is_unknown(&io::Error::from_raw_os_error(errno)), is, "{errno}");
        }
        let (home, keeper) = (tempfile::tempdir().unwrap(), Keeper::begin().unwrap());
        let (target, aside) = (home.path().join("registry"), home.path().join("registry.before"));
        let beside = Beside::make(&target, &keeper).unwrap().unwrap();
        for (folder, file) in [(&aside, "new"), (&target, "old")] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join(file), "").unwrap();
        }
        beside.exchange_in_steps(&aside, &target).unwrap();
        assert!(target.join("new").exists() && aside.join("old").exists());
        beside.discard().unwrap();
        assert_eq!(names(&home), ["registry", "registry.before"]);
    }
}
