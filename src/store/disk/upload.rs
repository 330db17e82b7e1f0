//! Bytes on their way in: a file in the process's own folder, which has no name yet.
//! Knows nothing of packages.

use super::blocking;
use super::dates::date_after;
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

/// Bytes gathered before they are written, so that a tarball takes few hops to the blocking pool.
const GATHER: usize = 256 * 1024;

/// A file without a name. When dropped before it was given one, it is removed.
pub(super) struct Nameless {
    workspace: Arc<Workspace>,
    file: File,
    path: PathBuf,
    named: AtomicBool,
}

/// Everything here blocks.
impl Nameless {
    pub(super) fn create(workspace: &Arc<Workspace>) -> Result<Nameless, StoreError> {
        let path = workspace.next();
        let file = workspace.disk.create(&path)?;
        Ok(Nameless { workspace: Arc::clone(workspace), file, path, named: AtomicBool::new(false) })
    }

    pub(super) fn write(&self, bytes: &[u8], at: u64) -> Result<(), StoreError> {
        self.disk().write(&self.file, &self.path, bytes, at)
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

    fn disk(&self) -> &Disk {
        &self.workspace.disk
    }
}

impl Drop for Nameless {
    fn drop(&mut self) {
        if !self.named.load(Ordering::Relaxed)
            && let Err(error) = self.disk().remove(&self.path)
        {
            // The next start tries it again.
            warn!("store: an unfinished file stays: {error}");
        }
    }
}

/// An upload to a disk.
pub(super) struct DiskUpload {
    file: Arc<Nameless>,
    /// What is not written yet.
    gathered: Vec<u8>,
    written: u64,
    /// A write failed, or nobody waited for its end: the file is not what it should be.
    spoilt: bool,
    synced: bool,
}

impl DiskUpload {
    /// Makes its file. Blocks.
    pub(super) fn begin(workspace: &Arc<Workspace>) -> Result<DiskUpload, StoreError> {
        Ok(DiskUpload {
            file: Arc::new(Nameless::create(workspace)?),
            gathered: Vec::new(),
            written: 0,
            spoilt: false,
            synced: false,
        })
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        self.check()?;
        // Until the end of this is known.
        self.spoilt = true;
        let (file, at) = (Arc::clone(&self.file), self.written);
        let gathered = std::mem::take(&mut self.gathered);
        self.gathered = blocking(move || file.write(&gathered, at).map(|()| gathered)).await?;
        self.written += self.gathered.len() as u64;
        self.gathered.clear();
        self.spoilt = false;
        Ok(())
    }

    /// Writes what is left, and waits until all of it is on the disk. Blocks.
    pub(super) fn settle(&mut self) -> Result<(), StoreError> {
        self.check()?;
        if self.synced {
            return Ok(());
        }
        self.spoilt = true;
        if !self.gathered.is_empty() {
            self.file.write(&self.gathered, self.written)?;
            self.written += self.gathered.len() as u64;
            self.gathered = Vec::new();
        }
        self.file.sync()?;
        (self.spoilt, self.synced) = (false, true);
        Ok(())
    }

    /// Gives it its name. Blocks.
    pub(super) fn name(&self, place: &Path) -> Result<(), StoreError> {
        self.file.name(place)
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.spoilt {
            return Err(StoreError::other(
                "an upload cannot be used",
                "an earlier write to it failed",
            ));
        }
        Ok(())
    }
}

#[async_trait]
impl Upload for DiskUpload {
    async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.synced = false;
        self.gathered.extend_from_slice(&bytes);
        if self.gathered.len() >= GATHER { self.flush().await } else { self.check() }
    }
}
