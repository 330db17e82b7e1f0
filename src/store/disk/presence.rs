//! Whether the directory of the store still is where it was.
//! Knows nothing of packages. Everything here blocks.
//!
//! A directory that is gone, as its volume was unmounted or it was renamed, looks like one without packages, and
//! names that NOPAR hosts would be the upstream's. So whoever finds nothing asks here before saying so.
//!
//! What lies in its place meanwhile proves nothing: a mount point may hold files of its own, and whoever misses the
//! directory may make it anew. So it is known by its numbers (`st_dev` and `st_ino`, stat(2)), which no other has as
//! long as it is held open, as it is once there is something in it that could be missed: a volume that was unmounted gives its
//! numbers to the next one otherwise. It is there
//!
//! - if the numbers are the same, whatever was removed in it, NOPAR's own folder included;
//! - if they are others, and there is a mark (`format`): a volume that was mounted again. From then on these are
//!   its numbers;
//! - if nothing was in it when it was last looked at, or there was none: then nothing can be missed. One with nothing
//!   in it is looked at each time, as another process may publish there.
//!
//! Otherwise it is gone, until it is back or NOPAR is started anew.
//!
//! Who serves it also holds it if nothing is in it, and has it locked, together with all others who do: so whoever is about
//! to put another one in its place knows that it is served, also where nothing was written to it yet.

use super::find::is_absent;
use super::format::{self, OWN};
use super::lock;
use crate::regular;
use crate::store::StoreError;
use parking_lot::{Mutex, RwLock};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// What is known of the directory.
pub(super) struct Presence {
    root: PathBuf,
    /// As it was when it was last looked at. `None` as long as there was none: it is made by the first who writes.
    known: RwLock<Option<Known>>,
    /// It, open, unless it is bare and not served.
    held: Mutex<Option<File>>,
    is_served: AtomicBool,
}

/// A directory that was looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Known {
    numbers: Numbers,
    /// Somebody has written to it since NOPAR leaves marks.
    has_mark: bool,
    /// There is nothing in it but NOPAR's own folder, which others than the store make as well.
    is_empty: bool,
}

/// The device of a directory, and its number there.
type Numbers = (u64, u64);

impl Known {
    /// Whether there was nothing that could be missed.
    fn is_bare(&self) -> bool {
        self.is_empty && !self.has_mark
    }
}

impl Presence {
    /// Looks at a directory for the first time. One that cannot be looked at is looked at again when it is asked for.
    pub(super) fn of(root: &Path) -> Presence {
        let known = look(root).unwrap_or_default();
        let held = Mutex::new(hold(root, known, false));
        Presence {
            root: root.to_owned(),
            known: RwLock::new(known),
            held,
            is_served: AtomicBool::default(),
        }
    }

    /// Has it locked from now on, once there is one. Who asks whether it is served has it locked for a moment, and is waited
    /// for. Where it cannot be locked, it is served all the same.
    pub(super) fn serve(&self) {
        self.is_served.store(true, Ordering::Relaxed);
        let waited_for = regular::open_folder(&self.root);
        let waited_for = waited_for.and_then(|folder| lock::share(&folder).map(|()| folder));
        // It may have been made since it was looked at. What is wrong with it is told when it is asked for.
        let _ = self.is_there();
        let known = *self.known.read();
        *self.held.lock() = self.hold(known);
        drop(waited_for);
    }

    /// Notes that something was written: from now on this very directory has to be there.
    pub(super) fn written(&self) {
        if let Ok(Some(seen)) = look(&self.root) {
            let seen = Some(Known { is_empty: false, ..seen });
            *self.known.write() = seen;
            *self.held.lock() = self.hold(seen);
        }
    }

    fn hold(&self, seen: Option<Known>) -> Option<File> {
        hold(&self.root, seen, self.is_served.load(Ordering::Relaxed))
    }

    /// Fails if the directory was there and is not any more. One look at one name, as a rule.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let what = || format!("the registry directory {} cannot be found", self.root.display());
        match self.is_there() {
            Ok(true) => Ok(()),
            Ok(false) => Err(StoreError::other(
                what(),
                "it was there before; was it renamed, or its volume unmounted? Put it back, or \
                 restart NOPAR to go on with what is there now",
            )),
            Err(error) => Err(StoreError::io(what(), error)),
        }
    }

    fn is_there(&self) -> io::Result<bool> {
        let known = *self.known.read();
        let numbers = numbers_of(&self.root)?;
        let is_same = known.map(|it| it.numbers) == numbers;
        if is_same && known.is_none_or(|it| !it.is_bare()) {
            return Ok(true);
        }
        let seen = look(&self.root)?;
        let is_there = match (known, seen) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(known), Some(seen)) => {
                seen.numbers == known.numbers || seen.has_mark || known.is_bare()
            }
        };
        if is_there && seen.is_some() && seen != known {
            let mut now = self.known.write();
            // Who has written meanwhile knows better.
            if *now == known {
                *now = seen;
                *self.held.lock() = self.hold(seen);
            }
        }
        Ok(is_there)
    }
}

/// Holds a directory, if it is still the one that was seen, and there is something in it or it is served; locks it then.
/// Nothing else comes of it than that it cannot be unmounted but lazily.
fn hold(root: &Path, seen: Option<Known>, is_served: bool) -> Option<File> {
    let seen = seen.filter(|seen| is_served || !seen.is_bare())?;
    let held = regular::open_folder(root).ok()?;
    let it = held.metadata().ok()?;
    if (it.dev(), it.ino()) != seen.numbers {
        return None;
    }
    if is_served {
        // A request waits for nobody here: whoever has it locked just now is about to put another one in its place.
        let _ = held.try_lock_shared();
    }
    Some(held)
}

/// Whether somebody serves a directory, as far as its lock tells.
pub(super) fn is_served(root: &Path) -> io::Result<bool> {
    let folder = match regular::open_folder(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        opened => opened?,
    };
    match folder.try_lock() {
        Ok(()) => Ok(false),
        Err(fs::TryLockError::WouldBlock) => Ok(true),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

/// The directory as it is now; `None` when there is none.
fn look(root: &Path) -> io::Result<Option<Known>> {
    loop {
        let Some(numbers) = numbers_of(root)? else { return Ok(None) };
        let has_mark = exists(&format::mark_of(root))?;
        let is_empty = !has_mark && holds_nothing(root)?;
        // It may be mounted at this very moment: then these are things of two directories.
        if numbers_of(root)? == Some(numbers) {
            return Ok(Some(Known { numbers, has_mark, is_empty }));
        }
    }
}

fn numbers_of(root: &Path) -> io::Result<Option<Numbers>> {
    match fs::metadata(root) {
        Ok(it) => Ok(Some((it.dev(), it.ino()))),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether there is nothing in a directory but NOPAR's own folder.
fn holds_nothing(root: &Path) -> io::Result<bool> {
    let entries = match fs::read_dir(root) {
        Err(error) if is_absent(&error) => return Ok(true),
        other => other?,
    };
    for entry in entries {
        if entry?.file_name() != OWN {
            return Ok(false);
        }
    }
    Ok(true)
}

fn exists(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(error),
    }
}
