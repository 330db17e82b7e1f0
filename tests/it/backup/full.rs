//! A disk that takes no more, under a backup or what is restored: it is said, and what was there stays.

use std::fs;

use super::{backup, listed, objects, restored, restoring};
use crate::support::binary::Ended;
use crate::support::disk::SmallDisk;
use crate::support::kept::{Kept, contents, text};
use crate::support::upstream::FakeUpstream;

#[track_caller]
fn has_no_room(ended: &Ended, code: i32) {
    assert_eq!(ended.code, Some(code), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("No space left on device"), "{}", ended.stderr);
}

/// A registry with a file that is larger than what is left of a disk that was filled up.
async fn filled() -> Option<(Kept, SmallDisk)> {
    let disk = SmallDisk::mount()
        .inspect_err(|reason| eprintln!("skipped: a small disk cannot be mounted: {reason}"))
        .ok()?;
    let kept = Kept::filled(&FakeUpstream::start().await).await;
    std::os::unix::fs::symlink(disk.path(), kept.beside("disk")).expect("a link");
    Some((kept, disk))
}

#[tokio::test]
async fn a_backup_for_which_there_is_no_room_leaves_those_before_it_whole() {
    let Some((kept, disk)) = filled().await else { return };
    let dir = kept.beside("disk/backup");
    backup(&kept, "disk/backup", "").await;
    let before = contents(&kept.registry());
    let (snapshots, kept_files) = (listed(&kept, "disk/backup").await, objects(&dir));
    fs::write(kept.registry().join("notes.txt"), "an operator's ".repeat(9000)).expect("a file");
    disk.fill_up();
    has_no_room(&kept.run(&format!("backup {}", text(&dir))).await, 2);
    assert_eq!(listed(&kept, "disk/backup").await, snapshots);
    assert_eq!(objects(&dir), kept_files);
    assert!(contents(&restored(&kept, "disk/backup", "").await) == before);
    fs::remove_dir_all(kept.beside("restored")).expect("a folder");
    disk.empty();
    backup(&kept, "disk/backup", "").await;
    let to = restored(&kept, "disk/backup", "").await;
    assert!(contents(&to) == contents(&kept.registry()), "with the operator's notes");
}

#[tokio::test]
async fn what_there_is_no_room_for_is_not_restored_in_part() {
    let Some((kept, disk)) = filled().await else { return };
    fs::write(kept.registry().join("notes.txt"), "an operator's ".repeat(9000)).expect("a file");
    backup(&kept, "backup", "").await;
    disk.fill_up();
    let to = format!("--to {}", text(&kept.beside("disk/registry")));
    has_no_room(&restoring(&kept, "backup", &to).await, 1);
    let left: Vec<_> = fs::read_dir(disk.path()).expect("a folder").flatten().collect();
    assert_eq!(left.len(), 1, "but for what fills it: {left:?}");
    disk.empty();
    let ended = restoring(&kept, "backup", &to).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(contents(&kept.beside("disk/registry")) == contents(&kept.registry()));
}
