//! The pieces of a large tarball, from its open file.
//! Knows nothing of who takes them.

use crate::cache::{CHUNK, DiskCache, Entry, OpenFile};
use crate::connection::Pieces;
use async_trait::async_trait;
use std::io;
use std::sync::Arc;

/// A body on its way from a file.
pub(super) struct FilePieces {
    cache: &'static DiskCache,
    file: OpenFile,
    next: u64,
}

impl FilePieces {
    /// The body of `entry`, if its file is open and whole.
    pub(super) fn open(cache: &'static DiskCache, entry: &Arc<Entry>) -> Option<FilePieces> {
        let file = cache.open_file(entry)?;
        Some(FilePieces { cache, file, next: 0 })
    }
}

#[async_trait]
impl Pieces for FilePieces {
    async fn next(&mut self, buffer: &mut Vec<u8>) -> io::Result<()> {
        if self.next * CHUNK >= self.file.entry().body_len() {
            buffer.clear();
            return Ok(());
        }
        let read = self.file.read(self.next, buffer).await;
        self.next += 1;
        read.inspect_err(|error| self.cache.drop_damaged(self.file.entry(), error))
    }
}
