//! Whether the directory of the store still is where it was.
//! Knows nothing of packages. Everything here blocks.
//!
//! A directory that is gone, as its volume was unmounted or it was renamed, looks like one without packages, and
//! names that NOPAR hosts would be the upstream's. So whoever finds nothing asks here before saying so.

use super::find::is_absent;
use super::format::{self, OWN};
use crate::store::StoreError;
use parking_lot::RwLock;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What is known of the directory.
pub(super) struct Presence {
    root: PathBuf,
    /// What was there: as long as it is, so is the directory. `None` as long as there was nothing: the directory is
    /// made by the first who writes.
    proof: RwLock<Option<PathBuf>>,
}

impl Presence {
    /// Looks at a directory for the first time. One that cannot be looked at is looked at again when it is asked for.
    pub(super) fn of(root: &Path) -> Presence {
        let proof = find_proof(root).unwrap_or_default();
        Presence { root: root.to_owned(), proof: RwLock::new(proof) }
    }

    /// Notes that something was written: from now on the directory has to be there.
    pub(super) fn written(&self) {
        if let Ok(Some(proof)) = find_proof(&self.root) {
            *self.proof.write() = Some(proof);
        }
    }

    /// Fails if the directory was there and is not any more. One look at one name, as a rule.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let what = || format!("the registry directory {} cannot be found", self.root.display());
        match self.is_unchanged() {
            Ok(true) => Ok(()),
            Ok(false) => Err(StoreError::other(
                what(),
                "it was there before; was it renamed, or its volume unmounted?",
            )),
            Err(error) => Err(StoreError::io(what(), error)),
        }
    }

    fn is_unchanged(&self) -> io::Result<bool> {
        let known = self.proof.read().clone();
        if let Some(known) = &known
            && exists(known)?
        {
            return Ok(true);
        }
        let found = find_proof(&self.root)?;
        // What is left of a mounted directory once it is unmounted is an empty one.
        let is_there = known.is_none() || found.as_ref().is_some_and(|it| *it != self.root);
        if is_there && found.is_some() {
            let mut proof = self.proof.write();
            // Who has written meanwhile knows better.
            if *proof == known {
                *proof = found;
            }
        }
        Ok(is_there)
    }
}

/// What shows best that a directory is there: its mark; else anything in it but NOPAR's own folder, which others than
/// the store make as well; else, if it is empty, itself.
fn find_proof(root: &Path) -> io::Result<Option<PathBuf>> {
    let mark = format::mark_of(root);
    if exists(&mark)? {
        return Ok(Some(mark));
    }
    let entries = match fs::read_dir(root) {
        Err(error) if is_absent(&error) => return Ok(None),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_name() != OWN {
            return Ok(Some(entry.path()));
        }
    }
    Ok(Some(root.to_owned()))
}

fn exists(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(error),
    }
}
