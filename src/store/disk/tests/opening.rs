//! What opening a directory does, and what it leaves alone.
//! Knows nothing of commits beyond that they work.

use super::{directory, everything, fifo, open};
use crate::store::conformance::{bytes_of, file, name, publish, read, upload, versions};
use crate::store::disk::{DiskStore, OpenError, Report};
use crate::store::{Change, Committed, Store, StoreError};
use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

fn own_files(root: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(root.join(".nopar"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    names
}

/// It may be on a disk that is not there yet, and reading makes nothing.
#[tokio::test]
async fn a_directory_is_made_by_the_first_who_writes() {
    let home = directory();
    let root = home.path().join("var/registry");
    let store = open(&root);
    assert!(store.document(&name("x")).await.unwrap().is_none());
    assert!(store.names().await.unwrap().is_empty());
    assert_eq!(store.report().unwrap(), Report::default());
    assert!(!home.path().join("var").exists());
    assert!(publish(&store, &name("x"), "1.0.0", b"bytes").await.unwrap());
    assert_eq!(own_files(&root), ["format", "lock", "locks", "tmp"]);
    assert_eq!(fs::read_to_string(root.join(".nopar/format")).unwrap(), "1\n");
    drop(store);
    assert_eq!(fs::read_dir(root.join(".nopar/tmp")).unwrap().count(), 0, "it went with the store");
    assert_eq!(versions(&open(&root), &name("x")).await, ["1.0.0"]);
}

#[tokio::test]
async fn a_directory_of_a_later_nopar_is_refused() {
    let home = directory();
    let early = open(home.path());
    fs::create_dir(home.path().join(".nopar")).unwrap();
    for (mark, refused) in [("1", false), ("1\n", false), ("2\n", true), ("", true), ("x", true)] {
        fs::write(home.path().join(".nopar/format"), mark).unwrap();
        match DiskStore::open(home.path()) {
            Err(OpenError::Format { found, .. }) => assert!(refused && found == mark.trim()),
            other => assert!(other.is_ok() && !refused, "{mark:?}"),
        }
    }
    // One that was opened before the other came notices it before it writes.
    let error = publish(&early, &name("x"), "1.0.0", b"bytes").await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Io { .. }) && error.to_string().contains("format x"),
        "{error}"
    );
    assert!(!home.path().join("x").exists());
}

#[test]
fn what_is_no_directory_is_refused() {
    let home = directory();
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    let error = DiskStore::open(&file).map(drop).unwrap_err();
    assert!(matches!(&error, OpenError::Io { path, .. } if *path == file), "{error}");
}

/// A FIFO in place of a file of NOPAR's own: nobody waits until its other end is opened.
#[test]
fn a_start_waits_for_no_fifo() {
    for (file, is_refused) in
        [(".nopar/format", true), (".nopar/lock", false), (".nopar/tmp/1-a/lock", false)]
    {
        let home = directory();
        fs::create_dir_all(home.path().join(".nopar/tmp/1-a")).unwrap();
        fs::write(home.path().join(".nopar/lock"), "").unwrap();
        fifo(&home.path().join(file));
        let (tell, told) = mpsc::channel();
        let root = home.path().to_owned();
        thread::spawn(move || tell.send(DiskStore::open(&root).map(drop)));
        match told.recv_timeout(Duration::from_secs(30)).expect(file) {
            Ok(()) => assert!(!is_refused, "{file}"),
            Err(error) => {
                let said = error.to_string();
                assert!(is_refused && said.contains("format is not a file"), "{file}: {said}");
            }
        }
    }
}

#[tokio::test]
async fn only_what_the_dead_left_is_swept() {
    let home = directory();
    let alive = open(home.path());
    let x = name("x");
    let begun = upload(&alive, &bytes_of("1.0.0")).await.unwrap();
    for dead in ["1-a", "2-b", "3-c"] {
        let folder = home.path().join(".nopar/tmp").join(dead);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("0"), "half of a").unwrap();
        if dead != "1-a" {
            fs::write(folder.join("lock"), "").unwrap();
        }
    }
    let other = open(home.path());
    let folders = fs::read_dir(home.path().join(".nopar/tmp")).unwrap().count();
    assert_eq!(folders, 1, "that of the living");
    let document = bytes::Bytes::from_static(b"{\"name\":\"x\"}");
    let change = Change { document, add: vec![(file(&x, "1.0.0"), begun)], remove: Vec::new() };
    assert!(matches!(alive.commit(&x, None, change).await.unwrap(), Committed::Done(_)));
    assert!(read(&other, &x, &file(&x, "1.0.0")).await.unwrap() == bytes_of("1.0.0"));
}

/// An upload outlives its store: its folder goes after it.
#[tokio::test]
async fn an_upload_holds_its_folder() {
    let home = directory();
    let (one, other) = (open(home.path()), open(home.path()));
    let x = name("x");
    let begun = upload(&one, b"bytes").await.unwrap();
    drop(one);
    drop(open(home.path()));
    let document = bytes::Bytes::from_static(b"{\"name\":\"x\"}");
    let change = Change { document, add: vec![(file(&x, "1.0.0"), begun)], remove: Vec::new() };
    assert!(matches!(other.commit(&x, None, change).await.unwrap(), Committed::Done(_)));
    drop(other);
    assert!(everything(home.path()).keys().all(|path| !path.starts_with(".nopar")));
    assert_eq!(fs::read_dir(home.path().join(".nopar/tmp")).unwrap().count(), 0);
}
