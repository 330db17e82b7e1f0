//! Keys that cannot be made or read, and documents that cannot be written: packages are served all the same.
//! Knows nothing of which step fails.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::{FILE, KEYS, KEYS_FOLDER, check, full, keys, over};
use crate::support::binary::Binary;
use crate::support::client::get;
use crate::support::disk::{Program, fifo, folder, set_writable};
use crate::support::nopar::{TestNopar, files_below};
use crate::support::publish::{Publish, refusal};
use crate::support::seed::{Seed, odd_file};
use crate::support::upstream::FakeUpstream;

/// The binary as somebody who is not root, over a registry directory.
async fn start(
    upstream: &FakeUpstream,
    program: &Program,
    registry: &Path,
) -> (Binary, SocketAddr) {
    let env = [("NOPAR_REGISTRY_PATH", registry.to_str().expect("a path in UTF-8"))];
    let command = program.command("", true);
    Binary::serving_as(folder(), command, &upstream.url(), &env).await
}

async fn has_signatures(addr: SocketAddr, name: &str) -> bool {
    full(addr, name).await["versions"]["1.0.0"]["dist"].get("signatures").is_some()
}

#[tokio::test]
async fn what_may_only_be_read_is_served_without_signatures() {
    let (upstream, program) = (FakeUpstream::start().await, Program::new());
    let seed = Seed::of("0.9");
    let before = files_below(seed.path());
    set_writable(seed.path(), false);
    let (binary, addr) = start(&upstream, &program, seed.path()).await;
    for name in ["foo", "@s/bar", "foo"] {
        assert!(!has_signatures(addr, name).await, "{name}");
    }
    assert_eq!(keys(addr).await, [""; 0]);
    binary.signal("TERM");
    let said = binary.ended().await.stderr;
    assert_eq!(said.matches("versions stay unsigned").count(), 1, "{said}");
    assert_eq!(files_below(seed.path()), before);

    set_writable(seed.path(), true);
    let (binary, addr) = start(&upstream, &program, seed.path()).await;
    let offered = keys(addr).await;
    check(addr, &offered, "foo").await;
    binary.signal("TERM");
    binary.ended().await;

    // There is a key now, and no document can be written: each is told of once.
    set_writable(seed.path(), false);
    let (binary, addr) = start(&upstream, &program, seed.path()).await;
    for _ in 0..3 {
        assert!(!has_signatures(addr, "@s/bar").await);
        check(addr, &offered, "foo").await;
    }
    binary.signal("TERM");
    let said = binary.ended().await.stderr;
    assert_eq!(said.matches("@s/bar: it is served without signatures").count(), 1, "{said}");
    set_writable(seed.path(), true);
}

#[tokio::test]
async fn a_damaged_key_file_is_named_and_left_as_it_is() {
    let seed = Seed::of("0.9");
    let upstream = FakeUpstream::start().await;
    let path = seed.path().to_str().expect("a path in UTF-8");
    let env = [("NOPAR_REGISTRY_PATH", path)];
    let (binary, addr) = Binary::serving(&upstream.url(), &env).await;
    let offered = keys(addr).await;
    binary.signal("TERM");
    binary.ended().await;
    let place = seed.path().join(FILE);
    let good = fs::read(&place).expect("the keys");
    fs::write(&place, &good[..good.len() / 2]).expect("cut");

    let (binary, addr) = Binary::serving(&upstream.url(), &env).await;
    assert!(!has_signatures(addr, "foo").await);
    Publish::of("new", "1.0.0").succeed(addr).await;
    assert!(!has_signatures(addr, "new").await);
    let error = refusal(&get(addr, KEYS).await, &[500], "damaged");
    assert!(error.contains("its log says why"), "{error}");
    let said = binary.says("versions stay unsigned").await;
    assert!(said.contains(place.to_str().expect("UTF-8")) && said.contains("is damaged"), "{said}");
    assert_eq!(fs::read(&place).expect("it"), &good[..good.len() / 2]);
    binary.signal("TERM");
    binary.ended().await;

    fs::write(&place, &good).expect("put back");
    let (_binary, addr) = Binary::serving(&upstream.url(), &env).await;
    assert_eq!(keys(addr).await, offered);
    for name in ["foo", "new"] {
        check(addr, &offered, name).await;
    }
}

/// What was known is offered on, and nothing is made in the place of the directory.
#[tokio::test]
async fn a_directory_that_is_gone_keeps_nobody_from_the_keys() {
    let home = TempDir::new().expect("a directory");
    let registry = home.path().join("registry");
    let (_upstream, nopar) = over(&registry).await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let offered = keys(nopar.addr()).await;
    fs::rename(&registry, home.path().join("elsewhere")).expect("moved away");
    assert_eq!(keys(nopar.addr()).await, offered);
    refusal(&nopar.get("/x").await, &[500], "gone");
    assert!(!registry.exists());
    fs::rename(home.path().join("elsewhere"), &registry).expect("back");
    check(nopar.addr(), &offered, "x").await;
}

/// A NOPAR over the directory, whose clock stands still.
async fn stopped(seed: &Seed) -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let path = seed.path().to_str().expect("a path in UTF-8");
    let nopar = TestNopar::with(&upstream).env("NOPAR_REGISTRY_PATH", path);
    let nopar = nopar.stopped_clock().start().await;
    (upstream, nopar)
}

/// Nobody has to start anything anew: what stood in the way is gone, and after ten minutes somebody asks.
#[tokio::test]
async fn what_could_not_be_signed_is_signed_once_it_can_be() {
    let seed = Seed::of("0.9");
    // There is something else where the folder of keys would be.
    let folder = seed.path().join(KEYS_FOLDER);
    fs::create_dir_all(folder.parent().expect("a folder")).expect("made");
    fs::write(&folder, "").expect("in the way");
    let (_upstream, nopar) = stopped(&seed).await;
    let addr = nopar.addr();
    assert!(!has_signatures(addr, "foo").await && !has_signatures(addr, "@s/bar").await);
    fs::remove_file(&folder).expect("out of the way");
    assert!(!has_signatures(addr, "foo").await, "it is not tried for each who asks");
    nopar.advance(Duration::from_secs(601));
    let offered = keys(addr).await;
    for name in ["foo", "@s/bar"] {
        check(addr, &offered, name).await;
    }
}

/// One that is missing, or is another one, may stay so; of one that could not be read nobody knows.
#[tokio::test]
async fn a_tarball_that_could_not_be_read_is_signed_once_it_can_be() {
    let seed = Seed::of("0.2");
    let tarballs = ["foo/foo-1.0.0.tgz".to_owned(), odd_file("foo")].map(|it| seed.path().join(it));
    let good = tarballs.each_ref().map(|tarball| fs::read(tarball).expect("a tarball"));
    tarballs.iter().for_each(|tarball| fifo(tarball));
    let (_upstream, nopar) = stopped(&seed).await;
    let addr = nopar.addr();
    assert!(!has_signatures(addr, "foo").await);
    for (tarball, bytes) in tarballs.iter().zip(good) {
        fs::remove_file(tarball).expect("out of the way");
        fs::write(tarball, bytes).expect("put back");
    }
    nopar.advance(Duration::from_secs(601));
    let offered = keys(addr).await;
    check(addr, &offered, "foo").await;
}
