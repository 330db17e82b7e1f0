//! Which layout a directory has, by the mark in it.
//! Knows nothing of packages.

use crate::regular;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The folder of NOPAR's own files. No package's name begins with a dot.
pub(super) const OWN: &str = ".nopar";
/// The file in it that says which layout a directory has.
const MARK: &str = "format";
/// The layout of this NOPAR. A directory without a mark is one of an older NOPAR, or a new one; both are fine.
const FORMAT: &str = "1";

/// Why a directory cannot be the store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read.
    #[error("the registry directory {} cannot be used: {source}", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another NOPAR used it, in a layout that this one does not know.
    #[error("the registry directory {} has format {found}, and this NOPAR knows only {FORMAT}: run the \
             NOPAR that used it last, or give NOPAR_REGISTRY_PATH another directory", path.display())]
    Format {
        /// The directory.
        path: PathBuf,
        /// What its mark says.
        found: String,
    },
}

/// Checks that a directory can be read, or is not there, and is not of a format of later.
pub(super) fn check(root: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::Io { path: root.to_owned(), source };
    match fs::read_dir(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map(drop).map_err(failed)?,
    }
    let mark = mark_of(root);
    match regular::read_to_string(&mark).map_err(regular::naming(&mark)) {
        Ok(found) if found.trim() == FORMAT => Ok(()),
        Ok(found) => {
            Err(OpenError::Format { path: root.to_owned(), found: found.trim().to_owned() })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

/// Where the mark of a directory is, once there is one.
pub(super) fn mark_of(root: &Path) -> PathBuf {
    root.join(OWN).join(MARK)
}

/// Puts the mark in place, whole, if there is none. Who calls holds the lock of [`OWN`].
pub(super) fn mark(root: &Path) -> io::Result<()> {
    let (own, mark) = (root.join(OWN), mark_of(root));
    if mark.try_exists()? {
        // Another process may have made it since this one looked.
        return check(root).map_err(io::Error::other);
    }
    let beside = own.join("format.new");
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    let mut file = regular::open_with(&mut options, &beside).map_err(regular::naming(&beside))?;
    file.write_all(format!("{FORMAT}\n").as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, &mark)?;
    regular::sync_folder(&own)
}
