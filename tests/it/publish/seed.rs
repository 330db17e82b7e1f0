//! The registry directory of the NOPAR before this one, opened as it is.
//! Knows nothing of what that NOPAR did with it.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{check_tarball, done, nothing_stored, over, packument, stored, versions};
use crate::asking::{WAYS, canonical};
use crate::support::client::{Request, get};
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, path_of, put, refusal, send};
use crate::support::upstream::{FakeUpstream, integrity, made_up, shasum, usual_path};

/// Where the tarballs were, as far as that NOPAR knew.
const OLD: &str = "http://old.example:5984";

fn bytes(version: &str) -> bytes::Bytes {
    made_up(version.bytes().map(u64::from).sum::<u64>() * 2, 3000)
}

/// A manifest of then.
fn manifest(name: &str, version: &str, tarball: &str) -> Value {
    let (integrity, shasum) = (integrity(&bytes(version)), shasum(&bytes(version)));
    let dist = json!({"integrity": integrity, "shasum": shasum, "tarball": tarball});
    json!({"name": name, "version": version, "_id": format!("{name}@{version}"), "dist": dist})
}

/// A document of then, of two versions: one with the usual file, one with an odd one.
fn document(name: &str, proxied: bool) -> Value {
    let base = name.rsplit('/').next().expect("a base name");
    let usual = format!("{OLD}{}", usual_path(name, "1.0.0"));
    let odd = format!("{OLD}/{name}/-/{base}_1.1.tgz");
    json!({
        "_id": name, "_rev": 7, "name": name, "_proxied": proxied, "_mtime": "2014-01-01",
        "_highest-version": "0.0.1",
        "_attachments": {
            (format!("{base}-1.0.0.tgz")): {"cached": true, "forwardUrl": "https://up.example/1.tgz"},
            (format!("{base}_1.1.tgz")): {"cached": true},
        },
        "dist-tags": {"latest": "1.1.0", "stable": "1.0.0"},
        "versions": {
            "1.0.0": manifest(name, "1.0.0", &usual),
            "1.1.0": manifest(name, "1.1.0", &odd),
        },
        "time": {
            "created": "2013-01-01T00:00:00.000Z", "modified": "2014-01-01T00:00:00.000Z",
            "1.0.0": "2013-01-01T00:00:00.000Z", "1.1.0": "2014-01-01T00:00:00.000Z",
        },
        "maintainers": [{"name": "ann", "email": "ann@mail.example"}],
        "description": "Of old.", "odd": {"a": 1},
    })
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, bytes).expect("a file");
}

/// Writes a package as that NOPAR had it; its document's bytes.
fn write_package(registry: &Path, name: &str, proxied: bool) -> Vec<u8> {
    let base = name.rsplit('/').next().expect("a base name");
    let document = serde_json::to_vec_pretty(&document(name, proxied)).expect("JSON");
    write(&registry.join(format!("{name}/{base}.json")), &document);
    write(&registry.join(format!("{name}/{base}-1.0.0.tgz")), &bytes("1.0.0"));
    write(&registry.join(format!("{name}/{base}_1.1.tgz")), &bytes("1.1.0"));
    document
}

/// Fails the test unless both versions of old are there, under addresses of today.
async fn check_served(nopar: &TestNopar, name: &str) {
    let full = packument(nopar.addr(), name).await;
    for version in ["1.0.0", "1.1.0"] {
        let dist = &full["versions"][version]["dist"];
        assert_eq!(dist["tarball"], canonical(&nopar.url(), name, version));
        assert_eq!(dist["integrity"], integrity(&bytes(version)));
        check_tarball(nopar.addr(), name, version, &bytes(version)).await;
    }
    for private in ["_attachments", "_proxied", "_mtime", "_highest-version"] {
        assert_eq!(full.get(private), None, "{private}");
    }
    assert_eq!((&full["description"], &full["odd"]), (&json!("Of old."), &json!({"a": 1})));
    assert_eq!(full["dist-tags"], json!({"latest": "1.1.0", "stable": "1.0.0"}));
    for way in WAYS {
        way.check(&way.of(nopar, name).send().await, &full, &nopar.url());
    }
    assert!(!full.to_string().contains("old.example"), "{full}");
}

