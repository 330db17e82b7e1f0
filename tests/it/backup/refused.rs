//! What is not done, and why.

use std::fs;

use super::{backup, restoring};
use crate::support::binary::{Binary, Ended};
use crate::support::disk::SmallDisk;
use crate::support::kept::{Kept, contents, text};
use crate::support::nopar::files_below;
use crate::support::publish::Publish;
use crate::support::upstream::FakeUpstream;

/// A restore that was not done.
#[track_caller]
fn check(ended: &Ended, why: &str) {
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains(why), "{}", ended.stderr);
}

/// A backup that was not made: its code is not that of one with damage in it.
#[track_caller]
fn check_unmade(ended: &Ended, why: &str) {
    assert_eq!(ended.code, Some(2), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains(why), "{}", ended.stderr);
}

#[tokio::test]
async fn a_directory_that_is_mistyped_is_neither_made_nor_filled() {
    let kept = Kept::empty();
    let dir = kept.beside("backup");
    check_unmade(
        &kept.run(&format!("backup {}", text(&dir))).await,
        "there is no registry directory",
    );
    assert!(!dir.exists());
    fs::create_dir(kept.registry()).expect("a folder");
    let deep = kept.beside("none/backup");
    check_unmade(&kept.run(&format!("backup {}", text(&deep))).await, "/none: make it first");
    assert!(!kept.beside("none").exists());
    let home = kept.beside("home");
    fs::create_dir(&home).expect("a folder");
    fs::write(home.join("letter.txt"), "dear").expect("a file");
    check_unmade(
        &kept.run(&format!("backup {}", text(&home))).await,
        "is not empty and not a backup directory",
    );
    assert_eq!(files_below(&home), ["letter.txt"]);
    let within = kept.registry().join("backup");
    for (within, what) in [(within, "registry"), (kept.cache().join("backup"), "cache")] {
        check_unmade(
            &kept.run(&format!("backup {}", text(&within))).await,
            &format!("and the {what} directory"),
        );
        assert!(!within.exists());
    }
    check(&restoring(&kept, "home", "--list").await, "there is no backup in");
    check(&restoring(&kept, "nowhere", "").await, "there is no backup in");
    fs::create_dir(&dir).expect("an empty one is fine");
    backup(&kept, "backup", "").await;
    check(&restoring(&kept, "backup", "--snapshot 2000").await, "there is no snapshot 2000");
    fs::write(dir.join("nopar-backup"), "2\n").expect("a mark");
    check(&restoring(&kept, "backup", "").await, "has format 2");
}

#[tokio::test]
async fn a_registry_that_is_there_is_moved_aside_or_left() {
    let upstream = FakeUpstream::start().await;
    let kept = Kept::filled(&upstream).await;
    backup(&kept, "backup", "").await;
    let whole = contents(&kept.registry());
    fs::write(kept.registry().join("only-here.txt"), "precious").expect("a file");
    check(&restoring(&kept, "backup", "").await, "--replace moves it aside");
    assert!(kept.registry().join("only-here.txt").exists());
    let ended = restoring(&kept, "backup", "--replace").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let aside =
        ended.stdout.lines().find_map(|line| line.strip_prefix("what was there before is "));
    let aside = std::path::PathBuf::from(aside.expect("it is said where"));
    assert!(aside.join("only-here.txt").exists(), "nothing is ever removed");
    assert!(contents(&kept.registry()) == whole);
}

