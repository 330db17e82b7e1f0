//! Which file is of which package: what has been found out so far.
//! Knows nothing of how: files come here when they have been looked at. No more than a bounded number.

use super::Listing;
use super::held::Said;
use super::shelf::{Role, Shelf};
use crate::cache::{DiskCache, FileHash, FileName};
use crate::npm::PackageName;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
    /// Counts what came and went.
    changes: Arc<AtomicU64>,
    /// When everything was forgotten, in milliseconds since 1970: of older files it is not known which requests were counted.
    forgotten: u64,
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
    /// How many requests it has answered since the start, or since it is there.
    pub(super) hits: u64,
}

impl Shelves {
    /// Empty ones, which count their changes there.
    pub(super) fn new(shards: usize, changes: Arc<AtomicU64>) -> Shelves {
        Shelves {
            places: (0..shards).map(|_| HashMap::new()).collect(),
            packages: BTreeMap::new(),
            most_packages: MOST_PACKAGES,
            most_files: MOST_FILES,
            has_left_out: false,
            is_known: false,
            changes,
            forgotten: 0,
        }
    }

    /// Empties them, and sets other limits.
    #[cfg(test)]
    pub(super) fn limit(&mut self, most_packages: usize, most_files: usize) {
        self.clear(0);
        (self.most_packages, self.most_files) = (most_packages, most_files);
    }

    fn changed(&self) {
        self.changes.fetch_add(1, Ordering::Release);
    }

    /// The generation of a file that was looked at.
    pub(super) fn id_of(&self, hash: &FileHash) -> Option<u64> {
        self.places.get(DiskCache::shard_of(hash))?.get(hash).map(|place| place.id)
    }

    /// The hashes of one part.
    pub(super) fn hashes_in(&self, shard: usize) -> Vec<FileHash> {
        self.places.get(shard).map(|places| places.keys().copied().collect()).unwrap_or_default()
    }

    /// The hashes of a package's files.
    pub(super) fn hashes_of(&self, name: &PackageName) -> Vec<FileHash> {
        self.packages.get(name).map(Shelf::hashes).unwrap_or_default()
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
        self.changed();
    }

    /// Nothing is known any more; `now` is in milliseconds since 1970.
    pub(super) fn clear(&mut self, now: u64) {
        self.forgotten = now;
        self.places.iter_mut().for_each(HashMap::clear);
        self.packages.clear();
        self.begin();
    }

    /// It is done.
    pub(super) fn end(&mut self) {
        self.is_known = true;
        self.changed();
    }

    /// A file was not looked at for lack of room.
    pub(super) fn leave_out(&mut self, hash: &FileHash) {
        self.forget(hash);
        self.has_left_out = true;
    }

    /// A file was looked at: in place of the generation before, if there was one.
    pub(super) fn put(&mut self, name: FileName, found: Option<Found>) {
        let (hash, id) = (name.hash(), name.id());
        let forgotten = self.forgotten;
        let of = found.map(|found| {
            let [fetched, _] = found.times;
            let counted = if fetched < forgotten { found.hits } else { 0 };
            let package = Arc::new(found.package);
            let shelf = self.packages.entry(package);
            let shelf = shelf.or_insert_with_key(|name| Shelf::new(Arc::clone(name)));
            shelf.put(name, found.role, found.said, found.times, counted);
            Arc::clone(shelf.name())
        });
        self.changed();
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
        self.changed();
        if let Some(package) = place.of {
            self.take_from(&package, hash);
        }
    }

    fn take_from(&mut self, package: &Arc<PackageName>, hash: &FileHash) {
        if self.packages.get_mut(package).is_some_and(|shelf| shelf.forget(hash)) {
            self.packages.remove(package);
        }
    }

    /// Notes what the cache knows of requests for so many packages behind this one, or from the first on; the last of them, if
    /// there may be more. `now` is in milliseconds since 1970.
    pub(super) fn hear(
        &mut self,
        cache: &DiskCache,
        now: u64,
        after: Option<&Arc<PackageName>>,
        most: usize,
    ) -> Option<Arc<PackageName>> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let shelves = self.packages.range_mut::<Arc<PackageName>, _>((from, Bound::Unbounded));
        let mut last = None;
        for (number, (name, shelf)) in (1..).zip(shelves) {
            shelf.hear(now, |name| cache.heard(&name.hash(), name.id()));
            if number == most {
                last = Some(Arc::clone(name));
                break;
            }
        }
        last
    }

    /// All packages; `now` is in milliseconds since 1970.
    pub(super) fn listing(&mut self, now: u64) -> Listing {
        let is_whole = self.is_known && !self.has_left_out;
        let packages = self.packages.values_mut().filter_map(|shelf| shelf.held(now));
        Listing::new(packages.collect(), is_whole)
    }
}
