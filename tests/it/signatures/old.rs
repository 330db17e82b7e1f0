//! Documents that were published before there were signatures: signed when they are first served, once.
//! Knows nothing of how a signature is made.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::{abbreviated, check, full, keys, over, verify};
use crate::support::client::{Request, Response, get};
use crate::support::publish::{path_of, put};
use crate::support::seed::{COPIED, GENERATIONS, HOSTED, Seed, document_of, odd_file};
use crate::support::upstream::{integrity, shasum};

/// What tells the file of a package's document from one that was written anew.
fn written(registry: &Path, name: &str) -> (u64, i64) {
    // Where the document of a name with capitals is put that was in `registry.json`.
    let moved = document_of(&name.replace("JSONS", "!j!s!o!n!s"));
    let places = [moved, document_of(name)].map(|file| fs::metadata(registry.join(file)).ok());
    let file = places.into_iter().flatten().next().expect("a document");
    (file.ino(), file.mtime_nsec())
}

fn same(one: &Response, other: &Response, what: &str) {
    assert!(one.body == other.body, "{what}: another body");
    for header in ["etag", "last-modified"] {
        assert!(one.header(header).is_some(), "{what}: {header}");
        assert_eq!(one.header(header), other.header(header), "{what}");
    }
}

/// Keys are asked for first, as npm does; documents say nothing else than before.
#[tokio::test]
async fn packages_of_old_are_signed_when_they_are_first_served() {
    for generation in GENERATIONS {
        let seed = Seed::of(generation);
        let before = seed.files();
        let (upstream, mut nopar) = over(seed.path()).await;
        let (_other_upstream, other) = over(seed.path()).await;
        let offered = keys(nopar.addr()).await;
        assert_eq!(offered.len(), 1, "{generation}");
        for name in HOSTED {
            let first = nopar.get(&path_of(name)).await.expect(200);
            check(nopar.addr(), &offered, name).await;
            let document = first.json();
            assert!(document["_rev"] == 7 || document["_rev"] == "7", "{}", document["_rev"]);
            assert_eq!(document["time"]["modified"], "2014-01-01T00:00:00.000Z");
            same(&nopar.get(&path_of(name)).await, &first, "the second time");
            let there = written(seed.path(), name);
            let seen = other.get(&path_of(name)).await.expect(200).json();
            assert_eq!(
                seen["versions"]["1.0.0"]["dist"]["signatures"],
                document["versions"]["1.0.0"]["dist"]["signatures"]
            );
            check(other.addr(), &offered, name).await;
            nopar.restart().await;
            check(nopar.addr(), &offered, name).await;
            assert_eq!(written(seed.path(), name), there, "written once");
        }
        let after = seed.files();
        for file in before.keys().filter(|file| !HOSTED.iter().any(|it| document_of(it) == **file))
        {
            assert!(after[file] == before[file], "{generation}: {file}");
        }
        assert_eq!(upstream.count("/foo"), 0);
    }
}

/// A client that read a document before it was signed sends its copy back, with the revision of then.
#[tokio::test]
async fn copies_that_clients_hold_stay_good() {
    let seed = Seed::of("0.2");
    let (_upstream, nopar) = over(seed.path()).await;
    let now = full(nopar.addr(), "foo").await;
    let mut held = now.clone();
    for version in ["1.0.0", "1.1.0"] {
        let dist = held["versions"][version]["dist"].as_object_mut().expect("a dist");
        for added in ["integrity", "signatures"] {
            assert!(dist.remove(added).is_some(), "{added}");
        }
    }
    held["versions"]["1.0.0"]["deprecated"] = json!("old");
    put(nopar.addr(), "foo", &held).send().await.expect(201);
    let offered = keys(nopar.addr()).await;
    check(nopar.addr(), &offered, "foo").await;
    let dist = full(nopar.addr(), "foo").await["versions"]["1.0.0"]["dist"].clone();
    assert_eq!(dist, now["versions"]["1.0.0"]["dist"]);
}

/// Copies of an upstream's documents are not NOPAR's to sign.
#[tokio::test]
async fn copies_of_old_are_not_signed() {
    for generation in GENERATIONS {
        let seed = Seed::of(generation);
        let before = seed.files();
        let (upstream, nopar) = over(seed.path()).await;
        upstream.stop().await;
        for name in COPIED {
            let document = full(nopar.addr(), name).await;
            assert_eq!(document["versions"]["1.0.0"]["dist"].get("signatures"), None);
        }
        assert!(seed.files() == before, "{generation} was changed");
    }
}

/// Of all who ask at once, in two processes, one writes; all get the same document.
#[tokio::test]
async fn a_crowd_waits_for_one_who_signs() {
    for generation in GENERATIONS {
        let seed = Seed::of(generation);
        let (_one, first) = over(seed.path()).await;
        let (_two, second) = over(seed.path()).await;
        let asking = (0..64).map(|number| {
            let addr = if number % 2 == 0 { first.addr() } else { second.addr() };
            let request = Request::get(addr, "/foo").host("npm.test");
            tokio::spawn(async move { request.send().await.expect(200) })
        });
        let mut answers = Vec::new();
        for answer in asking.collect::<Vec<_>>() {
            answers.push(answer.await.expect("an answer"));
        }
        for answer in &answers {
            same(answer, &answers[0], generation);
        }
        let offered = keys(first.addr()).await;
        assert_eq!(verify(&offered, &answers[0].json(), "1.1.0"), Ok(()));
    }
}

