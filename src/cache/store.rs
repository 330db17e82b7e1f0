//! The cache directory as pingora-cache sees it: two `Storage`s over the same files.
//! Knows nothing of upstreams.
//!
//! With streaming on, pingora-cache lets go of a key's lock as soon as the header is there, and
//! those who waited read along. That is right for tarballs; a packument is of no use before it is
//! whole, and who waited for it would find nothing and fetch it once more.

use super::disk::DiskCache;
use super::entry::{Entry, Terms};
use super::fill::{Fill, blocking};
use super::format::{self, FOR_EVER, Freshness, Head};
use super::hit::{DiskHit, GrowingHit};
use super::key::Key;
use crate::regular;
use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use pingora::{Error, ErrorType, OrErr, Result};
use pingora_cache::key::CacheKey;
use pingora_cache::storage::{
    HandleMiss, HitHandler, MissHandler, PurgeOutcome, PurgeTarget, PurgeType, Storage,
};
use pingora_cache::trace::SpanHandle;
use pingora_cache::{CacheEntryId, CacheMeta};
use std::any::Any;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// One of the two.
pub struct Store {
    cache: &'static DiskCache,
    streaming: bool,
}

/// A body that was found already, on its way to pingora-cache's lookup in the extensions of a
/// `CacheKey`: what the request decided on is what is sent, whatever happens in between.
#[derive(Clone)]
pub struct Found(Arc<Mutex<Option<(CacheMeta, HitHandler)>>>);

impl Found {
    /// This meta and body.
    pub fn new(meta: CacheMeta, handler: HitHandler) -> Found {
        Found(Arc::new(Mutex::new(Some((meta, handler)))))
    }
}

impl Store {
    /// The store of packuments: visible when they are whole.
    pub fn whole(cache: &'static DiskCache) -> Store {
        Store { cache, streaming: false }
    }

    /// The store of tarballs: read by many while they come in.
    pub fn streaming(cache: &'static DiskCache) -> Store {
        Store { cache, streaming: true }
    }
}

impl DiskCache {
    /// Opens an entry's body, to be sent.
    ///
    /// # Errors
    /// When the file is gone or cut: the entry has been dropped.
    pub async fn open_body(&'static self, entry: &Arc<Entry>) -> io::Result<Found> {
        let file = self.open_whole(entry).await?;
        self.used(entry);
        let handler = DiskHit::new(self, file, Arc::clone(entry));
        Ok(Found::new(entry.meta(self.clock()), Box::new(handler)))
    }

    async fn open_whole(&'static self, entry: &Arc<Entry>) -> io::Result<Arc<File>> {
        let opened = Arc::clone(entry);
        let file = blocking(move || self.whole_file(&opened)).await;
        file.inspect_err(|error| self.drop_damaged(entry, error))
    }

    /// Keeps a body that NOPAR made itself, and that is right as long as it is held.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub async fn keep(&'static self, key: Key, body: Vec<Bytes>) -> Result<()> {
        let head = Head {
            key: key.as_str().to_owned(),
            status: http::StatusCode::OK.as_u16(),
            headers: Vec::new(),
            body_len: 0,
            integrity: None,
            verified: false,
        };
        let now = self.clock().now();
        let freshness = Freshness { created: now, updated: now, fresh_until: now + FOR_EVER };
        let terms = Terms::of_document(self.ticket());
        let mut fill = Fill::start(self, key, head, freshness, None, terms).await?;
        for piece in body {
            fill.write_body(piece, false).await?;
        }
        Box::new(fill).finish().await.map(drop)
    }

    /// A body that grows, to be sent.
    pub fn open_growing(&self, hit: GrowingHit) -> Found {
        Found::new(hit.growing().meta(self.clock()), Box::new(hit))
    }

    fn freshness_of(&self, meta: &CacheMeta) -> Freshness {
        Freshness {
            created: self.clock().of_system(meta.created()),
            updated: self.clock().of_system(meta.updated()),
            fresh_until: self.clock().of_system(meta.fresh_until()),
        }
    }

    /// What `meta` came with; where nobody said, a document asked for now.
    fn terms_of(&self, meta: &CacheMeta) -> Terms {
        let terms = meta.extensions().get::<Terms>().cloned();
        terms.unwrap_or_else(|| Terms::of_document(self.next_ticket()))
    }
}

/// The headers of a response worth keeping, as text. Values that are not text are left out.
fn kept_headers(meta: &CacheMeta) -> Vec<(String, String)> {
    let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    meta.headers()
        .iter()
        .filter(|(name, _)| **name != http::header::CONTENT_LENGTH)
        .filter_map(text)
        .collect()
}

