//! A directory beside that of the registry, which takes its place once it is whole and right.
//! Knows nothing of what is in it. Everything here blocks.
//!
//! The old one is moved aside, and never removed. Both change places at once, where the file system can do that; else there
//! is a moment in which there is none, and a crash in it leaves the old one aside and the new one beside.

use crate::keeper::Keeper;
use crate::regular::{owned, sync_folder};
use rustix::fs::{AtFlags, CWD, RenameFlags, StatxAttributes, StatxFlags, renameat_with, statx};
use rustix::io::Errno;
use rustix::process::{getegid, geteuid};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, fchown};
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

/// What is where once it has taken its place.
#[derive(Debug)]
pub(super) struct Swapped {
    /// Where the old one is, if there was one.
    pub(super) aside: Option<PathBuf>,
    /// Why the names may not be on the disk yet.
    pub(super) unsynced: Option<io::Error>,
}

/// Why it has not taken its place, and what is where now: the old one where it was, and of the new one nothing, unless it
/// is said.
#[derive(Debug, thiserror::Error)]
#[error("{source}{}", told(source, new.as_deref(), old.as_deref()))]
pub struct Unswapped {
    source: io::Error,
    /// Where the new one is, if it could not be removed.
    new: Option<PathBuf>,
    /// Where the old one is, if it could not be put back.
    old: Option<PathBuf>,
}

fn told(source: &io::Error, new: Option<&Path>, old: Option<&Path>) -> String {
    let mut text = String::new();
    // As of what was mounted meanwhile, and of a directory that a container has from its image.
    if matches!(source.kind(), io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices) {
        text += ": no other directory can take its place; restore to a directory below it (--to), and let \
                 NOPAR_REGISTRY_PATH be that";
    }
    if let Some(old) = old {
        text += &format!("; what was there is {} now: give it its name back", old.display());
    }
    if let Some(new) = new {
        text += &format!("; what was restored is left in {}: remove it", new.display());
    }
    text
}

impl From<io::Error> for Unswapped {
    fn from(source: io::Error) -> Unswapped {
        Unswapped { source, new: None, old: None }
    }
}

/// What is in a place.
pub(super) fn place_of(target: &Path) -> io::Result<Place> {
    match fs::read_dir(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Place::Absent),
        Err(error) => Err(error),
        Ok(mut entries) => Ok(if entries.next().is_none() { Place::Empty } else { Place::Full }),
    }
}

/// Whether something is mounted there, also if it is another directory of the same file system.
pub(super) fn is_mount_point(target: &Path) -> io::Result<bool> {
    let it = statx(CWD, target, AtFlags::empty(), StatxFlags::empty())?;
    if it.stx_attributes_mask.contains(StatxAttributes::MOUNT_ROOT) {
        return Ok(it.stx_attributes.contains(StatxAttributes::MOUNT_ROOT));
    }
    // Linux before 5.8 does not say it.
    let device = |path: &Path| fs::metadata(path).map(|it| it.dev());
    Ok(device(target)? != device(&target.join(".."))?)
}

/// Where the directory beside is.
pub(super) fn place_beside(target: &Path) -> PathBuf {
    named(target, ".restoring")
}

