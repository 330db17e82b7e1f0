//! The registry directory of the NOPARs before this one, opened as it is: that of each generation.
//! Knows nothing of what those NOPARs did with it.

use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use super::{check_tarball, done, nothing_stored, over, packument, stored, versions};
use crate::asking::{WAYS, canonical};
use crate::support::binary::Binary;
use crate::support::client::{Request, get};
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, path_of, put, refusal, send};
use crate::support::seed::{
    COPIED, GENERATIONS, HOSTED, LOST, Seed, base_of, document_of, odd_file,
};
use crate::support::upstream::{FakeUpstream, integrity, shasum, usual_path};

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, bytes).expect("a file");
}

/// Fails the test unless both versions of old are there, under addresses of today.
async fn check_served(nopar: &TestNopar, seed: &Seed, name: &str) {
    let full = packument(nopar.addr(), name).await;
    for version in ["1.0.0", "1.1.0"] {
        let (dist, bytes) = (&full["versions"][version]["dist"], seed.tarball(name, version));
        assert_eq!(dist["tarball"], canonical(&nopar.url(), name, version));
        assert_eq!(dist["shasum"], shasum(&bytes));
        // A package of NOPAR's own is signed when it is served, and what is signed is the integrity.
        let has_integrity = seed.has_integrity() || HOSTED.contains(&name);
        let expected = has_integrity.then(|| json!(integrity(&bytes)));
        assert_eq!(dist.get("integrity"), expected.as_ref());
        check_tarball(nopar.addr(), name, version, &bytes).await;
    }
    for private in [
        "_attachments",
        "_proxied",
        "_mtime",
        "_highest-version",
        "_inversed-dist-tags",
        "_fwd-dists",
    ] {
        assert_eq!(full.get(private), None, "{private}");
    }
    assert_eq!((&full["description"], &full["odd"]), (&json!("Of old."), &json!({"a": 1})));
    assert_eq!(full["dist-tags"], json!({"latest": "1.1.0", "stable": "1.0.0"}));
    for way in WAYS {
        way.check(&way.of(nopar, name).send().await, &full, &nopar.url());
    }
    for old in ["nopar.example", "registry.example"] {
        assert!(!full.to_string().contains(old), "{full}");
    }
}

/// Published packages of then are served, their tarballs under the names of today and of then; nobody is
/// asked, and no file is touched but documents, which are signed.
#[tokio::test]
async fn packages_of_old_are_served() {
    for generation in GENERATIONS {
        let seed = Seed::of(generation);
        let (upstream, mut nopar) = over(seed.path()).await;
        let before = seed.files();
        for name in HOSTED {
            upstream.package(name).version("9.9.9", |v| v);
            check_served(&nopar, &seed, name).await;
            let odd = format!("/{name}/-/{}_1.1.tgz", base_of(name));
            let sent = get(nopar.addr(), &odd).await.expect(200).body;
            assert!(sent == seed.tarball(name, "1.1.0"), "{odd}");
        }
        let mut after = seed.files();
        for (file, bytes) in &before {
            let is_documents = HOSTED.iter().any(|name| *file == document_of(name));
            assert!(is_documents || after.get(file) == Some(bytes), "{generation}: {file}");
        }
        after.retain(|file, _| !before.contains_key(file));
        let added: Vec<_> = after.keys().collect();
        let moved = generation == "0.1";
        assert_eq!(added.len(), if moved { HOSTED.len() } else { 0 }, "{generation}: {added:?}");
        assert_eq!(upstream.count_all(), 0);
        nopar.stop().await;
    }
}

/// The start tells what there is, and what it leaves out; that is nobody's, and stays where it is.
#[tokio::test]
async fn a_start_tells_what_it_leaves_out() {
    let upstream = FakeUpstream::start().await;
    for generation in GENERATIONS {
        let seed = Seed::of(generation);
        let before = seed.files();
        let env = [("NOPAR_REGISTRY_PATH", seed.path().to_str().expect("a path in UTF-8"))];
        let (binary, addr) = Binary::serving(&upstream.url(), &env).await;
        binary.says("store: 5 packages, 2 of them copies of an older NOPAR in ").await;
        binary.says("store: left out: lost: it has no lost.json").await;
        for path in [path_of(LOST), usual_path(LOST, "1.0.0")] {
            refusal(&get(addr, &path).await, &[404], &path);
        }
        binary.signal("TERM");
        let told = binary.ended().await.stderr;
        assert_eq!(told.matches("left out").count(), 1, "{generation}: {told}");
        assert!(seed.files() == before, "{generation} was changed");
    }
}

