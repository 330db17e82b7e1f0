//! Which entries there are: the one place that says which generation of a key is the current one.
//! Knows nothing of files; whoever replaces or removes a row is told which file is no longer wanted.

use super::entry::Entry;
use super::key::Key;
use super::name::FileName;
use parking_lot::RwLock;
use pingora_cache::key::HashBinary;
use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

/// Parts of the index, each under a lock of its own.
pub(super) const SHARDS: usize = 64;

/// One row: the file, and its head once it was read.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) name: FileName,
    pub(super) entry: Option<Arc<Entry>>,
}

/// What can be said of a key without reading a file.
#[derive(Clone, Debug)]
pub enum Known {
    /// There is no entry of it.
    Nothing,
    /// There is one, whose head was not read yet.
    Unread,
    /// This one.
    Read(Arc<Entry>),
}

/// The rows, by hash of their keys.
#[derive(Debug)]
pub(super) struct Index {
    shards: Vec<RwLock<Shard>>,
}

type Shard = HashMap<HashBinary, Row, BuildHasherDefault<Hashed>>;

/// The hash of what is a BLAKE2b digest already: eight of its bytes. The first one chose the shard.
#[derive(Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(last) = bytes.last_chunk() {
            self.0 = u64::from_ne_bytes(*last);
        }
    }

    // An array says its length before its bytes.
    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Index {
    pub(super) fn new() -> Index {
        Index { shards: (0..SHARDS).map(|_| RwLock::default()).collect() }
    }

    /// In which part of the index a key is.
    pub(super) fn shard_of(hash: &HashBinary) -> usize {
        usize::from(hash[0]) % SHARDS
    }

    fn shard(&self, hash: &HashBinary) -> &RwLock<Shard> {
        &self.shards[Index::shard_of(hash)]
    }

    pub(super) fn get(&self, hash: &HashBinary) -> Option<Row> {
        self.shard(hash).read().get(hash).cloned()
    }

    /// What is known of a key.
    pub(super) fn known(&self, key: &Key) -> Known {
        let hash = key.hash();
        match self.shard(&hash).read().get(&hash).map(|row| &row.entry) {
            Some(Some(entry)) if entry.key() == key => Known::Read(Arc::clone(entry)),
            Some(None) => Known::Unread,
            // Of two keys with one hash, only one has a row.
            Some(Some(_)) | None => Known::Nothing,
        }
    }

    /// Makes `row` the current generation, unless there is a younger one. Returns the one that is not
    /// wanted any more, if there is one.
    pub(super) fn put(&self, row: Row) -> Option<FileName> {
        match self.shard(&row.name.hash).write().entry(row.name.hash) {
            Place::Vacant(place) => {
                place.insert(row);
                None
            }
            Place::Occupied(place) if place.get().name.id > row.name.id => Some(row.name),
            Place::Occupied(mut place) => {
                let id = row.name.id;
                Some(place.insert(row).name).filter(|old| old.id != id)
            }
        }
    }

    /// Adds a file found on disk. Of two generations the younger one stays; returns the other.
    pub(super) fn found(&self, name: FileName) -> Option<FileName> {
        match self.shard(&name.hash).write().entry(name.hash) {
            Place::Vacant(place) => {
                place.insert(Row { name, entry: None });
                None
            }
            Place::Occupied(place) if place.get().name.id == name.id => None,
            Place::Occupied(place) if place.get().name.id > name.id => Some(name),
            Place::Occupied(mut place) => Some(place.insert(Row { name, entry: None }).name),
        }
    }

    /// Remembers a head that was read, unless the generation changed meanwhile. Returns the entry
    /// that counts: that of whoever read it first, which may have been confirmed since.
    pub(super) fn loaded(&self, entry: Arc<Entry>) -> Arc<Entry> {
        match self.shard(&entry.name.hash).write().get_mut(&entry.name.hash) {
            Some(row) if row.name.id == entry.name.id => Arc::clone(row.entry.get_or_insert(entry)),
            _ => entry,
        }
    }

    /// Removes a row, if it is of this generation (or of any, for `None`), and returns it: from then on nobody finds it.
    pub(super) fn remove(&self, hash: &HashBinary, id: Option<u64>) -> Option<Row> {
        match self.shard(hash).write().entry(*hash) {
            Place::Occupied(place) if id.is_none_or(|id| id == place.get().name.id) => {
                Some(place.remove())
            }
            _ => None,
        }
    }

    /// Whether this very file is the current generation of its key.
    pub(super) fn has(&self, name: &FileName) -> bool {
        self.shard(&name.hash).read().get(&name.hash).is_some_and(|row| row.name == *name)
    }

    /// The files of keys whose hashes begin with that byte.
    pub(super) fn names_beginning(&self, first: u8) -> Vec<FileName> {
        let shard = self.shards[usize::from(first) % SHARDS].read();
        shard.values().map(|row| row.name).filter(|name| name.hash[0] == first).collect()
    }

    /// The files in one part of the index.
    pub(super) fn names_in(&self, shard: usize) -> Vec<FileName> {
        let shard = self.shards.get(shard).map(RwLock::read);
        shard.map(|rows| rows.values().map(|row| row.name).collect()).unwrap_or_default()
    }

    /// What `look` tells of a key's entry, if its head was read; takes no count of it.
    pub(super) fn look<T>(&self, hash: &HashBinary, look: impl FnOnce(&Entry) -> T) -> Option<T> {
        let shard = self.shard(hash).read();
        shard.get(hash)?.entry.as_deref().map(look)
    }

    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.read().len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(id: u64) -> FileName {
        FileName { hash: [1; 16], id, size: 10 }
    }

    #[test]
    fn of_two_files_found_the_younger_stays() {
        let index = Index::new();
        assert_eq!(index.found(name(2)), None);
        assert_eq!(index.found(name(1)), Some(name(1)));
        assert_eq!(index.found(name(3)), Some(name(2)));
        assert_eq!(index.found(name(3)), None, "found again");
        assert_eq!(index.get(&[1; 16]).unwrap().name, name(3));
        assert_eq!(index.len(), 1);
    }

    #[test]
    fn a_file_that_was_found_is_known_before_it_is_read() {
        let (index, key) = (Index::new(), Key::parse("p/lodash").unwrap());
        assert!(matches!(index.known(&key), Known::Nothing));
        index.found(FileName { hash: key.hash(), ..name(1) });
        assert!(matches!(index.known(&key), Known::Unread));
    }

    #[test]
    fn a_late_removal_does_not_take_a_newer_generation() {
        let index = Index::new();
        index.found(name(2));
        assert_eq!(index.put(Row { name: name(3), entry: None }), Some(name(2)));
        let remove = |id| index.remove(&[1; 16], id).map(|row| row.name);
        assert_eq!(remove(Some(2)), None);
        assert_eq!(remove(Some(3)), Some(name(3)));
        assert_eq!(remove(None), None);
    }

    #[test]
    fn a_late_fill_does_not_replace_a_newer_generation() {
        let index = Index::new();
        assert_eq!(index.put(Row { name: name(3), entry: None }), None);
        assert_eq!(index.put(Row { name: name(2), entry: None }), Some(name(2)));
        assert_eq!(index.put(Row { name: name(3), entry: None }), None, "the very same");
        assert_eq!(index.get(&[1; 16]).unwrap().name, name(3));
    }
}
