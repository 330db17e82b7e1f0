//! One entry as memory holds it: everything its file's head says, and its freshness.
//! Knows nothing of how its body is read or what it means.

use super::chunks::Sums;
use super::format::{Freshness, Head, Opening};
use super::key::{Key, Kind};
use super::name::FileName;
use crate::clock::Clock;
use crate::npm::Integrity;
use http::header::CONTENT_LENGTH;
use parking_lot::RwLock;
use pingora::http::ResponseHeader;
use pingora_cache::key::CompactCacheKey;
use pingora_cache::{CacheEntryId, CacheEntryKey, CacheMeta};
use std::fs::File;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

/// What a fill should know that is not in the response's header; in the extensions of
/// pingora-cache's meta.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The ticket under which the upstream was asked: what it said is newer than requests before
    /// that, and perhaps not than those after.
    pub asked: u64,
    /// What a tarball's bytes must digest to, where its packument is known.
    pub integrity: Option<Integrity>,
    /// Longest body that is kept, in bytes.
    pub longest: u64,
}

impl Terms {
    /// For a document, which was checked before it is written.
    pub fn of_document(asked: u64) -> Terms {
        Terms { asked, integrity: None, longest: u64::MAX }
    }
}

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
    /// A tarball's digests, as they were when it came in.
    integrity: Option<Integrity>,
    verified: bool,
    /// The generation of the packument that a tarball was last compared with; 0 for none.
    agreed: AtomicU64,
    freshness: RwLock<Freshness>,
    /// The cache's sequence number when this was last confirmed; 0 = before this process started.
    validated: AtomicU64,
    /// When the eviction order last heard of a hit, in seconds since 1970.
    touched: AtomicU64,
    /// How often it was found since it came in, or since the start; about, as no thread waits for another.
    hits: AtomicU64,
    /// Whether it was asked for since it came in, or since the start.
    asked: AtomicBool,
    /// Its file, once that has no name any more.
    left: OnceLock<Arc<File>>,
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
        let (kind, body_len) = (opening.key.kind(), opening.head.body_len);
        let stated = (kind == Kind::Tarball).then_some(body_len);
        let header = response_header(&opening.head, kind, stated).ok()?;
        let integrity = match opening.head.integrity.as_deref().map(Integrity::parse) {
            Some(integrity) => Some(integrity.ok()?),
            None if kind == Kind::Tarball => return None,
            None => None,
        };
        Some(Entry {
            name,
            body_at: opening.body_at,
            key: opening.key,
            body_len,
            sums,
            header: Arc::new(header),
            integrity,
            verified: opening.head.verified,
            agreed: AtomicU64::new(0),
            freshness: RwLock::new(opening.freshness),
            validated: AtomicU64::new(validated),
            touched: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            asked: AtomicBool::new(false),
            left: OnceLock::new(),
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
        self.freshness().is_fresh(now)
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

    /// Counts a hit. Two threads that do so at once may count one: a locked instruction on each hit costs more
    /// than that is worth.
    fn count(&self) {
        self.hits.store(self.hits.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    /// How often it was found, and when last, in seconds since 1970, to within ten.
    pub(super) fn heard(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.touched.load(Ordering::Relaxed))
    }

    /// A hit that the eviction order is told of whatever came before.
    pub(super) fn used(&self, now: SystemTime) {
        self.count();
        self.touched.store(crate::clock::to_millis(now) / 1000, Ordering::Relaxed);
    }

    /// Whether this hit is one to tell the eviction order of.
    pub(super) fn touch(&self, now: SystemTime) -> bool {
        self.count();
        let now = crate::clock::to_millis(now) / 1000;
        let last = self.touched.load(Ordering::Relaxed);
        now >= last + TOUCH_EVERY_SECONDS
            && self
                .touched
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// Notes that it was asked for; whether it was before.
    pub fn note_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed) || self.asked.swap(true, Ordering::Relaxed)
    }

    /// It is no entry any more: its file is about to lose its name, and stays open for who reads it.
    pub(super) fn leave(&self, file: Arc<File>) {
        let _ = self.left.set(file);
    }

    /// The file of what is no entry any more.
    pub(super) fn file_left(&self) -> Option<&Arc<File>> {
        self.left.get()
    }

    /// Bytes on disk, head included.
    pub(super) fn weight(&self) -> usize {
        usize::try_from(self.name.size).unwrap_or(usize::MAX)
    }

    /// A tarball's digests; a packument has none.
    pub fn integrity(&self) -> Option<&Integrity> {
        self.integrity.as_ref()
    }

    /// Whether this tarball was compared with its packument when it came in.
    pub fn is_verified(&self) -> bool {
        self.verified
    }

    /// Whether this tarball was found to agree with that generation of its packument.
    pub fn agrees_with(&self, packument: &Entry) -> bool {
        self.agreed.load(Ordering::Relaxed) == packument.id()
    }

    /// It agrees with that generation of its packument.
    pub fn set_agreed(&self, packument: &Entry) {
        self.agreed.store(packument.id(), Ordering::Relaxed);
    }

    /// pingora-cache's form of this entry's freshness and header.
    pub(super) fn meta(&self, clock: &Clock) -> CacheMeta {
        meta_of(&self.header, &self.freshness(), clock)
    }
}

/// pingora-cache's form of a header and its times.
pub(super) fn meta_of(header: &ResponseHeader, freshness: &Freshness, clock: &Clock) -> CacheMeta {
    let mut meta = CacheMeta::new(
        clock.to_system(freshness.fresh_until(clock.now())),
        clock.to_system(freshness.created),
        // What may be sent past its time, and when, is for the proxy to decide.
        0,
        u32::MAX,
        header.clone(),
    );
    meta.set_epoch_override(clock.to_system(freshness.updated));
    meta
}

/// The response that a head tells of; `body_len` is its Content-Length, where it is known.
///
/// # Errors
/// When something of it is not HTTP.
pub(super) fn response_header(
    head: &Head,
    kind: Kind,
    body_len: Option<u64>,
) -> pingora::Result<ResponseHeader> {
    let mut header = ResponseHeader::build(head.status, Some(head.headers.len() + 1))?;
    for (name, value) in &head.headers {
        header.append_header(name.clone(), value)?;
    }
    if let Some(len) = body_len.filter(|_| kind == Kind::Tarball) {
        header.insert_header(CONTENT_LENGTH, len)?;
    }
    Ok(header)
}

/// The identity under which the eviction order knows a file.
pub(super) fn eviction_key(name: &FileName) -> CacheEntryKey {
    let key = CompactCacheKey { primary: name.hash, variance: None, user_tag: "".into() };
    CacheEntryKey::identified(key, CacheEntryId::new(name.id))
}
