//! Who keeps the catalogue: follows the cache on a thread of its own, gently.
//! Knows nothing of what files are.

use super::Catalogue;
use super::found::Look;
use crate::cache::{FileHash, Waited};
use crate::clock;
use crate::niceness::Niceness;
use crate::npm::PackageName;
use log::{info, warn};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// So many files are looked at before others have their turn.
const BATCH: usize = 64;
/// So many packages, or files of the index, are looked at before others have the lock.
const SLICE: usize = 256;
/// How often it is noted what was asked for, though nothing changes.
const EVERY: Duration = Duration::from_secs(60);
/// How often everything is looked through again, if something had to be left out.
const AGAIN: Duration = Duration::from_secs(600);

/// Follows the cache, step by step.
pub struct Follower {
    catalogue: Arc<Catalogue>,
    hashes: Vec<FileHash>,
    /// Parts of the index that are to be looked through, of which the last is being so.
    shards: Vec<usize>,
    /// What is to be looked at of that.
    files: Vec<FileHash>,
    /// Whether a look through everything is going on.
    is_walking: bool,
    walked: Instant,
    /// Something could not be looked at just now.
    is_to_try_again: bool,
}

/// The thread. Dropping this ends it, and waits for that.
pub struct Keeper {
    catalogue: Arc<Catalogue>,
    thread: Option<JoinHandle<()>>,
}

impl Catalogue {
    /// Begins to follow the cache, on a thread of its own. Without a thread, nothing is ever listed.
    pub fn keep(self: &Arc<Self>) -> Keeper {
        let catalogue = Arc::clone(self);
        let follow = move || Follower::new(catalogue).follow();
        // Here, not there: who ends it at once is to be heard.
        self.cache.changes().follow();
        let thread = thread::Builder::new().name("catalogue".to_owned()).spawn(follow);
        let thread = thread.inspect_err(|error| {
            warn!("catalogue: packages of upstreams are not listed: {error}");
        });
        Keeper { catalogue: Arc::clone(self), thread: thread.ok() }
    }

    /// Follows the cache from now on, step by step, by whoever takes the steps.
    pub fn follower(self: &Arc<Self>) -> Follower {
        self.cache.changes().follow();
        Follower::new(Arc::clone(self))
    }

    /// Notes what was asked for. In slices: whoever does so may be a thread that all others go before, and who waits for the
    /// lock would wait for all of those.
    pub(super) fn hear(&self) {
        let now = clock::to_millis(self.clock.now());
        let mut after = None;
        loop {
            after = self.shelves.lock().hear(self.cache, now, after.as_ref(), SLICE);
            if after.is_none() {
                return;
            }
        }
    }

    /// Somebody has done something about a package, whose packument is filed under this hash: its files are looked at now, and
    /// the next listing has what became of them. Blocks.
    pub fn look_again_at(&self, name: &PackageName, packument: &FileHash) {
        let hashes = self.shelves.lock().hashes_of(name);
        for hash in hashes.iter().chain([packument]) {
            // What cannot be looked at just now is seen to by who follows.
            let _ = self.see(hash);
        }
        self.deeds.fetch_add(1, Ordering::AcqRel);
    }

    /// What the files of a package are filed under, as far as they are known.
    pub fn files_of(&self, name: &PackageName) -> Vec<FileHash> {
        self.shelves.lock().hashes_of(name)
    }

    /// Brings what is known of a hash in line with the index. `false` where that cannot be done just now.
    fn see(&self, hash: &FileHash) -> bool {
        let (known, has_room) = {
            let shelves = self.shelves.lock();
            (shelves.id_of(hash), shelves.has_room())
        };
        let Some(name) = self.cache.file_of(hash) else {
            let mut shelves = self.shelves.lock();
            // One that came meanwhile may be known already, by who follows.
            if self.cache.file_of(hash).is_none() {
                shelves.forget(hash);
            }
            return true;
        };
        if known == Some(name.id()) {
            return true;
        }
        // What takes the place of another needs no more than that had.
        if known.is_none() && !has_room {
            self.shelves.lock().leave_out(hash);
            return true;
        }
        let look = self.look_at(&name);
        let mut shelves = self.shelves.lock();
        // Another generation may be there by now, and known. If it is not, it is noted, and seen next.
        if self.cache.file_of(hash).map(|now| now.id()) != Some(name.id()) {
            return true;
        }
        match look {
            Look::Found(found) => shelves.put(name, Some(found)),
            Look::Nothing => shelves.put(name, None),
            Look::Later => {
                shelves.leave_out(hash);
                return false;
            }
        }
        true
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.catalogue.cache.changes().close();
        if let Some(thread) = self.thread.take() {
            // It has told of its panic itself.
            let _ = thread.join();
        }
    }
}

