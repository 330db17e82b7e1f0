//! The memory tier and the cache directory: what they hold, what came and what left.
//! Knows nothing of upstreams' answers beyond their length.

use nopar::counters::FillEnd;

use super::{sent_for, tarball, upstream};
use crate::support::nopar::TestNopar;
use crate::support::upstream::{FakeUpstream, Fault, made_up};

/// Bytes of all entries' files.
fn size(nopar: &TestNopar) -> u64 {
    let files = nopar.cache_files().into_iter();
    let entries = files.filter(|file| file.as_bytes().get(2) == Some(&b'/'));
    let sizes = entries.map(|file| std::fs::metadata(nopar.cache_path().join(file)));
    sizes.map(|file| file.expect("a file").len()).sum()
}

/// What the directory holds is what was filled and did not leave, to the byte, and below its limit.
#[tokio::test]
async fn what_was_filled_is_held_or_was_evicted() {
    const PACKAGES: u64 = 20;
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_CACHE_SIZE", "1MiB").start().await;
    for number in 0..PACKAGES {
        let name = format!("p{number}");
        upstream.package(&name).version("1.0.0", |v| v.tarball_size(100_000));
        nopar.get(&tarball(&name)).await.expect(200);
    }
    let snapshot = nopar.counted(PACKAGES).await;
    let (disk, held) = (&snapshot.disk, snapshot.held);
    assert_eq!(disk.fills, [(FillEnd::Kept, PACKAGES)]);
    assert_eq!(held.disk_limit, 1 << 20);
    assert!(held.disk_bytes <= held.disk_limit);
    assert_eq!(held.disk_entries, 10, "ten tarballs and their heads fit, eleven do not");
    assert_eq!(disk.evictions, PACKAGES - held.disk_entries);
    assert_eq!(disk.fill_bytes - disk.evicted_bytes, held.disk_bytes);
}

/// What is held when nothing left is what lies in the directory.
#[tokio::test]
async fn the_directory_is_as_large_as_is_told() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    nopar.get("/a").await.expect(200);
    nopar.get(&tarball("a")).await.expect(200);
    let snapshot = nopar.counted(2).await;
    assert_eq!(snapshot.held.disk_entries, 2);
    assert_eq!(snapshot.held.disk_bytes, size(&nopar));
    assert_eq!(snapshot.disk.fill_bytes, size(&nopar));
}

/// A fill is counted by how it ended.
#[tokio::test]
async fn fills_that_fail_are_counted() {
    let upstream = FakeUpstream::start().await;
    for name in ["wrong", "cut", "long", "right"] {
        upstream.package(name).version("1.0.0", |v| v.tarball_size(100_000));
    }
    upstream.package("long").version("1.0.0", |v| v.tarball_size(300_000));
    let nopar = TestNopar::with(&upstream).env("NOPAR_MAX_TARBALL", "200000");
    let nopar = nopar.start().await;
    nopar.get("/wrong").await.expect(200);
    upstream.file(&tarball("wrong"), made_up(7, 100_000));
    upstream.next(&tarball("cut"), Fault::CutBody(50_000));
    nopar.get(&tarball("wrong")).await;
    // It asks for the packument once more: perhaps the version was published anew.
    let before = nopar.counted(2).await;
    assert_eq!(before.fills(FillEnd::Wrong), 1);
    for name in ["cut", "long", "right"] {
        nopar.get(&tarball(name)).await;
    }
    let fills = nopar.counted(5).await.since(&before).disk.fills;
    assert_eq!(fills, [(FillEnd::Kept, 1), (FillEnd::Unkept, 1), (FillEnd::BrokenOff, 1)]);
}

/// Packuments that became entries, and those that are none.
#[tokio::test]
async fn documents_are_counted() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    upstream.always("/page", Fault::garbage());
    nopar.get("/a").await.expect(200);
    nopar.get("/a").await.expect(200);
    nopar.get("/page").await.expect(502);
    let documents = nopar.counted(3).await.documents;
    assert_eq!((documents.ingested, documents.refused), (1, 1));
    assert_eq!(documents.bytes, sent_for(&upstream, "/a").await);
    assert!(documents.duration_ns > 0);
}

/// A hot hit finds what it looks for in memory, and what is held there is told.
#[tokio::test]
async fn looks_into_memory_are_counted() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_MEMORY_SIZE", "8MiB").start().await;
    assert_eq!(nopar.counted(0).await.held.memory_rows, 0);
    for path in ["/a", "/a", &tarball("a"), &tarball("a")] {
        nopar.get(path).await.expect(200);
    }
    let before = nopar.counted(4).await;
    assert!(before.memory.misses > 0 && before.held.memory_rows > 0);
    assert_eq!(before.held.memory_limit, 8 << 20);
    assert!((1000..before.held.memory_limit).contains(&before.held.memory_bytes));
    nopar.get("/a").await.expect(200);
    let hot = nopar.counted(5).await.since(&before).memory;
    assert!(hot.hits > 0 && hot.misses == 0, "{hot:?}");
    assert_eq!(hot.evictions, 0);
}

/// A file that is damaged is dropped, and counted; the directory is looked into when nothing else is
/// left to answer with.
#[tokio::test]
async fn damage_and_second_looks_are_counted() {
    let upstream = upstream().await;
    let mut nopar = TestNopar::with(&upstream).host("npm.test").start().await;
    nopar.get("/a").await.expect(200);
    nopar.counted(1).await;
    nopar.stop().await;
    let files = nopar.cache_files();
    let file = files.iter().find(|file| file.as_bytes().get(2) == Some(&b'/'));
    let file = nopar.cache_path().join(file.expect("an entry"));
    let mut bytes = std::fs::read(&file).expect("the file");
    bytes[70] ^= 0x55;
    std::fs::write(&file, bytes).expect("damaging it");
    nopar.restart().await;
    nopar.get("/a").await.expect(200);
    let snapshot = nopar.counted(1).await;
    assert_eq!(snapshot.disk.damaged, 1);
    assert_eq!((snapshot.disk.looked_again, snapshot.disk.found_again), (0, 0));
    upstream.stop().await;
    nopar.get("/b").await.expect(502);
    let snapshot = nopar.counted(2).await;
    assert_eq!((snapshot.disk.looked_again, snapshot.disk.found_again), (1, 0));
}
