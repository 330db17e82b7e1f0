//! Whether all that NOPAR keeps is as it was written: hosted packages and what belongs to them, and the cache's entries,
//! each against its digests.
//! Knows nothing of requests, nor of a NOPAR that runs: it reads the directories by itself, and writes nothing there. What
//! comes, changes or goes meanwhile is no damage.

mod cache;
mod crew;
mod document;
mod finding;
mod own;
mod packages;
mod reading;
mod stages;

pub use cache::{CacheChecked, cache};
pub use crew::in_parallel;
pub use finding::{Finding, Step, Watch, Where};
pub use own::OwnCounts;
pub use packages::PackageCounts;
pub use reading::{digests_of, is_damage};

use crate::access::Ground;
use crate::store::disk::OpenError;
use crate::store::{DiskStore, Store, StoreError};
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};

/// What there is in the directory of a registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RegistryCounts {
    /// Its packages.
    #[serde(flatten)]
    pub packages: PackageCounts,
    /// What is NOPAR's own.
    #[serde(flatten)]
    pub own: OwnCounts,
    /// What waits to be approved.
    pub staged: usize,
}

/// Why the directory of a registry cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Somebody else may.
    #[error("{} may be read by root and by NOPAR's user only: run this as one of them", .0.display())]
    Forbidden(PathBuf),
}

/// Looks at everything in the directory of a registry, and tells `watch` what is wrong. Blocks.
///
/// # Errors
/// When the directory itself cannot be read.
pub fn registry(root: &Path, watch: &mut Watch<'_>) -> Result<RegistryCounts, VerifyError> {
    look(root, Depth::Bytes, &mut once(own::SETTINGS, watch))
}

/// The same without tarballs: whether all else is in its place, can be read, and makes sense. Blocks.
///
/// # Errors
/// As of [`registry`].
pub fn places(root: &Path, watch: &mut Watch<'_>) -> Result<(), VerifyError> {
    look(root, Depth::Places, watch).map(drop)
}

fn look(root: &Path, depth: Depth, watch: &mut Watch<'_>) -> Result<RegistryCounts, VerifyError> {
    own::check_rights(root)?;
    let store = DiskStore::open(root)?;
    let packages = packages::packages(&store, depth, watch)?;
    let staged = stages::stages(&store, depth, watch)?;
    let own = own::own(root, &store, watch);
    Ok(RegistryCounts { packages, own, staged })
}

/// Tells of a file that several look at once: what the first of them finds.
fn once<'a>(file: &'static str, watch: &'a mut Watch<'_>) -> impl FnMut(Step) + 'a {
    let mut is_told = false;
    move |step| match &step {
        Step::Found(finding) if finding.path == file && std::mem::replace(&mut is_told, true) => {}
        _ => watch(step),
    }
}

/// How closely something is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    /// Whether it is in its place and can be read, and documents make sense.
    Places,
    /// And whether its bytes are those that they should be.
    Bytes,
}

/// The directory, as those see it who keep something beside packages.
struct Firm(DiskStore);

impl Ground for Firm {
    fn check(&self) -> io::Result<()> {
        self.0.check().map_err(io::Error::other)
    }

    /// Nothing is kept by who only looks.
    fn prepare(&self) -> io::Result<()> {
        Err(io::Error::other("nothing is written here"))
    }
}