impl Follower {
    fn new(catalogue: Arc<Catalogue>) -> Follower {
        Follower {
            catalogue,
            hashes: Vec::new(),
            shards: Vec::new(),
            files: Vec::new(),
            is_walking: false,
            walked: Instant::now(),
            is_to_try_again: false,
        }
    }

    /// Follows until it is told not to. Blocks.
    fn follow(mut self) {
        Niceness::Most.take();
        let mut heard = Instant::now();
        let changes = self.catalogue.cache.changes();
        while !changes.is_closed() {
            let since = Instant::now();
            if self.step() {
                // Half of the time belongs to others.
                changes.pause(since.elapsed());
                continue;
            }
            if heard.elapsed() >= EVERY {
                self.catalogue.hear();
                heard = Instant::now();
                self.try_again();
            }
            if changes.wait(EVERY.saturating_sub(heard.elapsed())) == Waited::Closed {
                return;
            }
        }
    }

    /// Looks at what changed, and at some of what is to be looked through. Whether there is more of that. Blocks.
    pub fn step(&mut self) -> bool {
        let mut hashes = std::mem::take(&mut self.hashes);
        if self.catalogue.cache.changes().take(&mut hashes) {
            self.begin();
        }
        for hash in hashes.drain(..) {
            self.see(&hash);
        }
        self.hashes = hashes;
        self.walk();
        self.is_walking
    }

    /// What could not be looked at for lack of something is looked for again.
    fn try_again(&mut self) {
        let has_room = || self.catalogue.shelves.lock().is_to_be_looked_through();
        let is_time = self.walked.elapsed() >= AGAIN;
        if std::mem::take(&mut self.is_to_try_again) || (is_time && has_room()) {
            self.begin();
        }
    }

    fn begin(&mut self) {
        self.shards = (0..self.catalogue.cache.shards()).collect();
        self.files.clear();
        self.catalogue.shelves.lock().begin();
        (self.is_walking, self.walked) = (true, Instant::now());
    }

    /// Looks at some of what has to be.
    fn walk(&mut self) {
        if !self.is_walking {
            return;
        }
        for _ in 0..BATCH {
            while self.files.is_empty() {
                let Some(shard) = self.shards.pop() else { return self.end() };
                self.files = self.differing(shard);
            }
            if let Some(hash) = self.files.pop() {
                self.see(&hash);
            }
        }
    }

    fn end(&mut self) {
        self.is_walking = false;
        self.catalogue.shelves.lock().end();
        let took = self.walked.elapsed().as_secs_f32();
        info!("catalogue: all files of the cache are known after {took:.1} s");
    }

    /// What is known otherwise than the index has it, in one part of that.
    fn differing(&self, shard: usize) -> Vec<FileHash> {
        let (catalogue, cache) = (&self.catalogue, self.catalogue.cache);
        let mut hashes = catalogue.shelves.lock().hashes_in(shard);
        hashes.retain(|hash| cache.file_of(hash).is_none());
        for files in cache.files_in(shard).chunks(SLICE) {
            let shelves = catalogue.shelves.lock();
            let unknown =
                files.iter().filter(|name| shelves.id_of(&name.hash()) != Some(name.id()));
            hashes.extend(unknown.map(|name| name.hash()));
        }
        hashes
    }

    fn see(&mut self, hash: &FileHash) {
        self.is_to_try_again |= !self.catalogue.see(hash);
    }
}
