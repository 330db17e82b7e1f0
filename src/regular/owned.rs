//! Files and folders that belong to the owner of the directory they are made in, also if root makes them.
//! Knows nothing of what is in them. Everything here blocks.
//!
//! Whoever owns a directory may put links into it, and root may give everything away. So no link is followed here, and
//! given away is what was made just now, or what can only be left of that: an empty file of root's without another name.

use super::{NoFile, is_said_of_others, naming};
use rustix::process::geteuid;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;

/// The user who may do everything.
const ROOT: u32 = 0;

/// How often somebody may take a file away that is just being opened.
const ATTEMPTS: usize = 100;

/// Makes a file that is not there, to be written, which only its owner may read.
///
/// # Errors
/// As the system says, also if anything has that name.
pub fn create(path: &Path) -> io::Result<File> {
    let file = options().create_new(true).open(path)?;
    give_to_owner(&file, folder_of(path))?;
    Ok(file)
}

/// The same with these bytes in it, which are on the disk then.
///
/// # Errors
/// As [`create`], and when they cannot be written: then there may be a part of them.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Removes what a crash may have left in this place, where a file is to be made.
///
/// # Errors
/// As the system says, where something is there and stays.
pub fn clear(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Locks a file, which is made if it is not there, for as long as it is open; waits for whoever has it locked.
///
/// # Errors
/// As the system says; and if it is a link, or no file.
pub fn lock(path: &Path) -> io::Result<File> {
    let file = open_or_create(path)?;
    loop {
        match file.lock() {
            // A signal came: that is no answer.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other.map(|()| file),
        }
    }
}

/// The same without waiting; `None` if somebody has it locked.
///
/// # Errors
/// As of [`lock`].
pub fn try_lock(path: &Path) -> io::Result<Option<File>> {
    let file = open_or_create(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

/// Makes a folder that only its owner may look into, unless it is there.
///
/// # Errors
/// As the system says, and as of [`check_folder`].
pub fn make_folder(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {
            check_folder(path)
        }
        Err(error) => Err(error),
        Ok(()) => give_to_owner(&open_folder(path)?, folder_of(path)),
    }
}

/// Opens a folder that is no link; what is none is not waited for.
///
/// # Errors
/// As the system says, `NotADirectory` among that.
pub fn open_folder(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).custom_flags(libc::O_DIRECTORY | libc::O_NOFOLLOW).open(path)
}

/// Whether root may work in a folder: not if it is a link that somebody else has made, who may have it lead anywhere.
///
/// # Errors
/// Why not, and what to do.
pub fn check_folder(path: &Path) -> io::Result<()> {
    if geteuid().as_raw() != ROOT {
        return Ok(());
    }
    match fs::symlink_metadata(path) {
        Ok(it) if it.is_symlink() && it.uid() != ROOT => Err(io::Error::other(format!(
            "{} is a link that user {} has made, which root does not follow: put the folder itself in its place, or run \
             NOPAR as that user",
            path.display(),
            it.uid()
        ))),
        _ => Ok(()),
    }
}

fn open_or_create(path: &Path) -> io::Result<File> {
    for _ in 0..ATTEMPTS {
        match create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made,
        }
        match open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            opened => return opened.map_err(naming(path)),
        }
    }
    Err(io::Error::other(format!("{} comes and goes", path.display())))
}

/// Opens what is there; what somebody did not come to give away is given away.
fn open(path: &Path) -> io::Result<File> {
    let file = match options().custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path) {
        Err(error) if error.raw_os_error() == Some(libc::ELOOP) => {
            let path = path.display();
            return Err(io::Error::other(format!(
                "{path} is a link, which is not followed: remove it"
            )));
        }
        Err(error) if is_said_of_others(&error) => return Err(io::Error::other(NoFile)),
        opened => opened?,
    };
    let it = file.metadata()?;
    if !it.is_file() {
        return Err(io::Error::other(NoFile));
    }
    if it.nlink() == 1 && it.len() == 0 {
        give_to_owner(&file, folder_of(path))?;
    }
    Ok(file)
}

/// Gives what is root's to the owner of the folder that it is in. Only root makes something for somebody else; who is not
/// leaves it as it is.
fn give_to_owner(file: &File, folder: &Path) -> io::Result<()> {
    if geteuid().as_raw() != ROOT {
        return Ok(());
    }
    let (it, owner) = (file.metadata()?, fs::metadata(folder)?);
    if it.uid() != ROOT || owner.uid() == ROOT {
        return Ok(());
    }
    fchown(file, Some(owner.uid()), Some(owner.gid()))
}

