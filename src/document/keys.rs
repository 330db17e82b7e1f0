//! The keys of an upstream as an entry of the cache keeps them: a text.
//! Knows nothing of what is in it.

use super::{DocumentLost, read_part, read_start};
use crate::cache::{DiskCache, Entry, PartsWriter};
use bytes::Bytes;
use std::sync::Arc;

/// There is one part.
const TEXT: usize = 0;
pub(super) const PARTS: usize = 1;

/// A list of keys.
pub struct KeyList;

impl KeyList {
    /// The body of an entry of it, in pieces to be written one after another.
    pub fn body(text: Bytes) -> Vec<Bytes> {
        PartsWriter::default().part(text).finish(&[TEXT])
    }

    /// Reads what an entry holds.
    ///
    /// # Errors
    /// When the entry is damaged or gone.
    pub async fn open(
        cache: &'static DiskCache,
        entry: &Arc<Entry>,
    ) -> Result<Bytes, DocumentLost> {
        let (parts, start) = read_start(cache, entry, PARTS).await?;
        Ok(read_part(cache, entry, &parts, TEXT, &start).await?)
    }
}
