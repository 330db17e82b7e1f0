//! Which file is of which package: what has been found out so far.
//! Knows nothing of how: files come here when they have been looked at. No more than a bounded number.

use super::Listing;
use super::held::Said;
use super::shelf::{Role, Shelf};
use crate::cache::{DiskCache, FileHash, FileName};
use crate::npm::PackageName;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The most packages, of some hundred bytes each.
pub(super) const MOST_PACKAGES: usize = 200_000;
/// The most files, each of which takes a hundred bytes or two; the cache's own index takes more for each.
pub(super) const MOST_FILES: usize = 2_000_000;

/// All that is known.
pub(super) struct Shelves {
    /// Files by their hashes, in as many parts as the cache's index has.
    places: Vec<HashMap<FileHash, Place>>,
    packages: BTreeMap<Arc<PackageName>, Shelf>,
    most_packages: usize,
    most_files: usize,
    /// Something found no room since the last look through everything.
    has_left_out: bool,
    /// All files have been looked at.
    is_known: bool,
    changes: u64,
}

/// A file that was looked at.
struct Place {
    id: u64,
    /// `None` for what is of no package.
    of: Option<Arc<PackageName>>,
}

/// What a file turned out to be.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) package: PackageName,
    pub(super) role: Role,
    pub(super) said: Option<Said>,
    /// When it was fetched and when it was last asked for, as far as the file tells: in milliseconds since 1970.
    pub(super) times: [u64; 2],
}

impl Shelves {
    pub(super) fn new(shards: usize) -> Shelves {
        Shelves {
            places: (0..shards).map(|_| HashMap::new()).collect(),
            packages: BTreeMap::new(),
            most_packages: MOST_PACKAGES,
            most_files: MOST_FILES,
            has_left_out: false,
            is_known: false,
            changes: 0,
        }
    }

    /// The same with other limits.
    #[cfg(test)]
    pub(super) fn limited(self, most_packages: usize, most_files: usize) -> Shelves {
        Shelves { most_packages, most_files, ..self }
    }

    /// Counts what came and went.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// The generation of a file that was looked at.
    pub(super) fn id_of(&self, hash: &FileHash) -> Option<u64> {
        self.places.get(DiskCache::shard_of(hash))?.get(hash).map(|place| place.id)
    }

    /// The hashes of one part.
    pub(super) fn hashes_in(&self, shard: usize) -> Vec<FileHash> {
        self.places.get(shard).map(|places| places.keys().copied().collect()).unwrap_or_default()
    }

    /// Whether one more file may be looked at.
    pub(super) fn has_room(&self) -> bool {
        let files: usize = self.places.iter().map(HashMap::len).sum();
        files < self.most_files && self.packages.len() < self.most_packages
    }

    /// Whether something found no room, and there is some now.
    pub(super) fn is_to_be_looked_through(&self) -> bool {
        self.has_left_out && self.has_room()
    }

    /// A look through everything begins.
    pub(super) fn begin(&mut self) {
        (self.has_left_out, self.is_known) = (false, false);
        self.changes += 1;
    }

    /// Nothing is known any more.
    pub(super) fn clear(&mut self) {
        self.places.iter_mut().for_each(HashMap::clear);
        self.packages.clear();
        self.begin();
    }

    /// It is done.
    pub(super) fn end(&mut self) {
        self.is_known = true;
        self.changes += 1;
    }

    /// A file was not looked at for lack of room.
    pub(super) fn leave_out(&mut self, hash: &FileHash) {
        self.forget(hash);
        self.has_left_out = true;
    }

    /// A file was looked at: in place of the generation before, if there was one.
    pub(super) fn put(&mut self, name: FileName, found: Option<Found>) {
        let (hash, id) = (name.hash(), name.id());
        let of = found.map(|found| {
            let package = Arc::new(found.package);
            let shelf = self.packages.entry(package);
            let shelf = shelf.or_insert_with_key(|name| Shelf::new(Arc::clone(name)));
            shelf.put(name, found.role, found.said, found.times);
            Arc::clone(shelf.name())
        });
        self.changes += 1;
        let Some(places) = self.places.get_mut(DiskCache::shard_of(&hash)) else { return };
        let before = places.insert(hash, Place { id, of: of.clone() });
        // A key is of one package, but for what cannot be read.
        if let Some(other) =
            before.and_then(|before| before.of).filter(|it| Some(it) != of.as_ref())
        {
            self.take_from(&other, &hash);
        }
    }

    /// A file has gone.
    pub(super) fn forget(&mut self, hash: &FileHash) {
        let places = self.places.get_mut(DiskCache::shard_of(hash));
        let Some(place) = places.and_then(|places| places.remove(hash)) else { return };
        self.changes += 1;
        if let Some(package) = place.of {
            self.take_from(&package, hash);
        }
    }

    fn take_from(&mut self, package: &Arc<PackageName>, hash: &FileHash) {
        if self.packages.get_mut(package).is_some_and(|shelf| shelf.forget(hash)) {
            self.packages.remove(package);
        }
    }

    /// Notes what the cache knows of requests; `now` is in milliseconds since 1970.
    pub(super) fn hear(&mut self, cache: &DiskCache, now: u64) {
        for shelf in self.packages.values_mut() {
            shelf.hear(now, |name| cache.heard(&name.hash(), name.id()));
        }
    }

    /// All packages; `now` is in milliseconds since 1970.
    pub(super) fn listing(&mut self, now: u64) -> Listing {
        let is_whole = self.is_known && !self.has_left_out;
        let packages = self.packages.values_mut().filter_map(|shelf| shelf.held(now));
        Listing::new(packages.collect(), is_whole)
    }
}
