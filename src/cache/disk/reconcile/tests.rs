//! Two caches on one directory, one of which does what the other has to learn of.
//! Knows nothing of what is in entries.

use super::*;
use crate::clock::Clock;
use crate::counters::Counters;
use bytes::Bytes;
use std::fs;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The body of an entry, which has some hundred bytes more on disk.
const BODY: usize = 10_000;

fn open(path: &Path, limit: u64, clock: &Clock) -> &'static DiskCache {
    let counters = Arc::new(Counters::new(1));
    Box::leak(Box::new(DiskCache::open(path, limit, clock.clone(), counters).unwrap()))
}

fn key(number: usize) -> Key {
    Key::packument("https://registry.example", &format!("p{number}").parse().unwrap())
}

async fn keep(cache: &'static DiskCache, number: usize) {
    cache.keep(key(number), vec![Bytes::from(vec![number as u8; BODY])]).await.unwrap();
}

/// Waits for all file work that was begun; the runtimes here do one after the other.
async fn flush() {
    tokio::task::spawn_blocking(|| ()).await.unwrap();
}

/// Waits until what was to be removed is removed, by however many threads.
async fn settle(cache: &DiskCache) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while cache.moving.is_busy() {
        assert!(Instant::now() < deadline, "files wait to be removed");
        tokio::task::yield_now().await;
    }
}

fn run<F: Future<Output = ()>>(test: F) {
    let builder = &mut tokio::runtime::Builder::new_current_thread();
    builder.max_blocking_threads(1).enable_all().build().unwrap().block_on(test);
}

fn added(cache: &DiskCache) -> usize {
    cache.look_through().unwrap().added
}

fn write(path: &Path, name: &FileName) {
    let file = path.join(name.relative());
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, vec![0; name.size as usize]).unwrap();
}

/// Entries' files and their bytes.
fn on_disk(path: &Path) -> (usize, u64) {
    let files = scan::files(path).unwrap();
    (files.len(), files.iter().map(|name| name.size).sum())
}

#[test]
fn what_others_wrote_counts_and_what_they_removed_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let cache = open(path, 1000, &Clock::system());
    let name = |byte: u8, size| FileName { hash: [byte; 16], id: cache.ids.next(), size };
    let (one, two) = (name(1, 300), name(2, 400));
    write(path, &one);
    write(path, &two);
    fs::write(path.join("01").join("a note of somebody's"), "not ours").unwrap();
    assert_eq!(cache.look_through().unwrap(), Looked { added: 2, gone: 0 });
    assert_eq!((cache.len(), cache.size()), (2, 700));
    assert_eq!(cache.look_through().unwrap(), Looked::default());
    // A younger generation of the first, and one more that has no room beside it.
    let (younger, three) = (name(1, 500), name(3, 600));
    write(path, &younger);
    assert_eq!(added(cache), 1);
    assert_eq!((cache.len(), cache.size()), (2, 900));
    assert!(!path.join(one.relative()).exists(), "the older generation is not wanted");
    write(path, &three);
    assert_eq!(added(cache), 1);
    assert_eq!((cache.len(), cache.size()), (1, 600));
    assert!(!path.join(two.relative()).exists(), "the limit holds");
    // One that nothing would leave enough room for.
    let huge = name(4, 1001);
    write(path, &huge);
    assert_eq!((added(cache), cache.len(), cache.size()), (0, 1, 600));
    assert!(!path.join(huge.relative()).exists());
    fs::remove_file(path.join(three.relative())).unwrap();
    assert_eq!(cache.look_through().unwrap(), Looked { added: 0, gone: 1 });
    assert_eq!((cache.len(), cache.size()), (0, 0));
    fs::remove_dir_all(path).unwrap();
    assert_eq!(cache.look_through().unwrap(), Looked::default());
}

