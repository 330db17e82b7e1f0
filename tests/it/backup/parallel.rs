//! A backup while many publish.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::Value;

use super::{backup, restored};
use crate::publish::take_back;
use crate::support::kept::{Kept, contents};
use crate::support::publish::Publish;
use crate::support::upstream::{FakeUpstream, integrity, made_up};

const PUBLISHERS: usize = 16;
const BACKUPS: usize = 3;

/// The versions in each document of a registry directory; fails the test unless each has its tarball, with the digest that
/// the document says.
fn versions(registry: &Path) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for name in (0..PUBLISHERS).map(|number| format!("own{number}")).chain(["shared".to_owned()]) {
        let Ok(text) = fs::read(registry.join(format!("{name}/{name}.json"))) else { continue };
        let document: Value = serde_json::from_slice(&text).expect("a whole document");
        let all = document["versions"].as_object().expect("versions");
        for (version, manifest) in all {
            let path = registry.join(format!("{name}/{name}-{version}.tgz"));
            let bytes =
                fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(manifest["dist"]["integrity"], integrity(&bytes), "{name}@{version}");
        }
        found.insert(name, all.keys().cloned().collect());
    }
    found
}

/// Whether a version of a publisher's own package is one that is never taken back.
fn stays(version: usize) -> bool {
    version % 2 == 1
}

#[tokio::test(flavor = "multi_thread")]
async fn each_package_is_in_it_as_it_was_at_one_moment() {
    let upstream = FakeUpstream::start().await;
    let kept = Kept::empty();
    let (_binary, addr) = kept.served(&upstream.url()).await;
    let stop = Arc::new(AtomicBool::new(false));
    let counts: Arc<Vec<AtomicUsize>> =
        Arc::new((0..PUBLISHERS).map(|_| AtomicUsize::new(0)).collect());
    let removed = Arc::new(AtomicUsize::new(0));
    let publishers: Vec<_> = (0..PUBLISHERS)
        .map(|number| {
            let (stop, counts, removed) =
                (Arc::clone(&stop), Arc::clone(&counts), Arc::clone(&removed));
            tokio::spawn(async move {
                let name = format!("own{number}");
                while !stop.load(Ordering::Relaxed) {
                    let version = counts[number].load(Ordering::SeqCst);
                    let size = if version % 8 == 7 { 1_100_000 } else { 3000 };
                    let bytes = made_up((number * 1000 + version) as u64, size);
                    let text = format!("1.0.{version}");
                    Publish::of(&name, &text).tarball(bytes).succeed(addr).await;
                    // All of them change one package as well.
                    let shared = format!("{number}.0.{version}");
                    Publish::of("shared", &shared).succeed(addr).await;
                    // Of the own package, which nobody else changes, every other version goes again.
                    if stays(version) {
                        take_back(addr, &name, &format!("1.0.{}", version - 1)).await;
                        removed.fetch_add(1, Ordering::SeqCst);
                    }
                    counts[number].store(version + 1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    let mut acknowledged: Vec<usize> = Vec::new();
    let mut removed_meanwhile = 0;
    for round in 0.. {
        if round >= BACKUPS && removed_meanwhile > 0 {
            break;
        }
        assert!(round < 10 * BACKUPS, "no version was ever removed during a backup");
        // Each has something new to copy.
        let before: Vec<usize> = counts.iter().map(|count| count.load(Ordering::SeqCst)).collect();
        let waiting = async {
            while counts
                .iter()
                .zip(&before)
                .any(|(now, before)| now.load(Ordering::SeqCst) <= *before)
            {
                tokio::task::yield_now().await;
            }
        };
        crate::support::deadline::within("more versions".to_owned(), waiting).await;
        let done: Vec<usize> = counts.iter().map(|count| count.load(Ordering::SeqCst)).collect();
        let removed_before = removed.load(Ordering::SeqCst);
        let said = backup(&kept, "backup", "").await;
        removed_meanwhile += removed.load(Ordering::SeqCst) - removed_before;
        let to = restored(&kept, "backup", "").await;
        let found = versions(&to);
        for (number, count) in done.iter().enumerate() {
            let has = found.get(&format!("own{number}"));
            for version in (0..*count).filter(|version| stays(*version)) {
                let is_there = has.is_some_and(|has| has.contains(&format!("1.0.{version}")));
                assert!(is_there, "round {round}: own{number} has no 1.0.{version}: {said}");
            }
        }
        fs::remove_dir_all(&to).expect("gone");
        acknowledged = done;
    }
    stop.store(true, Ordering::Relaxed);
    for publisher in publishers {
        publisher.await.expect("no publish failed");
    }
    assert!(acknowledged.iter().all(|count| *count >= BACKUPS));
    // At rest, it is the same document by document and byte by byte.
    backup(&kept, "backup", "").await;
    let to = restored(&kept, "backup", "").await;
    assert_eq!(versions(&to), versions(&kept.registry()));
    assert!(contents(&to) == contents(&kept.registry()));
    let verified = kept.run("verify --only registry").await;
    assert!(verified.success, "{}", verified.stdout);
}
