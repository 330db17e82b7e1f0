//! One change of one package, carried out in the order that makes it durable, or taken back.
//! Knows nothing of what the change means. Everything here blocks.

use super::Inner;
use super::find::is_called_otherwise;
use super::layout::{Place, files};
use super::steps::Disk;
use super::upload::{DiskUpload, Nameless};
use super::workspace::Workspace;
use crate::npm::{PackageName, TarballName};
use crate::store::{Change, Committed, StoreError, Tag, Upload, identity};
use bytes::Bytes;
use log::warn;
use std::any::Any;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A change whose uploads are known to be of a disk.
pub(super) struct Ready {
    document: Bytes,
    add: Vec<(TarballName, Box<DiskUpload>)>,
    remove: Vec<TarballName>,
}

impl Ready {
    /// Checks what can be checked without looking at the disk.
    pub(super) fn new(name: &PackageName, change: Change) -> Result<Ready, StoreError> {
        identity::check(name, &change.document)
            .map_err(|unfit| StoreError::damaged(format!("the new document of {name}"), unfit))?;
        let add = change.add.into_iter().map(|(file, upload)| {
            let upload: Box<dyn Any> = upload;
            let what = || format!("{file} of {name} could not be added");
            let upload = upload.downcast::<DiskUpload>();
            let upload = upload.map_err(|_| StoreError::other(what(), "it is of another store"))?;
            Ok((file, upload))
        });
        let add = add.collect::<Result<_, StoreError>>()?;
        Ok(Ready { document: change.document, add, remove: change.remove })
    }

    /// Waits until the bytes of all uploads are on the disk.
    pub(super) fn settle(mut self) -> Result<Ready, StoreError> {
        self.add.iter_mut().try_for_each(|(_, upload)| upload.settle())?;
        Ok(self)
    }

    fn into_change(self) -> Change {
        let add = self.add.into_iter().map(|(file, upload)| (file, upload as Box<dyn Upload>));
        Change { document: self.document, add: add.collect(), remove: self.remove }
    }
}

impl Inner {
    /// Carries a change out, if the document still is the `expected` one.
    pub(super) fn commit(
        &self,
        name: &PackageName,
        expected: Option<Tag>,
        ready: Ready,
    ) -> Result<Committed, StoreError> {
        let workspace = self.workspace()?;
        let _held = self.hold(name)?;
        let found = self.find(name)?;
        if found.document.as_deref().map(Tag::of) != expected {
            return Ok(Committed::Conflict(ready.into_change()));
        }
        if let Some(other) = &found.taken_by {
            let what = found.place.document.display().to_string();
            return Err(StoreError::damaged(what, format!("it is the document of {other:?}")));
        }
        let mut work = Work {
            disk: &self.disk,
            workspace: &workspace,
            place: found.place,
            before: found.document.filter(|_| found.in_its_place),
            made_folder: false,
            named: Vec::new(),
            replaced: false,
        };
        match work.carry_out(&ready) {
            Ok(()) => {
                work.remove(&ready.remove);
                Ok(Committed::Done(Tag::of(&ready.document)))
            }
            Err(error) => Err(work.take_back(name, error)),
        }
    }
}

/// How a release ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// There is no document any more.
    Done,
    /// The document is another one, or there is none: nothing was changed.
    Conflict,
}

impl Inner {
    /// Waits for everybody else who changes the package.
    fn hold(&self, name: &PackageName) -> Result<File, StoreError> {
        let held = self.locks.hold(name);
        held.map_err(|error| StoreError::io(format!("{name} could not be locked"), error))
    }

    /// Removes the document of a package, if it still is the `expected` one.
    pub(super) fn release(
        &self,
        name: &PackageName,
        expected: &Tag,
    ) -> Result<Released, StoreError> {
        // Makes the folder of locks, if this process is the first to need it.
        let _workspace = self.workspace()?;
        let _held = self.hold(name)?;
        let found = self.find(name)?;
        if found.document.as_deref().map(Tag::of).as_ref() != Some(expected) {
            return Ok(Released::Conflict);
        }
        if !found.in_its_place || self.registry.document(name).is_some() {
            let what = format!("{name} could not be released");
            return Err(StoreError::other(
                what,
                "it is in registry.json, whose packages are never changed",
            ));
        }
        let path = |below: &Path| self.disk.root().join(below);
        self.disk.remove(&path(&found.place.document))?;
        let folder = path(&found.place.folder);
        self.disk.sync_folder(&folder)?;
        // What else may lie there is not NOPAR's to remove.
        let _ = self.disk.remove_folder(&folder);
        Ok(Released::Done)
    }
}

