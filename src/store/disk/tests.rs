//! The store on a disk: the contract, and what only a disk can show.
//! Knows nothing of other stores.

mod faults;
mod generations;
mod looking;
mod opening;
mod order;
mod presence;
mod probe;
mod stages;
mod uploads;

use super::steps::{Step, Watch};
use super::{DiskStore, Report};
use crate::store::conformance::{Stores, suite};
use crate::store::{Store, StoreError};
use rustix::fs::{CWD, Mode, mkfifoat};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn open(root: &Path) -> DiskStore {
    DiskStore::open(root).unwrap()
}

/// Puts a FIFO in place of a file, if there is one.
fn fifo(path: &Path) {
    let _ = fs::remove_file(path);
    mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).unwrap();
}

impl DiskStore {
    /// Lets a watch hear of each step from now on, or nobody.
    fn watch(&self, watch: Option<Watch>) {
        *self.inner.disk.watch.lock() = watch;
    }

    /// Waits until nothing unfinished is held any more: such files go a little after their uploads.
    async fn tidied(&self) {
        let is_held = || {
            let workspace = self.inner.workspace.lock();
            workspace.as_ref().is_some_and(|workspace| Arc::strong_count(workspace) > 1)
        };
        let tidied = async {
            while is_held() {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(30), tidied).await;
        waited.expect("the end of unfinished files");
    }

    /// What is told of the directory beside its packages.
    fn report(&self) -> Result<Report, StoreError> {
        self.walk(drop)
    }
}

/// Everything in a directory by path, folders as well; of NOPAR's own files only the unfinished ones.
fn everything(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![PathBuf::new()];
    while let Some(below) = open.pop() {
        for entry in fs::read_dir(root.join(&below)).unwrap() {
            let entry = entry.unwrap();
            let path = below.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                if !path.starts_with(".nopar") {
                    found.insert(path.clone(), Vec::new());
                }
                open.push(path);
            } else if !path.starts_with(".nopar") || is_unfinished(&path) {
                found.insert(path, fs::read(entry.path()).unwrap());
            }
        }
    }
    found
}

fn is_unfinished(path: &Path) -> bool {
    path.starts_with(".nopar/tmp") && !path.ends_with("lock")
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    suite(|| {
        let home = directory();
        let one: Arc<dyn Store> = Arc::new(open(home.path()));
        Stores { other: Arc::clone(&one), one, keep: Some(home) }
    })
    .await;
}

/// Two processes, as far as the store can tell: a lock of one is not one of the other.
#[tokio::test(flavor = "multi_thread")]
async fn two_on_one_directory_keep_the_contract() {
    suite(|| {
        let home = directory();
        let one: Arc<dyn Store> = Arc::new(open(home.path()));
        Stores { one, other: Arc::new(open(home.path())), keep: Some(home) }
    })
    .await;
}
