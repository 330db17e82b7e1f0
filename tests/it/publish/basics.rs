//! What is published is there at once, as it was sent, under addresses of NOPAR's own.
//! Knows nothing of forms and validators, nor of what is refused.

use serde_json::{Value, json};

use super::{alone, check_tarball, packument, stored, tidied, versions};
use crate::asking::canonical;
use crate::support::client::{Request, get};
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, send};
use crate::support::upstream::{integrity, made_up, shasum, usual_path};

/// A publish is answered when the package is there: document, tarball, tags, times, publisher.
#[tokio::test]
async fn what_is_published_is_there_at_once() {
    let (_upstream, nopar) = alone().await;
    for name in ["plain", "@s/n"] {
        let publish = Publish::of(name, "1.0.0").field("description", json!("What it is."));
        publish.succeed(nopar.addr()).await;
        let document = packument(nopar.addr(), name).await;
        assert_eq!((&document["_id"], &document["name"]), (&json!(name), &json!(name)));
        assert_eq!(document["dist-tags"], json!({"latest": "1.0.0"}));
        assert_eq!(document["description"], "What it is.");
        let manifest = &document["versions"]["1.0.0"];
        assert_eq!(manifest["name"], name);
        assert_eq!(manifest["version"], "1.0.0");
        assert_eq!(manifest["_id"], format!("{name}@1.0.0"));
        let dist = &manifest["dist"];
        assert_eq!(dist["tarball"], canonical(&nopar.url(), name, "1.0.0"));
        assert_eq!(dist["integrity"], integrity(&publish.bytes()));
        assert_eq!(dist["shasum"], shasum(&publish.bytes()));
        check_tarball(nopar.addr(), name, "1.0.0", &publish.bytes()).await;
    }
}

/// A document says when and by whom, and at which revision it is; `created` stays what it was.
#[tokio::test]
async fn a_document_says_when_and_by_whom() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let before = packument(nopar.addr(), "x").await;
    Publish::of("x", "1.1.0").succeed(nopar.addr()).await;
    let after = packument(nopar.addr(), "x").await;
    let times = |document: &Value, keys: &[&str]| -> Vec<String> {
        let time = |key: &&str| document["time"][*key].as_str().map(str::to_owned);
        keys.iter().map(|key| time(key).unwrap_or_else(|| panic!("{key} in {document}"))).collect()
    };
    assert_eq!(times(&before, &["created", "1.0.0"]), times(&after, &["created", "1.0.0"]));
    assert_eq!(times(&after, &["modified"]), times(&after, &["1.1.0"]));
    for time in times(&after, &["created", "modified", "1.0.0", "1.1.0"]) {
        // 2026-11-28T11:35:00.000Z, which sorts as text.
        assert!(time.len() == 24 && time.ends_with('Z'), "{time}");
    }
    let number = |document: &Value| -> u64 {
        let rev = document["_rev"].as_str().expect("a _rev").to_owned();
        let (number, hex) = rev.split_once('-').expect("a number and hex digits");
        assert!(!hex.is_empty() && hex.bytes().all(|c| c.is_ascii_hexdigit()), "{rev}");
        number.parse().expect("a number")
    };
    assert_eq!(number(&after), number(&before) + 1);
    let publisher = &after["versions"]["1.1.0"]["_npmUser"]["name"];
    assert!(publisher.as_str().is_some_and(|name| !name.is_empty()), "{after}");
    assert_eq!(&after["maintainers"][0]["name"], publisher, "{after}");
}

