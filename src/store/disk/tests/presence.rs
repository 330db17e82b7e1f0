//! A directory, or NOPAR's own folder in it, that disappears under an open store.
//! Knows nothing of how the store notices it.

use super::{directory, open};
use crate::regular;
use crate::store::conformance::{bytes_of, file, name, publish, read, versions};
use crate::store::disk::DiskStore;
use crate::store::disk::lock::is_waited_for;
use crate::store::{Store, StoreError};
use std::fs;
use std::path::Path;
use std::thread;

/// What a mount point may hold of its own.
fn litter(root: &Path) {
    fs::write(root.join(".keep"), "").unwrap();
    fs::create_dir_all(root.join("lost+found")).unwrap();
}

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
    litter(root);
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

/// A volume that is mounted again may have other numbers than before: its mark tells that it is one of NOPAR's. It is
/// missed from then on.
#[tokio::test]
async fn a_directory_may_come_back_as_another() {
    let home = directory();
    let [root, other, away] = ["registry", "other", "once"].map(|folder| home.path().join(folder));
    let store = open(&root);
    for root in [&root, &other] {
        assert!(publish(&open(root), &name("x"), "1.0.0", &bytes_of("1.0.0")).await.unwrap());
    }
    check_there(&store).await;
    fs::rename(&root, &away).unwrap();
    fs::create_dir(&root).unwrap();
    litter(&root);
    check_gone(&store).await;
    fs::remove_dir_all(&root).unwrap();
    fs::rename(&other, &root).unwrap();
    check_there(&store).await;
    take_away_and_put_back(&store, &root).await;
    assert!(publish(&store, &name("x"), "1.1.0", &bytes_of("1.1.0")).await.unwrap());
}

/// What was put there is missed, whichever process put it there, and however the directory looked before.
#[tokio::test]
async fn a_directory_that_was_empty_is_missed_once_it_is_not() {
    let home = directory();
    let root = home.path().join("registry");
    fs::create_dir(&root).unwrap();
    let reader = open(&root);
    assert!(reader.stamp(&name("x")).await.unwrap().is_none());
    assert!(publish(&open(&root), &name("x"), "1.0.0", &bytes_of("1.0.0")).await.unwrap());
    check_there(&reader).await;
    take_away_and_put_back(&reader, &root).await;
}

/// Nothing can be missed of what was empty: another one may take its place, with anything in it.
#[tokio::test]
async fn an_empty_directory_may_be_replaced() {
    let home = directory();
    let [root, away] = ["registry", "away"].map(|folder| home.path().join(folder));
    fs::create_dir(&root).unwrap();
    let store = open(&root);
    fs::rename(&root, &away).unwrap();
    fs::create_dir(&root).unwrap();
    assert!(store.stamp(&name("x")).await.unwrap().is_none());
    fs::rename(&root, home.path().join("empty")).unwrap();
    fs::create_dir(&root).unwrap();
    litter(&root);
    assert!(store.stamp(&name("x")).await.unwrap().is_none());
    // This one has something in it.
    fs::rename(&root, home.path().join("litter")).unwrap();
    fs::create_dir(&root).unwrap();
    check_gone(&store).await;
}

/// Who keeps something beside the packages is told as well, and makes nothing; what is made for it is missed.
#[tokio::test]
async fn who_keeps_something_there_hears_of_it() {
    let home = directory();
    let root = home.path().join("registry");
    let store = open(&root);
    store.check().unwrap();
    assert!(!root.exists(), "a look made it");
    store.prepare().unwrap();
    assert!(root.join(".nopar").is_dir());
    let away = home.path().join("away");
    fs::rename(&root, &away).unwrap();
    for gone in [store.check(), store.prepare()] {
        assert!(gone.unwrap_err().to_string().contains("cannot be found"));
    }
    assert!(!root.exists(), "it was made anew");
    fs::create_dir(&root).unwrap();
    litter(&root);
    assert!(store.check().is_err() && store.prepare().is_err());
    assert!(!root.join(".nopar").exists(), "something was made in its place");
    fs::remove_dir_all(&root).unwrap();
    fs::rename(&away, &root).unwrap();
    store.check().unwrap();
    store.prepare().unwrap();
}

/// Only who had written there was noticed.
#[test]
fn who_serves_a_directory_is_noticed_whatever_is_in_it() {
    let home = directory();
    let [root, away] = ["registry", "away"].map(|folder| home.path().join(folder));
    let is_in_use = || DiskStore::is_in_use(&root).unwrap();
    let (store, other) = (open(&root), open(&root));
    store.serve();
    assert!(!is_in_use() && !root.exists(), "it is not made for that");
    // Made or mounted later, it is noticed with the first request.
    fs::create_dir(&root).unwrap();
    assert!(!is_in_use());
    store.check().unwrap();
    assert!(is_in_use());
    // Two do so while one hands over to the other; who only opens it does not.
    other.serve();
    drop(store);
    let _looks = open(&root);
    assert!(is_in_use());
    fs::rename(&root, &away).unwrap();
    fs::create_dir(&root).unwrap();
    assert!(!is_in_use());
    other.check().unwrap();
    assert!(is_in_use());
    drop(other);
    assert!(!is_in_use());
    assert_eq!(fs::read_dir(&root).unwrap().count(), 0, "nothing was made there");
}

/// Whoever asks has it locked for a moment.
#[test]
fn who_is_about_to_serve_a_directory_waits_for_who_asks() {
    let home = directory();
    let (root, store) = (home.path(), open(home.path()));
    let asking = regular::open_folder(root).unwrap();
    asking.lock().unwrap();
    thread::scope(|scope| {
        let serving = scope.spawn(|| store.serve());
        while !serving.is_finished() && !is_waited_for(&asking) {
            thread::yield_now();
        }
        assert!(!serving.is_finished());
        drop(asking);
        serving.join().unwrap();
    });
    assert!(DiskStore::is_in_use(root).unwrap());
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

/// Whether this process has a directory open.
fn is_held(root: &Path) -> bool {
    let open = fs::read_dir("/proc/self/fd").unwrap();
    open.filter_map(|fd| fs::read_link(fd.ok()?.path()).ok()).any(|path| path == root)
}

/// The next volume that is mounted would get the numbers of one that was unmounted.
#[tokio::test]
async fn a_directory_in_which_something_could_be_missed_keeps_its_numbers() {
    let home = directory();
    let root = home.path().join("registry");
    fs::create_dir(&root).unwrap();
    let store = open(&root);
    assert!(store.stamp(&name("x")).await.unwrap().is_none());
    assert!(!is_held(&root), "nothing is in it");
    assert!(publish(&store, &name("x"), "1.0.0", b"bytes").await.unwrap());
    assert!(is_held(&root));
    drop(store);
    assert!(!is_held(&root));
    let _store = open(&root);
    assert!(is_held(&root));
}
