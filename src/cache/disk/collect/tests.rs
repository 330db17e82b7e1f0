//! Caches of which something leaves because somebody says so.
//! Knows nothing of what is in entries.

use super::*;
use crate::cache::key::Key;
use crate::clock::Clock;
use crate::counters::Counters;
use bytes::Bytes;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

/// The body of an entry, which has some hundred bytes more on disk.
const BODY: usize = 10_000;

fn open(path: &Path, clock: &Clock) -> &'static DiskCache {
    let counters = Arc::new(Counters::new(1));
    Box::leak(Box::new(DiskCache::open(path, u64::MAX, clock.clone(), counters).unwrap()))
}

fn key(number: usize) -> Key {
    Key::packument("https://registry.example", &format!("p{number}").parse().unwrap())
}

async fn keep(cache: &'static DiskCache, number: usize) -> FileName {
    cache.keep(key(number), vec![Bytes::from(vec![number as u8; BODY])]).await.unwrap();
    cache.file_of(&key(number).hash()).unwrap()
}

fn held(cache: &DiskCache) -> Vec<usize> {
    (0..10).filter(|number| cache.file_of(&key(*number).hash()).is_some()).collect()
}

#[tokio::test]
async fn what_was_used_least_recently_leaves_and_is_foretold() {
    let (home, clock) = (tempfile::tempdir().unwrap(), Clock::stopped());
    let cache = open(home.path(), &clock);
    let mut size = 0;
    for number in 0..6 {
        size = keep(cache, number).await.size();
    }
    clock.advance(Duration::from_secs(60));
    let first = cache.held(&key(0)).unwrap();
    cache.used(&first);
    for (to, left) in [(u64::MAX, 6), (size * 6, 6), (size * 4 + 1, 4), (size, 1), (0, 0)] {
        let would = cache.would_shrink(to, &HashSet::new());
        assert_eq!(cache.shrink(to), would, "{to}");
        assert_eq!((cache.len(), cache.size()), (left, size * left as u64), "{to}");
        if left > 0 {
            assert!(held(cache).contains(&0), "it was used last");
        }
    }
}

/// What is to leave anyway takes no place of what is left.
#[tokio::test]
async fn what_leaves_anyway_is_not_counted_twice() {
    let (home, clock) = (tempfile::tempdir().unwrap(), Clock::stopped());
    let cache = open(home.path(), &clock);
    let mut names = Vec::new();
    for number in 0..4 {
        names.push(keep(cache, number).await);
    }
    let others = HashSet::from([names[1].id, names[3].id]);
    let size = names[0].size;
    assert_eq!(cache.would_shrink(2 * size, &others), Amount::default());
    assert_eq!(cache.would_shrink(size, &others), Amount { files: 1, bytes: size });
}

#[tokio::test]
async fn a_file_is_taken_out_once_and_never_for_a_newer_one() {
    let (home, clock) = (tempfile::tempdir().unwrap(), Clock::stopped());
    let cache = open(home.path(), &clock);
    let old = keep(cache, 1).await;
    let new = keep(cache, 1).await;
    assert!(!cache.take_out(&old) && held(cache) == [1]);
    assert!(cache.take_out(&new) && !cache.take_out(&new));
    assert_eq!((cache.len(), cache.size()), (0, 0));
}

#[tokio::test]
async fn what_others_left_is_found_and_removed_once() {
    let (home, clock) = (tempfile::tempdir().unwrap(), Clock::stopped());
    let cache = open(home.path(), &clock);
    let name = keep(cache, 1).await;
    assert!(!cache.is_open_elsewhere());
    let older = FileName { id: 1, ..name };
    fs::copy(cache.path_of(&name), cache.path_of(&older)).unwrap();
    // A file of nothing that is held is somebody else's to know of.
    let unknown = FileName { hash: [name.hash[0] ^ 1; 16], ..name };
    fs::create_dir_all(cache.path_of(&unknown).parent().unwrap()).unwrap();
    fs::write(cache.path_of(&unknown), "").unwrap();
    let left = home.path().join("tmp/0000000000000001");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("lock"), "").unwrap();
    fs::write(left.join("2"), vec![0; 7]).unwrap();
    for is_dry in [true, false] {
        let one = Amount { files: 1, bytes: name.size };
        assert_eq!(cache.replaced_files(is_dry).unwrap(), one);
        assert_eq!(cache.unfinished_files(is_dry).unwrap(), Amount { files: 1, bytes: 7 });
    }
    assert_eq!(cache.replaced_files(false).unwrap(), Amount::default());
    assert_eq!(cache.unfinished_files(false).unwrap(), Amount::default());
    assert!(!left.exists() && cache.path_of(&unknown).exists() && cache.path_of(&name).exists());
    assert_eq!(held(cache), [1]);
}

/// What a start sweeps is told to who asks first, and a process that lives is left alone.
#[test]
fn what_was_swept_at_the_start_is_told_once() {
    let (home, clock) = (tempfile::tempdir().unwrap(), Clock::stopped());
    let first = open(home.path(), &clock);
    let left = home.path().join("tmp/0000000000000001");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("lock"), "").unwrap();
    fs::write(left.join("2"), vec![0; 7]).unwrap();
    let second = open(home.path(), &clock);
    assert!(first.is_open_elsewhere() && second.is_open_elsewhere());
    assert_eq!(second.unfinished_files(true).unwrap(), Amount { files: 1, bytes: 7 });
    assert_eq!(second.unfinished_files(false).unwrap(), Amount::default());
    let third = open(home.path(), &clock);
    third.forget_swept();
    assert_eq!(third.unfinished_files(false).unwrap(), Amount::default());
    assert!(first.temporary(0).parent().unwrap().exists(), "its process lives");
}

#[test]
fn a_cache_is_known_by_its_mark() {
    let home = tempfile::tempdir().unwrap();
    assert!(!is_cache(home.path()).unwrap() && !is_cache(&home.path().join("none")).unwrap());
    open(home.path(), &Clock::stopped());
    assert!(is_cache(home.path()).unwrap());
}

/// Whoever sends it may come back for a piece later.
#[tokio::test]
async fn a_tarball_that_somebody_has_is_read_to_its_end_after_it_was_removed() {
    let (home, clock) = (tempfile::tempdir().unwrap(), Clock::stopped());
    let cache = open(home.path(), &clock);
    let tarball = |number: usize| {
        let name = format!("p{number}").parse().unwrap();
        Key::tarball("https://registry.example", &name, "x.tgz")
    };
    let body = Bytes::from(vec![7; BODY]);
    for number in 0..3 {
        cache.keep(tarball(number), vec![body.clone()]).await.unwrap();
    }
    let entries: Vec<_> = (0..3).map(|number| cache.held(&tarball(number)).unwrap()).collect();
    cache.close();
    assert!(cache.take_out(&entries[0].name));
    assert!(cache.discard(&entries[1]));
    assert_eq!(cache.shrink(0).files, 1);
    tokio::task::spawn_blocking(|| ()).await.unwrap();
    for entry in &entries {
        while cache.path_of(&entry.name).exists() {
            tokio::task::yield_now().await;
        }
        assert_eq!(cache.read_small(entry).await.unwrap(), body);
    }
    assert!(cache.files.is_empty(), "it is open as long as somebody has it, and no longer");
}
