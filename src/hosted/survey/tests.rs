//! What a start finds in a directory, and what it has no business with.
//! Knows nothing of how the store keeps files.

use super::*;
use crate::counters::Counters;
use crate::npm::PackageName;
use crate::pages::Sendfile;
use crate::store::{Change, Committed, Store};
use crate::view::Memory;
use bytes::Bytes;
use std::fs;
use std::path::Path;
use std::sync::Arc;

fn hosted(root: &Path) -> (DiskStore, Hosted) {
    let store = DiskStore::open(root).unwrap();
    let counters = Arc::new(Counters::new(1));
    let memory = Arc::new(Memory::new(1 << 20, Sendfile::default(), counters));
    let hosted = Hosted::new(Arc::new(store.clone()), memory, Vec::new());
    (store, hosted)
}

/// Commits a document with these members, and tarballs of these names.
async fn put(store: &DiskStore, name: &str, members: &str, tarballs: &[&str]) {
    let document = Bytes::from(format!(r#"{{"name":"{name}",{members}}}"#));
    let mut change = Change::of_document(document);
    for tarball in tarballs {
        let mut upload = store.upload().await.unwrap();
        upload.write(Bytes::from_static(b"bytes")).await.unwrap();
        change.add.push((tarball.parse().unwrap(), upload));
    }
    let done = store.commit(&name.parse().unwrap(), None, change).await.unwrap();
    assert!(matches!(done, Committed::Done(_)));
}

fn lines(findings: &Findings) -> Vec<String> {
    findings.lines("it").collect()
}

#[tokio::test]
async fn a_look_knows_what_lists_are_made_of() {
    let home = tempfile::tempdir().unwrap();
    let (store, hosted) = hosted(home.path());
    put(&store, "x", r#""maintainers":[{"name":"ann"}]"#, &[]).await;
    put(&store, "@s/x", r#""users":{"bob":true},"versions":{"1.0.0":{}}"#, &["x-1.0.0.tgz"]).await;
    put(&store, "copy", r#""_proxied":true,"versions":{"1.0.0":{}}"#, &[]).await;
    let survey = hosted.survey(&store).unwrap();
    assert_eq!(survey, Survey { packages: 3, copies: 1, ..Survey::default() });
    // Without a look at documents: they are known by the stamps they have.
    let known = async |name: &str| {
        let name: PackageName = name.parse().unwrap();
        let stamp = store.stamp(&name).await.unwrap().unwrap();
        hosted.names.get(&name, stamp).unwrap_or_else(|| panic!("{name} is not known"))
    };
    assert!(known("x").await.is_owned_by("ann"));
    assert!(known("@s/x").await.is_starred_by("bob"));
    known("copy").await;
    assert!(hosted.is_known(&"x".parse().unwrap()) && !hosted.is_known(&"copy".parse().unwrap()));
}

#[tokio::test]
async fn a_look_finds_tarballs_that_are_missing_and_those_that_are_nobodys() {
    let home = tempfile::tempdir().unwrap();
    let (store, hosted) = hosted(home.path());
    let at = |file: &str| format!(r#"{{"dist":{{"tarball":"http://old.example/x/-/{file}"}}}}"#);
    let members = format!(
        r#""_attachments":{{"x-0.1.0.tgz":{{"cached":true}}}},
        "versions":{{"1.0.0":{{}},"1.1.0":{},"1.2.0":{},"2.0.0":{{}},"2.1.0":{}}}"#,
        at("x_1.1.tgz"),
        at("x_1.1.tgz"),
        at("x_2.1.tgz?y#z"),
    );
    let there = [
        "x_1.1.tgz",
        "x-2.0.0.tgz",
        "x-2.0.0.sigstore",
        // In the books of an old NOPAR.
        "x-0.1.0.tgz",
        // What nobody knows of: a version that was taken back, and the bundle of one.
        "x-3.0.0.tgz",
        "x-3.1.0.sigstore",
    ];
    put(&store, "x", &members, &there).await;
    // All of its versions were taken back, and a crash kept their files.
    put(&store, "gone", r#""versions":{},"time":{"unpublished":{}}"#, &["gone-1.0.0.tgz"]).await;
    fs::write(home.path().join("x/notes.txt"), "of a person").unwrap();
    let survey = hosted.survey(&store).unwrap();
    let missing = lines(&survey.missing);
    let of = |version: &str, file: &str| {
        format!(
            "it: version {version} of x cannot be installed, as x/{file} is not there, or no file: put the \
             file back, or unpublish the version"
        )
    };
    assert_eq!(missing, [of("1.0.0", "x-1.0.0.tgz"), of("2.1.0", "x_2.1.tgz")]);
    let unnamed = lines(&survey.unnamed);
    assert_eq!(unnamed.len(), 3, "{unnamed:#?}");
    for (line, start) in unnamed.iter().zip(["gone/gone-1.0.0.tgz", "x/!0", "x/x-3.0.0.tgz"]) {
        assert!(line.starts_with(&format!("it: {start}")), "{line}");
        assert!(line.ends_with("may be removed"), "{line}");
    }
    assert_eq!(survey.left_out, Findings::default());
    // It is only told of.
    assert_eq!(hosted.survey(&store).unwrap(), survey);
}

/// Of copies, and of documents that say nothing, nobody knows which files are theirs.
#[tokio::test]
async fn a_look_leaves_alone_what_is_not_hosted() {
    let home = tempfile::tempdir().unwrap();
    let (store, hosted) = hosted(home.path());
    let copy = r#""_proxied":true,"versions":{"1.0.0":{}}"#;
    put(&store, "copy", copy, &["copy-2.0.0.tgz"]).await;
    put(&store, "odd", r#""versions":[]"#, &["odd-1.0.0.tgz"]).await;
    for (path, text) in [
        ("damaged/damaged.json", "{"),
        ("damaged/damaged-1.0.0.tgz", "bytes"),
        ("old/old-1.0.0.tgz", "bytes"),
        ("old/old-2.0.0.tgz", "bytes"),
        ("registry.json", r#"{"old":{"name":"old","versions":{"1.0.0":{},"1.1.0":{}}}}"#),
    ] {
        let path = home.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    drop((store, hosted));
    let (store, hosted) = self::hosted(home.path());
    let survey = hosted.survey(&store).unwrap();
    assert_eq!((survey.packages, survey.copies), (3, 1));
    assert_eq!(survey.unnamed, Findings::default());
    let missing = lines(&survey.missing);
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert!(missing[0].starts_with("it: version 1.1.0 of old cannot be installed"), "{missing:?}");
    let left_out = lines(&survey.left_out);
    assert_eq!(left_out.len(), 2, "{left_out:?}");
    assert!(left_out[0].starts_with("it: the document of odd cannot be read"), "{left_out:?}");
    assert!(left_out[1].starts_with("it: damaged/damaged.json: it is not JSON"), "{left_out:?}");
}

/// A list leaves out what cannot be read, whether a look has told of it or not.
#[tokio::test]
async fn a_list_is_made_after_a_look_and_without_one() {
    let home = tempfile::tempdir().unwrap();
    let (store, hosted) = hosted(home.path());
    put(&store, "x", r#""versions":{}"#, &[]).await;
    put(&store, "odd", r#""versions":[]"#, &[]).await;
    let hosted = Arc::new(hosted);
    for _ in ["without", "after"] {
        let packages = hosted.packages().await.unwrap();
        let names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["x"]);
        hosted.survey(&store).unwrap();
    }
    // The directory is gone.
    fs::remove_dir_all(home.path()).unwrap();
    let error = hosted.packages().await.unwrap_err();
    assert!(matches!(error, HostedError::Unlisted(_)), "{error}");
    assert!(error.to_string().starts_with("the packages cannot be listed: "), "{error}");
    assert!(hosted.survey(&store).is_err());
}
