//! What is in the cache directory when NOPAR starts.
//! Knows nothing of entries' contents: names and lengths are enough.

use super::collect::Amount;
use crate::cache::name::{FileName, made_at};
use crate::clock;
use crate::regular;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The file that says which layout a cache directory has.
pub(super) const MARK: &str = "nopar-cache-format";
/// The layout of this NOPAR.
const FORMAT: &str = "2";
const TEMPORARY: &str = "tmp";

/// Why a cache directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be made, read or written.
    #[error("the cache directory {} cannot be used: {source}", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another NOPAR made it, in a layout this one does not know.
    #[error("the cache directory {} has format {found}, and this NOPAR knows only {FORMAT}: give \
             NOPAR_CACHE_PATH another directory, or delete this one (it holds only copies)", path.display())]
    Format {
        /// The directory.
        path: PathBuf,
        /// What its mark says.
        found: String,
    },
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    let path = path.to_owned();
    move |source| OpenError::Io { path, source }
}

/// Makes the directory, or checks that it is ours. Its folders are made with the first file in each.
pub(super) fn prepare(path: &Path) -> Result<(), OpenError> {
    fs::create_dir_all(path).map_err(at(path))?;
    let mark = path.join(MARK);
    match regular::read_to_string(&mark).map_err(regular::naming(&mark)) {
        Ok(found) if found.trim() == FORMAT => {}
        // As a full disk or a crash may leave it.
        Ok(found) if found.trim().is_empty() => write_mark(&mark).map_err(at(path))?,
        Ok(found) => {
            let found = found.trim().to_owned();
            return Err(OpenError::Format { path: path.to_owned(), found });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            write_mark(&mark).map_err(at(path))?;
        }
        Err(error) => return Err(at(path)(error)),
    }
    Ok(())
}

/// The files of all entries in a directory that is looked at, and is not opened: nothing is made there. `None` if it is
/// no cache of a NOPAR.
///
/// # Errors
/// When it cannot be read, or is of a format that this NOPAR does not know.
pub fn files_of(path: &Path) -> Result<Option<Vec<FileName>>, OpenError> {
    let mark = path.join(MARK);
    match regular::read_to_string(&mark).map_err(regular::naming(&mark)) {
        Ok(found) if [FORMAT, ""].contains(&found.trim()) => files(path).map(Some),
        Ok(found) => {
            Err(OpenError::Format { path: path.to_owned(), found: found.trim().to_owned() })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(path)(error)),
    }
}

/// Puts the mark in place whole: others may start at the same moment.
fn write_mark(mark: &Path) -> io::Result<()> {
    let beside = mark.with_extension(std::process::id().to_string());
    fs::write(&beside, format!("{FORMAT}\n"))?;
    fs::rename(&beside, mark)
}

/// All entries' files, oldest generation first. Other files are left alone.
pub(super) fn files(path: &Path) -> Result<Vec<FileName>, OpenError> {
    let mut found = Vec::new();
    for folder in 0..=255_u8 {
        found.extend(files_in(path, folder)?);
    }
    found.sort_unstable_by_key(|name| name.id);
    Ok(found)
}

/// Entries' files in one of the 256 folders: those whose hashes begin with that byte.
pub(super) fn files_in(path: &Path, folder: u8) -> Result<Vec<FileName>, OpenError> {
    let folder = path.join(format!("{folder:02x}"));
    let listing = match fs::read_dir(&folder).map_err(|error| named(error, &folder)) {
        // No file was put there yet, or the cache directory was deleted under us.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listing => listing.map_err(at(path))?,
    };
    let mut found = Vec::new();
    for file in listing {
        let file = file.map_err(at(path))?;
        found.extend(file.file_name().to_str().and_then(FileName::parse));
    }
    Ok(found)
}

/// The same error, which names what somebody has put there in the place of a folder.
fn named(error: io::Error, folder: &Path) -> io::Error {
    match error.kind() {
        io::ErrorKind::NotADirectory => {
            io::Error::other(format!("{} is in the way: it is not a directory", folder.display()))
        }
        _ => error,
    }
}

/// A process's own folder of unfinished files. Its lock tells others that the process lives.
#[derive(Debug)]
pub(super) struct Temporary {
    path: PathBuf,
    _lock: File,
}

impl Temporary {
    /// Makes and locks a folder, and removes those of processes that are gone; what was in them.
    pub(super) fn claim(cache: &Path, id: u64) -> Result<(Temporary, Amount), OpenError> {
        let all = cache.join(TEMPORARY);
        let path = all.join(format!("{id:016x}"));
        let lock = loop {
            fs::create_dir_all(&path).map_err(at(cache))?;
            let lock = File::create(path.join("lock")).map_err(at(cache))?;
            lock.lock().map_err(at(cache))?;
            // Another process that starts just now may have swept the folder before it was locked.
            if path.join("lock").exists() {
                break lock;
            }
        };
        let temporary = Temporary { path, _lock: lock };
        let swept = temporary.sweep_others(cache, false)?;
        Ok((temporary, swept))
    }

    /// Removes the folders of processes that are gone, or with `is_dry` only looks at them; what was in them.
    pub(super) fn sweep_others(&self, cache: &Path, is_dry: bool) -> Result<Amount, OpenError> {
        let all = cache.join(TEMPORARY);
        let folders = match fs::read_dir(&all) {
            // Deleted under this process: so there is nobody's folder.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Amount::default()),
            folders => folders.map_err(at(cache))?,
        };
        let others = folders.flatten().map(|folder| folder.path()).filter(|it| *it != self.path);
        Ok(others.map(|folder| sweep(&folder, is_dry)).fold(Amount::default(), Amount::and))
    }

    /// Whether another folder there is a process's that lives.
    pub(super) fn has_others(&self, cache: &Path) -> bool {
        let folders = fs::read_dir(cache.join(TEMPORARY)).into_iter().flatten().flatten();
        let mut others = folders.map(|folder| folder.path()).filter(|it| *it != self.path);
        others.any(|folder| is_locked(&folder))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Whether a process that lives has this folder.
fn is_locked(folder: &Path) -> bool {
    let lock = regular::open(&folder.join("lock"));
    lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock)))
}

/// Removes the folder of a process that is gone, unless this `is_dry`; what was in it.
fn sweep(folder: &Path, is_dry: bool) -> Amount {
    // Locked until all is gone: its process, if it is only just starting, waits and looks again.
    let lock = regular::open(&folder.join("lock"));
    let gone = match &lock {
        Ok(lock) => lock.try_lock().is_ok(),
        // One that is just being made, or was made anew after the cache was deleted under its process.
        Err(_) => is_old(folder),
    };
    if !gone {
        return Amount::default();
    }
    let amount = unfinished_in(folder);
    if !is_dry {
        // Best effort: what stays is tried again at the next start.
        let _ = fs::remove_dir_all(folder);
    }
    amount
}

/// The files in a folder, but for its lock.
fn unfinished_in(folder: &Path) -> Amount {
    let mut amount = Amount::default();
    for file in fs::read_dir(folder).into_iter().flatten().flatten() {
        if let Ok(found) = file.metadata()
            && found.is_file()
            && file.file_name() != "lock"
        {
            amount.add(found.len());
        }
    }
    amount
}

/// Whether a folder was made more than a day ago: no fill takes so long.
fn is_old(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let Ok(id) = u64::from_str_radix(name, 16) else { return false };
    let now = clock::to_millis(SystemTime::now());
    now.saturating_sub(made_at(id)) > 24 * 3600 * 1000
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}
