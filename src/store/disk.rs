//! The store on a disk, in the layout of the NOPAR before this one, so that its directory is opened as it is.
//! Knows nothing of HTTP, of upstreams, or of what documents say beside their names.
//!
//! ```text
//! <registry>/                               locked, shared, by who serves it (`presence`)
//! <registry>/<name>/<name>.json             the document; its rename is the commit point
//! <registry>/<name>/<file>.tgz              tarballs beside it
//! <registry>/@scope/<name>/<name>.json      the same with a scope
//! <registry>/registry.json                  of older NOPARs: read; settings are saved in it (`config`)
//! <registry>/.nopar/format                  which layout this is
//! <registry>/.nopar/lock                    held by who changes the rest of `.nopar`
//! <registry>/.nopar/locks/<number>          held by who commits a package of that number
//! <registry>/.nopar/tmp/<process>/          bytes without a name yet; locked as long as the process lives
//! <registry>/.nopar/stage/<id>/             what waits to be published (`stages`)
//! ```
//!
//! Opening changes nothing but that it sweeps what dead processes left in `.nopar/tmp`. `.nopar` itself is
//! made with the first upload or commit, or the first login, whose token lies in it (`access`); so a directory that is
//! only read stays as it was found. One that was there and is gone has no packages that could be looked for: all that
//! asks for any fails, until it is back (`presence`).
//!
//! What lies in place of a file and is none, a FIFO or a folder, is damage: it is neither read nor waited for
//! (`regular`).
//!
//! The order that makes a commit durable: the tarballs' bytes are written and synced under `tmp`, renamed,
//! and their folder is synced; then the same with the document. Each of these goes through `steps`,
//! where tests watch and break it.

mod commit;
mod dates;
mod devices;
mod find;
mod format;
mod gathered;
mod layout;
mod lock;
mod presence;
mod probe;
mod read;
mod scan;
mod seed;
mod seen;
mod stages;
mod steps;
mod upload;
mod workspace;

#[cfg(test)]
mod tests;

pub use commit::Released;
pub use format::OpenError;
pub use layout::files_of;
pub use scan::{Problem, Report};
pub use seen::{Compared, Seen};

use super::{
    Change, Committed, StageId, Stages, Stamp, Store, StoreError, Stored, Tag, Tarball, Upload,
};
use crate::npm::{PackageName, TarballName};
use async_trait::async_trait;
use commit::Ready;
use lock::Locks;
use parking_lot::Mutex;
use presence::Presence;
use seed::Registry;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use steps::Disk;
use tokio::task::spawn_blocking;
use upload::DiskUpload;
use workspace::Workspace;

/// A store in a directory. Clones are the same store.
#[derive(Clone)]
pub struct DiskStore {
    inner: Arc<Inner>,
}

/// What work on the blocking pool holds on to.
struct Inner {
    disk: Arc<Disk>,
    presence: Presence,
    locks: Locks,
    /// What an old `registry.json` holds.
    registry: Registry,
    /// This store's folder of nameless files, once it needed one.
    workspace: Mutex<Option<Arc<Workspace>>>,
    /// Those of this store who add a stage wait here, and not as threads.
    staging: Arc<tokio::sync::Mutex<()>>,
}

impl DiskStore {
    /// Opens the store in `root`, which need not be there yet. Blocks, for a moment: what the packages
    /// are like is told by [`DiskStore::walk`].
    ///
    /// # Errors
    /// When the directory cannot be read, or has a format that this NOPAR does not know.
    pub fn open(root: &Path) -> Result<DiskStore, OpenError> {
        format::check(root)?;
        let disk = Arc::new(Disk::new(root));
        workspace::sweep(root);
        let inner = Inner {
            presence: Presence::of(root),
            locks: Locks::new(workspace::locks(root)),
            registry: Registry::read(root),
            workspace: Mutex::default(),
            staging: Arc::default(),
            disk,
        };
        Ok(DiskStore { inner: Arc::new(inner) })
    }

    /// Takes the document of a package away, so that its name is free, if it still has this tag. Its tarballs go
    /// with the versions, before. Blocks.
    ///
    /// # Errors
    /// When the medium fails, or the document is in an old `registry.json`, which is never written.
    pub fn release(&self, name: &PackageName, expected: &Tag) -> Result<Released, StoreError> {
        self.inner.release(name, expected)
    }

    /// Looks at everything in the directory, and shows each package to `see`: how many there are, what cannot be
    /// read, and what cannot be published to. Such things are left where they are. Reads every document once; blocks.
    ///
    /// # Errors
    /// When the directory itself cannot be read.
    pub fn walk(&self, mut see: impl FnMut(Seen)) -> Result<Report, StoreError> {
        scan::scan(&self.inner, &mut see)
    }

    /// Compares the tarballs in the folder of a package with those that its document names: what is `named` has to be
    /// there, what is `allowed` may be. Somebody may change the package meanwhile, see [`at_rest`](Self::at_rest).
    /// Blocks.
    ///
    /// # Errors
    /// When the medium fails, or what should be a tarball is none.
    pub fn compare(
        &self,
        seen: &Seen,
        named: &[TarballName],
        allowed: &[TarballName],
    ) -> Result<Compared, StoreError> {
        self.inner.compare(seen, named, allowed)
    }

    /// A package as it is now; `None` when there is none. Blocks.
    ///
    /// # Errors
    /// When the medium fails, or the document cannot be read.
    pub fn see(&self, name: &PackageName) -> Result<Option<Seen>, StoreError> {
        self.inner.see(name)
    }

