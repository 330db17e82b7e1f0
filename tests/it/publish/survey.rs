//! What a start tells of a registry directory in which something is amiss, and what becomes of it: nothing.
//! Knows nothing of how a start looks at it; documents that cannot be read are another file's.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use super::{binary_over, check_tarball, packument, stored, unfinished, versions};
use crate::support::binary::Binary;
use crate::support::client::{Request, get};
use crate::support::deadline::within;
use crate::support::disk::SmallDisk;
use crate::support::publish::{Publish, refusal, send};
use crate::support::upstream::usual_path;

async fn end(binary: Binary) {
    binary.signal("TERM");
    binary.ended().await;
}

/// Publishes these to a NOPAR that is gone then.
async fn fill(registry: &Path, all: &[(&str, &str)]) {
    let (_upstream, binary, addr) = binary_over(registry).await;
    for (name, version) in all {
        Publish::of(name, version).succeed(addr).await;
    }
    end(binary).await;
}

/// A tarball that was lost is told of, and so are some of those that nobody needs; both stay as they are, and what is
/// there is served.
#[tokio::test]
async fn a_start_tells_of_tarballs_that_are_missing_and_of_those_that_are_nobodys() {
    let registry = TempDir::new().expect("a directory");
    let all = [("x", "1.0.0"), ("x", "1.1.0"), ("@s/n", "1.0.0")];
    fill(registry.path(), &all).await;
    std::fs::remove_file(registry.path().join("x/x-1.0.0.tgz")).expect("a tarball");
    for number in 0..25 {
        let left = registry.path().join(format!("x/x-9.0.{number}.tgz"));
        std::fs::write(left, "half of a").expect("a file");
    }
    let before = stored(registry.path());

    let (_upstream, binary, addr) = binary_over(registry.path()).await;
    let missing = binary.says("tarball missing").await;
    assert!(missing.contains(" WARN "), "{missing}");
    assert!(missing.contains("version 1.0.0 of x cannot be installed"), "{missing}");
    assert!(
        missing.contains("x/x-1.0.0.tgz is not there, or no file: put the file back"),
        "{missing}"
    );
    binary.says("tarball of no version: and 5 more").await;
    let log = binary.stderr();
    let count = |text: &str| log.lines().filter(|line| line.contains(text)).count();
    assert_eq!(count("tarball missing"), 1, "{log}");
    assert_eq!(count("tarball of no version: x/x-9.0."), 20, "{log}");
    assert_eq!(count("left out"), 0, "{log}");

    refusal(&get(addr, &usual_path("x", "1.0.0")).await, &[404], "missing");
    for (name, version) in &all[1..] {
        check_tarball(addr, name, version, &Publish::of(name, version).bytes()).await;
    }
    assert_eq!(stored(registry.path()), before);
    // What is left of a version is in nobody's way.
    Publish::of("x", "9.0.0").succeed(addr).await;
    check_tarball(addr, "x", "9.0.0", &Publish::of("x", "9.0.0").bytes()).await;
}

/// Moves a folder of the registry to another disk, and puts a link in its place.
fn move_to(disk: &SmallDisk, registry: &Path, folder: &str) {
    let (from, to): (PathBuf, PathBuf) = (registry.join(folder), disk.path().join(folder));
    let moved = Command::new("mv").arg(&from).arg(&to).status().expect("mv");
    assert!(moved.success(), "{folder}");
    std::os::unix::fs::symlink(to, from).expect("a link");
}

/// Everything that can be changed in the two folders.
fn changes(addr: SocketAddr) -> Vec<Request> {
    vec![
        Publish::of("x", "2.0.0").to(addr),
        Publish::of("@s/n", "2.0.0").to(addr),
        Publish::of("@s/new", "1.0.0").to(addr),
        send(addr, "PUT", "/-/package/x/dist-tags/beta", &json!("1.0.0")),
        Request::new(addr, "DELETE", "/x/-rev/undefined"),
    ]
}

/// A package's folder and a scope's that are on another disk: a start tells of both; what is in them is served, and
/// every change is refused as a whole, with the reason in the log.
#[tokio::test]
async fn folders_on_another_disk_are_served_and_take_no_change() {
    let disk = match SmallDisk::mount() {
        Ok(disk) => disk,
        // The store's own tests do much the same with a file system that is there.
        Err(reason) => return eprintln!("skipped: a small disk cannot be mounted: {reason}"),
    };
    let registry = TempDir::new().expect("a directory");
    let all = [("x", "1.0.0"), ("@s/n", "1.0.0"), ("near", "1.0.0")];
    fill(registry.path(), &all).await;
    for folder in ["x", "@s"] {
        move_to(&disk, registry.path(), folder);
    }
    let (_upstream, binary, addr) = binary_over(registry.path()).await;
    for folder in ["x", "@s"] {
        let said = binary.says(&format!("publishing refused: {folder}: ")).await;
        assert!(said.contains("it is a symbolic link to another file system"), "{said}");
    }
    let before = stored(registry.path());
    for change in changes(addr) {
        let what = format!("{change:?}").chars().take(100).collect::<String>();
        let said = refusal(&change.send().await, &[500], &what);
        assert!(said.contains("nothing was changed; its log says why"), "{what}: {said}");
    }
    binary.says_times(5, "its folder is on another file system than .nopar/tmp").await;
    assert_eq!(stored(registry.path()), before);
    assert!(!disk.path().join("@s/new").exists(), "a folder without anything in it");
    // Files go a little after the answer.
    let tidy = async {
        while !unfinished(registry.path()).is_empty() {
            get(addr, "/-/ping").await;
        }
    };
    within("the end of unfinished files".to_owned(), tidy).await;
    for (name, version) in all {
        assert_eq!(versions(&packument(addr, name).await), [version]);
        check_tarball(addr, name, version, &Publish::of(name, version).bytes()).await;
    }
    Publish::of("near", "2.0.0").succeed(addr).await;
    Publish::of("@t/new", "1.0.0").succeed(addr).await;
}
