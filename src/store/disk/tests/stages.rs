//! Stages on a disk: the order of what is done, a disk that fails, a process that ends, a directory that goes.
//! Knows nothing of commits.

use super::faults::{Failing, fail};
use super::order::Record;
use super::{DiskStore, directory, fifo, open};
use crate::store::conformance::stages::{MANY, ids, keep, read};
use crate::store::conformance::{bytes_of, name, publish};
use crate::store::{Hold, StageId, StagePart, Store, StoreError};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

async fn kept(store: &DiskStore, tarball: &[u8]) -> StageId {
    keep(store, "record", tarball, MANY).await.unwrap().unwrap()
}

async fn remove(store: &DiskStore, id: StageId) -> Result<(), StoreError> {
    match store.stages().hold(id).await? {
        Hold::Held(held) => store.stages().remove(&name("x"), held).await,
        held => panic!("{held:?}"),
    }
}

/// Fails the test unless all that is there is whole; which they are.
async fn whole(store: &DiskStore, tarball: &[u8], at: &str) -> BTreeSet<StageId> {
    let found = ids(store).await;
    for id in &found {
        assert_eq!(read(store, *id, StagePart::Record).await.unwrap(), "record", "{at}");
        assert!(read(store, *id, StagePart::Tarball).await.unwrap() == tarball, "{at}");
    }
    found
}

fn unfinished(root: &Path) -> Vec<PathBuf> {
    let tmp = root.join(".nopar/tmp");
    let folders = fs::read_dir(tmp).unwrap().map(|folder| folder.unwrap().path());
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap());
    files.map(|file| file.unwrap().path()).filter(|it| !it.ends_with("lock")).collect()
}