    /// A tarball, or what lies beside one: where it is below the directory, and it, open. `None` when there is none. Blocks.
    ///
    /// # Errors
    /// When the medium fails, or what is there is no file.
    pub fn file(
        &self,
        name: &PackageName,
        file: &TarballName,
    ) -> Result<Option<(PathBuf, File)>, StoreError> {
        self.inner.file(name, file)
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        self.inner.disk.root()
    }

    /// Which stages there are, and the directory that `.nopar/stage` is in. Blocks.
    ///
    /// # Errors
    /// When the medium fails.
    pub fn stage_ids(&self) -> Result<(PathBuf, Vec<StageId>), StoreError> {
        Ok((self.inner.disk.root().to_owned(), self.inner.stage_ids()?))
    }

    /// From now on others are told that the directory is served ([`is_in_use`](Self::is_in_use)): once there is one, and
    /// whether or not anything can be written there. Nothing is made for it. Blocks for a moment.
    pub fn serve(&self) {
        self.inner.presence.serve();
    }

    /// Whether a NOPAR that runs serves this directory, has written in it, or is about to. Blocks for a moment.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub fn is_in_use(root: &Path) -> io::Result<bool> {
        Ok(presence::is_served(root)? || workspace::is_in_use(root)?)
    }

    /// Shows a package to `look` while nobody changes it: whoever does is waited for, and whoever wants to waits.
    /// `None` when there is none. Writes nothing; blocks.
    ///
    /// # Errors
    /// When the medium fails.
    pub fn at_rest<T>(
        &self,
        name: &PackageName,
        look: impl FnOnce(Seen) -> T,
    ) -> Result<Option<T>, StoreError> {
        let held = self.inner.locks.rest(name);
        let _held =
            held.map_err(|error| StoreError::io(format!("{name} could not be locked"), error))?;
        Ok(self.inner.see(name)?.map(look))
    }
}

impl Inner {
    /// This store's folder of nameless files, made when first needed, and again when somebody removed it. Blocks.
    fn workspace(&self) -> Result<Arc<Workspace>, StoreError> {
        let mut workspace = self.workspace.lock();
        if let Some(workspace) = workspace.as_ref().filter(|it| it.is_there()) {
            return Ok(Arc::clone(workspace));
        }
        // In place of a directory that is gone, none is made that would pass for it.
        self.presence.check()?;
        let claimed = Arc::new(Workspace::claim(&self.disk)?);
        self.presence.written();
        Ok(Arc::clone(workspace.insert(claimed)))
    }
}

#[async_trait]
impl Store for DiskStore {
    async fn document(&self, name: &PackageName) -> Result<Option<Stored>, StoreError> {
        let (inner, name) = (Arc::clone(&self.inner), name.clone());
        blocking(move || Ok(inner.find(&name)?.document.map(Stored::new))).await
    }

    async fn stamp(&self, name: &PackageName) -> Result<Option<Stamp>, StoreError> {
        // One or two looks at names that the system has in memory: a way to the blocking pool costs more.
        self.inner.stamp(name)
    }

    async fn upload(&self) -> Result<Box<dyn Upload>, StoreError> {
        let inner = Arc::clone(&self.inner);
        let upload = blocking(move || DiskUpload::begin(&inner.workspace()?)).await?;
        Ok(Box::new(upload))
    }

    async fn commit(
        &self,
        name: &PackageName,
        expected: Option<&Tag>,
        change: Change,
    ) -> Result<Committed, StoreError> {
        let whose = name.clone();
        // Before the lock: the bytes of one publish reach the disk while another one commits.
        let ready = blocking(move || Ready::new(&whose, change)?.settle()).await?;
        // Held to the end of the work, also when nobody waits for it any more.
        let turn = self.inner.locks.turn(name).await;
        let (inner, name, expected) = (Arc::clone(&self.inner), name.clone(), expected.copied());
        blocking(move || {
            let _turn = turn;
            inner.commit(&name, expected, ready)
        })
        .await
    }

    async fn tarball(
        &self,
        name: &PackageName,
        file: &TarballName,
    ) -> Result<Option<Tarball>, StoreError> {
        let (inner, name, file) = (Arc::clone(&self.inner), name.clone(), file.clone());
        blocking(move || inner.tarball(&name, &file)).await
    }

    async fn tarball_stamp(
        &self,
        name: &PackageName,
        file: &TarballName,
    ) -> Result<Option<Stamp>, StoreError> {
        // As with documents.
        self.inner.tarball_stamp(name, file)
    }

    async fn names(&self) -> Result<Vec<PackageName>, StoreError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || Ok(scan::names(&inner)?.into_iter().collect())).await
    }

    fn stages(&self) -> &dyn Stages {
        self
    }

    fn check(&self) -> Result<(), StoreError> {
        self.inner.presence.check()
    }

    fn prepare(&self) -> Result<(), StoreError> {
        self.inner.workspace().map(drop)
    }

    fn probe(&self) -> Result<(), StoreError> {
        self.inner.probe()
    }
}

/// Runs file work on the blocking pool. It goes on to its end when nobody waits for it any more.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let done = spawn_blocking(work).await;
    done.unwrap_or_else(|panic| {
        Err(StoreError::io("file work was not done", std::io::Error::other(panic)))
    })
}
