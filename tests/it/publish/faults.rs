//! A registry directory that takes no more, or nothing: changes are refused as a whole, in words, and what is
//! there is served.
//! Knows nothing of which step fails: the real binary runs as somebody who is not root.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::json;

use super::{check_tarball, packument, stored, unfinished, versions};
use crate::support::binary::Binary;
use crate::support::client::{Request, get};
use crate::support::deadline::within;
use crate::support::disk::{Program, SmallDisk, TOLD_OF_LIMITS, folder, limit_files, set_writable};
use crate::support::publish::{Publish, refusal, send};
use crate::support::upstream::{FakeUpstream, made_up};

/// More than is gathered before it is written.
const LARGE: usize = 400_000;

/// A NOPAR over a registry directory.
struct Stage {
    binary: Binary,
    addr: SocketAddr,
    registry: PathBuf,
    _upstream: FakeUpstream,
    _program: Program,
}

impl Stage {
    async fn set(registry: PathBuf, first: &str, other: bool) -> Stage {
        let (upstream, program) = (FakeUpstream::start().await, Program::new());
        let path = registry.to_str().expect("a path in UTF-8");
        let env = [("NOPAR_REGISTRY_PATH", path)];
        let command = program.command(first, other);
        let (binary, addr) = Binary::serving_as(folder(), command, &upstream.url(), &env).await;
        Stage { binary, addr, registry, _upstream: upstream, _program: program }
    }

    /// Packages that are there before there is any trouble.
    async fn publish_held(&self) {
        for held in held() {
            held.succeed(self.addr).await;
        }
    }

    async fn check_held(&self) {
        for (name, held) in [("held", &held()[..2]), ("@s/held", &held()[2..])] {
            let found = versions(&packument(self.addr, name).await);
            assert_eq!(found.len(), held.len(), "{name}: {found:?}");
            for (version, publish) in found.iter().zip(held) {
                check_tarball(self.addr, name, version, &publish.bytes()).await;
            }
        }
    }

    /// Every file of every package, with what is in it.
    fn contents(&self) -> Vec<(String, Vec<u8>)> {
        let read = |file: String| {
            let bytes = std::fs::read(self.registry.join(&file)).expect("a file");
            (file, bytes)
        };
        stored(&self.registry).into_iter().map(read).collect()
    }

    /// Fails the test unless each of these is refused, in words that npm prints, and leaves nothing.
    async fn refuses(&self, status: u16, requests: Vec<Request>) {
        let before = self.contents();
        for request in requests {
            let what = format!("{request:?}").chars().take(100).collect::<String>();
            let said = refusal(&request.send().await, &[status], &what);
            assert!(said.contains("nothing was changed"), "{what}: {said}");
        }
        assert!(self.contents() == before, "{:?}", stored(&self.registry));
        // Files go a little after the answer.
        let tidy = async {
            while !unfinished(&self.registry).is_empty() {
                get(self.addr, "/-/ping").await;
            }
        };
        within("the end of unfinished files".to_owned(), tidy).await;
    }

    /// In `trouble` every change is refused; in none they all are made. Twice, in one process.
    async fn survives(&self, status: u16, trouble: impl Fn(), relief: impl Fn()) {
        for round in 0..2 {
            trouble();
            self.refuses(status, changes(self.addr, round)).await;
            self.check_held().await;
            relief();
            for publish in new(round) {
                publish.succeed(self.addr).await;
                check_tarball(self.addr, "new", &version(round), &new(round)[0].bytes()).await;
            }
            self.check_held().await;
        }
        let tag = send(self.addr, "PUT", "/-/package/held/dist-tags/old", &json!("1.0.0"));
        tag.send().await.expect(201);
        self.ended_well();
    }

    fn ended_well(&self) {
        let said = self.binary.stderr();
        assert!(!said.contains("panicked"), "{said}");
        assert!(said.contains(" ERROR "), "an operator has to know: {said}");
    }
}

fn held() -> [Publish; 3] {
    let bytes = |seed, size| -> Bytes { made_up(seed, size) };
    [
        Publish::of("held", "1.0.0").tarball(bytes(2, LARGE)),
        Publish::of("held", "1.1.0").tarball(bytes(4, 1000)),
        Publish::of("@s/held", "1.0.0").tarball(bytes(6, 1000)),
    ]
}

fn version(round: u64) -> String {
    format!("{round}.0.0")
}

