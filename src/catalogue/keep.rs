//! Who keeps the catalogue: follows the cache on a thread of its own, gently.
//! Knows nothing of what files are.

use super::Catalogue;
use super::found::Look;
use crate::cache::{FileHash, Waited};
use crate::clock;
use log::{info, warn};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// So many files are looked at before others have their turn.
const BATCH: usize = 64;
/// How often it is noted what was asked for, though nothing changes.
const EVERY: Duration = Duration::from_secs(60);
/// How often everything is looked through again, if something had to be left out.
const AGAIN: Duration = Duration::from_secs(600);
/// How nice its thread is to the others: as much as the system allows (setpriority(2)).
const NICENESS: i32 = 19;

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

    /// Notes what was asked for.
    fn hear(&self) {
        self.shelves.lock().hear(self.cache, clock::to_millis(self.clock.now()));
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
        // Where that is not allowed, it works all the same.
        let _ = rustix::process::setpriority_process(None, NICENESS);
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
        let shelves = catalogue.shelves.lock();
        let files = cache.files_in(shard).into_iter();
        let unknown = files.filter(|name| shelves.id_of(&name.hash()) != Some(name.id()));
        hashes.extend(unknown.map(|name| name.hash()));
        hashes
    }

    /// Brings what is known of a hash in line with the index.
    fn see(&mut self, hash: &FileHash) {
        let catalogue = &self.catalogue;
        let (known, has_room) = {
            let shelves = catalogue.shelves.lock();
            (shelves.id_of(hash), shelves.has_room())
        };
        let Some(name) = catalogue.cache.file_of(hash) else {
            return catalogue.shelves.lock().forget(hash);
        };
        if known == Some(name.id()) {
            return;
        }
        // What takes the place of another needs no more than that had.
        if known.is_none() && !has_room {
            return catalogue.shelves.lock().leave_out(hash);
        }
        match catalogue.look_at(&name) {
            Look::Found(found) => catalogue.shelves.lock().put(name, Some(found)),
            Look::Nothing => catalogue.shelves.lock().put(name, None),
            Look::Later => {
                catalogue.shelves.lock().leave_out(hash);
                self.is_to_try_again = true;
            }
        }
    }
}
