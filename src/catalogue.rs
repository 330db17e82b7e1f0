//! Which packages of upstreams are held in the cache, and what they are: an index in memory, for pages.
//! Knows nothing of pages, of who may see what, nor of hosted packages: names that are NOPAR's own by now may be in it.
//!
//! It follows the cache ([`Changes`](crate::cache::Changes)): a row that came or went is looked at again, so what is
//! known is what the index holds, in whatever order things happened. After a start, and when more changed than could
//! be noted, all rows are looked at, a few at a time. A package in short is in the first bytes of its entry
//! ([`Glimpse`](crate::document::Glimpse)), so to look at one is to read 4 KiB.
//!
//! Whoever wants to know something takes a [`Listing`], which never changes.

mod found;
mod held;
mod keep;
mod listing;
mod quarters;
mod shelf;
mod shelves;
#[cfg(test)]
mod tests;

pub use held::{Held, Package};
pub use keep::{Follower, Keeper};
pub use listing::{Dependent, Listing};

use crate::cache::DiskCache;
use crate::clock::{self, Clock};
use crate::npm::PackageName;
use parking_lot::{Mutex, RwLock};
use shelves::Shelves;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a listing is good enough, whatever has changed since.
const REST: Duration = Duration::from_secs(1);
/// How long one is good enough if nothing has come or gone: when packages were asked for is known to within ten
/// seconds.
const LONG_REST: Duration = Duration::from_secs(10);
/// Making listings takes no more than this part of a core.
const PART: u32 = 20;

/// Whether packages of this name come from the upstream with this root.
type IsCurrent = Box<dyn Fn(&PackageName, &str) -> bool + Send + Sync>;

/// The packages that are held.
pub struct Catalogue {
    cache: &'static DiskCache,
    clock: Clock,
    is_current: IsCurrent,
    shelves: Mutex<Shelves>,
    /// Counts what came to them and went. Read without their lock, which a thread may hold that all others go before.
    changes: Arc<AtomicU64>,
    /// Counts what somebody did about a package, and wants to see.
    deeds: AtomicU64,
    /// How many of these the last listing has seen.
    listed_deeds: AtomicU64,
    listing: RwLock<Arc<Listing>>,
    /// How the last listing was made. Locked by who makes one; all others take the last.
    making: Mutex<Making>,
}

/// How the last listing was made.
#[derive(Default)]
struct Making {
    /// When, and how long it took; `None` if there is none yet.
    last: Option<(Instant, Duration)>,
    /// The number of the shelves' last change that it has seen.
    seen: u64,
}

impl Catalogue {
    /// What `cache` holds of the upstreams that its packages come from now: what was fetched from another one before
    /// is never served again.
    pub fn new(
        cache: &'static DiskCache,
        clock: Clock,
        is_current: impl Fn(&PackageName, &str) -> bool + Send + Sync + 'static,
    ) -> Catalogue {
        let changes = Arc::default();
        let shelves = Shelves::new(cache.shards(), Arc::clone(&changes));
        let (deeds, listed_deeds) = Default::default();
        Catalogue {
            cache,
            clock,
            is_current: Box::new(is_current),
            shelves: Mutex::new(shelves),
            changes,
            deeds,
            listed_deeds,
            listing: RwLock::default(),
            making: Mutex::default(),
        }
    }

    /// The packages that are held, in order. Made anew when something came or went, but not more often than every
    /// second, by who asks: that looks at each file's row in the index (`benches/catalogue.rs`). Who comes meanwhile gets
    /// the last one; but what somebody [did](Self::look_again_at) is in it at once. Blocks for it.
    pub fn listing(&self) -> Arc<Listing> {
        let making = match self.has_news() {
            true => Some(self.making.lock()),
            false => self.making.try_lock(),
        };
        if let Some(mut making) = making
            && self.is_due(&making)
        {
            self.make(&mut making);
        }
        Arc::clone(&self.listing.read())
    }

    fn is_due(&self, making: &Making) -> bool {
        self.has_news() || making.is_due(|| self.changes.load(Ordering::Acquire))
    }

    /// Whether somebody did something that the last listing has not seen.
    fn has_news(&self) -> bool {
        self.deeds.load(Ordering::Acquire) != self.listed_deeds.load(Ordering::Acquire)
    }

    /// The last listing, if it is good enough still; `None` when it is time for another one, which takes a while.
    pub fn at_rest(&self) -> Option<Arc<Listing>> {
        let making = self.making.try_lock();
        let is_due = making.map_or_else(|| self.has_news(), |making| self.is_due(&making));
        (!is_due).then(|| Arc::clone(&self.listing.read()))
    }

    /// The same, made anew whatever was made before: for who measures that.
    pub fn listing_now(&self) -> Arc<Listing> {
        self.make(&mut self.making.lock());
        Arc::clone(&self.listing.read())
    }

    /// Looks at everything again: packages come from other upstreams than before.
    pub fn start_anew(&self) {
        self.shelves.lock().clear(clock::to_millis(self.clock.now()));
        self.cache.changes().look_again();
    }

    fn make(&self, making: &mut Making) {
        let since = Instant::now();
        let deeds = self.deeds.load(Ordering::Acquire);
        self.hear();
        let (listing, seen) = {
            let mut shelves = self.shelves.lock();
            let seen = self.changes.load(Ordering::Acquire);
            (shelves.listing(clock::to_millis(self.clock.now())), seen)
        };
        *self.listing.write() = Arc::new(listing);
        self.listed_deeds.store(deeds, Ordering::Release);
        *making = Making { last: Some((since, since.elapsed())), seen };
    }
}

impl Making {
    fn is_due(&self, changes: impl FnOnce() -> u64) -> bool {
        let Some((when, took)) = self.last else { return true };
        let age = when.elapsed();
        let is_rested = age >= REST.max(took * PART);
        is_rested && (age >= LONG_REST || changes() != self.seen)
    }
}
