//! A package as it lies in the directory, and its tarballs compared with those it should have.
//! Knows nothing of what a document says: it is told what one names. Everything here blocks.

use super::Inner;
use super::layout::{DOCUMENT, Place, TARBALL, files};
use super::seed;
use crate::npm::{PackageName, TarballName};
use crate::store::{Stamp, StoreError};
use bytes::Bytes;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A package that was looked at.
#[derive(Debug)]
pub struct Seen {
    /// Whose it is.
    pub name: PackageName,
    /// Its stamp, from before the document was read.
    pub stamp: Stamp,
    /// Its document.
    pub document: Bytes,
    /// The folder of the document; `None` when that is in an old `registry.json`.
    pub(super) folder: Option<PathBuf>,
}

impl Seen {
    /// Where its document is, below the directory.
    pub fn place(&self) -> PathBuf {
        match self.folder.as_ref().and_then(|folder| Some((folder, folder.file_name()?))) {
            Some((folder, base)) => {
                let mut file = base.to_owned();
                file.push(DOCUMENT);
                folder.join(file)
            }
            None => PathBuf::from(seed::FILE),
        }
    }
}

/// How the tarballs in a package's folder differ from those that its document names. Paths are below the directory.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Those that are named and not there, and where they would be.
    pub missing: HashMap<TarballName, PathBuf>,
    /// Those that are there and not named, in order.
    pub unnamed: Vec<PathBuf>,
}

impl Inner {
    /// Looks at one package.
    pub(super) fn see(&self, name: &PackageName) -> Result<Option<Seen>, StoreError> {
        let Some(stamp) = self.stamp(name)? else { return Ok(None) };
        let found = self.find(name)?;
        let folder = found.in_its_place.then_some(found.place.folder);
        let seen = |document| Seen { name: name.clone(), stamp, document, folder };
        Ok(found.document.map(seen))
    }

    /// Compares: what is `named` has to be there, what is `allowed` may be.
    pub(super) fn compare(
        &self,
        seen: &Seen,
        named: &[TarballName],
        allowed: &[TarballName],
    ) -> Result<Compared, StoreError> {
        let own = Place::own(&seen.name).folder;
        let folder = seen.folder.as_ref().unwrap_or(&own);
        // Beside a `registry.json`, nobody knows whose all is that lies in a folder.
        let there = seen.folder.as_ref().map(|folder| self.tarballs(folder)).transpose()?;
        let there = there.unwrap_or_default();
        let mut compared = Compared::default();
        for file in named {
            let (own, seed) = files(file);
            let is_there = there.contains(&own) || seed.is_some_and(|seed| there.contains(&seed));
            // Not in sight: looked for as for one who asks for it.
            if !is_there && !self.has_tarball(&seen.name, file)? {
                compared.missing.insert(file.clone(), folder.join(own));
            }
        }
        let known = known(named.iter().chain(allowed));
        let unnamed = there.iter().filter(|file| !known.contains(&file.to_lowercase()));
        compared.unnamed = unnamed.map(|file| folder.join(file)).collect();
        Ok(compared)
    }

    /// What is no file is as good as none.
    fn has_tarball(&self, name: &PackageName, file: &TarballName) -> Result<bool, StoreError> {
        match self.tarball(name, file) {
            Err(StoreError::Damaged { .. }) => Ok(false),
            found => Ok(found?.is_some()),
        }
    }

    /// The files in a folder that are called as tarballs. A link is none of them: NOPAR makes none.
    fn tarballs(&self, below: &Path) -> Result<BTreeSet<String>, StoreError> {
        let folder = self.disk.root().join(below);
        let failed = |error| self.disk.failed(&folder, "read", error);
        let mut found = BTreeSet::new();
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let is_called_so = name.ends_with(TARBALL) && !name.starts_with('.');
            if is_called_so && entry.file_type().map_err(failed)?.is_file() {
                found.insert(name);
            }
        }
        Ok(found)
    }
}

/// All names that these may have in their folder, in small letters: where case does not count, a file may be called
/// otherwise than it is named.
fn known<'a>(named: impl Iterator<Item = &'a TarballName>) -> HashSet<String> {
    let names = named.map(files).flat_map(|(own, seed)| std::iter::once(own).chain(seed));
    names.map(|name| name.to_lowercase()).collect()
}
