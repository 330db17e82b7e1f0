//! Folders of another file system than the one where what is published is written first.
//! Knows nothing of what is in them. Everything here blocks.
//!
//! A file gets its name by a rename, which leads to no other file system (`EXDEV`, rename(2)). A second mount of the
//! same file system cannot be told from a folder of it; that one is found out by who publishes.

use super::format::OWN;
use super::scan::Problem;
use super::workspace;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What is wrong with NOPAR's own folder, if it is on another one than the directory.
const OWN_FOREIGN: &str = "it is on another file system than the registry directory, and nothing can be moved there \
     from it: all publishing is refused until .nopar, with what is in it, is a folder of the \
     registry directory itself";

/// Those of `all`, which are below `root`, that no file can be moved into; what is in one of them goes without
/// saying, so a scope has to come before its packages.
pub(super) fn foreign<'a>(root: &Path, all: impl Iterator<Item = &'a PathBuf>) -> Vec<Problem> {
    let (unfinished, own) = (workspace::all(root), root.join(OWN));
    // As long as nothing was published, the nearest folder that it will be in.
    let places = [unfinished.as_path(), own.as_path(), root];
    let Some(home) = places.into_iter().find_map(device) else { return Vec::new() };
    if device(root).is_some_and(|of_root| of_root != home) {
        let path = unfinished.strip_prefix(root).unwrap_or(&unfinished);
        return vec![Problem::new(path, OWN_FOREIGN)];
    }
    let mut told: BTreeSet<&Path> = BTreeSet::new();
    let mut found = Vec::new();
    for folder in all.map(PathBuf::as_path) {
        let is_in_one = folder.parent().is_some_and(|above| told.contains(above));
        let path = root.join(folder);
        // One that cannot be looked at is told of by who reads it.
        if is_in_one || device(&path).is_none_or(|of_folder| of_folder == home) {
            continue;
        }
        told.insert(folder);
        found.push(Problem::new(folder, fault(&path)));
    }
    found
}

fn fault(folder: &Path) -> String {
    let is_link = fs::symlink_metadata(folder).is_ok_and(|it| it.is_symlink());
    let kind = if is_link { "a symbolic link to" } else { "a mount of" };
    format!(
        "it is {kind} another file system than that of .nopar/tmp, and nothing can be moved there: \
         what is in it is served, and publishing to it is refused until its files are in a folder \
         of the registry directory itself"
    )
}

/// The number of the file system that a path leads to.
fn device(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|it| it.dev())
}