/// They go on: the next version is published, tags move, old versions are taken back; nothing else is lost.
#[tokio::test]
async fn packages_of_old_go_on() {
    let flat = HOSTED.map(|name| ("0.9", name));
    for (generation, name) in flat.into_iter().chain([("0.2", "foo"), ("0.1", "@s/bar")]) {
        let seed = Seed::of(generation);
        let first = seed.tarball(name, "1.0.0");
        let (upstream, mut nopar) = over(seed.path()).await;
        let addr = nopar.addr();
        refusal(&Publish::of(name, "1.0.0").to(addr).send().await, &[409], name);
        Publish::of(name, "1.2.0").succeed(addr).await;
        let rev = packument(addr, name).await["_rev"].as_str().expect("a _rev").to_owned();
        assert!(rev.starts_with("8-"), "{rev} after 7");
        let tag = format!("/-/package/{}/dist-tags/stable", &path_of(name)[1..]);
        send(addr, "PUT", &tag, &json!("1.2.0")).send().await.expect(201);
        let mut less = packument(addr, name).await;
        less["versions"].as_object_mut().expect("versions").remove("1.1.0");
        done(&super::at_revision(addr, "PUT", &less, &less).send().await, name);
        nopar.restart().await;
        let now = packument(nopar.addr(), name).await;
        assert_eq!(versions(&now), ["1.0.0", "1.2.0"]);
        assert_eq!(now["dist-tags"], json!({"latest": "1.2.0", "stable": "1.2.0"}));
        assert_eq!(
            (&now["odd"], &now["maintainers"][0]["name"]),
            (&json!({"a": 1}), &json!("ann"))
        );
        assert_eq!(now["time"]["1.0.0"], "2013-01-01T00:00:00.000Z");
        check_tarball(nopar.addr(), name, "1.0.0", &first).await;
        let published = Publish::of(name, "1.2.0").bytes();
        check_tarball(nopar.addr(), name, "1.2.0", &published).await;
        refusal(&get(nopar.addr(), &usual_path(name, "1.1.0")).await, &[404], name);
        let left = stored(seed.path());
        assert!(!left.contains(&odd_file(name)), "{left:?}");
        assert_eq!(upstream.count_all(), 0);
        nopar.stop().await;
    }
}

/// A revision of then is a number; a client that has seen it may change the package.
#[tokio::test]
async fn a_number_is_a_revision() {
    let seed = Seed::of("0.9");
    let (_upstream, nopar) = over(seed.path()).await;
    let mut seen = packument(nopar.addr(), "foo").await;
    assert!(seen["_rev"] == 7 || seen["_rev"] == "7", "{}", seen["_rev"]);
    refusal(
        &Request::new(nopar.addr(), "DELETE", "/foo/-rev/6").send().await,
        &[409],
        "an older one",
    );
    seen["versions"]["1.0.0"]["deprecated"] = json!("old");
    done(&put(nopar.addr(), "foo", &seen).send().await, "deprecate");
    let rev = packument(nopar.addr(), "foo").await["_rev"].as_str().expect("a _rev").to_owned();
    let all = Request::new(nopar.addr(), "DELETE", &format!("/foo/-rev/{rev}"));
    done(&all.send().await, "all");
    refusal(&nopar.get("/foo").await, &[404], "all");
}

/// A copy of the upstream's document is served when the upstream cannot be asked, and only then; it is never
/// changed.
#[tokio::test]
async fn a_copy_stands_in_for_the_upstream() {
    for generation in GENERATIONS {
        let seed = Seed::of(generation);
        let (upstream, mut nopar) = over(seed.path()).await;
        let before = seed.files();
        upstream.stop().await;
        for name in COPIED {
            check_served(&nopar, &seed, name).await;
        }
        upstream.restart().await;
        nopar.restart().await;
        for name in COPIED {
            upstream.package(name).version("2.0.0", |v| v);
            let read = get(nopar.addr(), &path_of(name)).await.expect(200).json();
            assert_eq!(versions(&read), ["2.0.0"], "the upstream is asked when it can be");
            let answer = Publish::of(name, "3.0.0").to(nopar.addr()).send().await;
            refusal(&answer, &[403], "the name is the upstream's");
        }
        assert!(seed.files() == before, "{generation} was changed");
        nopar.stop().await;
    }
}