/// Published packages of then are served, their tarballs under the names of today and of then; nobody is
/// asked, and no file is touched.
#[tokio::test]
async fn packages_of_old_are_served() {
    let registry = TempDir::new().expect("a directory");
    let names = ["x", "@s/n", "JSONStream"];
    let written = names.map(|name| write_package(registry.path(), name, false));
    let (upstream, nopar) = over(registry.path()).await;
    let before = stored(registry.path());
    for (name, written) in names.into_iter().zip(written) {
        upstream.package(name).version("9.9.9", |v| v);
        check_served(&nopar, name).await;
        let base = name.rsplit('/').next().expect("a base name");
        let odd = format!("/{name}/-/{base}_1.1.tgz");
        assert!(get(nopar.addr(), &odd).await.expect(200).body == bytes("1.1.0"), "{odd}");
        let file = registry.path().join(format!("{name}/{base}.json"));
        assert!(std::fs::read(file).expect("a document") == written, "{name} was changed");
    }
    assert_eq!(stored(registry.path()), before);
    assert_eq!(upstream.count_all(), 0);
}

/// They go on: the next version is published, tags move, old versions are taken back; nothing else is lost.
#[tokio::test]
async fn packages_of_old_go_on() {
    let registry = TempDir::new().expect("a directory");
    for name in ["x", "@s/n", "JSONStream"] {
        write_package(registry.path(), name, false);
        let (upstream, mut nopar) = over(registry.path()).await;
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
        check_tarball(nopar.addr(), name, "1.0.0", &bytes("1.0.0")).await;
        let published = Publish::of(name, "1.2.0").bytes();
        check_tarball(nopar.addr(), name, "1.2.0", &published).await;
        refusal(&get(nopar.addr(), &usual_path(name, "1.1.0")).await, &[404], name);
        let left = stored(registry.path());
        assert!(!left.iter().any(|file| file.ends_with("_1.1.tgz")), "{left:?}");
        assert_eq!(upstream.count_all(), 0);
        nopar.stop().await;
        std::fs::remove_dir_all(registry.path()).expect("a directory");
    }
}

/// A revision of then is a number; a client that has seen it may change the package.
#[tokio::test]
async fn a_number_is_a_revision() {
    let registry = TempDir::new().expect("a directory");
    write_package(registry.path(), "x", false);
    let (_upstream, nopar) = over(registry.path()).await;
    let mut seen = packument(nopar.addr(), "x").await;
    assert!(seen["_rev"] == 7 || seen["_rev"] == "7", "{}", seen["_rev"]);
    refusal(
        &Request::new(nopar.addr(), "DELETE", "/x/-rev/6").send().await,
        &[409],
        "an older one",
    );
    seen["versions"]["1.0.0"]["deprecated"] = json!("old");
    done(&put(nopar.addr(), "x", &seen).send().await, "deprecate");
    let rev = packument(nopar.addr(), "x").await["_rev"].as_str().expect("a _rev").to_owned();
    done(&Request::new(nopar.addr(), "DELETE", &format!("/x/-rev/{rev}")).send().await, "all");
    refusal(&nopar.get("/x").await, &[404], "all");
}

