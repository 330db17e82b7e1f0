//! An entry's file that is open, read in pieces without waiting for the disk where that is possible.
//! Knows nothing of who wants the pieces. Every piece is checked.

use super::chunks::CHUNK;
use super::disk::DiskCache;
use super::entry::Entry;
use super::fill::blocking;
use super::read;
use std::fs::File;
use std::io;
use std::sync::Arc;

/// A file, open as long as this lives: an entry that is evicted meanwhile can be read to its end.
pub struct OpenFile {
    file: Arc<File>,
    entry: Arc<Entry>,
}

impl DiskCache {
    /// The file of `entry`, if it is open already and of the right length.
    pub fn open_file(&self, entry: &Arc<Entry>) -> Option<OpenFile> {
        let file = self.file_if_open(entry)?;
        read::check_len(&file, &entry.name).ok()?;
        Some(OpenFile { file, entry: Arc::clone(entry) })
    }
}

impl OpenFile {
    /// Whose it is.
    pub fn entry(&self) -> &Arc<Entry> {
        &self.entry
    }

    /// Puts chunk `number` in place of what `buffer` holds. What lies in the page cache is read at
    /// once; what does not is waited for on the blocking pool.
    ///
    /// # Errors
    /// When the file is damaged: the caller should [`DiskCache::drop_damaged`] the entry.
    pub async fn read(&self, number: u64, buffer: &mut Vec<u8>) -> io::Result<()> {
        let from = number * CHUNK;
        let len = CHUNK.min(self.entry.body_len().saturating_sub(from)) as usize;
        buffer.resize(len, 0);
        if !read::now(&self.file, self.entry.body_at + from, buffer) {
            let (file, entry) = (Arc::clone(&self.file), Arc::clone(&self.entry));
            let chunk = blocking(move || read::chunk(&file, &entry, number)).await?;
            buffer.copy_from_slice(&chunk);
            return Ok(());
        }
        read::check_chunk(&self.entry, number, buffer)
    }
}