/// What is deleted by name is what NOPAR has cached of the upstream's package: the copy of old is not touched, and told
/// of where it is all that there is.
#[tokio::test]
async fn a_copy_of_old_is_not_deleted() {
    let seed = Seed::of("0.9");
    let (before, name) = (seed.files(), COPIED[0]);
    let (upstream, nopar) = over(seed.path()).await;
    upstream.package(name).version("2.0.0", |v| v);
    let path = format!("/-/package/{name}/delete");
    let delete = || Request::new(nopar.addr(), "POST", &path).send();
    let error = refusal(&delete().await, &[403], "nothing is cached");
    assert!(error.contains("move it away"), "{error}");
    let refresh = format!("/-/package/{name}/refresh");
    Request::new(nopar.addr(), "POST", &refresh).send().await.expect(200);
    delete().await.expect(200);
    refusal(&delete().await, &[403], "nothing is cached any more");
    assert!(seed.files() == before, "it was changed");
    upstream.stop().await;
    check_served(&nopar, &seed, name).await;
}

/// In the oldest generation `registry.json` held all documents: they are served, and go on in files.
#[tokio::test]
async fn documents_of_the_first_generation_are_served() {
    let seed = Seed::of("0.1");
    let before = seed.files();
    assert!(!before.contains_key("foo/foo.json"), "it is in registry.json");
    let (upstream, mut nopar) = over(seed.path()).await;
    check_served(&nopar, &seed, "foo").await;
    Publish::of("foo", "1.2.0").succeed(nopar.addr()).await;
    nopar.restart().await;
    assert_eq!(versions(&packument(nopar.addr(), "foo").await), ["1.0.0", "1.1.0", "1.2.0"]);
    let now = seed.files();
    assert!(now["registry.json"] == before["registry.json"], "it is never written");
    let added: Vec<_> = now.keys().filter(|file| !before.contains_key(*file)).collect();
    assert_eq!(added, ["foo/foo-1.2.0.tgz", "foo/foo.json"]);
    assert_eq!(upstream.count_all(), 0);
}

/// A document that cannot be read is no free place: nobody is asked instead, and nobody publishes over it.
#[tokio::test]
async fn a_damaged_document_keeps_its_place() {
    for damage in ["", "{", "[]", "{\"name\":\"y\",\"versions\":{}}"] {
        let registry = TempDir::new().expect("a directory");
        write(&registry.path().join("x/x.json"), damage.as_bytes());
        let (upstream, nopar) = over(registry.path()).await;
        upstream.package("x").version("9.9.9", |v| v);
        refusal(&nopar.get("/x").await, &[500, 503], damage);
        refusal(&nopar.get("/x/-/x-9.9.9.tgz").await, &[404, 500, 503], damage);
        let answer = Publish::of("x", "1.0.0").to(nopar.addr()).send().await;
        refusal(&answer, &[403, 409, 500, 503], damage);
        assert_eq!(upstream.count_all(), 0, "{damage:?}");
        let kept = std::fs::read_to_string(registry.path().join("x/x.json")).expect("it");
        assert_eq!(kept, damage);
        assert_eq!(stored(registry.path()), ["x/x.json"]);
        // The others are none the worse.
        Publish::of("z", "1.0.0").succeed(nopar.addr()).await;
    }
}

/// A directory that has nothing of the kind is a new one.
#[tokio::test]
async fn an_empty_directory_is_a_new_registry() {
    let registry = TempDir::new().expect("a directory");
    let old = Seed::of("0.9");
    let settings = old.path().join("registry.json");
    std::fs::copy(settings, registry.path().join("registry.json")).expect("a copy");
    let (_upstream, nopar) = over(&registry.path().join("below/it")).await;
    nothing_stored(&nopar, "a new one").await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let (_upstream, nopar) = over(registry.path()).await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
}

/// Where a copy lies in the place of a claimed name, nothing is published, and that is said before a body is sent.
#[tokio::test]
async fn a_copy_in_the_place_of_a_claimed_name_is_told_of_at_once() {
    let upstream = FakeUpstream::start().await;
    let seed = Seed::of("0.9");
    let before = seed.files();
    let path = seed.path().to_str().expect("UTF-8");
    let nopar = TestNopar::with(&upstream).env("NOPAR_REGISTRY_PATH", path);
    let nopar = nopar.env("NOPAR_LOCAL_PACKAGES", "copied").start().await;
    let mut connection = nopar.connect().await;
    connection
        .deliver(b"PUT /copied HTTP/1.1\r\nHost: npm.test\r\nContent-Length: 100000\r\n\r\n")
        .await;
    let answer = connection.receive().await.expect("an answer to a head alone");
    let error = refusal(&answer, &[403], "before the body");
    assert!(error.contains("move it away"), "{error}");
    let answer = Publish::of("copied", "2.0.0").to(nopar.addr()).send().await;
    refusal(&answer, &[403], "with the body");
    assert!(seed.files() == before, "the copy was changed");
    assert_eq!(upstream.count_all(), 0);
}
