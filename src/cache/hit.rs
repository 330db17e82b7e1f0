//! Bodies on their way to pingora-cache's hit path.
//! Knows nothing of freshness. Every chunk is checked before it is handed on.

use super::chunks::CHUNK;
use super::disk::DiskCache;
use super::entry::Entry;
use super::fill::blocking;
use super::growing::{Growing, Reader};
use super::read;
use async_trait::async_trait;
use bytes::Bytes;
use pingora::{Error, ErrorType, Result};
use pingora_cache::CacheEntryId;
use pingora_cache::key::CacheKey;
use pingora_cache::storage::{HandleHit, HitHandler, Storage};
use pingora_cache::trace::SpanHandle;
use std::any::Any;
use std::fs::File;
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};

/// So many clients at once have whole chunks in memory: that a client takes nothing is not seen from here.
static WHOLE: Semaphore = Semaphore::const_new(128);
/// What the others have there, in bytes; the chunk is read, and checked, again for the next part of it.
const PART: usize = 32 << 10;

/// What was read and comes next, handed out part by part.
struct Parts {
    rest: Bytes,
    most: usize,
}

impl Parts {
    /// So far in one part.
    fn of(rest: Bytes) -> Parts {
        Parts { rest, most: usize::MAX }
    }

    fn next(&mut self) -> Option<Bytes> {
        let part = self.rest.split_to(self.rest.len().min(self.most));
        Some(part).filter(|part| !part.is_empty())
    }
}

/// Has any of the hits below hand out no more than `most` bytes at once.
pub fn in_parts(hit: &mut HitHandler, most: usize) {
    let hit = hit.as_any_mut();
    if let Some(hit) = hit.downcast_mut::<DiskHit>() {
        hit.parts.most = most;
    } else if let Some(hit) = hit.downcast_mut::<GrowingHit>() {
        hit.parts.most = most;
    } else if let Some(hit) = hit.downcast_mut::<ReadyHit>() {
        hit.parts.most = most;
    }
}

/// An entry's body, read from its file as the client takes it.
///
/// The file is open from the start: an entry that is evicted meanwhile is still sent whole.
pub struct DiskHit {
    cache: &'static DiskCache,
    file: Arc<File>,
    entry: Arc<Entry>,
    at: u64,
    end: u64,
    parts: Parts,
    place: Option<SemaphorePermit<'static>>,
}

impl DiskHit {
    pub(super) fn new(cache: &'static DiskCache, file: Arc<File>, entry: Arc<Entry>) -> DiskHit {
        let end = entry.body_len();
        DiskHit { cache, file, entry, at: 0, end, parts: Parts::of(Bytes::new()), place: None }
    }

    /// The entry whose body this is.
    pub fn entry(&self) -> &Arc<Entry> {
        &self.entry
    }

    /// Reads what comes next, of one chunk.
    async fn read(&mut self) -> Result<Bytes> {
        // Who asks for more has taken what came before.
        self.place = None;
        self.place = WHOLE.try_acquire().ok();
        let is_whole = self.place.is_some();
        let (file, entry) = (Arc::clone(&self.file), Arc::clone(&self.entry));
        // A range begins and ends where it wants; chunks are checked whole.
        let number = self.at / CHUNK;
        let (from, to) = (self.at % CHUNK, (self.end - number * CHUNK).min(CHUNK));
        let read = blocking(move || {
            let wanted = read::chunk(&file, &entry, number)?.slice(from as usize..to as usize);
            // Before the thread goes on to another chunk: those that wait to be looked at are small, too.
            let part = &wanted[..wanted.len().min(PART)];
            Ok(if is_whole { wanted.clone() } else { Bytes::copy_from_slice(part) })
        });
        read.await.map_err(|error| {
            self.cache.drop_damaged(&self.entry, &error);
            Error::because(ErrorType::ReadError, "reading a cached body", error)
        })
    }
}

#[async_trait]
impl HandleHit for DiskHit {
    async fn read_body(&mut self) -> Result<Option<Bytes>> {
        if self.parts.rest.is_empty() && self.at < self.end {
            self.parts.rest = self.read().await?;
        }
        let part = self.parts.next();
        self.at += part.as_ref().map_or(0, |part| part.len() as u64);
        Ok(part)
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
        (self.at, self.end, self.parts.rest) = (start as u64, end, Bytes::new());
        Ok(())
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

/// A body that is sent while it comes in: from its first byte on, and without ranges.
pub struct GrowingHit {
    reader: Option<Reader>,
    growing: Arc<Growing>,
    parts: Parts,
}

impl GrowingHit {
    /// One more reader of `growing`. `None` when its first bytes are gone already.
    pub fn of(growing: &Arc<Growing>) -> Option<GrowingHit> {
        let reader = growing.reader()?;
        let (growing, parts) = (Arc::clone(growing), Parts::of(Bytes::new()));
        Some(GrowingHit { growing, reader: Some(reader), parts })
    }

    /// One that nobody waits for until it reads: the fill's own.
    pub(super) fn onlooker(growing: Arc<Growing>) -> GrowingHit {
        GrowingHit { growing, reader: None, parts: Parts::of(Bytes::new()) }
    }

    /// The body.
    pub fn growing(&self) -> &Arc<Growing> {
        &self.growing
    }
}

#[async_trait]
impl HandleHit for GrowingHit {
    async fn read_body(&mut self) -> Result<Option<Bytes>> {
        if let Some(part) = self.parts.next() {
            return Ok(Some(part));
        }
        let gone = || Error::explain(ErrorType::ReadError, "the body's first bytes are gone");
        let reader = match &mut self.reader {
            Some(reader) => reader,
            none => none.insert(self.growing.reader().ok_or_else(gone)?),
        };
        let next = reader.next().await;
        let next =
            next.map_err(|error| Error::because(ErrorType::ReadError, "reading along", error))?;
        self.parts.rest = next.unwrap_or_default();
        Ok(self.parts.next())
    }

    async fn finish(
        self: Box<Self>,
        _storage: &'static (dyn Storage + Sync),
        _key: &CacheKey,
        _trace: &SpanHandle,
    ) -> Result<()> {
        Ok(())
    }

    fn entry_id(&self) -> Option<CacheEntryId> {
        Some(CacheEntryId::new(self.growing.id()))
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
    parts: Parts,
}

impl ReadyHit {
    /// `body` stands in for the body of `entry`.
    pub fn new(entry: Arc<Entry>, body: Bytes) -> ReadyHit {
        ReadyHit { entry, parts: Parts::of(body) }
    }
}

#[async_trait]
impl HandleHit for ReadyHit {
    async fn read_body(&mut self) -> Result<Option<Bytes>> {
        Ok(self.parts.next())
    }

    async fn finish(
        self: Box<Self>,
        _storage: &'static (dyn Storage + Sync),
        _key: &CacheKey,
        _trace: &SpanHandle,
    ) -> Result<()> {
        Ok(())
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