#[tokio::test]
async fn a_stage_that_is_answered_is_on_the_disk() {
    let home = directory();
    let store = open(home.path());
    publish(&store, &name("warm"), "1.0.0", b"").await.unwrap();
    let record = Record::of(&store, home.path());
    let id = kept(&store, b"bytes").await;
    record.say("answered");
    let place = format!(".nopar/stage/{id}");
    let expected = [
        "Create tmp",
        "Create tmp",
        "Write tmp",
        "Sync tmp",
        "Write tmp",
        "Sync tmp",
        "MakeFolder tmp",
        "Rename tmp",
        "Rename tmp",
        "SyncFolder tmp",
        "MakeFolder .nopar/stage",
        "SyncFolder .nopar",
        &format!("Rename {place}"),
        "SyncFolder .nopar/stage",
        "answered",
    ];
    assert_eq!(record.take(), expected);
    remove(&store, id).await.unwrap();
    assert_eq!(record.take(), ["Rename tmp", "SyncFolder .nopar/stage", "Remove tmp"]);
    assert_eq!(fs::read_dir(home.path().join(".nopar/stage")).unwrap().count(), 0);
    assert_eq!(unfinished(home.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_fault_at_any_step_leaves_stages_as_they_were() {
    for code in [libc::ENOSPC, libc::EIO, libc::EROFS] {
        let home = directory();
        let store = open(home.path());
        let tarball = bytes_of("1.0.0");
        let first = kept(&store, &tarball).await;
        for number in 0.. {
            let failed = fail(&store, Failing::One(number), code);
            let done = keep(&store, "record", &tarball, MANY).await;
            store.watch(None);
            store.tidied().await;
            let Some((step, path)) = failed.lock().clone() else {
                assert!(number > 10, "there are only {number} steps");
                assert_eq!(ids(&store).await.len(), 2);
                break;
            };
            let at = format!("step {number}: {step:?} {}", path.display());
            done.expect_err(&at);
            assert_eq!(whole(&store, &tarball, &at).await, BTreeSet::from([first]), "{at}");
            assert_eq!(unfinished(home.path()), Vec::<PathBuf>::new(), "{at}");
        }
        for number in 0..2 {
            let before = ids(&store).await;
            let failed = fail(&store, Failing::One(number), code);
            let done = remove(&store, first).await;
            store.watch(None);
            assert!(failed.lock().is_some());
            done.unwrap_err();
            assert_eq!(whole(&store, &tarball, "a removal").await, before, "step {number}");
        }
        // Nobody holds it for that.
        remove(&store, first).await.unwrap();
    }
}

#[tokio::test]
async fn after_a_crash_at_any_step_a_stage_is_whole_or_absent() {
    let tarball = bytes_of("1.0.0");
    for is_removal in [false, true] {
        for number in 0.. {
            let home = directory();
            let store = open(home.path());
            let first = kept(&store, &tarball).await;
            let failed = fail(&store, Failing::From(number), libc::EIO);
            let answered = match is_removal {
                true => remove(&store, first).await.is_ok(),
                false => keep(&store, "record", &tarball, MANY).await.is_ok(),
            };
            store.tidied().await;
            let at = format!("removal: {is_removal}, step {number}: {:?}", failed.lock());
            let is_done = failed.lock().is_none();
            drop(store);
            let store = open(home.path());
            let found = whole(&store, &tarball, &at).await;
            match (is_removal, answered) {
                (true, true) => assert!(found.is_empty(), "{at}"),
                (true, false) => assert!(found.len() <= 1, "{at}"),
                (false, true) => assert_eq!(found.len(), 2, "{at}"),
                (false, false) => assert!(found.contains(&first) && found.len() <= 2, "{at}"),
            }
            assert_eq!(unfinished(home.path()), Vec::<PathBuf>::new(), "{at}");
            if is_done {
                break;
            }
        }
    }
}

/// A stage that may be there and may not, as it could not be taken back, is told so.
#[tokio::test]
async fn a_stage_that_cannot_be_taken_back_is_in_doubt() {
    let home = directory();
    let store = open(home.path());
    kept(&store, b"bytes").await;
    let record = Record::of(&store, home.path());
    record.fail("SyncFolder .nopar/stage", 1);
    let failed = keep(&store, "record", b"bytes", MANY).await.unwrap_err();
    assert!(matches!(failed, StoreError::Io { .. }), "{failed}");
    assert_eq!(ids(&store).await.len(), 1);
    let steps = record.take();
    // From the first of the steps that put it in place, all fail.
    let sync = steps.iter().position(|step| step == "SyncFolder .nopar/stage").unwrap();
    fail(&store, Failing::From(sync), libc::EIO);
    let doubt = keep(&store, "record", b"bytes", MANY).await.unwrap_err();
    assert!(matches!(doubt, StoreError::InDoubt { .. }), "{doubt}");
    store.watch(None);
    assert_eq!(whole(&store, b"bytes", "in doubt").await.len(), 2);
}

/// It may be mounted again; meanwhile nobody says that there is no stage, and none is made in its place.
#[tokio::test]
async fn a_directory_that_is_gone_has_no_stages_that_could_be_told() {
    let home = directory();
    let root = home.path().join("registry");
    let store = open(&root);
    assert!(ids(&store).await.is_empty(), "there is none yet");
    let id = kept(&store, b"bytes").await;
    let away = home.path().join("away");
    fs::rename(&root, &away).unwrap();
    for meanwhile in ["nothing", "a mount point", "one with a folder of stages"] {
        match meanwhile {
            "nothing" => {}
            "a mount point" => fs::create_dir(&root).unwrap(),
            _ => fs::create_dir_all(root.join(".nopar/stage")).unwrap(),
        }
        let gone = |error: StoreError| {
            assert!(error.to_string().contains("cannot be found"), "{meanwhile}: {error}");
        };
        let stages = store.stages();
        gone(stages.ids().await.unwrap_err());
        gone(stages.part(id, StagePart::Record).await.unwrap_err());
        gone(stages.hold(id).await.unwrap_err());
        gone(keep(&store, "record", b"bytes", MANY).await.unwrap_err());
        assert!(meanwhile != "nothing" || !root.exists(), "it was made anew");
    }
    fs::remove_dir_all(&root).unwrap();
    fs::rename(&away, &root).unwrap();
    assert_eq!(whole(&store, b"bytes", "it is back").await, BTreeSet::from([id]));
    remove(&store, id).await.unwrap();
}

/// What somebody else put there is no stage; what is in place of a file is waited for by nobody.
#[tokio::test]
async fn what_is_no_stage_is_nobodys() {
    let home = directory();
    let store = open(home.path());
    let id = kept(&store, b"bytes").await;
    let stages = home.path().join(".nopar/stage");
    fs::write(stages.join("README"), "hands off").unwrap();
    fs::create_dir(stages.join("0b5e1f6a")).unwrap();
    assert_eq!(ids(&store).await, BTreeSet::from([id]));
    fifo(&stages.join(id.to_string()).join("record.json"));
    let damaged = store.stages().part(id, StagePart::Record).await.map(drop).unwrap_err();
    assert!(matches!(damaged, StoreError::Damaged { .. }), "{damaged}");
    let damaged = store.stages().hold(id).await.map(drop).unwrap_err();
    assert!(matches!(damaged, StoreError::Damaged { .. }), "{damaged}");
    assert_eq!(read(&store, id, StagePart::Tarball).await.unwrap(), "bytes");
}

/// Who dies lets go of what it held, and what it was about to keep is swept.
#[tokio::test]
async fn another_store_goes_on_where_one_has_ended() {
    let home = directory();
    let store = open(home.path());
    let id = kept(&store, b"bytes").await;
    let held = store.stages().hold(id).await.unwrap();
    let other = open(home.path());
    assert!(matches!(other.stages().hold(id).await.unwrap(), Hold::Busy));
    drop((held, store));
    remove(&other, id).await.unwrap();
    assert!(ids(&other).await.is_empty());
}
