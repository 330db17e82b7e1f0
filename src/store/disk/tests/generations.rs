//! Directories of the NOPARs before this one, of each generation.
//! Knows nothing of how they came to be: they are written here as those wrote them.

use super::{directory, everything, open};
use crate::npm::PackageName;
use crate::store::conformance::name;
use crate::store::{Change, Committed, Store, StoreError};
use bytes::Bytes;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// `registry.json` of 0.9.
const SETTINGS: &str = r#"{"version":"0.9.0","settings":{"forwarder.autoForward":"no"},"count":4,"local":3,"proxied":1}"#;
/// Published to it.
const HOSTED: &str = r#"{"_id":"hosted","_rev":3,"name":"hosted","_proxied":false,"dist-tags":{"latest":"1.0.0"},
    "versions":{"1.0.0":{"name":"hosted","version":"1.0.0","dist":{"shasum":"da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "tarball":"http://old.example:5984/hosted/-/hosted-1.0.0.tgz"}}},"_mtime":"2014-01-01T00:00:00.000Z",
    "_attachments":{"hosted-1.0.0.tgz":{"cached":true}}}"#;
/// Taken from its upstream.
const COPY: &str = r#"{"_id":"copy","name":"copy","_proxied":true,"_rev":1,"versions":{"2.0.0":{"dist":
    {"tarball":"http://old.example:5984/copy/-/copy-2.0.0.tgz"}}},"_attachments":{"copy-2.0.0.tgz":
    {"cached":false,"forwardUrl":"https://registry.example/copy/-/copy-2.0.0.tgz"}}}"#;
