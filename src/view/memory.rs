//! The memory tier: ready bytes of entries, bounded by their weight.
//! Knows nothing of freshness: everything in it belongs to one generation of an entry and is right as
//! long as that generation is the current one, which the cache's index says.

use super::View;
use crate::base_url::BaseUrl;
use crate::counters::Counters;
use crate::document::CachedDocument;
use crate::negotiate::Encoding;
use crate::npm::{Form, Index, Selector, TarballName};
use crate::pages::{Pages, Sendfile};
use bytes::Bytes;
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Equivalent, Lifecycle, OptionsBuilder, Weighter};
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// What is kept of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// A packument's head.
    Document,
    /// The index of a packument's versions.
    Index,
    /// A packument as a client sees it.
    View(Form, Encoding, BaseUrl),
    /// One version's manifest as a client sees it, by version or dist-tag.
    Manifest(Selector, Encoding, BaseUrl),
    /// The map of dist-tags.
    DistTags,
    /// The attestations of a version.
    Attestations,
    /// A small tarball's bytes.
    Body,
    /// A piece of a large tarball, by its number.
    Piece(u64),
    /// A small tarball of a hosted package, by its file.
    File(TarballName),
    /// A piece of a large one, by its file and its number.
    FilePiece(TarballName, u64),
}

/// Generation and part of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MemoryKey {
    /// The entry's generation.
    pub id: u64,
    /// Which of its ready bytes.
    pub what: What,
}

/// A key that is not owned, to look it up.
#[derive(Hash)]
struct Borrowed<'a> {
    id: u64,
    what: &'a What,
}

impl Equivalent<MemoryKey> for Borrowed<'_> {
    fn equivalent(&self, key: &MemoryKey) -> bool {
        self.id == key.id && *self.what == key.what
    }
}

/// A small tarball.
#[derive(Debug)]
pub struct Small {
    /// Its bytes.
    pub bytes: Pages,
    /// Its ETag, where no entry of the cache says it.
    pub etag: Option<String>,
    /// The heads of its answers.
    pub heads: Heads,
}

/// The heads of answers as they go out, but for what belongs to one answer; made by who sends the first.
#[derive(Clone, Debug, Default)]
pub struct Heads {
    /// Where everybody may have it.
    pub public: HeadsFor,
    /// Where it is for who asked.
    pub private: HeadsFor,
}

/// Those for the same readers.
#[derive(Clone, Debug, Default)]
pub struct HeadsFor {
    /// With the body.
    pub whole: OnceLock<Box<[u8]>>,
    /// For who has it already.
    pub not_modified: OnceLock<Box<[u8]>>,
}

/// Ready bytes.
#[derive(Clone)]
pub enum Held {
    /// A packument's head.
    Document(Arc<CachedDocument>),
    /// The index of a packument's versions.
    Index(Arc<Index>),
    /// Something to send.
    View(Arc<View>),
    /// A tarball.
    Body(Arc<Small>),
    /// A piece of one.
    Piece(Pages),
}

#[derive(Clone)]
struct Bytewise;

/// Fixed cost of one row: key, list links, headers, heads.
const ROW: u64 = 1024;
/// What an indexed version takes: its URL, its digests, its date, a string each, and its row.
const INDEXED: u64 = 480;

impl Weighter<MemoryKey, Held> for Bytewise {
    fn weight(&self, _key: &MemoryKey, held: &Held) -> u64 {
        ROW + match held {
            Held::Document(_) => ROW,
            Held::Index(index) => INDEXED * index.versions().len() as u64,
            Held::View(view) => view.body.len() as u64,
            Held::Body(body) => body.bytes.len() as u64,
            Held::Piece(bytes) => bytes.len() as u64,
        }
    }
}

/// Counts what leaves. At most two rows have to, as a rule: they are dropped when the lock is free again.
#[derive(Clone)]
struct Leaving {
    counters: Arc<Counters>,
}

impl Lifecycle<MemoryKey, Held> for Leaving {
    type RequestState = [Option<Held>; 2];

    fn begin_request(&self) -> Self::RequestState {
        [None, None]
    }

    fn on_evict(&self, left: &mut Self::RequestState, key: MemoryKey, held: Held) {
        self.counters.memory_evicted(Bytewise.weight(&key, &held));
        if let Some(place) = left.iter_mut().find(|place| place.is_none()) {
            *place = Some(held);
        }
    }
}

