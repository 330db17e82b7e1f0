//! `nopar backup` and `nopar restore`: what was there is there again, and nothing is lost on the way.
//! Knows nothing of how it is kept, beyond what is promised to who does without NOPAR.

mod basics;
mod damage;
mod full;
mod kill;
mod left_out;
mod names;
mod parallel;
mod refused;
mod root;
mod unread;

use std::path::Path;

use serde_json::Value;

use crate::support::binary::Ended;
use crate::support::kept::{Kept, rows, text};

/// `nopar backup` to this directory beside it; what it said.
async fn backup(kept: &Kept, dir: &str, options: &str) -> Value {
    let dir = kept.beside(dir);
    let ended = kept.run(format!("backup {} --json {options}", text(&dir)).trim()).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    rows(&ended).remove(0)
}

/// `nopar restore` from there.
async fn restoring(kept: &Kept, dir: &str, options: &str) -> Ended {
    let dir = kept.beside(dir);
    kept.run(format!("restore {} {options}", text(&dir)).trim()).await
}

/// The same where it is to succeed: the registry that was made.
async fn restored(kept: &Kept, dir: &str, options: &str) -> std::path::PathBuf {
    let to = kept.beside("restored");
    let options = format!("--to {} {options}", text(&to));
    let ended = restoring(kept, dir, options.trim()).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    to
}

/// The names of the backups in a directory.
async fn listed(kept: &Kept, dir: &str) -> Vec<String> {
    let ended = restoring(kept, dir, "--list --json").await;
    assert!(ended.success, "{}", ended.stderr);
    rows(&ended).iter().map(|row| row["snapshot"].as_str().expect("a name").to_owned()).collect()
}

/// How many objects a directory of backups has.
fn objects(dir: &Path) -> usize {
    let folders = std::fs::read_dir(dir.join("objects"));
    let Ok(folders) = folders else { return 0 };
    let files =
        |folder: std::fs::DirEntry| std::fs::read_dir(folder.path()).map_or(0, Iterator::count);
    folders.flatten().map(files).sum()
}
