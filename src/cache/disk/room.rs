//! Room on the file system: whether there is some for what comes in, and who makes it.
//! Knows nothing of how much there is.

use super::DiskCache;
use crate::cache::room::Room;
use crate::counters::Limited;
use log::info;

impl DiskCache {
    /// The same with a file system of which so much stays free, by how large it is; `None`: that is not looked at.
    #[must_use]
    pub fn with_room(
        self,
        least_of: Option<impl Fn(u64) -> u64 + Send + Sync + 'static>,
    ) -> DiskCache {
        self.in_room(least_of.map_or_else(Room::unlimited, Room::with_least))
    }

    fn in_room(self, room: Room) -> DiskCache {
        let cache = DiskCache { room, ..self };
        cache.look_for_room(0);
        cache
    }

    /// What is known of the room on its file system.
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// Whether so many bytes more may be kept; if not, that is counted. Blocks.
    pub(in crate::cache) fn has_room(&self, bytes: u64) -> bool {
        if !self.room.is_limited() {
            return true;
        }
        self.look_for_room(bytes);
        let has_room = self.room.has(bytes);
        if !has_room {
            self.counters.limited(Limited::Disk);
        }
        has_room
    }

    /// Looks at the file system, unless that was done a moment ago, and has entries leave if it has too little room for so
    /// many bytes more. Blocks.
    pub fn look_for_room(&self, bytes: u64) {
        let Some(missing) = self.room.missing(&self.path, bytes, self.clock.now()) else { return };
        let unwanted = {
            let _accounts = self.accounts.lock();
            let out = self.evict(self.eviction.shed(missing));
            self.moving.leave(&out);
            out
        };
        if !unwanted.is_empty() {
            let bytes: u64 = unwanted.iter().map(|name| name.size).sum();
            info!("cache: {} entries, {bytes} bytes, made room on the disk", unwanted.len());
        }
        self.remove_files(&unwanted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::key::Key;
    use crate::cache::room::Space;
    use crate::clock::Clock;
    use crate::counters::{Counters, FillEnd, Held, Snapshot};
    use bytes::Bytes;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    /// What is to stay free.
    const LEAST: u64 = 80_000;
    /// The body of an entry.
    const BODY: usize = 10_000;

    /// A cache on a disk of which so much is free as is said.
    struct World {
        cache: &'static DiskCache,
        free: Arc<AtomicU64>,
        clock: Clock,
        _home: tempfile::TempDir,
    }

    impl World {
        fn new() -> World {
            let (home, clock) = (tempfile::tempdir().unwrap(), Clock::stopped());
            let counters = Arc::new(Counters::new(1));
            let cache = DiskCache::open(home.path(), u64::MAX, clock.clone(), counters).unwrap();
            let free = Arc::new(AtomicU64::new(u64::MAX / 2));
            let told = Arc::clone(&free);
            let look = move |_: &std::path::Path| {
                Ok(Space { total: u64::MAX / 2, free: told.load(Ordering::Relaxed) })
            };
            let cache = cache.in_room(Room::with_least(|_| LEAST).seen_by(look));
            World { cache: Box::leak(Box::new(cache)), free, clock, _home: home }
        }

        /// From the next look on, so much is free.
        fn set(&self, free: u64) {
            self.free.store(free, Ordering::Relaxed);
            self.clock.advance(Duration::from_secs(1));
        }

        fn key(number: usize) -> Key {
            Key::packument("https://registry.example", &format!("p{number}").parse().unwrap())
        }

        async fn keep(&self, number: usize, len: usize) -> bool {
            self.cache.keep(World::key(number), vec![Bytes::from(vec![0; len])]).await.is_ok()
        }

        fn holds(&self, number: usize) -> bool {
            self.cache.held(&World::key(number)).is_some()
        }

        fn counted(&self) -> Snapshot {
            self.cache.counters.snapshot(Held::default())
        }
    }

    #[tokio::test]
    async fn with_too_little_room_nothing_is_kept_and_the_oldest_leave() {
        let world = World::new();
        for number in 0..5 {
            assert!(world.keep(number, BODY).await);
        }
        world.set(LEAST - 1);
        assert!(!world.keep(5, BODY).await);
        // An eighth of the least, which is the first of them.
        assert!(!world.holds(0) && !world.holds(5) && world.holds(2) && world.holds(4));
        let counted = world.counted();
        assert_eq!(counted.limited, [(Limited::Disk, 1)]);
        assert_eq!(counted.fills(FillEnd::Kept), 5);
        assert_eq!(counted.disk.evictions, 5 - world.cache.len() as u64);
        assert_eq!(world.cache.size(), counted.disk.fill_bytes - counted.disk.evicted_bytes);
        world.set(LEAST * 2);
        assert!(world.keep(5, BODY).await && world.holds(5));
    }

    /// More than there is to give is not wanted of it.
    #[tokio::test]
    async fn when_all_has_left_there_is_no_more_to_leave() {
        let world = World::new();
        assert!(world.keep(0, BODY).await);
        for free in [0, 1, 2] {
            world.set(free);
            world.cache.look_for_room(0);
            assert_eq!((world.cache.len(), world.cache.size()), (0, 0));
        }
        world.set(LEAST * 2);
        assert!(world.keep(1, BODY).await);
        assert_eq!(world.cache.len(), 1);
    }

    /// What was begun while there was room is let go of, and its file is gone.
    #[tokio::test]
    async fn a_fill_that_is_going_on_ends_when_the_room_does() {
        let world = World::new();
        world.set(LEAST + 400_000);
        assert!(world.keep(0, BODY).await);
        let pieces = |count| vec![Bytes::from(vec![0; 300_000]); count];
        let kept = world.cache.keep(World::key(1), pieces(1)).await;
        assert!(kept.is_ok(), "there was room for it");
        let kept = world.cache.keep(World::key(2), pieces(3)).await;
        assert!(kept.is_err() && !world.holds(2), "it is counted without another look");
        assert!(world.holds(0) && world.holds(1), "nothing has to leave for what is too long");
        let temporary = world.cache.temporary(0);
        let left = std::fs::read_dir(temporary.parent().unwrap()).unwrap().count();
        assert_eq!(left, 1, "the lock");
    }

    #[tokio::test]
    async fn where_it_is_not_looked_at_everything_is_kept() {
        let world = World::new();
        let counters = Arc::new(Counters::new(1));
        let home = tempfile::tempdir().unwrap();
        let cache = DiskCache::open(home.path(), 1 << 20, world.clock.clone(), counters).unwrap();
        let cache = cache.with_room(None::<fn(u64) -> u64>);
        assert!(cache.has_room(u64::MAX));
        assert_eq!((cache.room().free(), cache.room().least()), (0, 0));
    }
}
