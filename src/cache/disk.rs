//! The cache directory: pingora-cache's `Storage` over files.
//! Knows nothing of upstreams; what is asked of it by key it has, or has not.

use super::entry::{Asked, Entry};
use super::evict::Eviction;
use super::fill::{Fill, blocking};
use super::format::{self, Freshness, Head};
use super::hit::DiskHit;
use super::index::{Index, Row};
use super::key::Key;
use super::name::{FileName, Ids};
use super::read;
use crate::clock::Clock;
use async_trait::async_trait;
use bytes::Bytes;
use log::{info, warn};
use pingora::{Error, ErrorType, OrErr, Result};
use pingora_cache::eviction::EvictionManager;
use pingora_cache::key::CacheKey;
use pingora_cache::storage::{
    HitHandler, MissHandler, PurgeOutcome, PurgeTarget, PurgeType, Storage,
};
use pingora_cache::trace::SpanHandle;
use pingora_cache::{CacheEntryId, CacheMeta};
use quick_cache::sync::Cache as QuickCache;
use std::any::Any;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

mod scan;

pub use scan::OpenError;

/// How many files are kept open between reads: half of what a process may have open by default.
const OPEN_FILES: usize = 512;

/// The cache directory.
pub struct DiskCache {
    path: PathBuf,
    pub(super) ids: Ids,
    index: Index,
    eviction: Eviction,
    clock: Clock,
    tickets: AtomicU64,
    files: QuickCache<u64, Arc<File>>,
    /// This process's folder of unfinished files, locked as long as the process lives.
    temporary: scan::Temporary,
}

impl DiskCache {
    /// Opens (or makes) the cache in `path`, with room for `limit` bytes of files. Files that no
    /// longer fit are removed, oldest first.
    ///
    /// # Errors
    /// When the directory cannot be made or read, or is of a format this NOPAR does not know.
    pub fn open(
        path: &Path,
        limit: u64,
        clock: Clock,
    ) -> std::result::Result<DiskCache, OpenError> {
        scan::prepare(path)?;
        let ids = Ids::new();
        let cache = DiskCache {
            temporary: scan::Temporary::claim(path, ids.next())?,
            path: path.to_owned(),
            ids,
            index: Index::new(),
            eviction: Eviction::new(limit),
            clock,
            tickets: AtomicU64::new(1),
            files: QuickCache::new(OPEN_FILES),
        };
        for name in scan::files(path)? {
            cache.found(name);
        }
        info!(
            "cache: {} entries, {} bytes of {limit} in {}",
            cache.index.len(),
            cache.eviction.size(),
            path.display()
        );
        Ok(cache)
    }

    fn found(&self, name: FileName) {
        if let Some(older) = self.index.found(name) {
            self.unlink(&older);
        }
        for (hash, id) in self.eviction.admit(&name) {
            if let Some(out) = self.index.remove(&hash, Some(id)) {
                self.unlink(&out);
            }
        }
    }

    /// A number greater than that of every request and confirmation before it: see
    /// [`Entry::confirmed_since`].
    pub fn ticket(&self) -> u64 {
        self.tickets.load(Ordering::SeqCst)
    }

