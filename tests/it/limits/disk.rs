//! A disk that copies and hosted packages share, and that copies may not fill.
//! Knows nothing of a disk that is full: that is another trouble, and nothing is asked for then.

use std::path::Path;

use rustix::fs::statvfs;

use crate::support::binary::Binary;
use crate::support::client::{Request, get};
use crate::support::deadline::within;
use crate::support::disk::SmallDisk;
use crate::support::publish::Publish;
use crate::support::upstream::{FakeUpstream, made_up, usual_path};

/// What is to stay free of 3 MiB.
const LEAST: u64 = 1 << 20;
/// What heads and directories take beside what is reckoned with, and what is in memory while it is written.
const SLACK: u64 = 128 << 10;
const SIZE: usize = 300_000;

fn free(path: &Path) -> u64 {
    let seen = statvfs(path).expect("a file system");
    seen.f_bavail * seen.f_frsize
}

/// Copies come and go, and leave the room that is to stay free; publishes take it, and copies make room.
#[tokio::test]
async fn copies_leave_room_for_what_is_published() {
    let disk = match SmallDisk::mount() {
        Ok(disk) => disk,
        // The unit tests of the cache do the same by a file system that is made up.
        Err(reason) => return eprintln!("skipped: a small disk cannot be mounted: {reason}"),
    };
    let upstream = FakeUpstream::start().await;
    let place = |name: &str| disk.path().join(name).to_str().expect("a path in UTF-8").to_owned();
    let env = [
        ("NOPAR_CACHE_PATH", &*place("cache")),
        ("NOPAR_REGISTRY_PATH", &*place("registry")),
        ("NOPAR_CACHE_MIN_FREE", "1MiB"),
    ];
    let (binary, addr) = Binary::serving(&upstream.url(), &env).await;
    let fetch = async |number: usize| {
        let name = format!("p{number}");
        upstream.package(&name).version("1.0.0", |v| v.tarball_size(SIZE));
        let path = usual_path(&name, "1.0.0");
        let tarball = get(addr, &path).await.expect(200);
        assert!(tarball.body == upstream.tarball(&name, "1.0.0"), "{name}");
    };
    for number in 0..20 {
        fetch(number).await;
        let free = free(disk.path());
        assert!(free + SLACK >= LEAST, "{free} bytes are free after {number}");
    }
    let publish = Publish::of("own", "1.0.0").tarball(made_up(3, 700_000));
    publish.succeed(addr).await;
    let mut number = 20;
    let low = async {
        while !binary.stderr().contains("nothing more is kept") {
            fetch(number).await;
            number += 1;
        }
    };
    within("a word that there is too little room".to_owned(), low).await;
    let over = async {
        while !binary.stderr().contains("things are kept again") {
            fetch(number).await;
            number += 1;
        }
    };
    within("room that copies make".to_owned(), over).await;
    let own = Request::get(addr, &usual_path("own", "1.0.0")).send().await.expect(200);
    assert_eq!(own.body, made_up(3, 700_000));
    let said = binary.stderr();
    let told = said.lines().filter(|line| line.contains("NOPAR_CACHE_MIN_FREE")).count();
    let over = said.lines().filter(|line| line.contains("things are kept again")).count();
    assert!(told.abs_diff(over) <= 1, "each change is told once: {said}");
    assert!(!said.contains("the disk takes no more") && !said.contains("panicked"), "{said}");
}
