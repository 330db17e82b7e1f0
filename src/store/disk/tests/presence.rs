//! A directory, or NOPAR's own folder in it, that disappears under an open store.
//! Knows nothing of how the store notices it.

use super::{directory, open};
use crate::store::conformance::{bytes_of, file, name, publish, read, versions};
use crate::store::disk::DiskStore;
use crate::store::{Store, StoreError};
use std::fs;
use std::path::Path;

/// Fails the test unless nothing is said of any package.
async fn check_gone(store: &DiskStore) {
    let is_gone = |error: StoreError| {
        assert!(error.to_string().contains("cannot be found"), "{error}");
    };
    for package in ["x", "other", "@s/other"] {
        let package = name(package);
        is_gone(store.stamp(&package).await.unwrap_err());
        is_gone(store.document(&package).await.unwrap_err());
        is_gone(store.tarball(&package, &file(&package, "1.0.0")).await.map(drop).unwrap_err());
        is_gone(publish(store, &package, "2.0.0", b"bytes").await.unwrap_err());
    }
    is_gone(store.names().await.unwrap_err());
    is_gone(store.report().unwrap_err());
}

async fn check_there(store: &DiskStore) {
    assert_eq!(versions(store, &name("x")).await, ["1.0.0"]);
    assert!(store.stamp(&name("other")).await.unwrap().is_none());
    assert_eq!(store.names().await.unwrap(), [name("x")]);
}

/// Takes the directory away, as a rename does and as an unmount does, and puts it back.
async fn take_away_and_put_back(store: &DiskStore, root: &Path) {
    let away = root.with_file_name("away");
    fs::rename(root, &away).unwrap();
    check_gone(store).await;
    assert!(!root.exists(), "it was made anew");
    fs::create_dir(root).unwrap();
    check_gone(store).await;
    // The tokens, for one, are below it as well.
    fs::create_dir_all(root.join(".nopar/tokens")).unwrap();
    check_gone(store).await;
    fs::remove_dir_all(root).unwrap();
    fs::rename(&away, root).unwrap();
    check_there(store).await;
}

#[tokio::test]
async fn a_directory_that_is_gone_has_no_free_names() {
    let home = directory();
    let root = home.path().join("registry");
    let store = open(&root);
    assert!(publish(&store, &name("x"), "1.0.0", &bytes_of("1.0.0")).await.unwrap());
    take_away_and_put_back(&store, &root).await;
    // One that has written nothing has seen it when it was opened.
    let reader = open(&root);
    take_away_and_put_back(&reader, &root).await;
    // Nor does it take the mark of today, which directories of old have not.
    drop((store, reader));
    fs::remove_dir_all(root.join(".nopar")).unwrap();
    take_away_and_put_back(&open(&root), &root).await;
}

/// It may be mounted after NOPAR was started, and is missed from then on.
#[tokio::test]
async fn a_directory_that_came_later_is_missed_too() {
    let home = directory();
    let [root, made] = ["registry", "made"].map(|folder| home.path().join(folder));
    assert!(publish(&open(&made), &name("x"), "1.0.0", &bytes_of("1.0.0")).await.unwrap());
    let store = open(&root);
    assert!(store.stamp(&name("x")).await.unwrap().is_none());
    fs::rename(&made, &root).unwrap();
    check_there(&store).await;
    take_away_and_put_back(&store, &root).await;
}

/// An empty directory that was empty before is as it should be.
#[tokio::test]
async fn an_empty_directory_stays_one() {
    let home = directory();
    let store = open(home.path());
    for _ in 0..2 {
        assert!(store.stamp(&name("x")).await.unwrap().is_none());
        assert!(store.names().await.unwrap().is_empty());
    }
}

/// Whoever tidies up may remove all that is temporary, or all that is NOPAR's own: the next publish makes it again.
#[tokio::test]
async fn what_was_tidied_away_is_made_again() {
    let home = directory();
    let store = open(home.path());
    let x = name("x");
    assert!(publish(&store, &x, "1.0.0", &bytes_of("1.0.0")).await.unwrap());
    let mut expected = vec!["1.0.0".to_owned()];
    for (number, gone) in ["tmp", "locks", "", "tmp"].into_iter().enumerate() {
        fs::remove_dir_all(home.path().join(".nopar").join(gone)).unwrap();
        assert!(store.stamp(&name("other")).await.unwrap().is_none(), "{gone}");
        let version = format!("1.1.{number}");
        assert!(publish(&store, &x, &version, &bytes_of(&version)).await.unwrap(), "{gone}");
        expected.push(version);
        assert_eq!(versions(&store, &x).await, expected);
    }
    let bytes = read(&store, &x, &file(&x, "1.1.3")).await.unwrap();
    assert!(bytes == bytes_of("1.1.3"));
    drop(store);
    assert_eq!(fs::read_dir(home.path().join(".nopar/tmp")).unwrap().count(), 0);
}
