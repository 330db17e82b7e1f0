//! Files that are damaged, cut or gone: never served wrong, but fetched again.
//! Knows nothing of a file's layout: every region is hit by hitting everywhere.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::asking::{LONG, TTL, WAYS};
use crate::support::deadline::DEADLINE;
use crate::support::disk::fifo;
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

async fn with_lodash() -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let mut package = upstream.package("lodash").readme("# lodash");
    for minor in 0..40 {
        package = package.version(&format!("1.{minor}.0"), |v| v);
    }
    let nopar = TestNopar::with(&upstream).host("npm.test").start().await;
    nopar.get("/lodash").await.expect(200);
    (upstream, nopar)
}

/// The one entry's file; one that was replaced may take a moment to leave.
fn file(nopar: &TestNopar) -> PathBuf {
    let since = Instant::now();
    loop {
        let entries = super::entries(nopar);
        if let [one] = &entries[..] {
            return nopar.cache_path().join(one);
        }
        assert!(since.elapsed() < DEADLINE, "{entries:?}");
        std::thread::yield_now();
    }
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).expect("the entry's file");
    bytes[at] ^= 0x55;
    fs::write(path, bytes).expect("damaging it");
}

/// Every way of asking for the packument, and a tarball that needs its index, is right.
async fn all_right(upstream: &FakeUpstream, nopar: &TestNopar) {
    let packument = upstream.packument("lodash");
    for way in WAYS {
        for host in ["npm.test", "other.test"] {
            let answer = way.at(nopar, host, "lodash").send().await;
            way.check(&answer, &packument, &format!("http://{host}"));
        }
    }
    let tags = nopar.get("/-/package/lodash/dist-tags").await.expect(200);
    assert_eq!(tags.json(), packument["dist-tags"]);
    let tarball = nopar.get("/lodash/-/lodash-1.7.0.tgz").await.expect(200);
    assert_eq!(tarball.body, upstream.tarball("lodash", "1.7.0"));
}

/// Wherever a byte is flipped — head, views, index, source — the answers stay right: what is
/// damaged is dropped and fetched again, at most once.
#[tokio::test]
async fn a_flipped_byte_anywhere_is_never_served() {
    let (upstream, mut nopar) = with_lodash().await;
    let len = fs::metadata(file(&nopar)).expect("its size").len() as usize;
    let spread = (0..len).step_by(len / 90).chain(0..64).chain([len - 1]);
    let offsets: Vec<usize> = spread.step_by(2).collect();
    let mut fetched = 0;
    for at in offsets {
        nopar.stop().await;
        let entry = nopar.cache_path().join(packument_entry(&nopar));
        flip(&entry, at.min(len - 1));
        upstream.clear();
        nopar.restart().await;
        all_right(&upstream, &nopar).await;
        let asked = upstream.count("/lodash");
        assert!(asked <= 1, "{asked} requests after damage at {at}");
        fetched += asked;
    }
    assert!(fetched > 40, "damage was noticed only {fetched} times");
}

/// What lies in place of an entry's file and is none is damage, and nobody waits for its other end.
#[tokio::test]
async fn what_is_no_file_is_fetched_again() {
    let (upstream, mut nopar) = with_lodash().await;
    nopar.stop().await;
    fifo(&nopar.cache_path().join(packument_entry(&nopar)));
    upstream.clear();
    nopar.restart().await;
    all_right(&upstream, &nopar).await;
    assert_eq!(upstream.count("/lodash"), 1);
}

/// The packument's file, where a tarball's may lie beside it: the largest.
fn packument_entry(nopar: &TestNopar) -> String {
    let size = |file: &String| {
        let metadata = fs::metadata(nopar.cache_path().join(file));
        metadata.map_or(0, |metadata| metadata.len())
    };
    let entries = super::entries(nopar);
    entries.into_iter().max_by_key(size).expect("an entry")
}

/// A file cut short anywhere is dropped and fetched again.
#[tokio::test]
async fn a_file_cut_short_is_fetched_again() {
    let (upstream, mut nopar) = with_lodash().await;
    let len = fs::metadata(file(&nopar)).expect("its size").len();
    for left in [0, 1, 63, 64, 600, len / 2, len - 1] {
        nopar.stop().await;
        let entry = nopar.cache_path().join(packument_entry(&nopar));
        let opened = fs::File::options().write(true).open(&entry).expect("it");
        opened.set_len(left).expect("cutting it");
        upstream.clear();
        nopar.restart().await;
        all_right(&upstream, &nopar).await;
        assert_eq!(upstream.count("/lodash"), 1, "{left} bytes left");
    }
}

/// A stale copy that is damaged, which the upstream confirms by a 304, is fetched whole instead.
#[tokio::test]
async fn a_damaged_copy_the_upstream_confirms_is_fetched_again() {
    for age in [TTL, LONG] {
        let (upstream, mut nopar) = with_lodash().await;
        nopar.stop().await;
        let entry = file(&nopar);
        let len = fs::metadata(&entry).expect("its size").len() as usize;
        // The body, everywhere: whatever part is read first is damaged.
        (600..len).step_by(50).for_each(|at| flip(&entry, at));
        nopar.advance(age);
        nopar.restart().await;
        all_right(&upstream, &nopar).await;
    }
}

/// The same when a client insists on a confirmed copy.
#[tokio::test]
async fn a_damaged_copy_confirmed_on_demand_is_fetched_again() {
    let (upstream, mut nopar) = with_lodash().await;
    nopar.stop().await;
    let entry = file(&nopar);
    let len = fs::metadata(&entry).expect("its size").len() as usize;
    (600..len).step_by(50).for_each(|at| flip(&entry, at));
    nopar.restart().await;
    let way = WAYS[0];
    let fresh = way.of(&nopar, "lodash").header("Cache-Control", "no-cache");
    let answer = fresh.send().await;
    way.check(&answer, &upstream.packument("lodash"), "http://npm.test");
    all_right(&upstream, &nopar).await;
}

/// A file deleted while NOPAR runs is fetched again; what memory has is served from there.
#[tokio::test]
async fn a_file_deleted_under_a_running_nopar_is_fetched_again() {
    let (upstream, mut nopar) = with_lodash().await;
    nopar.restart().await;
    fs::remove_file(file(&nopar)).expect("deleting it");
    all_right(&upstream, &nopar).await;
    assert!(upstream.count("/lodash") <= 2);
}

/// Deleting the whole cache directory of a running NOPAR is safe: everything is fetched again, and
/// kept again.
#[tokio::test]
async fn the_cache_directory_can_be_deleted_at_any_time() {
    let (upstream, mut nopar) = with_lodash().await;
    for restarted in [false, true] {
        if restarted {
            nopar.restart().await;
        }
        fs::remove_dir_all(nopar.cache_path()).expect("deleting it");
        all_right(&upstream, &nopar).await;
        upstream.package("later").version("1.0.0", |v| v);
        nopar.get("/later").await.expect(200);
        assert_ne!(super::entries(&nopar), [""; 0]);
        nopar.restart().await;
        upstream.stop().await;
        nopar.get("/later").await.expect(200);
        upstream.restart().await;
    }
}
