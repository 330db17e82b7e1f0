//! A cache directory and who follows it, for tests.
//! Knows nothing of what they try.

use crate::base_url::BaseUrl;
use crate::cache::{DiskCache, FileName, Key};
use crate::catalogue::{Catalogue, Follower, Listing};
use crate::clock::Clock;
use crate::counters::Counters;
use crate::document::{Forms, Order, build};
use crate::npm::{PackageName, hex};
use bytes::Bytes;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// Where packages come from.
pub(super) const UPSTREAM: &str = "https://registry.example";

pub(super) struct Directory {
    pub(super) cache: &'static DiskCache,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) clock: Clock,
    follower: Follower,
    limit: u64,
    home: Arc<TempDir>,
}

pub(super) fn name(text: &str) -> PackageName {
    text.parse().unwrap()
}

/// The body of an entry of a package with one version, which depends on this.
pub(super) fn packument(package: &str, version: &str, needs: &str) -> Vec<Bytes> {
    let text = format!(
        r#"{{"name":"{package}","dist-tags":{{"latest":"{version}"}},"versions":{{"{version}":{{
        "description":"What {package} is for","dependencies":{{{needs}}}}}}}}}"#
    );
    let order = Order {
        name: name(package),
        base: BaseUrl::parse("http://npm.example").unwrap(),
        forms: Forms::default(),
        limit: 1 << 20,
    };
    build(&order, Bytes::from(text), false).unwrap().body
}

impl Directory {
    pub(super) fn new() -> Directory {
        Directory::limited(u64::MAX)
    }

    /// One with room for so many bytes.
    pub(super) fn limited(limit: u64) -> Directory {
        Directory::open(Arc::new(TempDir::new().unwrap()), limit, Clock::system())
    }

    fn open(home: Arc<TempDir>, limit: u64, clock: Clock) -> Directory {
        let counters = Arc::new(Counters::new(1));
        let cache = DiskCache::open(home.path(), limit, clock.clone(), counters).unwrap();
        let cache: &'static DiskCache = Box::leak(Box::new(cache));
        let is_current = |_: &PackageName, root: &str| root == UPSTREAM;
        let catalogue = Arc::new(Catalogue::new(cache, clock.clone(), is_current));
        let follower = catalogue.follower();
        Directory { cache, catalogue, clock, follower, limit, home }
    }

    /// Another process on the same directory.
    pub(super) fn beside(&self) -> Directory {
        Directory::open(Arc::clone(&self.home), self.limit, self.clock.clone())
    }

    /// Its process ends, and another one begins.
    pub(super) fn restart(&mut self) {
        *self = self.beside();
    }

    /// A key by its kind and what it is of: `p/lodash`.
    pub(super) fn key(&self, text: &str) -> Key {
        Key::parse(&format!("{text}\t{UPSTREAM}")).unwrap()
    }

    pub(super) async fn keep(&self, key: &str, body: Vec<Bytes>) {
        self.cache.keep(self.key(key), body).await.unwrap();
    }

    /// Follows until nothing more is to be looked at.
    pub(super) fn follow(&mut self) {
        while self.follower.step() {}
    }

    /// One step of that.
    pub(super) fn step(&mut self) {
        self.follower.step();
    }

    /// All that is held.
    pub(super) fn listing(&mut self) -> Arc<Listing> {
        self.follow();
        self.catalogue.listing_now()
    }

    pub(super) fn path_of(&self, file: &FileName) -> PathBuf {
        let hash = hex(&file.hash());
        let name = format!("{hash}-{:016x}-{:x}", file.id(), file.size());
        self.home.path().join(&hash[..2]).join(name)
    }

    /// How many files of entries there are, and their bytes.
    pub(super) fn on_disk(&self) -> (usize, u64) {
        let folders = std::fs::read_dir(self.home.path()).unwrap().flatten();
        let folders = folders.filter(|folder| folder.file_name().len() == 2);
        let files = folders.flat_map(|folder| std::fs::read_dir(folder.path()).unwrap().flatten());
        let sizes: Vec<u64> = files.map(|file| file.metadata().unwrap().len()).collect();
        (sizes.len(), sizes.iter().sum())
    }

    /// Damages a byte of a file.
    pub(super) fn spoil(&self, path: &Path, at: usize) {
        let mut bytes = std::fs::read(path).unwrap();
        bytes[at] ^= 0x24;
        std::fs::write(path, bytes).unwrap();
    }
}
