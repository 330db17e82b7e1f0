//! An entry's file that is open, read in pieces without waiting for the disk where that is possible.
//! Knows nothing of who wants the pieces. Every piece is checked.

use super::chunks::CHUNK;
use super::disk::DiskCache;
use super::entry::Entry;
use super::fill::blocking;
use super::read;
use std::fs::File;
use std::io;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// The part of the files that may be open at all which are kept open between reads, and the least and the most.
/// With 512 of them, 900 tarballs of 300 KB, each asked for again and again, took three times the CPU of 450.
const OPEN_PART: u64 = 16;
const OPEN_FILES: RangeInclusive<u64> = 256..=4096;

/// A file, open as long as this lives: an entry that is evicted meanwhile can be read to its end.
pub struct OpenFile {
    file: Arc<File>,
    entry: Arc<Entry>,
}

/// How many files are kept open between reads.
pub(super) fn kept_files() -> usize {
    let most = rlimit::Resource::NOFILE.get_soft().unwrap_or_default() / OPEN_PART;
    most.clamp(*OPEN_FILES.start(), *OPEN_FILES.end()) as usize
}

impl DiskCache {
    /// The file of `entry`, if it is open already and of the right length.
    pub fn open_file(&self, entry: &Arc<Entry>) -> Option<OpenFile> {
        let file = self.file_if_open(entry)?;
        read::check_len(&file, &entry.name).ok()?;
        Some(OpenFile { file, entry: Arc::clone(entry) })
    }

    /// The file of `entry`, opened if it is not.
    ///
    /// # Errors
    /// When it is gone, or not of the right length: the caller should [`DiskCache::drop_damaged`] the entry.
    pub async fn opened_file(&'static self, entry: &Arc<Entry>) -> io::Result<OpenFile> {
        let entry = Arc::clone(entry);
        blocking(move || Ok(OpenFile { file: self.whole_file(&entry)?, entry })).await
    }
}

impl OpenFile {
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