/// The document and the tarball have their places in the registry directory, and nothing else is there.
#[tokio::test]
async fn files_are_where_an_operator_looks_for_them() {
    let (_upstream, nopar) = alone().await;
    for name in ["x", "@s/n"] {
        let publish = Publish::of(name, "1.0.0");
        publish.succeed(nopar.addr()).await;
        let base = name.rsplit('/').next().expect("a base name");
        let tarball = nopar.registry_path().join(format!("{name}/{base}-1.0.0.tgz"));
        assert!(std::fs::read(&tarball).expect("a tarball") == publish.bytes());
        let document = nopar.registry_path().join(format!("{name}/{base}.json"));
        let document = std::fs::read(&document).expect("a document");
        let document: Value = serde_json::from_slice(&document).expect("JSON");
        assert_eq!(document["name"], name);
        assert_eq!(document.get("_attachments"), None, "the tarball is beside it");
    }
    let expected = ["@s/n/n-1.0.0.tgz", "@s/n/n.json", "x/x-1.0.0.tgz", "x/x.json"];
    assert_eq!(stored(nopar.registry_path()), expected);
    tidied(&nopar).await;
}

/// The first version is `latest` whatever its tag; later ones only if they say so.
#[tokio::test]
async fn latest_is_the_first_version_and_then_what_says_so() {
    let (_upstream, nopar) = alone().await;
    let tags = async || packument(nopar.addr(), "x").await["dist-tags"].clone();
    Publish::of("x", "1.0.0").tag("beta").succeed(nopar.addr()).await;
    assert_eq!(tags().await, json!({"beta": "1.0.0", "latest": "1.0.0"}));
    Publish::of("x", "1.1.0").tag("beta").succeed(nopar.addr()).await;
    assert_eq!(tags().await, json!({"beta": "1.1.0", "latest": "1.0.0"}));
    Publish::of("x", "1.0.1").succeed(nopar.addr()).await;
    assert_eq!(tags().await, json!({"beta": "1.1.0", "latest": "1.0.1"}));
    assert_eq!(versions(&packument(nopar.addr(), "x").await), ["1.0.0", "1.1.0", "1.0.1"]);
}

/// What a client claims of the tarball's address or of signatures is not believed; digests it does not
/// state are worked out.
#[tokio::test]
async fn dist_is_nopars_own() {
    let (_upstream, nopar) = alone().await;
    let dist = json!({
        "tarball": "http://169.254.169.254/latest/meta-data",
        "signatures": [{"keyid": "SHA256:x", "sig": "MEUC"}],
        "fileCount": 3,
    });
    let publish = Publish::of("x", "1.0.0").field("dist", dist);
    publish.succeed(nopar.addr()).await;
    let expected = json!({
        "tarball": canonical(&nopar.url(), "x", "1.0.0"),
        "integrity": integrity(&publish.bytes()),
        "shasum": shasum(&publish.bytes()),
        "fileCount": 3,
    });
    let mut found = packument(nopar.addr(), "x").await["versions"]["1.0.0"]["dist"].clone();
    let signatures = found.as_object_mut().and_then(|dist| dist.remove("signatures"));
    let keyid = signatures.expect("NOPAR's own")[0]["keyid"].clone();
    assert_ne!(keyid, "SHA256:x");
    assert_eq!(found, expected);
}

/// Fields of the manifest that NOPAR does not know come out as they went in.
#[tokio::test]
async fn unknown_fields_survive() {
    let (_upstream, nopar) = alone().await;
    let odd = json!({"n": 1.10, "é": [null, {"deep": true}], "__proto__": {"polluted": 1}});
    let publish = Publish::of("x", "1.0.0").field("odd", odd.clone()).field("gitHead", json!("ab"));
    publish.succeed(nopar.addr()).await;
    let manifest = get(nopar.addr(), "/x/1.0.0").await.expect(200).json();
    assert_eq!((&manifest["odd"], &manifest["gitHead"]), (&odd, &json!("ab")));
}

