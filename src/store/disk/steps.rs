//! What the store does to the disk, one step at a time, and the words for what went wrong.
//! Knows nothing of the order of steps.
//!
//! Tests watch here: a watch hears of each step before it is done, and may refuse it.

use crate::regular;
use crate::store::StoreError;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// One thing that is done to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    MakeFolder,
    Create,
    Write,
    Date,
    Sync,
    Rename,
    SyncFolder,
    Remove,
}

/// Hears of a step and of the path it is about; of a rename, the new one. An error is the step's error.
#[cfg(test)]
pub(super) type Watch = std::sync::Arc<dyn Fn(Step, &Path) -> io::Result<()> + Send + Sync>;

/// The directory of the store. Everything here blocks.
pub(super) struct Disk {
    root: PathBuf,
    #[cfg(test)]
    pub(super) watch: parking_lot::Mutex<Option<Watch>>,
}

impl Disk {
    /// The directory `root`, whether it is there or not.
    pub(super) fn new(root: &Path) -> Disk {
        Disk {
            root: root.to_owned(),
            #[cfg(test)]
            watch: parking_lot::Mutex::default(),
        }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The error for a path of the store: `done` is a participle.
    pub(super) fn failed(&self, path: &Path, done: &str, error: io::Error) -> StoreError {
        let shown = self.shown(path);
        if regular::is_no_file(&error) {
            return StoreError::damaged(shown, error);
        }
        StoreError::io(format!("{shown} could not be {done}"), error)
    }

    /// A path as it is told: below the directory, if it is.
    pub(super) fn shown(&self, path: &Path) -> String {
        match path.strip_prefix(&self.root) {
            Ok(below) if below != Path::new("") => below.display().to_string(),
            _ => path.display().to_string(),
        }
    }

    /// Makes a folder; `false` when it is there already.
    pub(super) fn make_folder(&self, path: &Path) -> Result<bool, StoreError> {
        let made = self.tell(Step::MakeFolder, path).and_then(|()| fs::create_dir(path));
        match made {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {
                Ok(false)
            }
            Err(error) => Err(self.failed(path, "made", error)),
        }
    }

    /// Makes a file that is not there.
    pub(super) fn create(&self, path: &Path) -> Result<File, StoreError> {
        let make = || File::options().write(true).create_new(true).open(path);
        let file = self.tell(Step::Create, path).and_then(|()| make());
        file.map_err(|error| self.failed(path, "made", error))
    }

    pub(super) fn write(
        &self,
        file: &File,
        path: &Path,
        bytes: &[u8],
        at: u64,
    ) -> Result<(), StoreError> {
        let written = self.tell(Step::Write, path).and_then(|()| file.write_all_at(bytes, at));
        written.map_err(|error| self.failed(path, "written", error))
    }

    /// Sets when a file was written; says what the disk keeps of that.
    pub(super) fn date(
        &self,
        file: &File,
        path: &Path,
        time: SystemTime,
    ) -> Result<SystemTime, StoreError> {
        let set = || file.set_modified(time).and_then(|()| file.metadata()?.modified());
        let dated = self.tell(Step::Date, path).and_then(|()| set());
        dated.map_err(|error| self.failed(path, "dated", error))
    }

    /// Waits until a file's bytes are on the disk.
    pub(super) fn sync(&self, file: &File, path: &Path) -> Result<(), StoreError> {
        let synced = self.tell(Step::Sync, path).and_then(|()| file.sync_all());
        synced.map_err(|error| self.failed(path, "written to the disk", error))
    }

    /// Puts a file into its place, instead of what is there.
    pub(super) fn rename(&self, from: &Path, to: &Path) -> Result<(), StoreError> {
        let renamed = self.tell(Step::Rename, to).and_then(|()| fs::rename(from, to));
        renamed.map_err(|error| {
            // What the system says of it helps nobody who does not know how files are put in place.
            let done = match error.kind() {
                io::ErrorKind::CrossesDevices => {
                    "put in place, as its folder is on another file system than .nopar/tmp"
                }
                _ => "put in place",
            };
            self.failed(to, done, error)
        })
    }

    /// Waits until the names in a folder are on the disk.
    pub(super) fn sync_folder(&self, path: &Path) -> Result<(), StoreError> {
        let sync = || File::open(path)?.sync_all();
        let synced = self.tell(Step::SyncFolder, path).and_then(|()| sync());
        synced.map_err(|error| self.failed(path, "written to the disk", error))
    }

    /// Removes a file; `false` when it is not there.
    pub(super) fn remove(&self, path: &Path) -> Result<bool, StoreError> {
        let removed = self.tell(Step::Remove, path).and_then(|()| fs::remove_file(path));
        self.gone(path, removed)
    }

    /// Removes a folder that is empty; `false` when it is not there.
    pub(super) fn remove_folder(&self, path: &Path) -> Result<bool, StoreError> {
        let removed = self.tell(Step::Remove, path).and_then(|()| fs::remove_dir(path));
        self.gone(path, removed)
    }

    /// Removes a folder with all that is in it.
    pub(super) fn remove_all(&self, path: &Path) -> Result<bool, StoreError> {
        let removed = self.tell(Step::Remove, path).and_then(|()| fs::remove_dir_all(path));
        self.gone(path, removed)
    }

    fn gone(&self, path: &Path, removed: io::Result<()>) -> Result<bool, StoreError> {
        match removed {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.failed(path, "removed", error)),
        }
    }

    #[cfg(test)]
    fn tell(&self, step: Step, path: &Path) -> io::Result<()> {
        let watch = self.watch.lock().clone();
        watch.map_or(Ok(()), |watch| watch(step, path))
    }

    #[cfg(not(test))]
    fn tell(&self, _step: Step, _path: &Path) -> io::Result<()> {
        Ok(())
    }
}