/// The tier.
pub struct Memory {
    rows: Cache<MemoryKey, Held, Bytewise, DefaultHashBuilder, Leaving>,
    /// The limit as it was given: shards divide it among them.
    given: AtomicU64,
    sendfile: Sendfile,
    counters: Arc<Counters>,
}

/// Each shard has its part of the limit, and nothing larger than that part is ever kept: a few shards,
/// whatever the number of cores, so that an eighth of the limit is the most that one view may take.
const SHARDS: usize = 8;

/// What is longer takes longer to copy than other requests should wait for: a tenth of a millisecond.
const LONG: usize = 512 << 10;

/// The part of the tier that one large tarball may take.
const PIECES: u64 = 4;

/// What an average row is thought to weigh, to size the table.
const USUAL_ROW: u64 = 16 * 1024;

impl Memory {
    /// A tier of at most `limit` bytes, which lie where `sendfile` wants them.
    pub fn new(limit: u64, sendfile: Sendfile, counters: Arc<Counters>) -> Memory {
        let items = usize::try_from(limit / USUAL_ROW).unwrap_or(usize::MAX).max(64);
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .estimated_items_capacity(items)
            .weight_capacity(limit)
            .build()
            .expect("all that has to be set is set");
        let lifecycle = Leaving { counters: Arc::clone(&counters) };
        let hasher = DefaultHashBuilder::default();
        let rows = Cache::with_options(options, Bytewise, hasher, lifecycle);
        Memory { rows, given: AtomicU64::new(limit), sendfile, counters }
    }

    /// Takes bytes in that are to be held and sent.
    pub fn keep(&self, bytes: Bytes) -> Pages {
        // What is too large for the tier is sent once.
        if bytes.len() as u64 > self.rows.capacity() / SHARDS as u64 {
            return self.sendfile.keep_once(bytes);
        }
        self.sendfile.keep(bytes)
    }

    /// The same; what is long is copied on the blocking pool.
    pub async fn keep_long(self: &Arc<Self>, bytes: Bytes) -> Pages {
        if bytes.len() <= LONG {
            return self.keep(bytes);
        }
        let (memory, copied) = (Arc::clone(self), bytes.clone());
        let kept = tokio::task::spawn_blocking(move || memory.keep(copied)).await;
        kept.unwrap_or_else(|_| self.sendfile.keep_once(bytes))
    }

    /// What is held of a generation, if it is.
    pub fn get(&self, id: u64, what: &What) -> Option<Held> {
        let held = self.rows.get(&Borrowed { id, what });
        self.counters.memory(held.is_some());
        held
    }

    /// The same, not counted: for who may come by another way, and says so if it was of use.
    pub fn look(&self, id: u64, what: &What) -> Option<Held> {
        self.rows.get(&Borrowed { id, what })
    }

    /// What was looked at was of use.
    pub fn was_of_use(&self) {
        self.counters.memory(true);
    }

    /// What is held; if nothing is, `make` makes it while all who ask for the same wait for it.
    ///
    /// # Errors
    /// Those of `make`; then one of those who waited makes it again.
    pub async fn get_or_make<E>(
        &self,
        key: MemoryKey,
        make: impl Future<Output = Result<Held, E>>,
    ) -> Result<Held, E> {
        let mut missed = false;
        let make = async {
            missed = true;
            make.await
        };
        let held = self.rows.get_or_insert_async(&key, make).await;
        self.counters.memory(!missed);
        held
    }

    /// Keeps `held`.
    pub fn put(&self, key: MemoryKey, held: Held) {
        self.rows.insert(key, held);
    }

    /// Lets go of what is held of these generations. Looks at each row.
    pub fn forget(&self, ids: &HashSet<u64>) {
        self.rows.retain(|key, _| !ids.contains(&key.id));
    }

    /// Bytes held.
    pub fn weight(&self) -> u64 {
        self.rows.weight()
    }

    /// The most it may be.
    pub fn limit(&self) -> u64 {
        self.rows.capacity()
    }

    /// Has it be at most so many bytes from now on; what is too much leaves at once.
    pub fn set_limit(&self, limit: u64) {
        if self.given.swap(limit, Ordering::Relaxed) != limit {
            self.sendfile.live().set_tier(limit);
            self.rows.set_capacity(limit);
        }
    }

    /// Whether a large tarball of this length may be held piece by piece.
    pub fn has_room_for_pieces(&self, len: u64) -> bool {
        len <= self.limit() / PIECES
    }

