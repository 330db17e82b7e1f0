//! Files of tarballs that are damaged, cut or gone: never served wrong, but fetched again.
//! Knows nothing of packuments.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use super::{SIZES, path, with_tarballs};
use crate::support::deadline::DEADLINE;
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

/// The file of the one tarball held; one that was replaced may take a moment to leave.
fn file(nopar: &TestNopar) -> PathBuf {
    let since = Instant::now();
    loop {
        let mut files = nopar.cache_files();
        files.retain(|file| file.as_bytes().get(2) == Some(&b'/'));
        if let [one] = &files[..] {
            return nopar.cache_path().join(one);
        }
        assert!(since.elapsed() < DEADLINE, "{files:?}");
        std::thread::yield_now();
    }
}

/// A NOPAR that holds the tarball of `name`, and has served it from there if `read`.
async fn holding(name: &str, read: bool) -> (FakeUpstream, TestNopar) {
    let (upstream, nopar) = with_tarballs().await;
    nopar.get(&path(name)).await.expect(200);
    // A HEAD waits for the fill as a GET does, and reads no body.
    nopar.request(&path(name)).method("HEAD").send().await;
    if read {
        nopar.get(&path(name)).await.expect(200);
    }
    upstream.clear();
    (upstream, nopar)
}

async fn right(upstream: &FakeUpstream, nopar: &TestNopar, name: &str) {
    for _ in 0..2 {
        let answer = nopar.get(&path(name)).await.expect(200);
        assert!(answer.body == upstream.tarball(name, "1.0.0"), "{name}");
    }
}

/// A byte flipped anywhere in the file while NOPAR was not running is noticed.
#[tokio::test]
async fn a_flipped_byte_is_never_served_after_a_restart() {
    for (name, _) in SIZES {
        let (upstream, mut nopar) = holding(name, false).await;
        let len = fs::metadata(file(&nopar)).expect("its size").len() as usize;
        for at in [0, 9, 13, 17, 70, 300, len / 3, len / 2, len - 1] {
            nopar.stop().await;
            let mut bytes = fs::read(file(&nopar)).expect("the file");
            bytes[at] ^= 0x55;
            fs::write(file(&nopar), bytes).expect("damaging it");
            upstream.clear();
            nopar.restart().await;
            right(&upstream, &nopar, name).await;
            assert_eq!(upstream.count_all(), 1, "{name}: damage at {at}");
        }
    }
}

/// A file cut short while NOPAR was not running is fetched again.
#[tokio::test]
async fn a_file_cut_short_is_fetched_again_after_a_restart() {
    for (name, size) in SIZES {
        for left in [0, 100, size as u64 / 2] {
            let (upstream, mut nopar) = holding(name, false).await;
            nopar.stop().await;
            let opened = fs::File::options().write(true).open(file(&nopar));
            opened.expect("it").set_len(left).expect("cutting it");
            nopar.restart().await;
            right(&upstream, &nopar, name).await;
            assert_eq!(upstream.count_all(), 1, "{name}: {left} bytes left");
        }
    }
}

/// A file deleted under a running NOPAR is fetched again.
#[tokio::test]
async fn a_file_deleted_under_a_running_nopar_is_fetched_again() {
    for (name, _) in SIZES {
        for read in [false, true] {
            let (upstream, nopar) = holding(name, read).await;
            fs::remove_file(file(&nopar)).expect("deleting it");
            right(&upstream, &nopar, name).await;
            assert!(upstream.count_all() <= 1, "{name}");
        }
    }
}

/// Deleting the whole cache directory of a running NOPAR is safe, before and after it was read.
#[tokio::test]
async fn the_cache_directory_can_be_deleted_at_any_time() {
    for (name, _) in SIZES {
        for read in [false, true] {
            let (upstream, mut nopar) = holding(name, read).await;
            fs::remove_dir_all(nopar.cache_path()).expect("deleting it");
            right(&upstream, &nopar, name).await;
            nopar.restart().await;
            right(&upstream, &nopar, name).await;
            assert!(upstream.count_all() <= 2, "{name}");
        }
    }
}

/// A file cut short under a running NOPAR may break off one answer, and is fetched again after it.
#[tokio::test]
async fn a_file_cut_short_under_a_running_nopar_is_fetched_again() {
    for (name, size) in SIZES {
        for read in [false, true] {
            let (upstream, nopar) = holding(name, read).await;
            let opened = fs::File::options().write(true).open(file(&nopar));
            opened.expect("it").set_len(size as u64 / 2).expect("cutting it");
            let first = nopar.get(&path(name)).await;
            let whole = first.body == upstream.tarball(name, "1.0.0");
            assert!(whole || !first.complete, "{name}: served wrong");
            right(&upstream, &nopar, name).await;
        }
    }
}

/// A byte flipped under a running NOPAR is never served as a whole answer, and fetched again.
#[tokio::test]
async fn a_byte_flipped_under_a_running_nopar_is_never_served() {
    for (name, size) in SIZES {
        for read in [false, true] {
            let (upstream, nopar) = holding(name, read).await;
            let mut bytes = fs::read(file(&nopar)).expect("the file");
            let at = bytes.len() - size / 2;
            bytes[at] ^= 0x55;
            fs::write(file(&nopar), bytes).expect("damaging it");
            let first = nopar.get(&path(name)).await;
            let whole = first.body == upstream.tarball(name, "1.0.0");
            assert!(whole || !first.complete, "{name}, read {read}: served wrong");
            right(&upstream, &nopar, name).await;
        }
    }
}
