//! A disk that takes no more, or nothing: NOPAR goes on, and says so once.
//! Knows nothing of how a file is written.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::task::JoinSet;

use super::{Listing, Thing, files, folders};
use crate::support::binary::{Binary, PROGRAM};
use crate::support::client::get;
use crate::support::deadline::within;
use crate::support::upstream::{FakeUpstream, usual_path};

/// `nobody` of most systems; any but root would do.
const NOBODY: u32 = 65_534;
/// Longer than all heads, and than what is held back.
const LARGE: usize = 400_000;
/// Room for a few large tarballs.
const DISK: &str = "size=3m";

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// A NOPAR over a cache directory. Root may write everywhere, so it is mostly run as somebody else.
struct Stage {
    upstream: Arc<FakeUpstream>,
    binary: Binary,
    addr: SocketAddr,
    cache: PathBuf,
    /// Where the program lies so that others than root may run it.
    _program: TempDir,
}

/// A directory that is nobody's, if we are root.
fn folder() -> TempDir {
    let folder = TempDir::new().expect("a directory");
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("open to all");
    if is_root() {
        chown(folder.path(), Some(NOBODY), Some(NOBODY)).expect("given away");
    }
    folder
}

impl Stage {
    /// With the cache at `cache`, below which its user may do as it likes; started by a shell that
    /// first does what it is told; as another user than root, if asked.
    async fn set(cache: PathBuf, first: &str, other: bool) -> Stage {
        let upstream = FakeUpstream::start().await;
        let own = folder();
        let program = own.path().join("nopar");
        if fs::hard_link(PROGRAM, &program).is_err() {
            fs::copy(PROGRAM, &program).expect("a copy of the program");
        }
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(format!("{first} exec \"$0\"")).arg(program);
        if other && is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        let path = cache.to_str().expect("a path in UTF-8");
        let env = [("NOPAR_CACHE_PATH", path), ("NOPAR_MEMORY_SIZE", "0")];
        let (binary, addr) = Binary::serving_as(folder(), command, &upstream.url(), &env).await;
        let upstream = Arc::new(upstream);
        Stage { upstream, binary, addr, cache, _program: own }
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

/// A small disk in memory, as long as this lives.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// Or why there can be none: only root can mount.
    fn mount() -> Result<SmallDisk, String> {
        let place = folder();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", DISK, "tmpfs"]).arg(place.path());
        let done = mount.output().map_err(|error| error.to_string())?;
        match done.status.success() {
            true => Ok(SmallDisk(place)),
            false => Err(String::from_utf8_lossy(&done.stderr).into_owned()),
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the process may still have files open.
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// Writes until there is no room.
fn fill_up(path: &Path) {
    let mut filler = File::create(path).expect("a file");
    for piece in [&[1_u8; 4096][..], &[1]] {
        while filler.write_all(piece).is_ok() {}
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
    let place = disk.0.path();
    fs::set_permissions(place, Permissions::from_mode(0o777)).expect("open to all");
    let stage = Stage::set(place.join("cache"), "", true).await;
    let filler = place.join("filler");
    let relief = || fs::remove_file(&filler).expect("there was one");
    stage.survives(&[LARGE, 5_000, 90_000], || fill_up(&filler), relief).await;
}

/// Files may grow to a limit only, as with a quota: the same.
#[tokio::test]
async fn files_that_may_not_grow_stop_nothing() {
    let home = folder();
    // Who writes too much is told so, and not killed. As ourselves: limits of others are not ours.
    let stage = Stage::set(home.path().join("cache"), "trap '' XFSZ;", false).await;
    let limit = |bytes: &str| {
        let mut command = Command::new("prlimit");
        command.arg(format!("--pid={}", stage.binary.pid())).arg(format!("--fsize={bytes}:"));
        assert!(command.status().expect("prlimit").success());
    };
    stage.survives(&[LARGE], || limit("100000"), || limit("unlimited")).await;
}

/// Takes away, or gives back, the right to write anything below `path`.
fn set_writable(path: &Path, writable: bool) {
    let owner = if writable { NOBODY } else { 0 };
    let set = |path: &Path, mode: u32| {
        if is_root() {
            chown(path, Some(owner), Some(owner)).expect("given to another");
        }
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("other rights");
    };
    for folder in folders(path) {
        set_writable(&folder, writable);
    }
    for (name, _) in files(path).filter(|(name, _)| path.join(name).is_file()) {
        set(&path.join(name), if writable { 0o644 } else { 0o444 });
    }
    set(path, if writable { 0o755 } else { 0o555 });
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
