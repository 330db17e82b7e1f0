//! Backups and restores that are killed, or stand still for a while: what was there before is whole, and the next one goes
//! well.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::{backup, listed, objects, restored, restoring};
use crate::support::binary::Binary;
use crate::support::deadline::within;
use crate::support::kept::{Kept, contents, text};
use crate::support::publish::Publish;
use crate::support::upstream::{FakeUpstream, integrity, made_up};

/// A registry with so many packages that a command is at work for a while.
fn many(packages: usize) -> Kept {
    let kept = Kept::empty();
    for number in 0..packages {
        let name = format!("p{number}");
        let folder = kept.registry().join(&name);
        fs::create_dir_all(&folder).expect("a folder");
        let tarball = made_up(number as u64 + 1, 5000);
        let manifest =
            json!({"name": name, "version": "1.0.0", "dist": {"integrity": integrity(&tarball)}});
        let document = json!({"name": name, "versions": {"1.0.0": manifest}, "dist-tags": {"latest": "1.0.0"}});
        fs::write(folder.join(format!("{name}-1.0.0.tgz")), &tarball).expect("a tarball");
        fs::write(folder.join(format!("{name}.json")), document.to_string()).expect("a document");
    }
    kept
}

/// Waits until it is so, or the command has ended.
async fn wait_until(command: &Binary, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() && !command.has_ended() {
            tokio::task::yield_now().await;
        }
    };
    within("a command that is at work".to_owned(), waiting).await;
}

/// The same, and kills it.
async fn kill_once(command: Binary, is_so: impl Fn() -> bool) {
    wait_until(&command, is_so).await;
    command.signal("KILL");
    let ended = command.ended().await;
    assert_eq!(ended.code, None, "it was done before: {}{}", ended.stdout, ended.stderr);
}

#[tokio::test]
async fn a_backup_that_is_killed_leaves_those_before_it_and_the_next_goes_on() {
    let kept = many(400);
    let dir = kept.beside("backup");
    // Before there is any, and once there is one.
    for (number, fewest) in [(0, 20), (1, 40), (2, 60)] {
        let command = kept.start(&format!("backup {}", text(&dir)));
        kill_once(command, || objects(&dir) >= fewest).await;
        let found = fs::read_dir(dir.join("snapshots")).map_or(0, Iterator::count);
        assert_eq!(found, 0, "{number}: nothing passes for a backup");
    }
    let made = backup(&kept, "backup", "").await;
    assert!(made["new_files"].as_u64() < Some(800), "what was kept is kept: {made}");
    assert_eq!(fs::read_dir(dir.join("tmp")).expect("a folder").count(), 0, "nothing is left");
    let before = contents(&kept.registry());
    for number in 0..300 {
        let path = kept.registry().join(format!("p{number}/p{number}.json"));
        let text = fs::read_to_string(&path).expect("a document");
        fs::write(path, text.replace("latest", "newest")).expect("another");
    }
    let count = objects(&dir);
    let command = kept.start(&format!("backup {} --keep 1", text(&dir)));
    kill_once(command, || objects(&dir) >= count + 20).await;
    let ids = listed(&kept, "backup").await;
    assert_eq!(ids, [made["snapshot"].as_str().expect("a name")]);
    assert!(contents(&restored(&kept, "backup", "").await) == before);
    backup(&kept, "backup", "--keep 1").await;
    fs::remove_dir_all(kept.beside("restored")).expect("gone");
    assert!(contents(&restored(&kept, "backup", "").await) == contents(&kept.registry()));
}

#[tokio::test]
async fn a_restore_that_is_killed_leaves_what_was_there() {
    let kept = many(400);
    backup(&kept, "backup", "").await;
    let wanted = contents(&kept.registry());
    fs::remove_dir_all(kept.registry().join("p0")).expect("gone");
    let before = contents(&kept.registry());
    let beside = kept.beside("registry.restoring");
    let folders = |top: &Path| fs::read_dir(top).map_or(0, Iterator::count);
    for fewest in [1, 300] {
        let command = kept.start(&format!("restore {} --replace", text(&kept.beside("backup"))));
        kill_once(command, || folders(&beside) >= fewest).await;
        assert!(contents(&kept.registry()) == before);
        assert!(beside.exists(), "it was in the middle of it");
    }
    let ended = restoring(&kept, "backup", "--replace").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(contents(&kept.registry()) == wanted && !beside.exists());
}

/// It was looked for once, before all was copied.
#[tokio::test]
async fn a_nopar_that_starts_during_a_restore_keeps_its_registry() {
    let upstream = FakeUpstream::start().await;
    let kept = many(400);
    backup(&kept, "backup", "").await;
    let beside = kept.beside("registry.restoring");
    let command = kept.start(&format!("restore {} --replace", text(&kept.beside("backup"))));
    wait_until(&command, || fs::read_dir(&beside).map_or(0, Iterator::count) >= 1).await;
    command.signal("STOP");
    let (_binary, addr) = kept.served(&upstream.url()).await;
    Publish::of("new", "1.0.0").succeed(addr).await;
    command.signal("CONT");
    let ended = command.ended().await;
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("a NOPAR runs on"), "{}", ended.stderr);
    assert!(kept.registry().join("new/new-1.0.0.tgz").exists() && !beside.exists());
}