fn key_of(key: &CacheKey) -> Result<Key> {
    Key::of_pingora(key)
        .ok_or_else(|| Error::explain(ErrorType::InternalError, "not a key of this cache"))
}

#[async_trait]
impl Storage for Store {
    async fn lookup(
        &'static self,
        key: &CacheKey,
        _trace: &SpanHandle,
    ) -> Result<Option<(CacheMeta, HitHandler)>> {
        if let Some(found) = key.extensions.get::<Found>().and_then(|found| found.0.lock().take()) {
            return Ok(Some(found));
        }
        let key = key_of(key)?;
        if let Some(entry) = self.cache.get(&key).await {
            let Ok(file) = self.cache.open_whole(&entry).await else { return Ok(None) };
            let meta = entry.meta(self.cache.clock());
            return Ok(Some((meta, Box::new(DiskHit::new(self.cache, file, entry)))));
        }
        let growing = self.cache.growing(&key).and_then(|growing| {
            let handler = GrowingHit::of(&growing)?;
            Some((growing.meta(self.cache.clock()), Box::new(handler) as HitHandler))
        });
        Ok(growing)
    }

    async fn lookup_streaming_write(
        &'static self,
        _key: &CacheKey,
        tag: Option<&[u8]>,
        _trace: &SpanHandle,
    ) -> Result<Option<(CacheMeta, HitHandler)>> {
        let id = tag.and_then(|tag| tag.try_into().ok()).map(u64::from_ne_bytes);
        let growing = id.and_then(|id| self.cache.growing_by_id(id));
        let growing = growing
            .ok_or_else(|| Error::explain(ErrorType::InternalError, "no such body grows"))?;
        let meta = growing.meta(self.cache.clock());
        Ok(Some((meta, Box::new(GrowingHit::onlooker(growing)))))
    }

    async fn get_miss_handler(
        &'static self,
        key: &CacheKey,
        meta: &CacheMeta,
        _trace: &SpanHandle,
    ) -> Result<MissHandler> {
        let key = key_of(key)?;
        let terms = self.cache.terms_of(meta);
        let head = Head {
            key: key.as_str().to_owned(),
            status: meta.response_header().status.as_u16(),
            headers: kept_headers(meta),
            body_len: 0,
            integrity: None,
            verified: terms.integrity.is_some(),
        };
        let expected = meta.headers().get(http::header::CONTENT_LENGTH);
        let expected = expected.and_then(|value| value.to_str().ok()?.parse().ok());
        let freshness = self.cache.freshness_of(meta);
        let mut fill = Fill::start(self.cache, key, head, freshness, expected, terms).await?;
        if self.streaming {
            fill.register();
        }
        Ok(Box::new(fill))
    }

    async fn purge(
        &'static self,
        target: PurgeTarget<'_>,
        _purge_type: PurgeType,
        _trace: &SpanHandle,
    ) -> Result<PurgeOutcome> {
        let id = match target {
            PurgeTarget::Active(_) => None,
            PurgeTarget::Exact(entry) => entry.entry_id().map(CacheEntryId::get),
        };
        let removed = self.cache.drop_file(&target.key().primary, id);
        Ok(removed.map_or(PurgeOutcome::NotFound, |name| {
            PurgeOutcome::Purged(Some(CacheEntryId::new(name.id)))
        }))
    }

    async fn update_meta(
        &'static self,
        key: &CacheKey,
        meta: &CacheMeta,
        _trace: &SpanHandle,
    ) -> Result<bool> {
        let Some(entry) = self.cache.get(&key_of(key)?).await else { return Ok(false) };
        let created = entry.freshness().created;
        let freshness = Freshness { created, ..self.cache.freshness_of(meta) };
        entry.confirm(freshness, self.cache.terms_of(meta).asked);
        let path = self.cache.path_of(&entry.name);
        let record = freshness.encode();
        let written = blocking(move || {
            let file = regular::open_with(File::options().write(true), &path)?;
            file.write_all_at(&record, format::FRESHNESS_AT)
        });
        match written.await {
            // Memory has it; a disk that takes nothing is told of once, not at each confirmation.
            Err(error) if error.kind() != io::ErrorKind::NotFound => self.cache.disk_failed(&error),
            written => written.or_err(ErrorType::WriteError, "keeping an entry's new freshness")?,
        }
        Ok(true)
    }

    fn support_streaming_partial_write(&self) -> bool {
        self.streaming
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync + 'static) {
        self
    }
}
