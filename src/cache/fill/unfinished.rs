//! A file under `tmp/` that has no name of its own yet.
//! Knows nothing of what is written to it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file; removed when dropped before it was given its name.
pub(super) struct Unfinished {
    pub(super) file: Arc<File>,
    path: PathBuf,
    /// Where the body begins.
    pub(super) body_at: u64,
    named: bool,
}

impl Unfinished {
    /// Makes it. Blocks.
    pub(super) fn create(path: PathBuf, body_at: u64) -> io::Result<Unfinished> {
        let file = match create_new(&path) {
            // Whoever deleted the cache directory under us has the right to.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
                create_new(&path)?
            }
            other => other?,
        };
        Ok(Unfinished { file: Arc::new(file), path, body_at, named: false })
    }

    /// Writes the head and gives the file its name. Blocks. No fsync: a body that a power failure
    /// emptied is noticed by its checksums when the next process first reads it.
    pub(super) fn finish(mut self, head: &[u8], place: &Path) -> io::Result<()> {
        self.file.write_all_at(head, 0)?;
        match std::fs::rename(&self.path, place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                place.parent().map_or(Ok(()), std::fs::create_dir_all)?;
                std::fs::rename(&self.path, place)?;
            }
            other => other?,
        }
        self.named = true;
        Ok(())
    }
}

fn create_new(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).create_new(true).open(path)
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.named {
            // Best effort: what stays is removed at the next start.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
