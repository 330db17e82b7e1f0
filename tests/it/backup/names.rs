//! Snapshots that somebody has given other names: kept, and never taken for what they are not.

use std::fs;

use super::{backup, listed, restored, restoring};
use crate::support::kept::{Kept, contents, rows, text};

/// The one that was called by a word came last of all, and the next backups were named after it.
#[tokio::test]
async fn a_copy_under_another_name_is_never_the_last_and_stays() {
    let kept = Kept::empty();
    fs::create_dir(kept.registry()).expect("a folder");
    let notes = |text: &str| fs::write(kept.registry().join("notes.txt"), text).expect("a file");
    notes("before");
    let first = backup(&kept, "backup", "").await;
    let before = contents(&kept.registry());
    notes("after");
    backup(&kept, "backup", "").await;
    let snapshots = kept.beside("backup/snapshots");
    let (first, later) = (first["snapshot"].as_str().expect("a name"), "2999-01-01T00-00-00Z");
    for copy in ["before-upgrade", later] {
        let [from, to] = [first, copy].map(|name| snapshots.join(format!("{name}.json")));
        fs::copy(from, to).expect("a copy");
    }
    let to = kept.beside("restored");
    let ended = restoring(&kept, "backup", &format!("--to {}", text(&to))).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(contents(&to) == contents(&kept.registry()));
    for copy in ["before-upgrade", later] {
        assert!(
            ended.stderr.contains(&format!("{copy}.json has not the name")),
            "{}",
            ended.stderr
        );
    }
    fs::remove_dir_all(&to).expect("gone");
    let shown = restoring(&kept, "backup", "--list --json").await;
    assert_eq!(shown.code, Some(0), "{}", shown.stdout);
    let copies: Vec<_> = rows(&shown).into_iter().filter(|row| row["copy_of"] == first).collect();
    assert_eq!(copies.len(), 2, "{}", shown.stdout);
    let shown = restoring(&kept, "backup", "--list").await;
    assert!(shown.stdout.contains(&format!("a copy of {first}")), "{}", shown.stdout);
    let last = backup(&kept, "backup", "--keep 1").await;
    let name = last["snapshot"].as_str().expect("a name");
    assert!(name > first && name < later, "{name}");
    assert_eq!(last["removed"].as_array().map(Vec::len), Some(2), "{last}");
    assert_eq!(listed(&kept, "backup").await, [name, later, "before-upgrade"]);
    assert!(contents(&restored(&kept, "backup", "--snapshot before-upgrade").await) == before);
}

#[tokio::test]
async fn nothing_is_removed_beside_what_nobody_can_read() {
    let kept = Kept::empty();
    fs::create_dir(kept.registry()).expect("a folder");
    backup(&kept, "backup", "").await;
    let dir = kept.beside("backup");
    fs::write(dir.join("snapshots/old.json"), "{}").expect("a file");
    let ended = kept.run(&format!("backup {} --keep 1", text(&dir))).await;
    assert_eq!(ended.code, Some(1), "it is made: {}", ended.stderr);
    assert!(ended.stderr.contains("snapshots/old.json if you do without it"), "{}", ended.stderr);
    let shown = restoring(&kept, "backup", "--list --json").await;
    assert_eq!((shown.code, rows(&shown).len()), (Some(1), 3), "{}", shown.stdout);
}