const SCOPED: &str = r#"{"name":"@Acme/UI","_proxied":false,"versions":{"1.0.0-RC":{}}}"#;

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn of_0_9() -> TempDir {
    let home = directory();
    let root = home.path();
    put(root, "registry.json", SETTINGS);
    put(root, "hosted/hosted.json", HOSTED);
    put(root, "hosted/hosted-1.0.0.tgz", "tarball of hosted");
    put(root, "copy/copy.json", COPY);
    put(root, "@Acme/UI/UI.json", SCOPED);
    put(root, "@Acme/UI/UI-1.0.0-RC.tgz", "tarball of ui");
    put(root, "@s/x/x.json", r#"{"name":"@s/x","_proxied":false,"_rev":1}"#);
    home
}

async fn document(store: &impl Store, name: &PackageName) -> Option<Bytes> {
    store.document(name).await.unwrap().map(|stored| stored.document)
}

async fn tarball(store: &impl Store, whose: &str, file: &str) -> Option<Bytes> {
    crate::store::conformance::read(store, &name(whose), &file.parse().unwrap()).await
}

async fn names(store: &impl Store) -> Vec<String> {
    store.names().await.unwrap().iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_directory_is_opened_as_it_is() {
    let home = of_0_9();
    let before = everything(home.path());
    let store = open(home.path());
    let report = store.report().unwrap();
    assert_eq!((report.packages, report.copies, report.problems.len()), (4, 1, 0));
    assert_eq!(names(&store).await, ["@Acme/UI", "@s/x", "copy", "hosted"]);
    for (whose, text) in [("hosted", HOSTED), ("copy", COPY), ("@Acme/UI", SCOPED)] {
        assert_eq!(document(&store, &name(whose)).await.unwrap(), text);
    }
    assert_eq!(tarball(&store, "hosted", "hosted-1.0.0.tgz").await.unwrap(), "tarball of hosted");
    assert_eq!(tarball(&store, "@Acme/UI", "UI-1.0.0-RC.tgz").await.unwrap(), "tarball of ui");
    for (whose, file) in [
        ("copy", "copy-2.0.0.tgz"),
        ("hosted", "hosted.json"),
        ("@Acme/UI", "UI.json"),
        ("@acme/ui", "ui-1.0.0-rc.tgz"),
    ] {
        assert_eq!(tarball(&store, whose, file).await, None, "{file}");
    }
    for absent in ["@acme/ui", "@Acme/ui", "Hosted", "x", "registry"] {
        assert_eq!(document(&store, &name(absent)).await, None, "{absent}");
    }
    drop(store);
    assert_eq!(everything(home.path()), before);
    assert!(!home.path().join(".nopar").exists());
}

/// Its packages stay where they are when they change; others have their own places beside them.
#[tokio::test]
async fn a_package_is_changed_where_it_is() {
    let home = of_0_9();
    let mut before = everything(home.path());
    let store = open(home.path());
    for (whose, file, document) in [
        ("@Acme/UI", "UI-1.1.0.tgz", r#"{"name":"@Acme/UI","versions":{"1.1.0":{}}}"#),
        ("@acme/ui", "ui-1.1.0.tgz", r#"{"name":"@acme/ui","versions":{"1.1.0":{}}}"#),
    ] {
        let package = name(whose);
        let tag = store.document(&package).await.unwrap().map(|stored| stored.tag);
        let mut upload = store.upload().await.unwrap();
        upload.write(Bytes::from(whose)).await.unwrap();
        let change = Change {
            document: Bytes::from(document),
            add: vec![(file.parse().unwrap(), upload)],
            remove: vec!["UI-1.0.0-RC.tgz".parse().unwrap()],
        };
        let done = store.commit(&package, tag.as_ref(), change).await.unwrap();
        assert!(matches!(done, Committed::Done(_)));
        assert_eq!(tarball(&store, whose, file).await.unwrap(), whose);
    }
    drop(store);
    before.remove(Path::new("@Acme/UI/UI-1.0.0-RC.tgz"));
    for (path, text) in [
        ("@Acme/UI/UI.json", r#"{"name":"@Acme/UI","versions":{"1.1.0":{}}}"#),
        ("@Acme/UI/!u!i-1.1.0.tgz", "@Acme/UI"),
        ("@acme", ""),
        ("@acme/ui", ""),
        ("@acme/ui/ui.json", r#"{"name":"@acme/ui","versions":{"1.1.0":{}}}"#),
        ("@acme/ui/ui-1.1.0.tgz", "@acme/ui"),
    ] {
        before.insert(path.into(), text.as_bytes().to_vec());
    }
    assert_eq!(everything(home.path()), before);
}

/// What cannot be read is told and left out, and nobody may take its name.
#[tokio::test]
async fn what_cannot_be_read_is_reported_and_kept() {
    let home = of_0_9();
    let root = home.path();
    put(root, "bare/bare-1.0.0.tgz", "a tarball without a document");
    put(root, "cut/cut.json", r#"{"name":"cut","versions":{"1.0.0"#);
    put(root, "empty/empty.json", "");
    put(root, "nameless/nameless.json", "{}");
    put(root, "moved/moved.json", r#"{"name":"elsewhere"}"#);
    put(root, "odd/odd.json", r#"{"name":"../odd"}"#);
    put(root, "folder/folder.json/x", "");
    put(root, "Cut/Cut.json", "cut");
    fs::create_dir(root.join("@none")).unwrap();
    put(root, "README", "of nobody");
    put(root, ".hidden/hidden.json", "of nobody");
    put(root, "@s/file.json", "of nobody");
    let before = everything(root);
    let store = open(root);
    let report = store.report().unwrap();
    let problems: Vec<_> = report.problems.iter().map(ToString::to_string).collect();
    let expected = [
        "Cut/Cut.json: it is not JSON: ",
        "bare: it has no bare.json",
        "cut/cut.json: it is not JSON: ",
        "empty/empty.json: it is not JSON: ",
        "folder/folder.json: it is not a file",
        "moved/moved.json: it is the document of elsewhere, and not in its place",
        "nameless/nameless.json: it does not say the name of its package",
        "odd/odd.json: package name \"../odd\" ",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, start) in problems.iter().zip(expected) {
        assert!(problem.starts_with(start), "{problem}");
    }
    // What says whose it would be is named, so that who reads it sees that it cannot be read.
    let named =
        ["@Acme/UI", "@s/x", "Cut", "copy", "cut", "empty", "hosted", "moved", "nameless", "odd"];
    assert_eq!(names(&store).await, named);
    for damaged in ["cut", "empty", "nameless", "moved", "odd", "Cut"] {
        let whose = name(damaged);
        let error = store.document(&whose).await.unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{damaged}: {error}");
        let document = Bytes::from(format!("{{\"name\":\"{damaged}\"}}"));
        let error = store.commit(&whose, None, Change::of_document(document)).await.map(drop);
        assert!(matches!(error, Err(StoreError::Damaged { .. })), "{damaged}");
    }
    assert!(store.document(&name("folder")).await.is_err());
    // A folder without a document is a free name.
    assert_eq!(document(&store, &name("bare")).await, None);
    drop(store);
    assert_eq!(everything(root), before);
}

/// Before 0.2.0: documents in `registry.json`, and folders of tarballs beside it.
#[tokio::test]
async fn the_first_generation_is_read_from_its_one_file() {
    let home = directory();
    let root = home.path();
    let old = r#"{"hosted":{"name":"hosted","_rev":1,"versions":{"1.0.0":{}}},
        "Copy":{"name":"Copy","_fwd-dists":{"Copy-1.0.0.tgz":"https://registry.example/Copy-1.0.0.tgz"}}}"#;
    put(root, "registry.json", old);
    put(root, "hosted/hosted-1.0.0.tgz", "tarball of hosted");
    put(root, "Copy/Copy-1.0.0.tgz", "tarball of the copy");
    let mut before = everything(root);
    let store = open(root);
    let report = store.report().unwrap();
    assert_eq!((report.packages, report.copies, report.problems), (2, 1, Vec::new()));
    assert_eq!(names(&store).await, ["Copy", "hosted"]);
    let hosted = r#"{"name":"hosted","_rev":1,"versions":{"1.0.0":{}},"_proxied":false}"#;
    assert_eq!(document(&store, &name("hosted")).await.unwrap(), hosted);
    let copy = document(&store, &name("Copy")).await.unwrap();
    assert!(copy.ends_with(b",\"_proxied\":true}"));
    assert_eq!(tarball(&store, "hosted", "hosted-1.0.0.tgz").await.unwrap(), "tarball of hosted");
    assert_eq!(tarball(&store, "Copy", "Copy-1.0.0.tgz").await.unwrap(), "tarball of the copy");

    // The first change puts a document beside its tarballs, which counts from then on.
    let hosted = name("hosted");
    let stored = store.document(&hosted).await.unwrap().unwrap();
    let changed = r#"{"name":"hosted","_rev":"2-x","versions":{}}"#;
    let change = || Change::of_document(Bytes::from(changed));
    let conflict = store.commit(&hosted, None, change()).await.unwrap();
    assert!(matches!(conflict, Committed::Conflict(_)));
    let done = store.commit(&hosted, Some(&stored.tag), change()).await.unwrap();
    assert!(matches!(done, Committed::Done(_)));
    drop(store);
    let store = open(root);
    assert_eq!(document(&store, &hosted).await.unwrap(), changed);
    assert_eq!(names(&store).await, ["Copy", "hosted"]);
    before.insert("hosted/hosted.json".into(), changed.as_bytes().to_vec());
    assert_eq!(everything(root), before);
}

/// 0.2.0 and 0.2.1 kept their settings in an object of their own, in a `registry.json` without packages.
#[tokio::test]
async fn settings_are_no_packages() {
    for text in [
        r#"{"version":"0.2.1","forwarder":{"registry":"https://registry.example","autoForward":true}}"#,
        SETTINGS,
        "{}",
    ] {
        let home = of_0_9();
        put(home.path(), "registry.json", text);
        let report = open(home.path()).report().unwrap();
        assert_eq!((report.packages, report.copies, report.problems), (4, 1, Vec::new()));
    }
    let home = of_0_9();
    put(home.path(), "registry.json", "{\"version\":");
    let report = open(home.path()).report().unwrap();
    assert_eq!(report.packages, 4);
    assert!(report.problems[0].to_string().starts_with("registry.json: it is not a JSON object: "));
}

/// A document is dated later than the one before it, also than one of tomorrow: by its date alone, files tell
/// apart what took the same place.
#[tokio::test]
async fn a_document_is_dated_later_than_the_one_before() {
    let home = of_0_9();
    let store = open(home.path());
    let (hosted, path) = (name("hosted"), home.path().join("hosted/hosted.json"));
    let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
    fs::File::open(&path).unwrap().set_modified(tomorrow).unwrap();
    let mut before = tomorrow;
    for number in 0..3 {
        let tag = store.document(&hosted).await.unwrap().unwrap().tag;
        let document = Bytes::from(format!(r#"{{"name":"hosted","number":{number}}}"#));
        let change = Change::of_document(document);
        let done = store.commit(&hosted, Some(&tag), change).await.unwrap();
        assert!(matches!(done, Committed::Done(_)));
        let dated = fs::metadata(&path).unwrap().modified().unwrap();
        assert!(dated > before && dated < tomorrow + Duration::from_secs(7), "{dated:?}");
        before = dated;
    }
}

/// What a file system that ignores case makes of `JSONStream`, when `jsonstream` is asked for: there is nothing, and
/// nothing may be put there.
#[tokio::test]
async fn a_place_that_differs_in_case_only_is_nobody_elses() {
    let home = directory();
    put(home.path(), "jsonstream/jsonstream.json", r#"{"name":"JSONStream","versions":{}}"#);
    let before = everything(home.path());
    let store = open(home.path());
    let small = name("jsonstream");
    assert_eq!(document(&store, &small).await, None);
    let mut upload = store.upload().await.unwrap();
    upload.write(Bytes::from_static(b"bytes")).await.unwrap();
    let change = Change {
        document: Bytes::from_static(br#"{"name":"jsonstream"}"#),
        add: vec![("jsonstream-1.0.0.tgz".parse().unwrap(), upload)],
        remove: Vec::new(),
    };
    let refused = store.commit(&small, None, change).await.map(drop).unwrap_err();
    assert!(matches!(&refused, StoreError::Damaged { .. }), "{refused}");
    assert_eq!(
        refused.to_string(),
        "jsonstream/jsonstream.json is damaged: it is the document of \"JSONStream\""
    );
    store.tidied().await;
    assert_eq!(everything(home.path()), before);
}
