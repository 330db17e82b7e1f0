//! Room on a file system that says of itself what a test wants.
//! Knows nothing of real ones.

use super::*;
use std::sync::Arc;
use std::time::Duration;

const TOTAL: u64 = 10_000;
const LEAST: u64 = 800;

/// A file system whose free bytes are set, and how often it was asked.
#[derive(Clone, Default)]
struct Disk {
    free: Arc<AtomicU64>,
    asked: Arc<AtomicUsize>,
}

impl Disk {
    fn with(free: u64) -> Disk {
        let disk = Disk::default();
        disk.set(free);
        disk
    }

    fn set(&self, free: u64) {
        self.free.store(free, Ordering::Relaxed);
    }

    fn room(&self) -> Room {
        let disk = self.clone();
        Room::with_least(|total| total * 8 / 100).seen_by(move |_| {
            disk.asked.fetch_add(1, Ordering::Relaxed);
            Ok(Space { total: TOTAL, free: disk.free.load(Ordering::Relaxed) })
        })
    }
}

/// So many seconds later.
fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}

fn look(room: &Room, bytes: u64, seconds: u64) -> Option<u64> {
    room.missing(Path::new("/cache"), bytes, at(seconds))
}

#[test]
fn what_is_missing_is_told_until_there_is_some_to_spare() {
    let disk = Disk::with(800);
    let room = disk.room();
    assert_eq!(look(&room, 0, 0), None);
    assert_eq!((room.free(), room.least()), (800, LEAST));
    assert!(room.has(0) && !room.has(1));
    disk.set(799);
    assert_eq!(look(&room, 0, 1), Some(101), "an eighth more than the least");
    assert!(!room.has(0));
    disk.set(899);
    assert_eq!(look(&room, 0, 2), Some(1), "not yet");
    assert!(!room.has(0));
    disk.set(900);
    assert_eq!(look(&room, 0, 3), None);
    assert!(room.has(100));
    disk.set(800);
    assert_eq!(look(&room, 0, 4), None, "from here on it may come down to the least");
    assert!(room.has(0));
}

#[test]
fn room_is_made_for_what_is_large() {
    let disk = Disk::with(1000);
    let room = disk.room();
    assert_eq!(look(&room, 500, 0), Some(300));
    assert!(!room.has(500) && room.has(200), "what is small is kept meanwhile");
    disk.set(1300);
    assert_eq!(look(&room, 500, 1), None);
    assert!(room.has(500));
    room.took(450);
    assert!(!room.has(100) && room.has(50), "what was kept since is counted");
    room.took(10_000);
    assert!(!room.has(0));
}

#[test]
fn it_is_looked_at_once_a_second_and_not_at_all_where_nothing_is_to_stay_free() {
    let disk = Disk::with(0);
    let room = disk.room();
    let asked = || disk.asked.load(Ordering::Relaxed);
    for _ in 0..10 {
        look(&room, 0, 0);
    }
    assert_eq!(asked(), 1);
    assert!(room.missing(Path::new("/"), 0, at(0) + Duration::from_millis(999)).is_none());
    assert_eq!(asked(), 1);
    look(&room, 0, 1);
    look(&room, 0, 0);
    assert_eq!(asked(), 3, "a clock that was set back is no reason not to look");
    let room = Room::unlimited();
    assert!(!room.is_limited());
    assert_eq!(look(&room, u64::MAX, 0), None);
}

/// What holds on to the room of files that were removed would cost the whole cache.
#[test]
fn entries_leave_in_vain_a_few_times_only() {
    let disk = Disk::with(500);
    let room = disk.room();
    let told: Vec<bool> = (0..10).map(|second| look(&room, 0, second).is_some()).collect();
    assert_eq!(told.iter().filter(|told| **told).count(), 1 + MOST_IN_VAIN, "{told:?}");
    disk.set(600);
    assert_eq!(look(&room, 0, 10), Some(300), "it helps after all");
    for second in 11..20 {
        look(&room, 0, second);
    }
    assert_eq!(look(&room, 0, 20), None);
    assert_eq!(look(&room, 0, 20 + REST_MS / 1000), Some(300), "and is tried again");
}

#[test]
fn a_file_system_that_says_nothing_is_none_without_room() {
    let answers: [fn() -> io::Result<Space>; 2] =
        [|| Err(io::Error::from(io::ErrorKind::NotFound)), || Ok(Space { total: 0, free: 0 })];
    for answer in answers {
        let room = Room::with_least(|_| LEAST).seen_by(move |_| answer());
        assert_eq!(look(&room, 1 << 40, 0), None);
        assert!(room.has(1 << 40));
    }
}

#[test]
fn a_real_one_says_what_it_has() {
    let home = tempfile::tempdir().unwrap();
    let Space { total, free } = Space::of(home.path()).unwrap();
    assert!(total > 0 && free <= total);
}
