//! Who commits a package waits here for those who do the same.
//! Knows nothing of what is done under a lock.
//!
//! A package has a number, and packages of the same number wait for each other: so there are never more
//! than [`NUMBERS`] files, and none of them ever has to go. A file that came and went with its package
//! could be locked by two processes at once, by one of them after it is no longer there.

use crate::npm::PackageName;
use crate::regular;
use crate::store::digest;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// How many packages can be committed at once, at best. Of 16 commits at once, one waits for another one's
/// package in one case of nine.
const NUMBERS: u16 = 1024;

/// The locks of all packages.
pub(super) struct Locks {
    folder: PathBuf,
    /// Those of one store wait here, in the order they came, and not as threads in [`Locks::hold`].
    turns: Box<[Arc<Mutex<()>>]>,
}

impl Locks {
    /// The locks whose files are in `folder`.
    pub(super) fn new(folder: PathBuf) -> Locks {
        Locks { folder, turns: (0..NUMBERS).map(|_| Arc::default()).collect() }
    }

    /// Waits for those of the same store who commit the package.
    pub(super) async fn turn(&self, name: &PackageName) -> OwnedMutexGuard<()> {
        Arc::clone(&self.turns[usize::from(number(name))]).lock_owned().await
    }

    /// Waits for everybody else who commits the package. Held until the file is closed, also by the
    /// system after a crash. Blocks.
    pub(super) fn hold(&self, name: &PackageName) -> io::Result<File> {
        hold(&self.file(name))
    }

    /// Waits for whoever commits the package just now, and keeps others from it until the file is closed. Makes
    /// nothing, and is content with a directory that can only be read: `None` when nobody ever committed a package of
    /// that number. Blocks.
    pub(super) fn rest(&self, name: &PackageName) -> io::Result<Option<File>> {
        let path = self.file(name);
        let file = match regular::open(&path).map_err(regular::naming(&path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        share(&file)?;
        Ok(Some(file))
    }

    fn file(&self, name: &PackageName) -> PathBuf {
        self.folder.join(format!("{:03x}", number(name)))
    }
}

/// Locks a file, which is made if it is not there. Blocks.
pub(super) fn hold(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    let file = regular::open_with(&mut options, path).map_err(regular::naming(path))?;
    lock(&file)?;
    Ok(file)
}

/// Locks a file. Blocks.
pub(super) fn lock(file: &File) -> io::Result<()> {
    patiently(|| file.lock())
}

/// Locks a file together with others who do the same. Blocks.
pub(super) fn share(file: &File) -> io::Result<()> {
    patiently(|| file.lock_shared())
}

fn patiently(lock: impl Fn() -> io::Result<()>) -> io::Result<()> {
    loop {
        match lock() {
            // A signal came: that is no answer.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

fn number(name: &PackageName) -> u16 {
    let digest = digest(name.as_str().as_bytes());
    u16::from_be_bytes([digest[0], digest[1]]) % NUMBERS
}

/// Whether somebody waits for the lock of a file.
#[cfg(test)]
pub(super) fn is_waited_for(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    let number = format!(":{} ", file.metadata().unwrap().ino());
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    locks.lines().any(|line| line.contains("->") && line.contains(&number))
}
