//! What is told of a directory beside what cannot be read in it: tarballs, and folders of other file systems.
//! Knows nothing of documents: which files one names is said here.

use super::{Step, directory, everything, open};
use crate::npm::{PackageName, TarballName};
use crate::store::conformance::{file, name, publish, upload};
use crate::store::disk::{Compared, DiskStore, Seen};
use crate::store::{Change, Committed, Store, StoreError};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use tokio::task::spawn_blocking;

/// The packages that a look shows, in its order.
fn shown(store: &DiskStore) -> Vec<Seen> {
    let mut shown = Vec::new();
    store.walk(|seen| shown.push(seen)).unwrap();
    shown
}

fn names(shown: &[Seen]) -> Vec<&str> {
    shown.iter().map(|seen| seen.name.as_str()).collect()
}

fn tarballs(names: &[&str]) -> Vec<TarballName> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Each package is shown once, with the stamp that whoever asks for it gets: of two documents, the one that counts.
#[tokio::test]
async fn packages_are_shown_as_they_are_found() {
    let home = directory();
    let root = home.path();
    put(root, "a/a.json", r#"{"name":"a"}"#);
    put(root, "@s/a/a.json", r#"{"name":"@s/a","_proxied":true}"#);
    put(root, "B/B.json", r#"{"name":"B","of":"old"}"#);
    put(root, "C/C.json", r#"{"name":"C","of":"old"}"#);
    put(root, "!c/!c.json", r#"{"name":"C","of":"today"}"#);
    put(root, "damaged/damaged.json", "{");
    put(root, "registry.json", r#"{"d":{"name":"d"},"a":{"name":"a","of":"old"}}"#);
    put(root, "d/d-1.0.0.tgz", "beside a registry.json");
    let store = open(root);
    let shown = shown(&store);
    assert_eq!(names(&shown), ["C", "@s/a", "B", "a", "d"]);
    for seen in &shown {
        let stored = store.document(&seen.name).await.unwrap().unwrap();
        assert_eq!(seen.document, stored.document, "{}", seen.name);
        assert_eq!(Some(seen.stamp), store.stamp(&seen.name).await.unwrap(), "{}", seen.name);
        let again = store.at_rest(&seen.name, |again| (again.stamp, again.document, again.folder));
        let again = again.unwrap().unwrap();
        assert_eq!(again, (seen.stamp, seen.document.clone(), seen.folder.clone()));
    }
    let report = store.report().unwrap();
    assert_eq!((report.packages, report.copies, report.problems.len()), (5, 1, 1));
    assert!(store.at_rest(&name("damaged"), |_| ()).is_err());
    assert_eq!(store.at_rest(&name("nobody"), |_| ()).unwrap(), None);
    assert!(!root.join(".nopar").exists(), "who looks writes nothing");
}

/// By whichever name a tarball is kept; what is beside them is told only if it could be a tarball.
#[tokio::test]
async fn tarballs_are_compared_with_what_is_named() {
    let home = directory();
    let (root, store, x) = (home.path(), open(home.path()), name("X"));
    put(root, "X/X.json", r#"{"name":"X"}"#);
    // As an older NOPAR called it, and as this one does; a bundle, whose file is called as a tarball.
    put(root, "X/X-1.0.0.tgz", "");
    let tag = store.document(&x).await.unwrap().unwrap().tag;
    let mut change = Change::of_document(bytes::Bytes::from_static(br#"{"name":"X"}"#));
    for added in ["X-1.1.0.tgz", "X-1.1.0.sigstore", "X-1.2.0.tar.gz"] {
        change.add.push((added.parse().unwrap(), upload(&store, b"bytes").await.unwrap()));
    }
    assert!(matches!(store.commit(&x, Some(&tag), change).await.unwrap(), Committed::Done(_)));
    // In its own place, which is not that of its document.
    put(root, "!x/!x-1.3.0.tgz", "");
    for beside in ["README.md", ".hidden.tgz", "X-9.0.0.tgz.asc", "folder.tgz/x"] {
        put(root, &format!("X/{beside}"), "");
    }
    symlink("X-1.0.0.tgz", root.join("X/link.tgz")).unwrap();

    let shown = shown(&store);
    let compare = |named: &[&str], allowed: &[&str]| {
        store.compare(&shown[0], &tarballs(named), &tarballs(allowed)).unwrap()
    };
    let all = ["X-1.0.0.tgz", "X-1.1.0.tgz", "X-1.2.0.tar.gz", "X-1.3.0.tgz"];
    let bundle = ["X-1.1.0.sigstore", "X-2.0.0.sigstore"];
    assert_eq!(compare(&all, &bundle), Compared::default());
    // As where case does not count.
    assert_eq!(compare(&all[1..], &["x-1.0.0.tgz", bundle[0]]), Compared::default());

    let compared = compare(&["X-1.0.0.tgz", "X-2.0.0-RC.tgz", "X-2.0.0-RC.tgz"], &[]);
    let missing: TarballName = "X-2.0.0-RC.tgz".parse().unwrap();
    let place = PathBuf::from("X/!x-2.0.0-!r!c.tgz");
    assert_eq!(compared.missing, HashMap::from([(missing, place)]));
    let unnamed: Vec<_> = compared.unnamed.iter().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(unnamed.len(), 3, "{unnamed:?}");
    assert!(unnamed[..2].iter().all(|path| path.starts_with("X/!0")), "{unnamed:?}");
    assert_eq!(unnamed[2], "X/!x-1.1.0.tgz");
    // What should be a tarball and is no file is as good as none, and hides nothing else.
    let compared = compare(&["folder.tgz", "X-1.0.0.tgz"], &[]);
    assert_eq!(compared.missing.len(), 1, "{:?}", compared.missing);
    assert!(compared.missing.contains_key(&"folder.tgz".parse().unwrap()));
}

/// While a change is being made, there are tarballs that no document names. Who waits sees none of that.
#[tokio::test(flavor = "multi_thread")]
async fn a_package_at_rest_is_one_that_nobody_changes() {
    let home = directory();
    let (store, x) = (open(home.path()), name("x"));
    publish(&store, &x, "1.0.0", b"bytes").await.unwrap();
    let (reach, reached) = mpsc::channel();
    let (go, may_go) = mpsc::channel::<()>();
    let may_go = Mutex::new(may_go);
    store.watch(Some(Arc::new(move |step: Step, path: &Path| {
        if step == Step::Rename && path.ends_with("x.json") {
            let _ = reach.send(());
            // Without leave, the test has failed and goes.
            let _ = may_go.lock().recv();
        }
        Ok(())
    })));
    let (publisher, whose) = (store.clone(), x.clone());
    let publishing =
        tokio::spawn(async move { publish(&publisher, &whose, "2.0.0", b"bytes").await.unwrap() });
    spawn_blocking(move || reached.recv()).await.unwrap().unwrap();

    // As another process, too.
    let named = [file(&x, "1.0.0")];
    let stores = [store.clone(), open(home.path())];
    for store in &stores {
        let compared = store.compare(&shown(store)[0], &named, &[]).unwrap();
        assert_eq!(compared.unnamed, [PathBuf::from("x/x-2.0.0.tgz")]);
    }
    let looking = stores.map(|store| {
        let x = x.clone();
        spawn_blocking(move || store.at_rest(&x, |seen| seen.document).unwrap().unwrap())
    });
    go.send(()).unwrap();
    for looking in looking {
        let document = String::from_utf8(looking.await.unwrap().to_vec()).unwrap();
        assert!(document.contains("2.0.0"), "{document}");
    }
    assert!(publishing.await.unwrap());
}

/// `/proc` is a file system of its own, wherever the directory is.
fn with_foreign_folders(root: &Path) -> [PackageName; 2] {
    fs::create_dir_all(root.join("@s")).unwrap();
    for folder in ["x", "@s/x"] {
        symlink("/proc/self/fd", root.join(folder)).unwrap();
    }
    ["x", "@s/x"].map(name)
}

#[tokio::test]
async fn folders_of_other_file_systems_are_told_of() {
    let home = directory();
    let store = open(home.path());
    with_foreign_folders(home.path());
    symlink("/proc/self/task", home.path().join("@far")).unwrap();
    // A link to a folder of the same one is a folder.
    symlink(home.path().join("@s"), home.path().join("@near")).unwrap();
    for _ in ["before anything is published", "after that"] {
        let foreign = store.report().unwrap().foreign;
        let paths: Vec<_> = foreign.iter().map(|it| it.path.to_str().unwrap()).collect();
        // What is in `@far` goes without saying.
        assert_eq!(paths, ["@far", "@near/x", "@s/x", "x"]);
        for problem in &foreign {
            let said = problem.to_string();
            assert!(said.contains("it is a symbolic link to another file system"), "{said}");
            assert!(said.contains("publishing to it is refused"), "{said}");
        }
        publish(&store, &name("near"), "1.0.0", b"bytes").await.unwrap();
    }
}

/// Nothing could be published there: that is told once.
#[tokio::test]
async fn an_own_folder_on_another_file_system_is_told_of() {
    let home = directory();
    for folder in ["a", "b"] {
        fs::create_dir(home.path().join(folder)).unwrap();
    }
    symlink("/proc/self/task", home.path().join(".nopar")).unwrap();
    let foreign = open(home.path()).report().unwrap().foreign;
    let said: Vec<_> = foreign.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with(".nopar/tmp: it is on another file system"), "{said:?}");
}

/// A rename that leads to another file system fails, in words that say why; nothing stays of the publish.
#[tokio::test]
async fn a_publish_to_another_file_system_leaves_nothing() {
    let home = directory();
    let store = open(home.path());
    for package in with_foreign_folders(home.path()) {
        let error = publish(&store, &package, "1.0.0", b"bytes").await.unwrap_err();
        assert!(matches!(&error, StoreError::Io { .. }), "{error}");
        let said = error.to_string();
        let why = "could not be put in place, as its folder is on another file system than";
        assert!(said.contains(why), "{said}");
        assert!(store.document(&package).await.unwrap().is_none());
    }
    store.tidied().await;
    let mut own = everything(&home.path().join(".nopar"));
    own.retain(|path, _| path.extension().is_none() && path.file_name().unwrap() != "lock");
    let unfinished: Vec<_> = own.into_keys().filter(|path| path.starts_with("tmp")).collect();
    assert_eq!(unfinished.len(), 2, "the folder, and that of this process: {unfinished:?}");
    publish(&store, &name("y"), "1.0.0", b"bytes").await.unwrap();
}
