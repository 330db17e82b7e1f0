//! Documents of an older NOPAR in which two versions have one tarball file, or files that differ in case only.
//! Knows nothing of how such documents came to be.

use std::path::Path;

use bytes::Bytes;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{check_tarball, done, over, packument, stored, versions};
use crate::support::client::get;
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, refusal, send};
use crate::support::upstream::{integrity, made_up, shasum, usual_path};

fn bytes(seed: u64) -> Bytes {
    // One kept in memory, one that is not.
    made_up(seed, if seed == 2 { 3_000 } else { 400_000 })
}

/// A package `x` of these versions, each with the file that its `dist` names and the bytes of that number.
fn write(registry: &Path, versions: &[(&str, &str, u64)]) {
    let folder = registry.join("x");
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut manifests = json!({});
    for (version, file, seed) in versions {
        let (integrity, shasum) = (integrity(&bytes(*seed)), shasum(&bytes(*seed)));
        let tarball = format!("http://old.example:5984/x/-/{file}");
        manifests[version] = json!({
            "name": "x", "version": version,
            "dist": {"integrity": integrity, "shasum": shasum, "tarball": tarball},
        });
    }
    let last = versions.last().expect("a version").0;
    let document = json!({
        "_id": "x", "_rev": 3, "name": "x", "_proxied": false,
        "dist-tags": {"latest": last}, "versions": manifests,
    });
    std::fs::write(folder.join("x.json"), document.to_string()).expect("a file");
}

async fn take_back(nopar: &TestNopar, version: &str) {
    let mut less: Value = packument(nopar.addr(), "x").await;
    less["versions"].as_object_mut().expect("versions").remove(version);
    // One of old is a number.
    let rev = less["_rev"].to_string();
    let path = format!("/x/-rev/{}", rev.trim_matches('"'));
    done(&send(nopar.addr(), "PUT", &path, &less).send().await, version);
}

/// One version taken back leaves the other its file; the last one takes it along. Nothing is published over it.
#[tokio::test]
async fn a_file_of_two_versions_stays_as_long_as_one_names_it() {
    for seed in [2, 3] {
        let registry = TempDir::new().expect("a directory");
        let file = "x-2.0.0.tgz";
        write(
            registry.path(),
            &[("1.0.0", file, seed), ("1.1.0", file, seed), ("1.2.0", "y.tgz", 2)],
        );
        std::fs::write(registry.path().join("x").join(file), bytes(seed)).expect("a file");
        std::fs::write(registry.path().join("x/y.tgz"), bytes(2)).expect("a file");
        let (_upstream, nopar) = over(registry.path()).await;
        let answer = Publish::of("x", "2.0.0").to(nopar.addr()).send().await;
        refusal(&answer, &[409], "its file is another version's");
        for version in ["1.0.0", "1.1.0"] {
            check_tarball(nopar.addr(), "x", version, &bytes(seed)).await;
        }
        take_back(&nopar, "1.0.0").await;
        refusal(&get(nopar.addr(), &usual_path("x", "1.0.0")).await, &[404], "taken back");
        check_tarball(nopar.addr(), "x", "1.1.0", &bytes(seed)).await;
        take_back(&nopar, "1.1.0").await;
        assert_eq!(stored(registry.path()), ["x/x.json", "x/y.tgz"]);
        check_tarball(nopar.addr(), "x", "1.2.0", &bytes(2)).await;
        Publish::of("x", "2.0.0").succeed(nopar.addr()).await;
    }
}

/// Of two versions that name one file and say different things of it, one has its bytes; the other is refused, and
/// not given them.
#[tokio::test]
async fn a_file_of_two_versions_is_sent_to_who_asks_for_the_right_one() {
    let registry = TempDir::new().expect("a directory");
    write(registry.path(), &[("1.0.0", "x.tgz", 3), ("1.1.0", "x.tgz", 5)]);
    std::fs::write(registry.path().join("x/x.tgz"), bytes(5)).expect("a file");
    let (_upstream, nopar) = over(registry.path()).await;
    for _ in 0..2 {
        refusal(&get(nopar.addr(), &usual_path("x", "1.0.0")).await, &[500], "overwritten");
        check_tarball(nopar.addr(), "x", "1.1.0", &bytes(5)).await;
    }
    take_back(&nopar, "1.0.0").await;
    check_tarball(nopar.addr(), "x", "1.1.0", &bytes(5)).await;
}

/// Where case does not count, the file of `-rc` is that of `-RC`: it stays as long as either is there.
#[tokio::test]
async fn a_file_that_differs_in_case_stays_as_long_as_it_may_be_meant() {
    let registry = TempDir::new().expect("a directory");
    write(
        registry.path(),
        &[("1.0.0", "x.tgz", 2), ("1.1.0-RC", "x-RC.tgz", 5), ("1.1.0-rc", "x-rc.tgz", 5)],
    );
    std::fs::write(registry.path().join("x/x.tgz"), bytes(2)).expect("a file");
    // As found by both names.
    std::fs::write(registry.path().join("x/x-RC.tgz"), bytes(5)).expect("a file");
    std::fs::hard_link(registry.path().join("x/x-RC.tgz"), registry.path().join("x/x-rc.tgz"))
        .expect("a link");
    let (_upstream, nopar) = over(registry.path()).await;
    take_back(&nopar, "1.1.0-rc").await;
    assert!(stored(registry.path()).iter().any(|file| file == "x/x-rc.tgz"));
    check_tarball(nopar.addr(), "x", "1.1.0-RC", &bytes(5)).await;
    take_back(&nopar, "1.1.0-RC").await;
    assert!(!stored(registry.path()).iter().any(|file| file == "x/x-RC.tgz"));
    assert_eq!(versions(&packument(nopar.addr(), "x").await), ["1.0.0"]);
    check_tarball(nopar.addr(), "x", "1.0.0", &bytes(2)).await;
}
