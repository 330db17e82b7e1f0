//! Bodies on their way to pingora-cache's hit path.
//! Knows nothing of freshness; an entry's bytes are checked before a handler exists.

use super::entry::Entry;
use super::fill::blocking;
use async_trait::async_trait;
use bytes::Bytes;
use pingora::{Error, ErrorType, OrErr, Result};
use pingora_cache::CacheEntryId;
use pingora_cache::key::CacheKey;
use pingora_cache::storage::{HandleHit, Storage};
use pingora_cache::trace::SpanHandle;
use std::any::Any;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// How much of a body is read at a time, in bytes: large enough that the hop to the blocking pool is
/// lost in the copying, small enough that a thousand slow readers hold little.
pub(crate) const CHUNK: u64 = 256 * 1024;

/// Reads `len` bytes of `file`. Blocks.
pub(super) fn read_at(file: &File, at: u64, len: u64) -> io::Result<Bytes> {
    let mut bytes = vec![0; usize::try_from(len).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, at)?;
    Ok(Bytes::from(bytes))
}

/// An entry's body, read from its file as the client takes it.
///
/// The file is open from the start: an entry that is evicted meanwhile is still sent whole.
pub struct DiskHit {
    file: Arc<File>,
    entry: Arc<Entry>,
    at: u64,
    end: u64,
}

impl DiskHit {
    pub(super) fn new(file: Arc<File>, entry: Arc<Entry>) -> DiskHit {
        let end = entry.body_len();
        DiskHit { file, entry, at: 0, end }
    }

    /// The entry whose body this is.
    pub fn entry(&self) -> &Arc<Entry> {
        &self.entry
    }
}

#[async_trait]
impl HandleHit for DiskHit {
    async fn read_body(&mut self) -> Result<Option<Bytes>> {
        let len = CHUNK.min(self.end - self.at);
        if len == 0 {
            return Ok(None);
        }
        let (file, at) = (Arc::clone(&self.file), self.entry.body_at + self.at);
        let read = blocking(move || read_at(&file, at, len)).await;
        let bytes = read.or_err(ErrorType::ReadError, "reading a cached body")?;
        self.at += len;
        Ok(Some(bytes))
    }

    async fn finish(
        self: Box<Self>,
        _storage: &'static (dyn Storage + Sync),
        _key: &CacheKey,
        _trace: &SpanHandle,
    ) -> Result<()> {
        Ok(())
    }

    fn can_seek(&self) -> bool {
        true
    }

    fn seek(&mut self, start: usize, end: Option<usize>) -> Result<()> {
        let len = self.entry.body_len();
        let end = end.map_or(len, |end| (end as u64).min(len));
        if start as u64 > end {
            return Error::e_explain(ErrorType::InternalError, "seek beyond the end of a body");
        }
        (self.at, self.end) = (start as u64, end);
        Ok(())
    }

    fn get_eviction_weight(&self) -> usize {
        self.entry.weight()
    }

    fn entry_id(&self) -> Option<CacheEntryId> {
        Some(CacheEntryId::new(self.entry.id()))
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }

    fn as_any_mut(&mut self) -> &mut (dyn Any + Send + Sync) {
        self
    }
}

/// Bytes that are sent in place of an entry's body: a view of it.
pub struct ReadyHit {
    entry: Arc<Entry>,
    body: Option<Bytes>,
}

impl ReadyHit {
    /// `body` stands in for the body of `entry`.
    pub fn new(entry: Arc<Entry>, body: Bytes) -> ReadyHit {
        ReadyHit { entry, body: Some(body).filter(|body| !body.is_empty()) }
    }
}

#[async_trait]
impl HandleHit for ReadyHit {
    async fn read_body(&mut self) -> Result<Option<Bytes>> {
        Ok(self.body.take())
    }

    async fn finish(
        self: Box<Self>,
        _storage: &'static (dyn Storage + Sync),
        _key: &CacheKey,
        _trace: &SpanHandle,
    ) -> Result<()> {
        Ok(())
    }

    fn get_eviction_weight(&self) -> usize {
        self.entry.weight()
    }

    fn entry_id(&self) -> Option<CacheEntryId> {
        Some(CacheEntryId::new(self.entry.id()))
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }

    fn as_any_mut(&mut self) -> &mut (dyn Any + Send + Sync) {
        self
    }
}