impl<'a> Beside<'a> {
    /// Makes it, empty; `None` if somebody works in it. What somebody else has left there, who was stopped, is removed.
    pub(super) fn make(target: &Path, keeper: &'a Keeper) -> io::Result<Option<Beside<'a>>> {
        let path = place_beside(target);
        // Held until the new one is locked, so that whoever finds the old one goes away.
        let left = match owned::open_folder(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return Err(io::Error::other("something else has that name: remove it"));
            }
            opened => Some(opened?),
        };
        if let Some(left) = &left {
            if !is_locked(left, &path)? {
                return Ok(None);
            }
            remove(&path, keeper)?;
        }
        if let Err(error) = owned::make_folder(&path) {
            if error.kind() != io::ErrorKind::PermissionDenied {
                return Err(error);
            }
            // In a directory of root's, only root makes one; it is for whose the registry is.
            let (place, user, group) = (path.clone(), geteuid().as_raw(), getegid().as_raw());
            keeper.run(move || make_for(&place, user, group))?;
        }
        let lock = owned::open_folder(&path)?;
        if !is_locked(&lock, &path)? {
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

    /// Puts it in its place. `aside` is what is added to the name of what was there, if there was anything.
    ///
    /// # Errors
    /// Why not; it is removed then.
    pub(super) fn swap(self, aside: &str) -> Result<Swapped, Unswapped> {
        let aside = match self.put(aside) {
            Ok(aside) => aside,
            Err(failed) if failed.new.is_some() => return Err(failed),
            Err(failed) => {
                let path = self.path.clone();
                let left = self.discard().is_err().then_some(path);
                return Err(Unswapped { new: left, ..failed });
            }
        };
        let above = self.target.parent().unwrap_or(Path::new("")).to_owned();
        let unsynced = self.with_rights(move || sync_folder(&above)).err();
        Ok(Swapped { aside, unsynced })
    }

    fn put(&self, aside: &str) -> Result<Option<PathBuf>, Unswapped> {
        if place_of(&self.target)? != Place::Full {
            self.rename(&self.path, &self.target)?;
            return Ok(None);
        }
        let aside = free(&named(&self.target, aside));
        // Under this name from now on, so that what is called `.restoring` never is the old one.
        self.rename(&self.path, &aside)?;
        match self.exchange(&aside, &self.target) {
            Ok(()) => Ok(Some(aside)),
            Err(failed) if failed.new.is_some() => Err(failed),
            // Nor is the new one called as if it were the old one.
            Err(failed) => {
                let back = self.rename(&aside, &self.path);
                Err(Unswapped { new: back.err().map(|_| aside), ..failed })
            }
        }
    }

    fn exchange(&self, one: &Path, other: &Path) -> Result<(), Unswapped> {
        let (from, to) = (one.to_owned(), other.to_owned());
        let at_once = self
            .with_rights(move || Ok(renameat_with(CWD, &from, CWD, &to, RenameFlags::EXCHANGE)?));
        match at_once {
            Err(error) if is_unknown(&error) => self.exchange_in_steps(one, other),
            done => Ok(done?),
        }
    }

    /// The same where a file system cannot do it at once. What fails is undone, as far as that can be.
    fn exchange_in_steps(&self, new: &Path, old: &Path) -> Result<(), Unswapped> {
        let between = free(&named(old, ".restored"));
        self.rename(new, &between)?;
        let moved = self.rename(old, new);
        if let Err(source) = moved {
            let back = self.rename(&between, new);
            return Err(Unswapped { source, new: back.err().map(|_| between), old: None });
        }
        let Err(source) = self.rename(&between, old) else { return Ok(()) };
        if self.rename(new, old).is_err() {
            return Err(Unswapped { source, new: Some(between), old: Some(new.to_owned()) });
        }
        let back = self.rename(&between, new);
        Err(Unswapped { source, new: back.err().map(|_| between), old: None })
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

/// Locks a directory; whether it could be, and is still what is called so: another may have been put there meanwhile.
fn is_locked(folder: &File, path: &Path) -> io::Result<bool> {
    match folder.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => return Ok(false),
        Err(fs::TryLockError::Error(error)) => return Err(error),
    }
    let own = folder.metadata()?;
    match fs::metadata(path) {
        Ok(it) => Ok((it.dev(), it.ino()) == (own.dev(), own.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
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
    fchown(owned::open_folder(path)?, Some(user), Some(group))
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
    use rustix::fs::{Mode, mkfifoat};
    use std::os::unix::fs::symlink;
    use std::process::Command;
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
        let old = beside.swap(".before").unwrap().aside;
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

    /// A FIFO was waited for.
    #[test]
    fn what_has_its_name_and_is_no_directory_is_told_of() {
        let (home, keeper) = (tempfile::tempdir().unwrap(), Keeper::begin().unwrap());
        let (target, beside) =
            (home.path().join("registry"), home.path().join("registry.restoring"));
        let places: [fn(&Path); 3] = [
            |at| mkfifoat(CWD, at, Mode::RUSR | Mode::WUSR).unwrap(),
            |at| fs::write(at, "").unwrap(),
            |at| symlink("/", at).unwrap(),
        ];
        for make in places {
            make(&beside);
            let error = Beside::make(&target, &keeper).unwrap_err().to_string();
            assert!(error.contains("something else has that name"), "{error}");
            fs::remove_file(&beside).unwrap();
        }
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

    #[test]
    fn where_one_step_fails_those_before_it_are_undone() {
        let (home, keeper) = (tempfile::tempdir().unwrap(), Keeper::begin().unwrap());
        let (target, aside) = (home.path().join("registry"), home.path().join("registry.before"));
        let beside = Beside::make(&target, &keeper).unwrap().unwrap();
        fs::create_dir(&aside).unwrap();
        fs::write(aside.join("new"), "").unwrap();
        // There is no old one to be moved.
        let failed = beside.exchange_in_steps(&aside, &target).unwrap_err();
        assert!(failed.new.is_none() && failed.old.is_none(), "{failed}");
        assert!(aside.join("new").exists());
        beside.discard().unwrap();
        assert_eq!(names(&home), ["registry.before"]);
    }

    #[test]
    fn who_has_locked_a_directory_that_is_not_there_any_more_has_locked_nothing() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("registry.restoring");
        fs::create_dir(&path).unwrap();
        let folder = File::open(&path).unwrap();
        assert!(is_locked(&folder, &path).unwrap());
        assert!(!is_locked(&File::open(&path).unwrap(), &path).unwrap(), "somebody has");
        fs::rename(&path, home.path().join("gone")).unwrap();
        assert!(!is_locked(&folder, &path).unwrap());
        fs::create_dir(&path).unwrap();
        assert!(!is_locked(&folder, &path).unwrap(), "another one");
    }

    /// What is mounted on a directory, until this ends.
    struct Mount(PathBuf);

    impl Mount {
        /// `None`, with the reason told, where we may not.
        fn on(path: &Path, options: &[&str]) -> Option<Mount> {
            let done = Command::new("mount").args(options).arg(path).output();
            match done {
                Ok(done) if done.status.success() => Some(Mount(path.to_owned())),
                done => {
                    eprintln!("skipped: nothing can be mounted: {done:?}");
                    None
                }
            }
        }
    }

    impl Drop for Mount {
        fn drop(&mut self) {
            let _ = Command::new("umount").arg("-l").arg(&self.0).status();
        }
    }

    const TMPFS: [&str; 3] = ["-t", "tmpfs", "tmpfs"];

    #[test]
    fn what_is_mounted_is_told_from_other_directories() {
        let home = tempfile::tempdir().unwrap();
        let [target, other] = ["registry", "other"].map(|name| home.path().join(name));
        fs::create_dir(&target).unwrap();
        fs::create_dir(&other).unwrap();
        assert!(!is_mount_point(&target).unwrap() && is_mount_point(Path::new("/")).unwrap());
        for options in [&TMPFS[..], &["--bind", other.to_str().unwrap()]] {
            let Some(_mount) = Mount::on(&target, options) else { return };
            assert!(is_mount_point(&target).unwrap(), "{options:?}");
        }
        assert!(!is_mount_point(&target).unwrap());
    }

    /// All that was restored stayed there, as `.restoring` or under the name of the old one.
    #[test]
    fn what_cannot_take_its_place_is_removed_and_the_old_one_stays() {
        let (home, keeper) = (tempfile::tempdir().unwrap(), Keeper::begin().unwrap());
        let target = home.path().join("registry");
        fs::create_dir(&target).unwrap();
        for old in [None, Some("old")] {
            let Some(_mount) = Mount::on(&target, &TMPFS) else { return };
            old.iter().for_each(|name| fs::write(target.join(name), "").unwrap());
            let beside = Beside::make(&target, &keeper).unwrap().unwrap();
            fs::write(beside.path().join("new"), "").unwrap();
            let failed = beside.swap(".before").unwrap_err();
            assert_eq!(failed.source.kind(), io::ErrorKind::ResourceBusy, "{failed}");
            assert!(failed.to_string().contains("restore to a directory below it"), "{failed}");
            assert!(failed.new.is_none() && failed.old.is_none(), "{failed}");
            assert_eq!(names(&home), ["registry"]);
            assert!(old.iter().all(|name| target.join(name).exists()));
        }
    }
}