    /// The next such number: something was confirmed, or failed, just now.
    pub fn next_ticket(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// The order entries leave in, for `HttpCache::enable`.
    pub fn eviction(&'static self) -> &'static (dyn EvictionManager + Sync) {
        self.eviction.manager()
    }

    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.eviction.size()
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry of `key`, fresh or stale. The first time after a start this reads the file's head
    /// (and checks a tarball whole) on the blocking pool. A file that is damaged or gone is dropped
    /// and `None` returned.
    pub async fn get(&'static self, key: &Key) -> Option<Arc<Entry>> {
        let row = self.index.get(&key.hash())?;
        let entry = match row.entry {
            Some(entry) => entry,
            None => self.load(row.name).await?,
        };
        (entry.key() == key).then_some(entry)
    }

    async fn load(&'static self, name: FileName) -> Option<Arc<Entry>> {
        let path = self.path_of(&name);
        match blocking(move || read::entry(&path, name)).await {
            Ok((file, entry)) => {
                self.files.insert(name.id, Arc::new(file));
                Some(self.index.loaded(Arc::new(entry)))
            }
            Err(error) => {
                warn!("cache: dropping {}: {error}", name.relative());
                self.drop_file(&name.hash, Some(name.id));
                None
            }
        }
    }

    /// Reads `len` bytes of the body from `offset` on, on the blocking pool, unchecked: for a
    /// packument's parts, which carry their own checksums.
    ///
    /// # Errors
    /// When the file is gone or shorter: the caller should [`DiskCache::drop_damaged`] the entry.
    pub async fn read(
        &'static self,
        entry: &Arc<Entry>,
        offset: u64,
        len: u64,
    ) -> io::Result<Bytes> {
        let entry = Arc::clone(entry);
        blocking(move || read::bytes(&*self.file(&entry)?, entry.body_at + offset, len)).await
    }

    /// A tarball of at most one chunk, whole and checked.
    ///
    /// # Errors
    /// When the file is gone or damaged: the caller should [`DiskCache::drop_damaged`] the entry.
    pub async fn read_small(&'static self, entry: &Arc<Entry>) -> io::Result<Bytes> {
        let entry = Arc::clone(entry);
        blocking(move || read::chunk(&*self.file(&entry)?, &entry, 0)).await
    }

    /// The entry's file, open. Blocks.
    fn file(&self, entry: &Entry) -> io::Result<Arc<File>> {
        self.files.get_or_insert_with(&entry.id(), || {
            Ok(Arc::new(File::open(self.path_of(&entry.name))?))
        })
    }

    /// The same, for a body that is about to be sent: still of the right length. Blocks.
    fn whole_file(&self, entry: &Entry) -> io::Result<Arc<File>> {
        let file = self.file(entry)?;
        read::check_len(&file, &entry.name)?;
        Ok(file)
    }

    /// Tells the eviction order of a hit that did not come through pingora-cache.
    pub fn touch(&self, entry: &Entry) {
        if entry.touch(self.clock.now()) {
            self.eviction.touch(&entry.name);
        }
    }

    /// Removes an entry whose bytes turned out to be wrong or unwanted, unless a newer generation
    /// took its place. `true` when it was the current one.
    pub fn discard(&self, entry: &Entry) -> bool {
        self.drop_file(&entry.name.hash, Some(entry.id())).is_some()
    }

    /// The same for an entry that cannot be read, with a line in the log if it was the current one.
    pub fn drop_damaged(&self, entry: &Entry, why: &dyn std::fmt::Display) {
        if self.discard(entry) {
            warn!("cache: dropped {}: {why}", entry.key().shown());
        }
    }

    fn drop_file(&self, hash: &[u8; 16], id: Option<u64>) -> Option<FileName> {
        let name = self.index.remove(hash, id)?;
        self.eviction.forget(&name);
        self.unlink(&name);
        Some(name)
    }

    /// Removes a file: on the blocking pool where there is one, as a large file takes a while.
    fn unlink(&self, name: &FileName) {
        self.files.remove(&name.id);
        let (path, shown) = (self.path_of(name), name.relative());
        let remove = move || match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                warn!("cache: {shown} could not be removed: {error}");
            }
            _ => {}
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(remove)),
            Err(_) => remove(),
        }
    }

    /// Makes a new generation visible, and removes the one before it.
    pub(super) fn publish(&self, row: Row) {
        let id = row.name.id;
        if let Some(old) = self.index.put(row).filter(|old| old.id != id) {
            self.eviction.forget(&old);
            self.unlink(&old);
        }
    }

    pub(super) fn path_of(&self, name: &FileName) -> PathBuf {
        self.path.join(name.relative())
    }

    pub(super) fn temporary(&self, id: u64) -> PathBuf {
        self.temporary.path().join(format!("{id:016x}"))
    }

    /// The ticket of what `meta` came with; of now, where nobody said.
    fn asked(&self, meta: &CacheMeta) -> u64 {
        let asked = meta.extensions().get::<Asked>();
        asked.map_or_else(|| self.next_ticket(), |asked| asked.0)
    }

    fn freshness_of(&self, meta: &CacheMeta) -> Freshness {
        Freshness {
            created: self.clock.of_system(meta.created()),
            updated: self.clock.of_system(meta.updated()),
            fresh_until: self.clock.of_system(meta.fresh_until()),
        }
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

#[async_trait]
impl Storage for DiskCache {
    async fn lookup(
        &'static self,
        key: &CacheKey,
        _trace: &SpanHandle,
    ) -> Result<Option<(CacheMeta, HitHandler)>> {
        let Some(key) = Key::of_pingora(key) else { return Ok(None) };
        let Some(entry) = self.get(&key).await else { return Ok(None) };
        let meta = entry.meta(&self.clock);
        let opened = Arc::clone(&entry);
        match blocking(move || self.whole_file(&opened)).await {
            Ok(file) => Ok(Some((meta, Box::new(DiskHit::new(self, file, entry))))),
            Err(error) => {
                self.drop_damaged(&entry, &error);
                Ok(None)
            }
        }
    }

    async fn get_miss_handler(
        &'static self,
        key: &CacheKey,
        meta: &CacheMeta,
        _trace: &SpanHandle,
    ) -> Result<MissHandler> {
        let key = Key::of_pingora(key)
            .ok_or_else(|| Error::explain(ErrorType::InternalError, "not a key of this cache"))?;
        let head = Head {
            key: key.as_str().to_owned(),
            status: meta.response_header().status.as_u16(),
            headers: kept_headers(meta),
            body_len: 0,
        };
        let expected = meta.headers().get(http::header::CONTENT_LENGTH);
        let expected = expected.and_then(|value| value.to_str().ok()?.parse().ok());
        let fill =
            Fill::start(self, key, head, self.freshness_of(meta), expected, self.asked(meta)).await;
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
        let removed = self.drop_file(&target.key().primary, id);
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
        let Some(key) = Key::of_pingora(key) else { return Ok(false) };
        let Some(entry) = self.get(&key).await else { return Ok(false) };
        let freshness = Freshness { created: entry.freshness().created, ..self.freshness_of(meta) };
        entry.confirm(freshness, self.asked(meta));
        let path = self.path_of(&entry.name);
        let record = freshness.encode();
        blocking(move || {
            let file = File::options().write(true).open(path)?;
            file.write_all_at(&record, format::FRESHNESS_AT)
        })
        .await
        .or_err(ErrorType::WriteError, "keeping an entry's new freshness")?;
        Ok(true)
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync + 'static) {
        self
    }
}
