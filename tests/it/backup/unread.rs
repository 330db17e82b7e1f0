//! Commands whose words nobody reads: they do what they do, and end as they would.

use std::fs;
use std::process::{Command, Stdio};

use super::{backup, listed};
use crate::support::binary::PROGRAM;
use crate::support::kept::{Kept, contents, damage, text};

/// The exit code of a command whose output goes where nobody reads any more.
fn unread(kept: &Kept, arguments: &str) -> Option<i32> {
    let closed = || {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        Stdio::from(writer)
    };
    let mut command = Command::new(PROGRAM);
    command.args(arguments.split(' ')).env_clear().envs(kept.env()).stdin(Stdio::null());
    command.stdout(closed()).stderr(closed()).status().expect("it runs").code()
}

#[tokio::test]
async fn what_is_done_and_how_it_ends_does_not_go_by_who_reads() {
    let kept = Kept::empty();
    fs::create_dir(kept.registry()).expect("a folder");
    fs::write(kept.registry().join("notes.txt"), "then").expect("a file");
    let dir = text(&kept.beside("backup")).to_owned();
    for arguments in [format!("backup {dir}"), format!("backup {dir} --keep 1 --json")] {
        assert_eq!(unread(&kept, &arguments), Some(0), "{arguments}");
        assert_eq!(listed(&kept, "backup").await.len(), 1, "{arguments}");
    }
    let then = contents(&kept.registry());
    fs::write(kept.registry().join("notes.txt"), "now").expect("a file");
    assert_eq!(unread(&kept, &format!("restore {dir} --replace")), Some(0));
    assert!(contents(&kept.registry()) == then);
    let broken = kept.registry().join("broken");
    fs::create_dir(&broken).expect("a folder");
    fs::write(broken.join("broken.json"), "{").expect("a file");
    for arguments in [format!("backup {dir}"), format!("restore {dir} --dry-run --json")] {
        assert_eq!(unread(&kept, &arguments), Some(1), "{arguments}");
    }
    let more = format!("restore {dir} --replace --even-damaged");
    assert_eq!(unread(&kept, &more), Some(1));
    fs::remove_dir_all(&broken).expect("it is there again");
    backup(&kept, "backup", "").await;
    let id = listed(&kept, "backup").await.remove(0);
    damage(&kept.beside("backup/snapshots").join(format!("{id}.json")), |bytes| bytes.len() / 2);
    assert_eq!(unread(&kept, &format!("restore {dir} --list")), Some(1));
}
