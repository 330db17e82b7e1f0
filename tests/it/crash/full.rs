//! A disk that takes no more, or nothing: NOPAR goes on, and says so once.
//! Knows nothing of how a file is written.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::{Listing, Thing};
use crate::support::binary::Binary;
use crate::support::client::get;
use crate::support::deadline::within;
use crate::support::disk::{Program, SmallDisk, TOLD_OF_LIMITS, folder, limit_files, set_writable};
use crate::support::upstream::{FakeUpstream, usual_path};

/// Longer than all heads, and than what is held back.
const LARGE: usize = 400_000;

/// A NOPAR over a cache directory. Root may write everywhere, so it is mostly run as somebody else.
struct Stage {
    upstream: Arc<FakeUpstream>,
    binary: Binary,
    addr: SocketAddr,
    cache: PathBuf,
    _program: Program,
}

impl Stage {
    /// With the cache at `cache`, below which its user may do as it likes; started by a shell that
    /// first does what it is told; as another user than root, if asked.
    async fn set(cache: PathBuf, first: &str, other: bool) -> Stage {
        let upstream = FakeUpstream::start().await;
        let program = Program::new();
        let command = program.command(first, other);
        let path = cache.to_str().expect("a path in UTF-8");
        // Whether large bodies lie in files in memory depends on the machine, and a limit holds for those as well.
        let no_files = ("NOPAR_SENDFILE", "no");
        let env = [("NOPAR_CACHE_PATH", path), ("NOPAR_MEMORY_SIZE", "0"), no_files];
        let (binary, addr) = Binary::serving_as(folder(), command, &upstream.url(), &env).await;
        let upstream = Arc::new(upstream);
        Stage { upstream, binary, addr, cache, _program: program }
    }

    fn publish(&self, name: &str, size: usize) -> [Thing; 2] {
        self.upstream.package(name).version("1.0.0", |v| v.tarball_size(size));
        Thing::of(name)
    }

    async fn ask(&self, things: &[Thing]) {
        for thing in things {
            thing.ask(&self.upstream, self.addr).await;
        }
    }

    /// Whether these are held: asked twice, the upstream hears of them once, or not at all.
    async fn are_kept(&self, name: &str, things: &[Thing]) -> bool {
        self.ask(things).await;
        let asked = || {
            self.upstream.count(&format!("/{name}"))
                + self.upstream.count(&usual_path(name, "1.0.0"))
        };
        let before = asked();
        self.ask(things).await;
        asked() == before
    }

    fn said(&self, text: &str) -> usize {
        self.binary.stderr().lines().filter(|line| line.contains(text)).count()
    }

    /// Waits until it has said this so often, and fails the test when it says it once more.
    async fn says(&self, times: usize, text: &str) {
        let said = async {
            while self.said(text) < times {
                get(self.addr, "/-/ping").await;
            }
        };
        within(format!("{text:?}, {times} times"), said).await;
        assert_eq!(self.said(text), times);
    }

    /// Holds some things; then the disk is in `trouble`, twice, and out of it.
    async fn survives(&self, sizes: &[usize], trouble: impl Fn(), relief: impl Fn()) {
        let held = self.publish("held", LARGE);
        assert!(self.are_kept("held", &held).await, "nothing is wrong yet");
        for time in 1..=2 {
            trouble();
            self.in_trouble(time, sizes, &held).await;
            relief();
            let name = format!("after{time}");
            let things = self.publish(&name, sizes[0]);
            assert!(self.are_kept(&name, &things).await, "there is room again");
            self.says(time, "the disk takes files again").await;
            assert_eq!(Listing::of(&self.cache).temporary, ["lock"]);
        }
        assert!(!self.binary.stderr().contains("panicked"), "{}", self.binary.stderr());
    }

    async fn in_trouble(&self, time: usize, sizes: &[usize], held: &[Thing]) {
        for (number, size) in sizes.iter().cycle().take(12).enumerate() {
            let name = format!("during{time}-{number}");
            let things = self.publish(&name, *size);
            self.crowd(&things[1]).await;
            let asked = || self.upstream.count(&usual_path(&name, "1.0.0"));
            let before = asked();
            // Who comes before the end of the body that the crowd has read reads along, too.
            let again = async {
                while asked() == before {
                    self.ask(&things[1..]).await;
                }
            };
            within(format!("{name} cannot have been kept: a request for it"), again).await;
            assert_eq!(asked(), before + 1, "{name}");
            if sizes.len() > 1 {
                self.ask(&things[..1]).await;
            }
            self.ask(held).await;
            let confirmed = held[0].request(self.addr).header("Cache-Control", "no-cache");
            held[0].check(&confirmed.send().await, &self.upstream, self.addr);
        }
        assert_eq!(
            self.upstream.count(&usual_path("held", "1.0.0")),
            1,
            "it was held all the time"
        );
        self.says(time, "the disk takes no more").await;
        assert_eq!(self.said(" ERROR nopar"), time, "{}", self.binary.stderr());
        assert_eq!(self.said(" WARN "), 0, "{}", self.binary.stderr());
    }

    /// Several at once, who read along.
    async fn crowd(&self, thing: &Thing) {
        let mut asking = JoinSet::new();
        for _ in 0..4 {
            let (thing, upstream, addr) = (thing.clone(), Arc::clone(&self.upstream), self.addr);
            asking.spawn(async move { thing.ask(&upstream, addr).await });
        }
        asking.join_all().await;
    }
}

/// A full disk: everything is answered, from what is held or from the upstream, one line says that
/// nothing is kept, and when there is room things are kept again.
#[tokio::test]
async fn a_full_disk_stops_nothing() {
    let disk = match SmallDisk::mount() {
        Ok(disk) => disk,
        // The next test does the same by a limit, which needs no rights.
        Err(reason) => return eprintln!("skipped: a small disk cannot be mounted: {reason}"),
    };
    let stage = Stage::set(disk.path().join("cache"), "", true).await;
    stage.survives(&[LARGE, 5_000, 90_000], || disk.fill_up(), || disk.empty()).await;
}

/// Files may grow to a limit only, as with a quota: the same.
#[tokio::test]
async fn files_that_may_not_grow_stop_nothing() {
    let home = folder();
    // As ourselves: limits of others are not ours.
    let stage = Stage::set(home.path().join("cache"), TOLD_OF_LIMITS, false).await;
    let limit = |bytes| limit_files(&stage.binary, bytes);
    stage.survives(&[LARGE], || limit("100000"), || limit("unlimited")).await;
}

/// A directory that becomes read-only: the same.
#[tokio::test]
async fn a_directory_that_becomes_read_only_stops_nothing() {
    let home = folder();
    let cache = home.path().join("cache");
    let stage = Stage::set(cache.clone(), "", true).await;
    let sizes = [LARGE, 5_000, 90_000];
    stage.survives(&sizes, || set_writable(&cache, false), || set_writable(&cache, true)).await;
}
