//! One entry as memory holds it: everything its file's head says, and its freshness.
//! Knows nothing of how its body is read or what it means.

use super::chunks::Sums;
use super::format::{Freshness, Opening};
use super::key::{Key, Kind};
use super::name::FileName;
use crate::clock::Clock;
use http::StatusCode;
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use parking_lot::RwLock;
use pingora::http::ResponseHeader;
use pingora_cache::key::CompactCacheKey;
use pingora_cache::{CacheEntryId, CacheEntryKey, CacheMeta};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// The ticket under which an upstream was asked, in the extensions of pingora-cache's meta: what it said
/// is newer than requests before that, and perhaps not than those after.
#[derive(Clone, Copy, Debug)]
pub struct Asked(pub u64);

/// One generation of what an upstream said. Immutable but for its freshness.
#[derive(Debug)]
pub struct Entry {
    pub(super) name: FileName,
    pub(super) body_at: u64,
    key: Key,
    body_len: u64,
    /// A tarball's checksums; a packument's parts have their own.
    pub(super) sums: Option<Sums>,
    header: Arc<ResponseHeader>,
    freshness: RwLock<Freshness>,
    /// The cache's sequence number when this was last confirmed; 0 = before this process started.
    validated: AtomicU64,
    /// When the eviction order last heard of a hit, in seconds since 1970.
    touched: AtomicU64,
}

/// How often one entry's hits are told to the eviction order: the order of days is what matters, not
/// of milliseconds, and telling takes a lock.
const TOUCH_EVERY_SECONDS: u64 = 10;

impl Entry {
    pub(super) fn new(
        name: FileName,
        opening: Opening,
        sums: Option<Sums>,
        validated: u64,
    ) -> Option<Entry> {
        let header = response_header(&opening)?;
        Some(Entry {
            name,
            body_at: opening.body_at,
            key: opening.key,
            body_len: opening.head.body_len,
            sums,
            header: Arc::new(header),
            freshness: RwLock::new(opening.freshness),
            validated: AtomicU64::new(validated),
            touched: AtomicU64::new(0),
        })
    }

    /// The generation: no two entries of this directory ever have the same.
    pub fn id(&self) -> u64 {
        self.name.id
    }

    /// What it is filed under.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Length of the body in bytes.
    pub fn body_len(&self) -> u64 {
        self.body_len
    }

    /// The kept header of the upstream's answer; a tarball's has its Content-Length.
    pub fn header(&self) -> &Arc<ResponseHeader> {
        &self.header
    }

    /// Its times.
    pub fn freshness(&self) -> Freshness {
        *self.freshness.read()
    }

    /// Whether it may be served without asking the upstream.
    pub fn is_fresh(&self, now: SystemTime) -> bool {
        self.freshness.read().fresh_until >= now
    }

    /// Whether the upstream confirmed it after the request with this ticket
    /// ([`super::DiskCache::ticket`]) came in: such a request need not ask again.
    pub fn confirmed_since(&self, ticket: u64) -> bool {
        self.validated.load(Ordering::SeqCst) > ticket
    }

    pub(super) fn confirm(&self, freshness: Freshness, ticket: u64) {
        *self.freshness.write() = freshness;
        self.validated.store(ticket, Ordering::SeqCst);
    }

    /// Whether this hit is one to tell the eviction order of.
    pub(super) fn touch(&self, now: SystemTime) -> bool {
        let now = crate::clock::to_millis(now) / 1000;
        let last = self.touched.load(Ordering::Relaxed);
        now >= last + TOUCH_EVERY_SECONDS
            && self
                .touched
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// Bytes on disk, head included.
    pub(super) fn weight(&self) -> usize {
        usize::try_from(self.name.size).unwrap_or(usize::MAX)
    }

    /// pingora-cache's form of this entry's freshness and header.
    pub(super) fn meta(&self, clock: &Clock) -> CacheMeta {
        let freshness = self.freshness();
        let mut meta = CacheMeta::new(
            clock.to_system(freshness.fresh_until),
            clock.to_system(freshness.created),
            // What may be sent past its time, and when, is for the proxy to decide.
            0,
            u32::MAX,
            ResponseHeader::clone(&self.header),
        );
        meta.set_epoch_override(clock.to_system(freshness.updated));
        meta
    }
}

fn response_header(opening: &Opening) -> Option<ResponseHeader> {
    let status = StatusCode::from_u16(opening.head.status).ok()?;
    let mut header = ResponseHeader::build(status, Some(opening.head.headers.len() + 1)).ok()?;
    for (name, value) in &opening.head.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        let value = HeaderValue::from_bytes(value.as_bytes()).ok()?;
        header.append_header(name, value).ok()?;
    }
    if opening.key.kind() == Kind::Tarball {
        header.insert_header(CONTENT_LENGTH, opening.head.body_len).ok()?;
    }
    Some(header)
}

/// The identity under which the eviction order knows a file.
pub(super) fn eviction_key(name: &FileName) -> CacheEntryKey {
    let key = CompactCacheKey { primary: name.hash, variance: None, user_tag: "".into() };
    CacheEntryKey::identified(key, CacheEntryId::new(name.id))
}
