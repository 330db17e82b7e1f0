//! Bytes on their way in: a file in the process's own folder, which has no name yet.
//! Knows nothing of packages.

use super::blocking;
use super::dates::date_after;
use super::gathered::Gathered;
use super::steps::Disk;
use super::workspace::Workspace;
use crate::store::{StoreError, Upload};
use async_trait::async_trait;
use bytes::Bytes;
use log::warn;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;
use tokio::runtime::Handle;

/// A file without a name. When dropped before it was given one, it is removed.
pub(super) struct Nameless {
    workspace: Arc<Workspace>,
    file: File,
    path: PathBuf,
    named: AtomicBool,
}

/// Everything here blocks, to be dropped as well.
impl Nameless {
    pub(super) fn create(workspace: &Arc<Workspace>) -> Result<Nameless, StoreError> {
        let path = workspace.next();
        let file = workspace.disk.create(&path)?;
        Ok(Nameless { workspace: Arc::clone(workspace), file, path, named: AtomicBool::new(false) })
    }

    pub(super) fn write(&self, bytes: &[u8], at: u64) -> Result<(), StoreError> {
        self.disk().write(&self.file, &self.path, bytes, at)
    }

    /// Writes these bytes at the end, which is told, if there are any; where the end is then.
    fn append(&self, bytes: &[u8], end: u64) -> Result<u64, StoreError> {
        if !bytes.is_empty() {
            self.write(bytes, end)?;
        }
        Ok(end + bytes.len() as u64)
    }

    /// Dates it later than the file that has its name now, if there is one.
    pub(super) fn date_after(&self, place: &Path) -> Result<(), StoreError> {
        let before = fs::metadata(place).and_then(|file| file.modified()).ok();
        let set = |time| self.disk().date(&self.file, &self.path, time);
        date_after(before, SystemTime::now(), set)
    }

    /// Waits until the bytes are on the disk.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.disk().sync(&self.file, &self.path)
    }

    /// Gives it a name, instead of the file that has it. On the disk the name is when the folder is.
    pub(super) fn name(&self, place: &Path) -> Result<(), StoreError> {
        self.disk().rename(&self.path, place)?;
        self.named.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn is_named(&self) -> bool {
        self.named.load(Ordering::Relaxed)
    }

    fn disk(&self) -> &Disk {
        &self.workspace.disk
    }
}

impl Drop for Nameless {
    fn drop(&mut self) {
        if !self.is_named()
            && let Err(error) = self.disk().remove(&self.path)
        {
            // The next start tries it again.
            warn!("store: an unfinished file stays: {error}");
        }
    }
}

/// An upload to a disk.
pub(super) struct DiskUpload {
    /// There until this is dropped.
    file: Option<Arc<Nameless>>,
    /// What is not written yet.
    gathered: Gathered,
    written: u64,
    /// A write failed, or nobody waited for its end: the file is not what it should be.
    spoilt: bool,
    synced: bool,
}

impl DiskUpload {
    /// Makes its file. Blocks.
    pub(super) fn begin(workspace: &Arc<Workspace>) -> Result<DiskUpload, StoreError> {
        Ok(DiskUpload {
            file: Some(Arc::new(Nameless::create(workspace)?)),
            gathered: Gathered::default(),
            written: 0,
            spoilt: false,
            synced: false,
        })
    }

    /// Writes what was gathered, and these bytes behind it, in one hop.
    async fn flush(&mut self, file: Arc<Nameless>, bytes: Bytes) -> Result<(), StoreError> {
        // Until the end of this is known.
        self.spoilt = true;
        let (gathered, written) = (std::mem::take(&mut self.gathered), self.written);
        let flushed = blocking(move || {
            let written = file.append(gathered.bytes(), written)?;
            let written = file.append(&bytes, written)?;
            Ok((gathered.emptied(), written))
        });
        (self.gathered, self.written) = flushed.await?;
        self.spoilt = false;
        Ok(())
    }

    /// Writes what is left, and waits until all of it is on the disk. Blocks.
    pub(super) fn settle(&mut self) -> Result<(), StoreError> {
        let file = self.usable()?;
        if self.synced {
            return Ok(());
        }
        self.spoilt = true;
        self.written = file.append(self.gathered.bytes(), self.written)?;
        // Its buffer is somebody else's, before the disk is waited for.
        self.gathered = Gathered::default();
        file.sync()?;
        (self.spoilt, self.synced) = (false, true);
        Ok(())
    }

    /// Gives it its name. Blocks.
    pub(super) fn name(&self, place: &Path) -> Result<(), StoreError> {
        self.usable()?.name(place)
    }

    /// Its file, if that is what it should be.
    fn usable(&self) -> Result<Arc<Nameless>, StoreError> {
        match &self.file {
            Some(file) if !self.spoilt => Ok(Arc::clone(file)),
            _ => Err(StoreError::other("an upload cannot be used", "an earlier write failed")),
        }
    }

    /// How much memory its bytes take that are not written yet.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.gathered.held()
    }
}

#[async_trait]
impl Upload for DiskUpload {
    async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        let file = self.usable()?;
        self.synced = false;
        if self.gathered.take(&bytes) { Ok(()) } else { self.flush(file, bytes).await }
    }
}

impl Drop for DiskUpload {
    /// Lets go of its file. To remove and close one of some hundred megabytes takes a while, and who was refused is often
    /// let go of by a thread that answers others: so the blocking pool does it, where there is one.
    fn drop(&mut self) {
        let Some(file) = self.file.take().filter(|file| !file.is_named()) else { return };
        if let Ok(runtime) = Handle::try_current() {
            // A pool that has ended drops the file, and so removes it here.
            drop(runtime.spawn_blocking(move || drop(file)));
        }
    }
}