fn options() -> OpenOptions {
    let mut options = File::options();
    options.write(true).mode(0o600);
    options
}

fn folder_of(path: &Path) -> &Path {
    super::folder(path.parent().unwrap_or(Path::new("")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, Mode, mkfifoat};
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
    use std::path::PathBuf;
    use tempfile::TempDir;

    /// `nobody` of most systems; any but root would do.
    const NOBODY: u32 = 65_534;

    /// A folder of somebody else, and a file of root's outside it; `None`, with the reason told, where we are not root.
    fn others() -> Option<(TempDir, PathBuf, PathBuf)> {
        if geteuid().as_raw() != ROOT {
            eprintln!("skipped: only root gives anything away");
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        let [folder, victim] = ["folder", "victim"].map(|name| home.path().join(name));
        fs::create_dir(&folder).unwrap();
        chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
        fs::write(&victim, "").unwrap();
        fs::set_permissions(&victim, Permissions::from_mode(0o600)).unwrap();
        Some((home, folder, victim))
    }

    fn owner(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().uid()
    }

    #[test]
    fn what_root_makes_belongs_to_the_owner_of_the_folder() {
        let Some((_home, folder, victim)) = others() else { return };
        let [lock_file, file, inner] = ["lock", "file", "inner"].map(|name| folder.join(name));
        drop(lock(&lock_file).unwrap());
        drop(create(&file).unwrap());
        make_folder(&inner).unwrap();
        for made in [&lock_file, &file, &inner] {
            assert_eq!(owner(made), NOBODY, "{}", made.display());
            assert_eq!(fs::metadata(made).unwrap().permissions().mode() & 0o077, 0);
        }
        // What a crash has left.
        chown(&lock_file, Some(ROOT), Some(ROOT)).unwrap();
        drop(lock(&lock_file).unwrap());
        assert_eq!(owner(&lock_file), NOBODY);
        // In a folder of its own, root keeps it.
        let own = victim.with_file_name("own");
        drop(lock(&own).unwrap());
        assert_eq!(owner(&own), ROOT);
    }

    /// The lock was a link to a file of root's, which belonged to the owner of the folder afterwards.
    #[test]
    fn no_link_is_followed_and_nothing_that_was_there_is_given_away() {
        let Some((_home, folder, victim)) = others() else { return };
        let place = folder.join("lock");
        symlink(&victim, &place).unwrap();
        let refused = lock(&place).unwrap_err().to_string();
        assert!(refused.contains("lock is a link, which is not followed: remove it"), "{refused}");
        assert_eq!(create(&place).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        fs::remove_file(&place).unwrap();
        // By another name of it, and as what root has written there.
        fs::hard_link(&victim, &place).unwrap();
        drop(lock(&place).unwrap());
        fs::remove_file(&place).unwrap();
        fs::write(&victim, "secret").unwrap();
        fs::rename(&victim, &place).unwrap();
        drop(lock(&place).unwrap());
        assert_eq!(owner(&place), ROOT);
        // A link to nothing makes nothing.
        fs::remove_file(&place).unwrap();
        symlink(&victim, &place).unwrap();
        assert!(lock(&place).is_err() && !victim.exists());
    }

    #[test]
    fn root_works_behind_no_link_of_somebody_else() {
        let Some((home, folder, _victim)) = others() else { return };
        let place = folder.join("keys");
        symlink(home.path(), &place).unwrap();
        make_folder(&place).unwrap();
        lchown(&place, Some(NOBODY), Some(NOBODY)).unwrap();
        let refused = make_folder(&place).unwrap_err().to_string();
        assert!(refused.contains("keys is a link that user 65534 has made"), "{refused}");
        assert_eq!(owner(home.path()), ROOT);
    }

    #[test]
    fn what_is_no_file_is_not_locked_and_what_is_none_is_made() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("lock");
        mkfifoat(CWD, &place, Mode::RUSR | Mode::WUSR).unwrap();
        let refused = lock(&place).unwrap_err().to_string();
        assert!(refused.ends_with("lock is not a file"), "{refused}");
        fs::remove_file(&place).unwrap();
        let held = lock(&place).unwrap();
        assert!(File::open(&place).unwrap().try_lock().is_err());
        drop(held);
        File::open(&place).unwrap().try_lock().unwrap();
        make_folder(&home.path().join("folder")).unwrap();
        make_folder(&home.path().join("folder")).unwrap();
        assert!(make_folder(&place).is_err() && make_folder(&home.path().join("a/b")).is_err());
    }
}
