//! A backup while many publish.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::Value;

use super::{backup, restored};
use crate::support::client::{Request, get};
use crate::support::kept::{Kept, text};
use crate::support::publish::{Publish, path_of};
use crate::support::upstream::{FakeUpstream, integrity, made_up, usual_path};

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

#[tokio::test(flavor = "multi_thread")]
async fn each_package_is_in_it_as_it_was_at_one_moment() {
    let upstream = FakeUpstream::start().await;
    let kept = Kept::empty();
    let (_binary, addr) = kept.served(&upstream.url()).await;
    let stop = Arc::new(AtomicBool::new(false));
    let counts: Arc<Vec<AtomicUsize>> =
        Arc::new((0..PUBLISHERS).map(|_| AtomicUsize::new(0)).collect());
    let publishers: Vec<_> = (0..PUBLISHERS)
        .map(|number| {
            let (stop, counts) = (Arc::clone(&stop), Arc::clone(&counts));
            tokio::spawn(async move {
                let name = format!("own{number}");
                while !stop.load(Ordering::Relaxed) {
                    let version = counts[number].load(Ordering::SeqCst);
                    let size = if version % 8 == 7 { 1_100_000 } else { 3000 };
                    let bytes = made_up((number * 1000 + version) as u64, size);
                    let text = format!("1.0.{version}");
                    Publish::of(&name, &text).tarball(bytes).succeed(addr).await;
                    // All of them change one package as well.
                    let text = format!("{number}.0.{version}");
                    Publish::of("shared", &text).succeed(addr).await;
                    if version % 4 == 3 {
                        let document =
                            get(addr, &format!("{}?write=true", path_of("shared"))).await;
                        let rev = document.json()["_rev"].as_str().expect("a revision").to_owned();
                        // Somebody else may have changed it meanwhile: then it stays.
                        let file = format!("{}/-rev/{rev}", usual_path("shared", &text));
                        Request::new(addr, "DELETE", &file).send().await;
                    }
                    counts[number].store(version + 1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    let mut acknowledged: Vec<usize> = Vec::new();
    for round in 0..BACKUPS {
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
        let said = backup(&kept, "backup", "").await;
        let to = restored(&kept, "backup", "").await;
        let found = versions(&to);
        for (number, count) in done.iter().enumerate() {
            let has = found.get(&format!("own{number}")).map_or(0, Vec::len);
            assert!(has >= *count, "round {round}: own{number} has {has} of {count}: {said}");
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
    assert!(
        crate::support::kept::contents(&to) == crate::support::kept::contents(&kept.registry())
    );
    let verified = kept.run("verify --only registry").await;
    assert!(verified.success, "{}", verified.stdout);
    assert!(!text(&to).is_empty());
}