    /// Rows held.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::{self, Snapshot};

    fn memory(limit: u64) -> Memory {
        Memory::new(limit, Sendfile::default(), Arc::new(Counters::new(1)))
    }

    fn body(id: u64, len: usize) -> (MemoryKey, Held) {
        (MemoryKey { id, what: What::Body }, held(Bytes::from(vec![0; len])))
    }

    fn counted(memory: &Memory) -> Snapshot {
        memory.counters.snapshot(counters::Held::default())
    }

    fn held(bytes: Bytes) -> Held {
        Held::Body(Arc::new(Small { bytes: bytes.into(), etag: None, heads: Heads::default() }))
    }

    #[test]
    fn a_large_view_is_kept_whatever_the_number_of_cores() {
        let limit = 256 << 20;
        let memory = memory(limit);
        let large = Bytes::from(vec![0; (limit / 16) as usize]);
        let key = MemoryKey { id: 1, what: What::Body };
        memory.put(key, held(large));
        let found = memory.get(1, &What::Body);
        assert!(matches!(found, Some(Held::Body(body)) if body.bytes.len() == 16 << 20));
    }

    #[test]
    fn the_limit_holds() {
        let memory = memory(1 << 20);
        for id in 0..1000 {
            let key = MemoryKey { id, what: What::Body };
            memory.put(key, held(Bytes::from(vec![0; 10_000])));
        }
        assert!(memory.weight() <= 1 << 20, "{}", memory.weight());
    }

    #[test]
    fn a_smaller_limit_holds_at_once_and_a_larger_one_gives_room() {
        let memory = memory(4 << 20);
        let fill = |ids: std::ops::Range<u64>| {
            ids.map(|id| body(id, 10_000)).for_each(|(key, held)| memory.put(key, held));
        };
        fill(0..300);
        assert!(memory.weight() > 2 << 20);
        memory.set_limit(1 << 20);
        assert!(memory.weight() <= 1 << 20 && !memory.is_empty(), "{}", memory.weight());
        assert!(counted(&memory).memory.evictions > 0);
        memory.set_limit(8 << 20);
        fill(1000..1600);
        assert!(memory.weight() > 4 << 20, "{}", memory.weight());
        memory.set_limit(0);
        assert!(memory.is_empty());
        memory.set_limit(4 << 20);
        fill(2000..2100);
        assert!(!memory.is_empty());
    }

    #[test]
    fn what_is_to_be_forgotten_is_gone_and_the_rest_stays() {
        let memory = memory(1 << 20);
        for id in 0..4 {
            let (key, held) = body(id, 10_000);
            memory.put(key, held);
        }
        memory.forget(&HashSet::from([1, 3, 9]));
        let there = (0..4).map(|id| memory.look(id, &What::Body).is_some()).collect::<Vec<_>>();
        assert_eq!(there, [true, false, true, false]);
        assert_eq!((memory.len(), memory.weight()), (2, 2 * (10_000 + ROW)));
        assert_eq!(counted(&memory).memory.evictions, 0, "nothing had to make room");
    }

    #[tokio::test]
    async fn looks_are_counted() {
        let memory = memory(1 << 20);
        let (key, held) = body(1, 10);
        assert!(memory.get(1, &What::Body).is_none());
        for _ in 0..2 {
            let made = memory.get_or_make(key.clone(), async { Ok::<_, ()>(held.clone()) });
            assert!(made.await.is_ok());
        }
        let failed = memory.get_or_make(body(2, 0).0, async { Err(()) }).await;
        assert!(failed.is_err());
        assert!(memory.get(1, &What::Body).is_some());
        let counted = counted(&memory).memory;
        assert_eq!((counted.hits, counted.misses), (2, 3));
    }

    #[test]
    fn what_leaves_is_counted() {
        let memory = memory(1 << 20);
        let (weight, all) = (10_000 + ROW, 1000);
        for id in 0..all {
            let (key, held) = body(id, 10_000);
            memory.put(key, held);
        }
        let left = all - memory.len() as u64;
        let evicted = counted(&memory).memory;
        assert_eq!((evicted.evictions, evicted.evicted_bytes), (left, left * weight));
        assert_eq!(memory.weight(), memory.len() as u64 * weight);
        let (key, large) = body(all, 1 << 20);
        memory.put(key, large);
        assert_eq!(counted(&memory).memory.evictions, left + 1, "not let in");
    }
}
