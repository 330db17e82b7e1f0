//! The document and the tarballs of a package, found on the disk. Everything here blocks.
//! Knows nothing of changes.

use super::Inner;
use super::dates::stamp_of;
use super::layout::{Place, files};
use super::read::FileContent;
use crate::npm::{PackageName, TarballName};
use crate::regular;
use crate::store::identity::{self, Unfit};
use crate::store::{Stamp, StoreError, Tarball};
use bytes::Bytes;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a package is, and what is there.
pub(super) struct Found {
    /// Where its files are, or would be put.
    pub(super) place: Place,
    /// What it says, if there is one.
    pub(super) document: Option<Bytes>,
    /// Whether it is in a file at that place, and not in an old `registry.json`.
    pub(super) in_its_place: bool,
    /// Whose document is in that place, if it is another's: nothing may be put there.
    pub(super) taken_by: Option<String>,
}

impl Found {
    fn at(place: Place, document: Bytes) -> Found {
        Found { place, document: Some(document), in_its_place: true, taken_by: None }
    }
}

impl Inner {
    /// Finds a package's document: in its own place, else in the one an older NOPAR gave it.
    pub(super) fn find(&self, name: &PackageName) -> Result<Found, StoreError> {
        let place = Place::own(name);
        let mut taken_by = None;
        if let Some(document) = self.read(&place.document)? {
            match identity::check(name, &document) {
                Ok(()) => return Ok(Found::at(place, document)),
                // On a file system that ignores case, a package is found that an older NOPAR put there. This one
                // is none the worse as long as it is not published here.
                Err(Unfit::Another(other)) if differs_in_case(name, &other) => {
                    taken_by = Some(other);
                }
                // What is no document, or another's, is no free place: nobody may publish over it.
                Err(unfit) => return Err(self.damaged(&place, unfit)),
            }
        }
        if let Some(place) = Place::of_the_seed(name)
            && let Some(document) = self.read(&place.document)?
        {
            match identity::check(name, &document) {
                Ok(()) => return Ok(Found::at(place, document)),
                // The same the other way round.
                Err(Unfit::Another(_)) => {}
                Err(unfit) => return Err(self.damaged(&place, unfit)),
            }
        }
        self.presence.check()?;
        let document = self.registry.document(name);
        Ok(Found { place, document, in_its_place: false, taken_by })
    }

    /// What tells a package's document from others in its place.
    pub(super) fn stamp(&self, name: &PackageName) -> Result<Option<Stamp>, StoreError> {
        for place in [Some(Place::own(name)), Place::of_the_seed(name)].into_iter().flatten() {
            if let Some(stamp) = self.stamp_at(&place.document)? {
                return Ok(Some(stamp));
            }
        }
        self.presence.check()?;
        // What that file says of packages is never changed.
        Ok(self.registry.document(name).map(|it| Stamp::new(it.len() as u64, [0; 3])))
    }

    fn stamp_at(&self, below: &Path) -> Result<Option<Stamp>, StoreError> {
        let path = self.disk.root().join(below);
        match fs::metadata(&path) {
            Ok(file) => Ok(Some(stamp_of(&file))),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(self.disk.failed(&path, "read", error)),
        }
    }

    /// A tarball of a package, open.
    ///
    /// A file system that ignores case may find another package's file in the folder of an older NOPAR
    /// for one that is missing here. Its digest is another one, so no client takes it.
    pub(super) fn tarball(
        &self,
        name: &PackageName,
        file: &TarballName,
    ) -> Result<Option<Tarball>, StoreError> {
        self.first_of(name, file, |path| self.open(path))
    }

    /// The file of a tarball, and where it is.
    pub(super) fn file(
        &self,
        name: &PackageName,
        file: &TarballName,
    ) -> Result<Option<(PathBuf, File)>, StoreError> {
        self.first_of(name, file, |below| {
            let path = self.disk.root().join(below);
            match regular::open(&path) {
                Ok(file) => Ok(Some((below.to_owned(), file))),
                Err(error) if is_absent(&error) => Ok(None),
                Err(error) => Err(self.disk.failed(&path, "read", error)),
            }
        })
    }

    /// What tells a tarball's bytes from others in their place.
    pub(super) fn tarball_stamp(
        &self,
        name: &PackageName,
        file: &TarballName,
    ) -> Result<Option<Stamp>, StoreError> {
        self.first_of(name, file, |path| self.stamp_at(path))
    }

    /// What `look` finds first in the places that a tarball may have.
    fn first_of<T>(
        &self,
        name: &PackageName,
        file: &TarballName,
        look: impl Fn(&Path) -> Result<Option<T>, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let (own, seed) = files(file);
        for place in [Some(Place::own(name)), Place::of_the_seed(name)].into_iter().flatten() {
            for file in std::iter::once(&own).chain(&seed) {
                if let Some(found) = look(&place.folder.join(file))? {
                    return Ok(Some(found));
                }
            }
        }
        self.presence.check()?;
        Ok(None)
    }

    /// A file below the directory, open, if it is there.
    pub(super) fn open(&self, below: &Path) -> Result<Option<Tarball>, StoreError> {
        let path = self.disk.root().join(below);
        let opened = regular::open(&path).and_then(|file| Ok((file.metadata()?, file)));
        match opened {
            Ok((metadata, file)) => {
                let content = FileContent::new(file, self.disk.shown(&path));
                Ok(Some(Tarball::new(metadata.len(), stamp_of(&metadata), Arc::new(content))))
            }
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(self.disk.failed(&path, "read", error)),
        }
    }

    /// A file below the directory, if it is there.
    pub(super) fn read(&self, below: &Path) -> Result<Option<Bytes>, StoreError> {
        let path = self.disk.root().join(below);
        match regular::read(&path) {
            Ok(bytes) => Ok(Some(Bytes::from(bytes))),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(self.disk.failed(&path, "read", error)),
        }
    }

    fn damaged(&self, place: &Place, unfit: Unfit) -> StoreError {
        StoreError::damaged(place.document.display().to_string(), unfit)
    }
}

fn differs_in_case(name: &PackageName, other: &str) -> bool {
    name.as_str() != other && name.as_str().to_lowercase() == other.to_lowercase()
}

/// Whether nothing has that path: also when what should be a folder is a file.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Whether what is found by this name has another one: on a file system that ignores case, that of a version or
/// a package whose files an older NOPAR called as they are.
pub(super) fn is_called_otherwise(folder: &Path, file: &str) -> io::Result<bool> {
    if fs::symlink_metadata(folder.join(file)).is_err() {
        return Ok(false);
    }
    for entry in fs::read_dir(folder)? {
        if entry?.file_name() == file {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// File systems that ignore case are rare where tests run. What is found and not listed, there as here, is a
    /// thread among the processes.
    #[test]
    fn what_is_found_and_not_listed_is_called_otherwise() {
        let is = |folder: &str, file: &str| is_called_otherwise(Path::new(folder), file).unwrap();
        let thread = std::thread::spawn(move || {
            let thread = fs::read_link("/proc/thread-self").unwrap();
            let number = thread.file_name().unwrap().to_str().unwrap();
            assert!(is("/proc", number), "/proc/{number}");
        });
        thread.join().unwrap();
        assert!(!is("/proc", "self"));
        assert!(!is("/proc", "nothing of this name"));
    }
}
