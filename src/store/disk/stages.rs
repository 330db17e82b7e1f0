//! Stages on the disk: a folder each, which is made elsewhere and gets its name when it is whole.
//! Knows nothing of what is in their files.
//!
//! ```text
//! <registry>/.nopar/stage/<id>/record.json, manifest.json, tarball.tgz, bundle.sigstore
//! ```
//!
//! The order that makes a stage durable: its files' bytes are synced, then their names in a folder below `.nopar/tmp`;
//! the rename of that folder is the moment from which it is there, and durable when the folder of stages is synced. It
//! goes the same way back. So a crash leaves it whole, or something below `tmp` that the next start sweeps.
//!
//! Who holds a stage has locked the file of its record, which the system lets go of whatever ends the process.

use super::find::is_absent;
use super::format::OWN;
use super::upload::DiskUpload;
use super::{DiskStore, Inner, blocking, lock, workspace};
use crate::npm::PackageName;
use crate::regular;
use crate::store::{
    Extent, Held, Hold, Kept, StageId, StagePart, Stages, StoreError, Tarball, Upload,
};
use async_trait::async_trait;
use log::warn;
use std::any::Any;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

/// How often, and how long after each other, a stage that is held is tried again: a tenth of a second in all.
const TRIES: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(5);

/// The file, among the locks, that is held by who counts stages and adds one.
const LOCK: &str = "stage";

/// A part of a stage that is on its way in.
type Part = (StagePart, Box<DiskUpload>);

#[async_trait]
impl Stages for DiskStore {
    async fn keep(
        &self,
        name: &PackageName,
        parts: Vec<(StagePart, Box<dyn Upload>)>,
        most: Extent,
    ) -> Result<Kept, StoreError> {
        let mut parts = own(name, parts)?;
        // Before the lock, as with commits.
        let parts = blocking(move || {
            parts.iter_mut().try_for_each(|(_, upload)| upload.settle())?;
            Ok(parts)
        });
        let parts = parts.await?;
        let turn = Arc::clone(&self.inner.staging).lock_owned().await;
        let (inner, name) = (Arc::clone(&self.inner), name.clone());
        blocking(move || {
            let _turn = turn;
            inner.keep_stage(&name, &parts, most)
        })
        .await
    }

    async fn extent(&self) -> Result<Extent, StoreError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || inner.extent()).await
    }

    async fn ids(&self) -> Result<Vec<StageId>, StoreError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || inner.stage_ids()).await
    }

    async fn part(&self, id: StageId, part: StagePart) -> Result<Option<Tarball>, StoreError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || {
            let found = inner.open(&file(id, part))?;
            if found.is_none() {
                inner.presence.check()?;
            }
            Ok(found)
        })
        .await
    }

    async fn hold(&self, id: StageId) -> Result<Hold, StoreError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || inner.hold_stage(id)).await
    }

    async fn remove(&self, name: &PackageName, held: Held) -> Result<(), StoreError> {
        let (inner, name) = (Arc::clone(&self.inner), name.clone());
        blocking(move || inner.remove_stage(&name, held)).await
    }
}

/// Locks a file, if whoever has it locked lets go of it soon. Who begins a process holds what was just closed for a moment
/// longer, until that process runs.
fn lock_soon(file: &File) -> Result<(), TryLockError> {
    for _ in 0..TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => sleep(BETWEEN),
            done => return done,
        }
    }
    file.try_lock()
}

impl Inner {
    fn keep_stage(
        &self,
        name: &PackageName,
        parts: &[Part],
        most: Extent,
    ) -> Result<Kept, StoreError> {
        let workspace = self.workspace()?;
        let gathered = workspace.next();
        let kept = self.gather(&gathered, parts).and_then(|()| self.put(name, &gathered, most));
        if !matches!(kept, Ok(Kept::Done(_))) {
            self.discard(&gathered);
        }
        kept
    }

    /// Puts the parts into a folder of their own, which has no name that anybody looks for.
    fn gather(&self, folder: &Path, parts: &[Part]) -> Result<(), StoreError> {
        self.disk.make_folder(folder)?;
        for (part, upload) in parts {
            upload.name(&folder.join(file_name(*part)))?;
        }
        self.disk.sync_folder(folder)
    }

    /// Gives the folder its name.
    fn put(&self, name: &PackageName, gathered: &Path, most: Extent) -> Result<Kept, StoreError> {
        let (root, stages) = (self.disk.root(), self.stages());
        let counted = workspace::locks(root).join(LOCK);
        let held = lock::hold(&counted);
        let _held = held.map_err(|error| self.disk.failed(&counted, "locked", error))?;
        self.disk.make_folder(&stages)?;
        // Not only if this made it: who did may not have come so far.
        self.disk.sync_folder(&root.join(OWN))?;
        let with_it = self.extent()?.with(size_of(gathered));
        if !with_it.is_within(most) {
            return Ok(Kept::NoRoom(with_it));
        }
        let id = StageId::random()?;
        self.move_folder(name, gathered, &stages.join(id.to_string()))?;
        Ok(Kept::Done(id))
    }

