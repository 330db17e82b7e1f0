//! The folder of the keys' file: read, and written so that it is there whole, or not there.
//! Knows nothing of what is in it. Everything here blocks.
//!
//! What is made here belongs to the owner of the folder that it is made in: who rotates keys as root leaves none that NOPAR,
//! who runs as somebody else, may not read.

use super::error::KeyError;
use crate::regular::{self, Stamp, owned, sync_folder};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The file.
const FILE: &str = "keys.json";
/// It, while it is being written. Only who holds the lock writes.
const UNFINISHED: &str = "keys.json.new";
/// Held by who makes a key.
const LOCK: &str = "lock";

/// More bytes than the file may have: four thousand keys.
const LONGEST: u64 = 1 << 20;

/// The folder.
pub(super) struct Folder {
    path: PathBuf,
    place: PathBuf,
    /// Tests have reading fail.
    #[cfg(test)]
    pub(super) is_refused: std::sync::atomic::AtomicBool,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Folder {
        let place = path.join(FILE);
        Folder {
            path,
            place,
            #[cfg(test)]
            is_refused: Default::default(),
        }
    }

    /// Where the file is, or would be.
    pub(super) fn place(&self) -> &Path {
        &self.place
    }

    /// What is there; `None` when nothing is.
    pub(super) fn seen(&self) -> Result<Option<Stamp>, KeyError> {
        Stamp::at(&self.place).map_err(|error| KeyError::unreadable(&self.place, error))
    }

    pub(super) fn read(&self) -> Result<Vec<u8>, KeyError> {
        let read = || {
            #[cfg(test)]
            if self.is_refused.load(std::sync::atomic::Ordering::Relaxed) {
                return Err(io::Error::from_raw_os_error(libc::EMFILE));
            }
            let mut text = Vec::new();
            regular::open(&self.place)?.take(LONGEST + 1).read_to_end(&mut text)?;
            Ok(text)
        };
        let text: io::Result<Vec<u8>> = read();
        let text = text.map_err(|error| KeyError::unreadable(&self.place, error))?;
        if text.len() as u64 > LONGEST {
            return Err(KeyError::damaged(&self.place, "it is longer than any file of keys"));
        }
        Ok(text)
    }

    /// Makes the folder, which only NOPAR's user may look into, and waits for everybody else who makes a key.
    pub(super) fn hold(&self) -> Result<File, KeyError> {
        self.lock().map_err(|error| KeyError::unmade(&self.place, error))
    }

    fn lock(&self) -> io::Result<File> {
        let above = self.path.parent();
        above.map_or(Ok(()), owned::check_folder)?;
        owned::make_folder(&self.path)?;
        if let Some(above) = above {
            // Not only if it was made here: who did may not have come so far.
            sync_folder(above)?;
        }
        owned::lock(&self.path.join(LOCK))
    }

    /// Puts the first file in place. After a crash it is there, whole, or not there. Who calls holds the lock.
    pub(super) fn create(&self, text: &[u8]) -> Result<(), KeyError> {
        self.write(text, rename_to_nothing).map_err(|error| KeyError::unmade(&self.place, error))
    }

    /// Puts another one in its place, in the same way.
    pub(super) fn replace(&self, text: &[u8]) -> Result<(), KeyError> {
        if text.len() as u64 > LONGEST {
            return Err(KeyError::unmade(&self.place, "it holds as many keys as it can"));
        }
        let rename = |from: &Path, to: &Path| fs::rename(from, to);
        self.write(text, rename).map_err(|error| KeyError::unmade(&self.place, error))
    }

    fn write(
        &self,
        text: &[u8],
        rename: impl Fn(&Path, &Path) -> io::Result<()>,
    ) -> io::Result<()> {
        let unfinished = self.path.join(UNFINISHED);
        // What a crash left.
        let _ = fs::remove_file(&unfinished);
        let written =
            owned::write(&unfinished, text).and_then(|()| rename(&unfinished, &self.place));
        if written.is_err() {
            // Best effort: a key that nobody has signed with.
            let _ = fs::remove_file(&unfinished);
        }
        written?;
        sync_folder(&self.path)
    }
}

/// Renames, unless something is there. Where the file system knows no such rename (NFS), the lock is what keeps others
/// away, and a look.
fn rename_to_nothing(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP)
            if fs::symlink_metadata(to).is_err() =>
        {
            fs::rename(from, to)
        }
        other => Ok(other?),
    }
}