/// A copy of the upstream's document is served when the upstream cannot be asked, and only then; it is never
/// changed.
#[tokio::test]
async fn a_copy_stands_in_for_the_upstream() {
    let registry = TempDir::new().expect("a directory");
    for name in ["x", "@s/n"] {
        let written = write_package(registry.path(), name, true);
        let (upstream, mut nopar) = over(registry.path()).await;
        let before = stored(registry.path());
        upstream.stop().await;
        check_served(&nopar, name).await;
        upstream.restart().await;
        upstream.package(name).version("2.0.0", |v| v);
        nopar.restart().await;
        let read = get(nopar.addr(), &path_of(name)).await.expect(200).json();
        assert_eq!(versions(&read), ["2.0.0"], "the upstream is asked when it can be");
        let answer = Publish::of(name, "3.0.0").to(nopar.addr()).send().await;
        refusal(&answer, &[403], "the name is the upstream's");
        let base = name.rsplit('/').next().expect("a base name");
        let file = registry.path().join(format!("{name}/{base}.json"));
        assert!(std::fs::read(file).expect("a document") == written, "{name} was changed");
        assert_eq!(stored(registry.path()), before);
        nopar.stop().await;
        std::fs::remove_dir_all(registry.path()).expect("a directory");
    }
}

/// What is deleted by name is what NOPAR has cached of the upstream's package: the copy of old is not touched, and told
/// of where it is all that there is.
#[tokio::test]
async fn a_copy_of_old_is_not_deleted() {
    let registry = TempDir::new().expect("a directory");
    let written = write_package(registry.path(), "x", true);
    let (upstream, nopar) = over(registry.path()).await;
    upstream.package("x").version("2.0.0", |v| v);
    let delete = || Request::new(nopar.addr(), "POST", "/-/package/x/delete").send();
    let error = refusal(&delete().await, &[403], "nothing is cached");
    assert!(error.contains("move it away"), "{error}");
    get(nopar.addr(), "/-/package/x/refresh").await.expect(200);
    delete().await.expect(200);
    refusal(&delete().await, &[403], "nothing is cached any more");
    assert!(std::fs::read(registry.path().join("x/x.json")).expect("it") == written);
    upstream.stop().await;
    check_served(&nopar, "x").await;
}

/// In the oldest generation `registry.json` held all documents: they are served, and go on in files.
#[tokio::test]
async fn documents_of_the_first_generation_are_served() {
    let registry = TempDir::new().expect("a directory");
    let mut old = document("x", false);
    old.as_object_mut().expect("a document").remove("_proxied");
    let text = json!({"x": old}).to_string();
    write(&registry.path().join("registry.json"), text.as_bytes());
    write(&registry.path().join("x/x-1.0.0.tgz"), &bytes("1.0.0"));
    write(&registry.path().join("x/x_1.1.tgz"), &bytes("1.1.0"));
    let (upstream, mut nopar) = over(registry.path()).await;
    check_served(&nopar, "x").await;
    Publish::of("x", "1.2.0").succeed(nopar.addr()).await;
    nopar.restart().await;
    assert_eq!(versions(&packument(nopar.addr(), "x").await), ["1.0.0", "1.1.0", "1.2.0"]);
    let kept = std::fs::read_to_string(registry.path().join("registry.json")).expect("it");
    assert_eq!(kept, text, "it is never written");
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
    let settings =
        json!({"version": "0.9.0", "settings": {}, "count": 0, "local": 0, "proxied": 0});
    write(&registry.path().join("registry.json"), settings.to_string().as_bytes());
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
    let folder = TempDir::new().expect("a folder");
    let document = write_package(folder.path(), "x", true);
    let path = folder.path().to_str().expect("UTF-8");
    let nopar = TestNopar::with(&upstream).env("NOPAR_REGISTRY_PATH", path);
    let nopar = nopar.env("NOPAR_LOCAL_PACKAGES", "x").start().await;
    let mut connection = nopar.connect().await;
    connection
        .deliver(b"PUT /x HTTP/1.1\r\nHost: npm.test\r\nContent-Length: 100000\r\n\r\n")
        .await;
    let answer = connection.receive().await.expect("an answer to a head alone");
    let error = refusal(&answer, &[403], "before the body");
    assert!(error.contains("move it away"), "{error}");
    let answer = Publish::of("x", "2.0.0").to(nopar.addr()).send().await;
    refusal(&answer, &[403], "with the body");
    assert_eq!(std::fs::read(folder.path().join("x/x.json")).expect("the copy"), document);
    assert_eq!(upstream.count_all(), 0);
}