/// A change on its way, and how far it has come.
struct Work<'a> {
    disk: &'a Disk,
    workspace: &'a Arc<Workspace>,
    place: Place,
    /// What the file of the document held before, if it was there.
    before: Option<Bytes>,
    made_folder: bool,
    /// The tarballs that have their names.
    named: Vec<PathBuf>,
    /// The document has its name.
    replaced: bool,
}

impl Work<'_> {
    /// Everything up to the point where the change is made and durable.
    fn carry_out(&mut self, ready: &Ready) -> Result<(), StoreError> {
        if self.before.is_none() {
            self.prepare()?;
        }
        let folder = self.path(&self.place.folder);
        for (file, upload) in &ready.add {
            let file = files(file).0;
            self.check_free(&folder, &file)?;
            let place = folder.join(file);
            upload.name(&place)?;
            self.named.push(place);
        }
        if !self.named.is_empty() {
            // Before the document, which must not be found after a crash without what it names.
            self.disk.sync_folder(&folder)?;
        }
        self.put_document(&ready.document)?;
        self.disk.sync_folder(&folder)
    }

    /// Nothing of another version or package is replaced.
    fn check_free(&self, folder: &Path, file: &str) -> Result<(), StoreError> {
        let is_anothers = is_called_otherwise(folder, file);
        if !is_anothers.map_err(|error| self.disk.failed(folder, "read", error))? {
            return Ok(());
        }
        let what = format!("{} could not be put in place", self.disk.shown(&folder.join(file)));
        Err(StoreError::other(what, "a file whose name differs in case only is there"))
    }

    /// Makes the folder of a package that has no document, and sees to it that its name and that of its
    /// scope are on the disk. Not only if it made them: who did may not have come so far.
    fn prepare(&mut self) -> Result<(), StoreError> {
        let folder = self.place.folder.clone();
        let above: Vec<PathBuf> = folder.ancestors().skip(1).map(|it| self.path(it)).collect();
        // The last one is the directory of the store, which is there.
        for folder in above.iter().rev().skip(1) {
            self.disk.make_folder(folder)?;
        }
        self.made_folder = self.disk.make_folder(&self.path(&folder))?;
        above.iter().try_for_each(|folder| self.disk.sync_folder(folder))
    }

    fn put_document(&mut self, document: &[u8]) -> Result<(), StoreError> {
        let place = self.path(&self.place.document);
        let file = Nameless::create(self.workspace)?;
        file.write(document, 0)?;
        file.date_after(&place)?;
        file.sync()?;
        file.name(&place)?;
        self.replaced = true;
        Ok(())
    }

    /// Removes tarballs that the document, which is on the disk, no longer names. One that stays takes
    /// room and is not served.
    fn remove(&self, gone: &[TarballName]) {
        let folder = self.path(&self.place.folder);
        for file in gone {
            let (own, seed) = files(file);
            let removed = self.disk.remove(&folder.join(own)).and_then(|removed| match seed {
                Some(seed) if !removed => self.disk.remove(&folder.join(seed)),
                _ => Ok(removed),
            });
            if let Err(error) = removed {
                warn!("store: a tarball that is no longer named stays: {error}");
            }
        }
    }

    /// Takes back what was done of a change that `failed`: first the document, as nothing may go that the
    /// document on the disk could name. What is to be told of it then.
    fn take_back(&mut self, name: &PackageName, failed: StoreError) -> StoreError {
        if self.replaced
            && let Err(back) = self.take_document_back()
        {
            return StoreError::in_doubt(name, &failed, &back);
        }
        if let Err(error) = self.take_files_back() {
            // Nobody's: no document names them.
            warn!("store: something of a change of {name} that failed stays: {error}");
        }
        failed
    }

    fn take_document_back(&mut self) -> Result<(), StoreError> {
        match self.before.take() {
            Some(before) => self.put_document(&before)?,
            None => {
                self.disk.remove(&self.path(&self.place.document))?;
            }
        }
        self.disk.sync_folder(&self.path(&self.place.folder))
    }

    fn take_files_back(&self) -> Result<(), StoreError> {
        for tarball in &self.named {
            self.disk.remove(tarball)?;
        }
        if self.made_folder {
            self.disk.remove_folder(&self.path(&self.place.folder))?;
        }
        Ok(())
    }

    fn path(&self, below: &Path) -> PathBuf {
        self.disk.root().join(below)
    }
}