/// The readme is in the full document once, wherever the client put it, and in the short one not at all.
#[tokio::test]
async fn the_readme_is_in_the_full_document_once() {
    let (_upstream, nopar) = alone().await;
    let text = json!("# read me");
    // npm and yarn 1 write it into the manifest, yarn 4 to the root.
    let in_manifest = Publish::of("npm", "1.0.0").field("readme", text.clone());
    let at_root = Publish::of("yarn", "1.0.0").top("readme", text.clone());
    for (name, publish) in [("npm", in_manifest), ("yarn", at_root)] {
        publish.succeed(nopar.addr()).await;
        let full = packument(nopar.addr(), name).await;
        assert_eq!(full["readme"], text, "{name}");
        assert_eq!(full["versions"]["1.0.0"].get("readme"), None, "{name}");
        let short = nopar.request(&format!("/{name}")).header("Accept", crate::asking::INSTALL);
        assert!(!short.send().await.expect(200).text().contains("read me"), "{name}");
    }
}

/// Whichever way the slash of a scope is written, it is the same package: to publish and to read.
#[tokio::test]
async fn a_scope_is_spelt_in_any_way() {
    let (_upstream, nopar) = alone().await;
    let spellings = ["/@s%2fn", "/@s%2Fn", "/%40s%2fn", "/@s/n"];
    for (number, spelling) in spellings.into_iter().enumerate() {
        let document = Publish::of("@s/n", &format!("1.0.{number}")).document();
        let publish = send(nopar.addr(), "PUT", spelling, &document);
        publish.send().await.expect(201);
        for other in spellings {
            let read = get(nopar.addr(), other).await.expect(200).json();
            assert_eq!(versions(&read).len(), number + 1, "{spelling}, then {other}");
        }
    }
    let bytes = Publish::of("@s/n", "1.0.0").bytes();
    for path in ["/@s/n/-/n-1.0.0.tgz", "/@s%2fn/-/n-1.0.0.tgz", "/@s/n/-/@s/n-1.0.0.tgz"] {
        assert!(get(nopar.addr(), path).await.expect(200).body == bytes, "{path}");
    }
}

/// Tarball addresses follow the Host that the reader used, not the publisher's.
#[tokio::test]
async fn addresses_follow_the_readers_host() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").to(nopar.addr()).host("publisher.test").send().await.expect(201);
    for host in ["a.test:1", "b.test:2", "a.test:1"] {
        let read = Request::get(nopar.addr(), "/x").host(host).send().await.expect(200).json();
        let expected = canonical(&format!("http://{host}"), "x", "1.0.0");
        assert_eq!(read["versions"]["1.0.0"]["dist"]["tarball"], expected);
    }
}

/// A tarball of 30 MB is published and served.
#[tokio::test]
async fn a_large_tarball_is_published() {
    let (_upstream, nopar) = alone().await;
    let bytes = made_up(1, 30_000_000);
    Publish::of("x", "1.0.0").tarball(bytes.clone()).succeed(nopar.addr()).await;
    let answer = get(nopar.addr(), &usual_path("x", "1.0.0")).await.expect(200);
    assert!(answer.body == bytes, "{} bytes", answer.body.len());
}

/// Everything is still there after a restart, and without an upstream.
#[tokio::test]
async fn everything_survives_a_restart() {
    let (upstream, mut nopar) = alone().await;
    for name in ["x", "@s/n"] {
        Publish::of(name, "1.0.0").succeed(nopar.addr()).await;
        Publish::of(name, "1.1.0-rc.1").tag("beta").succeed(nopar.addr()).await;
    }
    let read = async |nopar: &TestNopar, name| {
        let text = packument(nopar.addr(), name).await.to_string();
        text.replace(&nopar.url(), "http://npm.test")
    };
    let before = [read(&nopar, "x").await, read(&nopar, "@s/n").await];
    upstream.stop().await;
    nopar.restart().await;
    assert_eq!([read(&nopar, "x").await, read(&nopar, "@s/n").await], before);
    for name in ["x", "@s/n"] {
        for version in ["1.0.0", "1.1.0-rc.1"] {
            let bytes = Publish::of(name, version).bytes();
            check_tarball(nopar.addr(), name, version, &bytes).await;
        }
    }
}