#[test]
fn what_another_wrote_is_served_told_of_and_evicted_as_ones_own() {
    run(async {
        let (home, clock) = (tempfile::tempdir().unwrap(), Clock::stopped());
        let limit = 3 * BODY as u64;
        let (here, there) = (open(home.path(), limit, &clock), open(home.path(), limit, &clock));
        here.changes().follow();
        let mut told = Vec::new();
        here.changes().take(&mut told);
        keep(there, 1).await;
        assert!(here.get(&key(1)).await.is_none());
        assert_eq!((added(here), here.len(), here.size()), (1, 1, there.size()));
        here.changes().take(&mut told);
        assert_eq!(told, [key(1).hash()]);
        let entry = here.get(&key(1)).await.unwrap();
        let body = here.read(&entry, 0, BODY as u64).await.unwrap();
        assert!(body.iter().all(|byte| *byte == 1));
        assert_eq!((added(here), here.size()), (0, there.size()), "it is counted once");
        keep(here, 2).await;
        keep(here, 3).await;
        flush().await;
        assert!(here.held(&key(1)).is_none() && here.held(&key(3)).is_some());
        assert_eq!((here.len(), here.size()), on_disk(home.path()));
        assert_eq!(there.look_through().unwrap(), Looked { added: 2, gone: 1 });
        assert_eq!((there.len(), there.size()), on_disk(home.path()));
    });
}

/// What the other has removed takes no room, though that was not known yet.
#[test]
fn what_is_gone_makes_room_before_anything_has_to_leave() {
    run(async {
        let (home, clock) = (tempfile::tempdir().unwrap(), Clock::stopped());
        let limit = 3 * BODY as u64;
        let (here, there) = (open(home.path(), limit, &clock), open(home.path(), limit, &clock));
        keep(here, 1).await;
        keep(here, 2).await;
        assert_eq!(added(there), 2);
        there.remove(&key(2));
        keep(there, 3).await;
        flush().await;
        assert_eq!(here.look_through().unwrap(), Looked { added: 1, gone: 1 });
        assert!(here.held(&key(1)).is_some() && here.get(&key(3)).await.is_some());
    });
}

#[test]
fn nothing_that_is_in_use_leaves_for_what_nobody_asked_for() {
    run(async {
        let (home, clock) = (tempfile::tempdir().unwrap(), Clock::system());
        let limit = 3 * BODY as u64;
        // For the other no time goes by: it never looks by itself.
        let stopped = Clock::stopped();
        let (here, there) = (open(home.path(), limit, &clock), open(home.path(), limit, &stopped));
        keep(here, 1).await;
        keep(here, 2).await;
        keep(there, 3).await;
        // They came in just now.
        assert_eq!(added(here), 0);
        flush().await;
        assert_eq!((here.len(), here.size()), on_disk(home.path()));
        assert!(here.held(&key(1)).is_some() && here.held(&key(2)).is_some());
        // One is used, and the other is not.
        clock.advance(Duration::from_secs(IN_USE_SECONDS + 60));
        here.touch(&here.held(&key(1)).unwrap(), clock.now());
        keep(there, 4).await;
        assert_eq!(added(here), 1);
        flush().await;
        assert!(here.held(&key(1)).is_some() && here.held(&key(2)).is_none());
        // Who wants what another has written gets it, whatever has to leave for that.
        keep(there, 5).await;
        assert!(here.look_again(&key(5)).await.is_some());
        flush().await;
        assert_eq!((here.len(), here.size()), on_disk(home.path()));
    });
}

/// Entries leave at once, their files when there is a thread for that.
#[test]
fn what_is_being_removed_is_not_found_again() {
    run(async {
        let (home, clock) = (tempfile::tempdir().unwrap(), Clock::stopped());
        let cache = open(home.path(), u64::MAX, &clock);
        keep(cache, 1).await;
        let (go_on, waits) = mpsc::channel::<()>();
        let busy = tokio::task::spawn_blocking(move || waits.recv().unwrap());
        assert!(cache.discard(&cache.held(&key(1)).unwrap()));
        assert_eq!(on_disk(home.path()).0, 1, "the file is still there");
        assert_eq!((added(cache), cache.len(), cache.size()), (0, 0, 0));
        go_on.send(()).unwrap();
        busy.await.unwrap();
        flush().await;
        assert_eq!((added(cache), on_disk(home.path())), (0, (0, 0)));
    });
}

/// A file that has its name, and is not in the index yet.
#[test]
fn what_this_process_is_just_writing_is_not_taken_for_anothers() {
    let home = tempfile::tempdir().unwrap();
    let cache = open(home.path(), u64::MAX, &Clock::system());
    let name = FileName { hash: [1; 16], id: cache.ids.next(), size: 100 };
    let arriving = cache.moving.arrive(name.id);
    write(home.path(), &name);
    assert_eq!(added(cache), 0);
    drop(arriving);
    assert_eq!((added(cache), cache.size()), (1, 100));
}