    fn extent(&self) -> Result<Extent, StoreError> {
        let (ids, stages) = (self.stage_ids()?, self.stages());
        let sizes = ids.iter().map(|id| size_of(&stages.join(id.to_string())));
        Ok(sizes.fold(Extent::default(), Extent::with))
    }

    /// Moves a stage from or to its place, for good.
    fn move_folder(&self, name: &PackageName, from: &Path, to: &Path) -> Result<(), StoreError> {
        self.disk.rename(from, to)?;
        let synced = self.disk.sync_folder(&self.stages());
        synced.map_err(|failed| {
            let back = self.disk.rename(to, from);
            let back = back.and_then(|()| self.disk.sync_folder(&self.stages()));
            match back {
                Ok(()) => failed,
                Err(back) => StoreError::in_doubt(name, &failed, &back),
            }
        })
    }

    pub(super) fn stage_ids(&self) -> Result<Vec<StageId>, StoreError> {
        // A mount point may have a folder of its own.
        self.presence.check()?;
        let stages = self.stages();
        let failed = |error| self.disk.failed(&stages, "read", error);
        let entries = match fs::read_dir(&stages) {
            Err(error) if is_absent(&error) => return Ok(Vec::new()),
            other => other.map_err(failed)?,
        };
        let mut ids = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            // Whatever else lies there is nobody's.
            ids.extend(name.to_str().and_then(StageId::parse));
        }
        Ok(ids)
    }

    fn hold_stage(&self, id: StageId) -> Result<Hold, StoreError> {
        let path = self.disk.root().join(file(id, StagePart::Record));
        let failed = |error| self.disk.failed(&path, "locked", error);
        let Some((record, numbers)) = opened(&path).map_err(failed)? else {
            self.presence.check()?;
            return Ok(Hold::Absent);
        };
        match lock_soon(&record) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Hold::Busy),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // Whoever held it may have removed it since it was opened.
        match fs::metadata(&path) {
            Ok(file) if (file.dev(), file.ino()) == numbers => {
                Ok(Hold::Held(Held { id, _by: Box::new(record) }))
            }
            Ok(_) => Ok(Hold::Absent),
            Err(error) if is_absent(&error) => {
                self.presence.check()?;
                Ok(Hold::Absent)
            }
            Err(error) => Err(failed(error)),
        }
    }

    fn remove_stage(&self, name: &PackageName, held: Held) -> Result<(), StoreError> {
        let gone = self.workspace()?.next();
        self.move_folder(name, &self.stages().join(held.id.to_string()), &gone)?;
        self.discard(&gone);
        Ok(())
    }

    /// Removes a folder that is nobody's.
    fn discard(&self, folder: &Path) {
        if let Err(error) = self.disk.remove_all(folder) {
            // The next start tries it again.
            warn!("store: an unfinished folder stays: {error}");
        }
    }

    fn stages(&self) -> PathBuf {
        self.disk.root().join(folder())
    }
}

/// A file and its numbers, if it is there.
fn opened(path: &Path) -> io::Result<Option<(File, (u64, u64))>> {
    match regular::open(path) {
        Ok(file) => {
            let metadata = file.metadata()?;
            Ok(Some((file, (metadata.dev(), metadata.ino()))))
        }
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The parts, if they are uploads to a disk.
fn own(
    name: &PackageName,
    parts: Vec<(StagePart, Box<dyn Upload>)>,
) -> Result<Vec<Part>, StoreError> {
    let own = parts.into_iter().map(|(part, upload)| {
        let upload: Box<dyn Any> = upload;
        let what = || format!("{name} could not be staged");
        let upload = upload.downcast::<DiskUpload>();
        Ok((part, upload.map_err(|_| StoreError::other(what(), "it is of another store"))?))
    });
    own.collect()
}

/// Bytes of all parts of a stage that are there: one that is being removed has less and less.
fn size_of(folder: &Path) -> u64 {
    let size =
        |part: StagePart| fs::metadata(folder.join(file_name(part))).map_or(0, |it| it.len());
    StagePart::ALL.into_iter().map(size).sum()
}

/// Where all stages are, below the directory of the store.
fn folder() -> PathBuf {
    Path::new(OWN).join("stage")
}

/// Where a part is.
fn file(id: StageId, part: StagePart) -> PathBuf {
    folder().join(id.to_string()).join(file_name(part))
}

fn file_name(part: StagePart) -> &'static str {
    match part {
        StagePart::Record => "record.json",
        StagePart::Manifest => "manifest.json",
        StagePart::Tarball => "tarball.tgz",
        StagePart::Bundle => "bundle.sigstore",
    }
}
