//! Whether a directory is found to take files, and that it stays as it is.
//! Knows nothing of who asks.

use super::{directory, everything, open};
use crate::store::Store;
use crate::store::StoreError;
use crate::store::conformance::{name, publish};
use crate::store::disk::steps::Step;
use std::fs;
use std::io;
use std::sync::Arc;

/// A directory that is only read stays as it was found, and one that is not there yet is not made.
#[test]
fn where_nobody_published_nothing_is_made() {
    let home = directory();
    let root = home.path().join("above/registry");
    open(&root).probe().unwrap();
    assert!(!home.path().join("above").exists());
    fs::create_dir_all(root.join("x")).unwrap();
    fs::write(root.join("x/x.json"), r#"{"name":"x"}"#).unwrap();
    open(&root).probe().unwrap();
    let names: Vec<_> = fs::read_dir(&root).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(names, ["x"]);
}

#[test]
fn what_cannot_be_made_is_told() {
    let home = directory();
    let root = home.path().join("above/registry");
    let store = open(&root);
    fs::write(home.path().join("above"), "").unwrap();
    let told = store.probe().unwrap_err().to_string();
    assert!(told.contains("registry cannot be "), "{told}");
}

#[tokio::test]
async fn a_file_is_written_and_gone() {
    let home = directory();
    let root = home.path().join("registry");
    let store = open(&root);
    publish(&store, &name("x"), "1.0.0", b"bytes").await.unwrap();
    store.tidied().await;
    let before = everything(&root);
    store.probe().unwrap();
    // By another one as well, which has written nothing yet.
    open(&root).probe().unwrap();
    assert_eq!(everything(&root), before);
}

#[tokio::test]
async fn each_step_that_fails_is_told() {
    let home = directory();
    let root = home.path().join("registry");
    let store = open(&root);
    publish(&store, &name("x"), "1.0.0", b"bytes").await.unwrap();
    store.tidied().await;
    let before = everything(&root);
    for broken in [Step::Create, Step::Write] {
        store.watch(Some(Arc::new(move |step, _| match step == broken {
            true => Err(io::Error::from_raw_os_error(libc::ENOSPC)),
            false => Ok(()),
        })));
        let told = store.probe().unwrap_err();
        assert!(matches!(told, StoreError::Full { .. }), "{broken:?}: {told}");
        assert_eq!(everything(&root), before);
    }
    store.watch(None);
    store.probe().unwrap();
    fs::rename(&root, home.path().join("away")).unwrap();
    let told = store.probe().unwrap_err().to_string();
    assert!(told.contains("cannot be found"), "{told}");
    assert!(!root.exists(), "it was made anew");
}