/// A version whose tarball is missing or damaged, and that says nothing but its SHA-1, stays as it is.
#[tokio::test]
async fn what_cannot_be_verified_is_not_signed() {
    for (damage, text) in [("missing", None), ("damaged", Some("other bytes"))] {
        let seed = Seed::of("0.2");
        let tarball = seed.path().join(odd_file("foo"));
        match text {
            None => fs::remove_file(&tarball).expect("removed"),
            Some(text) => fs::write(&tarball, text).expect("written"),
        }
        let (_upstream, mut nopar) = over(seed.path()).await;
        let offered = keys(nopar.addr()).await;
        let document = full(nopar.addr(), "foo").await;
        assert_eq!(verify(&offered, &document, "1.0.0"), Ok(()), "{damage}");
        let dist = &document["versions"]["1.1.0"]["dist"];
        assert_eq!((dist.get("signatures"), dist.get("integrity")), (None, None), "{damage}");
        let there = written(seed.path(), "foo");
        assert_eq!(full(nopar.addr(), "foo").await, document, "{damage}");
        nopar.restart().await;
        abbreviated(nopar.addr(), "foo").await;
        assert_eq!(written(seed.path(), "foo"), there, "{damage}");
    }
}

/// Whoever restores a directory without its keys has everything signed anew, by a key that is offered.
#[tokio::test]
async fn what_a_lost_key_has_signed_is_signed_anew() {
    let seed = Seed::of("0.9");
    let (_upstream, mut nopar) = over(seed.path()).await;
    let lost = keys(nopar.addr()).await;
    check(nopar.addr(), &lost, "foo").await;
    nopar.stop().await;
    fs::remove_dir_all(seed.path().join(".nopar")).expect("removed");
    nopar.restart().await;
    let offered = keys(nopar.addr()).await;
    assert_ne!(offered, lost);
    check(nopar.addr(), &offered, "foo").await;
    let answer = get(nopar.addr(), "/foo").await.expect(200).json();
    let keyid = lost[0]["keyid"].as_str().expect("a keyid");
    assert!(!answer.to_string().contains(keyid));
}

/// Once it is signed it is answered past Pingora, like any other: there `x-cache` stands right before `Age`.
#[tokio::test]
async fn a_package_that_was_signed_is_hot() {
    let seed = Seed::of("0.9");
    let (_upstream, nopar) = over(seed.path()).await;
    let mut last = None;
    for _ in 0..4 {
        let answer = nopar.get("/foo").await.expect(200);
        let names: Vec<_> =
            answer.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        last = Some(names.windows(2).any(|two| two == ["x-cache", "age"]));
    }
    assert_eq!(last, Some(true));
}

/// A registry directory with one package of these versions, each of which says this in its `dist`.
fn registry_with(versions: usize, dist: impl Fn(&str) -> Value) -> TempDir {
    let registry = TempDir::new().expect("a directory");
    let mut all = Map::new();
    for number in 0..versions {
        let version = format!("1.0.{number}");
        let manifest = json!({"name": "x", "version": version, "dist": dist(&version)});
        all.insert(version, manifest);
    }
    let document = json!({"name": "x", "_rev": "3-a", "versions": all});
    fs::create_dir(registry.path().join("x")).expect("a folder");
    fs::write(registry.path().join("x/x.json"), document.to_string()).expect("a document");
    registry
}

/// One that is worked on in its turn.
#[tokio::test]
async fn a_long_document_is_signed_as_well() {
    let registry = registry_with(1000, |_| json!({"integrity": integrity(b"x")}));
    let (_upstream, nopar) = over(registry.path()).await;
    let offered = keys(nopar.addr()).await;
    check(nopar.addr(), &offered, "x").await;
    assert_eq!(full(nopar.addr(), "x").await["_rev"], "3-a");
}

/// Nobody waits until gigabytes were read: what is too much for one who asks is left to the next.
#[tokio::test]
async fn many_large_tarballs_are_read_a_part_at_a_time() {
    const LEN: u64 = 33 << 20;
    let sha1 = shasum(&vec![0; LEN as usize]);
    let registry = registry_with(3, |_| json!({"shasum": sha1}));
    for number in 0..3 {
        let file = File::create(registry.path().join(format!("x/x-1.0.{number}.tgz")));
        file.expect("a file").set_len(LEN).expect("zeros");
    }
    let (_upstream, nopar) = over(registry.path()).await;
    let offered = keys(nopar.addr()).await;
    let signed = |document: &Value| -> Vec<bool> {
        (0..3).map(|it| verify(&offered, document, &format!("1.0.{it}")).is_ok()).collect()
    };
    assert_eq!(signed(&full(nopar.addr(), "x").await), [true, true, false]);
    assert_eq!(signed(&full(nopar.addr(), "x").await), [true, true, true]);
}