#[tokio::test]
async fn nothing_is_restored_under_a_nopar_that_runs() {
    let upstream = FakeUpstream::start().await;
    let kept = Kept::filled(&upstream).await;
    backup(&kept, "backup", "").await;
    let (binary, addr) = kept.served(&upstream.url()).await;
    check(&restoring(&kept, "backup", "--replace").await, "a NOPAR runs on");
    // Also if it cannot be asked: it has written there.
    Publish::of("x", "5.0.0").succeed(addr).await;
    fs::rename(kept.beside("run"), kept.beside("elsewhere")).expect("moved");
    check(&restoring(&kept, "backup", "--replace").await, "a NOPAR runs on");
    assert!(kept.registry().join("x/x-5.0.0.tgz").exists());
    fs::rename(kept.beside("elsewhere"), kept.beside("run")).expect("moved");
    // To another place is no harm.
    let ended = restoring(&kept, "backup", &format!("--to {}", text(&kept.beside("other")))).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    binary.signal("TERM");
    assert!(binary.ended().await.success);
    let ended = restoring(&kept, "backup", "--replace").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

/// Only one that had written there was noticed, or that had its socket where the command looked for it.
#[tokio::test]
async fn a_nopar_that_has_written_nothing_is_noticed_whatever_a_command_is_told() {
    let upstream = FakeUpstream::start().await;
    let kept = Kept::filled(&upstream).await;
    backup(&kept, "backup", "").await;
    let before = contents(&kept.registry());
    let (binary, _) = kept.served(&upstream.url()).await;
    // By then it has begun to look at what it serves.
    binary.says("2 packages in").await;
    let (dir, registry) = (kept.beside("backup"), kept.registry());
    let restore = async || {
        let env = [("NOPAR_REGISTRY_PATH", text(&registry))];
        Binary::start(&["restore", text(&dir), "--replace"], &env).ended().await
    };
    check(&restore().await, "a NOPAR runs on");
    assert!(contents(&registry) == before && !kept.beside("registry.restoring").exists());
    // Nor is one waited for that does not answer.
    binary.signal("STOP");
    check(&restoring(&kept, "backup", "--replace").await, "a NOPAR runs on");
    binary.signal("CONT");
    binary.signal("TERM");
    assert!(binary.ended().await.success);
    let ended = restore().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[tokio::test]
async fn two_at_once_do_not_meet() {
    let kept = Kept::empty();
    fs::create_dir(kept.registry()).expect("a folder");
    backup(&kept, "backup", "").await;
    let lock = fs::File::open(kept.beside("backup/lock")).expect("a lock");
    lock.lock().expect("it is free");
    let dir = kept.beside("backup");
    check_unmade(&kept.run(&format!("backup {}", text(&dir))).await, "is at work in");
    check(&restoring(&kept, "backup", "--replace").await, "is at work in");
    assert!(restoring(&kept, "backup", "--list").await.success, "who only looks may");
    drop(lock);
    let beside = kept.beside("registry.restoring");
    fs::create_dir(&beside).expect("a folder");
    let held = fs::File::open(&beside).expect("a folder");
    held.lock().expect("it is free");
    check(&restoring(&kept, "backup", "--replace").await, "another nopar restore is at work");
    drop(held);
    assert!(restoring(&kept, "backup", "--replace").await.success);
}

/// It was found out when all was written, which stayed there beside it under the name of the old one.
#[tokio::test]
async fn a_mount_point_is_refused_before_anything_is_written_and_a_directory_below_it_is_not() {
    let kept = Kept::empty();
    fs::create_dir(kept.registry()).expect("a folder");
    fs::write(kept.registry().join("notes.txt"), "an operator's").expect("a file");
    backup(&kept, "backup", "").await;
    let disk = match SmallDisk::mount() {
        Ok(disk) => disk,
        Err(reason) => return eprintln!("skipped: nothing can be mounted: {reason}"),
    };
    let to = format!("--to {}", text(disk.path()));
    let around = disk.path().parent().expect("a folder").to_owned();
    let name = disk.path().file_name().expect("a name").to_str().expect("UTF-8").to_owned();
    let beside = || {
        let entries = fs::read_dir(&around).expect("a folder").flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|other| other.starts_with(&name)).count()
    };
    check(&restoring(&kept, "backup", &to).await, "is a mount point");
    fs::write(disk.path().join("old.txt"), "precious").expect("a file");
    let ended = restoring(&kept, "backup", &format!("{to} --replace")).await;
    check(&ended, &format!("--to {}/registry", text(disk.path())));
    assert_eq!(beside(), 1, "nothing is left beside it");
    assert_eq!(files_below(disk.path()), ["old.txt"]);
    let ended = restoring(&kept, "backup", &format!("{to}/registry")).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(contents(&disk.path().join("registry")) == contents(&kept.registry()));
}

/// Its bytes were looked at, and its place was, when the registry was replaced already.
#[tokio::test]
async fn a_configuration_file_that_cannot_be_given_back_stops_all_of_it() {
    let kept = Kept::empty();
    fs::create_dir(kept.registry()).expect("a folder");
    let file = kept.beside("nopar.toml");
    fs::write(&file, "[log]\nlevel = \"warn\"\n").expect("a file");
    let arguments = format!("backup {} --config {}", text(&kept.beside("backup")), text(&file));
    assert!(kept.run(&arguments).await.success);
    fs::write(kept.registry().join("only-here.txt"), "precious").expect("a file");
    let (nowhere, back) = (kept.beside("none/back.toml"), kept.beside("back.toml"));
    let with = |place: &std::path::Path| format!("--replace --configuration {}", text(place));
    let nothing_has_changed = || {
        assert!(kept.registry().join("only-here.txt").exists());
        assert!(!back.exists() && !kept.beside("registry.restoring").exists());
    };
    check(&restoring(&kept, "backup", &with(&nowhere)).await, "cannot be written");
    nothing_has_changed();
    // What stops the registry takes the file along.
    // It would go aside with what is replaced.
    let inside = kept.registry().join("conf.toml");
    check(&restoring(&kept, "backup", &with(&inside)).await, "must not be in");
    let without = format!("--configuration {}", text(&back));
    check(&restoring(&kept, "backup", &without).await, "--replace moves it aside");
    nothing_has_changed();
    let object = super::damage::object_of(&kept, |snapshot| &snapshot["configuration"]["file"]);
    crate::support::kept::damage(&object, |bytes| bytes.len() / 2);
    let ended = restoring(&kept, "backup", &with(&back)).await;
    check(&ended, "nopar.toml: its bytes in the backup are damaged");
    nothing_has_changed();
    let tried = restoring(&kept, "backup", "--dry-run").await;
    assert_eq!(tried.code, Some(1), "{}", tried.stdout);
    assert!(tried.stdout.contains("nopar.toml: its bytes"), "{}", tried.stdout);
    let ended = restoring(&kept, "backup", &format!("{} --even-damaged", with(&back))).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stdout.contains("is restored to") && !back.exists(), "{}", ended.stdout);
    assert!(ended.stdout.contains("nopar.toml: its bytes"), "{}", ended.stdout);
}
