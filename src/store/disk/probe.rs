//! Whether the directory takes files just now.
//! Knows nothing of packages; what it writes is gone at once.

use super::Inner;
use super::upload::Nameless;
use super::workspace;
use crate::regular;
use crate::store::StoreError;
use rustix::fs::{Access, access};
use rustix::io::Errno;
use std::path::Path;

/// What is written: a block, as a full disk still takes names.
const BLOCK: [u8; 4096] = [0; 4096];

impl Inner {
    /// Begins a file as an upload does, and removes it. Where nobody ever published, nothing is made: it is only looked
    /// whether it could be. Blocks.
    pub(super) fn probe(&self) -> Result<(), StoreError> {
        let root = self.disk.root();
        if self.workspace.lock().is_none() && !workspace::all(root).is_dir() {
            self.presence.check()?;
            return may_be_made(root).map_err(|error| {
                StoreError::io(format!("{} cannot be written", root.display()), error.into())
            });
        }
        Nameless::create(&self.workspace()?)?.write(&BLOCK, 0)
    }
}

/// Whether files can be made in a directory, or where it would be made itself.
fn may_be_made(root: &Path) -> Result<(), Errno> {
    let there = root.ancestors().map(regular::folder).find(|folder| folder.exists());
    match there {
        Some(folder) if folder.is_dir() => access(folder, Access::WRITE_OK | Access::EXEC_OK),
        Some(_) => Err(Errno::NOTDIR),
        None => Err(Errno::NOENT),
    }
}