/// One with a large tarball, of a package that is not there in the first round.
fn new(round: u64) -> [Publish; 1] {
    [Publish::of("new", &version(round)).tarball(made_up(2 * round + 8, LARGE))]
}

/// Whatever can be asked for: publishes large and small, of a package that is there and of new ones; a tag, a
/// deprecation, and versions taken back.
fn changes(addr: SocketAddr, round: u64) -> Vec<Request> {
    let mut all: Vec<Request> = new(round).iter().map(|publish| publish.to(addr)).collect();
    for name in ["held", "small", "@t/small"] {
        all.push(Publish::of(name, "7.0.0").to(addr));
    }
    let deprecated = json!({
        "_id": "held", "name": "held",
        "versions": {"1.0.0": {"name": "held", "version": "1.0.0", "deprecated": "old"}},
    });
    all.push(send(addr, "PUT", "/held", &deprecated));
    all.push(send(addr, "PUT", "/-/package/held/dist-tags/beta", &json!("1.0.0")));
    all.push(Request::new(addr, "DELETE", "/held/-rev/undefined"));
    all
}

/// A full disk: 507.
#[tokio::test]
async fn a_full_disk_takes_no_change() {
    let disk = match SmallDisk::mount() {
        Ok(disk) => disk,
        // A test below does much the same by a limit, which needs no rights.
        Err(reason) => return eprintln!("skipped: a small disk cannot be mounted: {reason}"),
    };
    let stage = Stage::set(disk.path().join("registry"), "", true).await;
    stage.publish_held().await;
    stage.survives(507, || disk.fill_up(), || disk.empty()).await;
}

/// Files may grow to a limit only, as with a quota: 507 for what is longer, and all else is taken.
#[tokio::test]
async fn files_that_may_not_grow_take_no_large_tarball() {
    let home = folder();
    // As ourselves: limits of others are not ours.
    let stage = Stage::set(home.path().join("registry"), TOLD_OF_LIMITS, false).await;
    stage.publish_held().await;
    for round in 0..2 {
        limit_files(&stage.binary, "100000");
        let large = new(round).iter().map(|publish| publish.to(stage.addr)).collect();
        stage.refuses(507, large).await;
        Publish::of("small", &version(round)).succeed(stage.addr).await;
        stage.check_held().await;
        limit_files(&stage.binary, "unlimited");
        new(round)[0].succeed(stage.addr).await;
        check_tarball(stage.addr, "new", &version(round), &new(round)[0].bytes()).await;
    }
    stage.ended_well();
}

/// A directory that becomes another's: 500, as nobody at the client can do anything about it.
#[tokio::test]
async fn a_directory_that_becomes_anothers_takes_no_change() {
    let home = folder();
    let registry = home.path().join("registry");
    let stage = Stage::set(registry.clone(), "", true).await;
    stage.publish_held().await;
    stage.survives(500, || set_writable(&registry, false), || set_writable(&registry, true)).await;
}

/// A directory that is another's from the start: the same, and its packages are served.
#[tokio::test]
async fn a_directory_of_another_is_served() {
    let home = folder();
    let registry = home.path().join("registry");
    fill(&registry).await;
    set_writable(&registry, false);
    let stage = Stage::set(registry.clone(), "", true).await;
    stage.check_held().await;
    stage.survives(500, || set_writable(&registry, false), || set_writable(&registry, true)).await;
}

/// A disk that is mounted to be read: the same.
#[tokio::test]
async fn a_disk_that_can_only_be_read_is_served() {
    let disk = match SmallDisk::mount() {
        Ok(disk) => disk,
        Err(reason) => return eprintln!("skipped: a small disk cannot be mounted: {reason}"),
    };
    let registry = disk.path().join("registry");
    fill(&registry).await;
    disk.set_writable(false);
    let stage = Stage::set(registry, "", true).await;
    stage.check_held().await;
    stage.refuses(500, changes(stage.addr, 0)).await;
    stage.check_held().await;
    disk.set_writable(true);
    new(0)[0].succeed(stage.addr).await;
    check_tarball(stage.addr, "new", &version(0), &new(0)[0].bytes()).await;
    stage.ended_well();
}

/// Publishes what is held by another process, which is gone then.
async fn fill(registry: &Path) {
    let stage = Stage::set(registry.to_owned(), "", true).await;
    stage.publish_held().await;
    stage.binary.signal("TERM");
    stage.binary.ended().await;
}
