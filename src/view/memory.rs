//! The memory tier: ready bytes of entries, bounded by their weight.
//! Knows nothing of freshness: everything in it belongs to one generation of an entry and is right as
//! long as that generation is the current one, which the cache's index says.

use super::View;
use crate::base_url::BaseUrl;
use crate::document::CachedDocument;
use crate::negotiate::Encoding;
use crate::npm::{Form, Index, Selector};
use bytes::Bytes;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use std::sync::Arc;

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
    /// A small tarball's bytes.
    Body,
}

/// Generation and part of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MemoryKey {
    /// The entry's generation.
    pub id: u64,
    /// Which of its ready bytes.
    pub what: What,
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
    /// A tarball's bytes.
    Body(Bytes),
}

#[derive(Clone)]
struct Bytewise;

/// Fixed cost of one row: key, list links, headers.
const ROW: u64 = 512;
/// What an indexed version takes: its URL, its integrity, its date.
const INDEXED: u64 = 320;

impl Weighter<MemoryKey, Held> for Bytewise {
    fn weight(&self, _key: &MemoryKey, held: &Held) -> u64 {
        ROW + match held {
            Held::Document(_) => ROW,
            Held::Index(index) => INDEXED * index.versions().len() as u64,
            Held::View(view) => view.body.len() as u64,
            Held::Body(body) => body.len() as u64,
        }
    }
}

/// The tier.
pub struct Memory {
    rows: Cache<MemoryKey, Held, Bytewise>,
}

/// Each shard has its part of the limit, and nothing larger than that part is ever kept: a few shards,
/// whatever the number of cores, so that an eighth of the limit is the most that one view may take.
const SHARDS: usize = 8;

/// What an average row is thought to weigh, to size the table.
const USUAL_ROW: u64 = 16 * 1024;

impl Memory {
    /// A tier of at most `limit` bytes.
    pub fn new(limit: u64) -> Memory {
        let items = usize::try_from(limit / USUAL_ROW).unwrap_or(usize::MAX).max(64);
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .estimated_items_capacity(items)
            .weight_capacity(limit)
            .build()
            .expect("all that has to be set is set");
        let (hasher, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
        Memory { rows: Cache::with_options(options, Bytewise, hasher, lifecycle) }
    }

    /// What is held, if it is.
    pub fn get(&self, key: &MemoryKey) -> Option<Held> {
        self.rows.get(key)
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
        self.rows.get_or_insert_async(&key, make).await
    }

    /// Keeps `held`.
    pub fn put(&self, key: MemoryKey, held: Held) {
        self.rows.insert(key, held);
    }

    /// Bytes held.
    pub fn weight(&self) -> u64 {
        self.rows.weight()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_view_is_kept_whatever_the_number_of_cores() {
        let limit = 256 << 20;
        let memory = Memory::new(limit);
        let large = Bytes::from(vec![0; (limit / 16) as usize]);
        let key = MemoryKey { id: 1, what: What::Body };
        memory.put(key.clone(), Held::Body(large));
        assert!(matches!(memory.get(&key), Some(Held::Body(body)) if body.len() == 16 << 20));
    }

    #[test]
    fn the_limit_holds() {
        let memory = Memory::new(1 << 20);
        for id in 0..1000 {
            let key = MemoryKey { id, what: What::Body };
            memory.put(key, Held::Body(Bytes::from(vec![0; 10_000])));
        }
        assert!(memory.weight() <= 1 << 20, "{}", memory.weight());
    }
}
