//! The configuration file of a backup, written where it is asked for.
//! Knows nothing of the registry that is restored with it, but that it may fail.

use crate::backup::{Depot, Snapshot};
use crate::command::Problem;
use crate::keeper::Keeper;
use crate::regular::owned;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What it says, or what is wrong with it in the backup.
pub(super) type Read = Result<Bytes, String>;

/// What it says, and which mode it had.
pub(super) struct Bytes {
    bytes: Vec<u8>,
    mode: String,
}

/// The file, written with the rights of who gave the command, whose the place is. It goes again with this, unless it is to
/// stay.
pub(super) struct Placed<'a> {
    keeper: &'a Keeper,
    path: PathBuf,
    mode: String,
    stays: bool,
}

/// Reads it from a backup, if nothing is yet where it is to be written to.
///
/// # Errors
/// When there is none, or something is there, or what is there now goes aside with the registry.
pub(super) fn read(
    depot: &Depot,
    snapshot: &Snapshot,
    place: &Path,
    target: &Path,
) -> Result<Read, Problem> {
    let kept = snapshot.configuration.as_ref();
    let kept = kept
        .ok_or_else(|| format!("there is no configuration file in the backup {}", snapshot.id))?;
    if place.symlink_metadata().is_ok() {
        return Err(format!("{} is there already", place.display()).into());
    }
    if is_within(place, target) {
        let (place, target) = (place.display(), target.display());
        return Err(format!("{place} must not be in {target}, which is being restored").into());
    }
    let read = depot.bytes(&kept.file).map_err(|wrong| format!("{}: {wrong}", kept.path));
    Ok(read.map(|bytes| Bytes { bytes, mode: kept.file.mode.clone() }))
}

/// Whether a file would lie in a directory, as far as both can be found.
fn is_within(place: &Path, target: &Path) -> bool {
    let above = std::path::absolute(place).ok();
    let above = above.as_deref().and_then(Path::parent).and_then(|it| it.canonicalize().ok());
    let target = target.canonicalize().ok();
    above.zip(target).is_some_and(|(above, target)| above.starts_with(target))
}

impl<'a> Placed<'a> {
    /// Writes it.
    ///
    /// # Errors
    /// When that cannot be: then it is not there.
    pub(super) fn write(
        keeper: &'a Keeper,
        place: &Path,
        of: Bytes,
    ) -> Result<Placed<'a>, Problem> {
        let (path, Bytes { bytes, mode }) = (place.to_owned(), of);
        let to = path.clone();
        let write = move || {
            let mut file = owned::create(&to)?;
            let written = file.write_all(&bytes).and_then(|()| file.sync_all());
            written.inspect_err(|_| drop(fs::remove_file(&to)))
        };
        match keeper.run(write) {
            Ok(()) => Ok(Placed { keeper, path, mode, stays: false }),
            Err(error) => {
                Err(format!("nothing is restored: {} cannot be written: {error}", place.display())
                    .into())
            }
        }
    }

    /// It stays.
    pub(super) fn stay(mut self) -> Placed<'a> {
        self.stays = true;
        self
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What people are told of it.
    pub(super) fn lines(&self) -> Vec<String> {
        let path = self.path.display();
        let mut lines = vec![format!("the configuration file is {path}")];
        // Which group it had is not known, and there may be secrets in it.
        if u32::from_str_radix(&self.mode, 8).is_ok_and(|mode| mode & 0o077 != 0) {
            lines.push(format!(
                "  only its owner may read it; it had the mode {mode}: for NOPAR to read it, chgrp nopar {path} && chmod {mode} \
                 {path}",
                mode = self.mode
            ));
        }
        lines
    }
}

impl Drop for Placed<'_> {
    fn drop(&mut self) {
        if !self.stays {
            let path = self.path.clone();
            // Best effort: it is said why nothing is restored, and that is enough.
            let _ = self.keeper.run(move || fs::remove_file(path));
        }
    }
}