#[test]
fn what_is_unfinished_or_no_file_is_not_looked_at() {
    run(async {
        let (home, clock) = (tempfile::tempdir().unwrap(), Clock::stopped());
        let (here, there) =
            (open(home.path(), 1 << 20, &clock), open(home.path(), 1 << 20, &clock));
        let name = |byte| FileName { hash: [byte; 16], id: there.ids.next(), size: 100 };
        fs::write(there.temporary(1), [0; 100]).unwrap();
        // By chance, what is unfinished could have the name of what is finished.
        let half = there.temporary(1).with_file_name(name(1).relative().split_off(3));
        fs::write(half, [0; 100]).unwrap();
        fs::create_dir_all(home.path().join(name(2).relative())).unwrap();
        std::os::unix::fs::symlink(
            "nowhere",
            home.path().join("02").join(&name(2).relative()[3..]),
        )
        .unwrap();
        assert_eq!(here.look_through().unwrap(), Looked::default());
        // One that a power failure has cut counts as what it says, until somebody asks for it.
        keep(there, 1).await;
        let cut = scan::files(home.path()).unwrap().into_iter().find(|name| name.size > 100);
        let file = fs::File::options().write(true).open(here.path_of(&cut.unwrap())).unwrap();
        file.set_len(200).unwrap();
        assert_eq!((added(here), here.size()), (1, there.size()));
        assert!(here.get(&key(1)).await.is_none());
        assert_eq!((here.len(), here.size()), (0, 0));
    });
}

/// Both fill all the time, and one looks all the time: it finds each file of the other once, and none of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fills_go_on_while_it_looks() {
    const FILES: usize = 150;
    let (home, clock) = (tempfile::tempdir().unwrap(), Clock::stopped());
    let (here, there) = (open(home.path(), u64::MAX, &clock), open(home.path(), u64::MAX, &clock));
    let ended = Arc::new(AtomicBool::new(false));
    let is_ended = Arc::clone(&ended);
    let looking = tokio::task::spawn_blocking(move || {
        let mut found = 0;
        while !is_ended.load(Ordering::Acquire) {
            found += added(here);
        }
        found
    });
    let fill = |cache, from| async move {
        for number in from..from + FILES {
            keep(cache, number).await;
        }
    };
    let others = tokio::spawn(fill(there, FILES));
    let own = tokio::spawn(fill(here, 0));
    others.await.unwrap();
    own.await.unwrap();
    ended.store(true, Ordering::Release);
    assert_eq!(looking.await.unwrap() + added(here), FILES);
    assert_eq!((here.len(), here.size()), on_disk(home.path()));
    assert_eq!(here.len(), 2 * FILES);
}

/// The same with too little room: what the index has is what the directory has, whoever removed it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn evictions_go_on_while_it_looks() {
    const FILES: usize = 100;
    let (home, clock) = (tempfile::tempdir().unwrap(), Clock::stopped());
    let limit = 20 * BODY as u64;
    let (here, there) = (open(home.path(), limit, &clock), open(home.path(), limit, &clock));
    let ended = Arc::new(AtomicBool::new(false));
    let looking = [here, there].map(|cache| {
        let is_ended = Arc::clone(&ended);
        tokio::task::spawn_blocking(move || {
            while !is_ended.load(Ordering::Acquire) {
                added(cache);
                assert!(cache.size() <= limit);
            }
        })
    });
    let fill = |cache: &'static DiskCache, from| async move {
        for number in from..from + FILES {
            keep(cache, number).await;
            cache.remove(&key(from + number % 10));
        }
    };
    let others = tokio::spawn(fill(there, FILES));
    fill(here, 0).await;
    others.await.unwrap();
    ended.store(true, Ordering::Release);
    for looking in looking {
        looking.await.unwrap();
    }
    for cache in [here, there, here] {
        settle(cache).await;
        cache.look_through().unwrap();
    }
    settle(here).await;
    assert_eq!((here.len(), here.size()), on_disk(home.path()));
    assert!(here.size() <= limit);
}
