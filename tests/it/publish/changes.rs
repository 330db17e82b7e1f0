//! Deprecations, as clients send them: the whole document, with other words in some manifests.
//! Knows nothing of tags, and of versions taken back.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::{alone, done, packument, versions};
use crate::asking::WAYS;
use crate::support::client::Response;
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, put, refusal};
use crate::support::upstream::FakeUpstream;

/// Two versions each of two packages.
async fn with_packages() -> (FakeUpstream, TestNopar) {
    let (upstream, nopar) = alone().await;
    for name in ["x", "@s/n"] {
        for version in ["1.0.0", "1.1.0"] {
            let publish = Publish::of(name, version).field("dependencies", json!({"y": "^1"}));
            publish.succeed(nopar.addr()).await;
        }
    }
    (upstream, nopar)
}

/// Reads the document, changes it, and sends it back.
async fn change(addr: SocketAddr, name: &str, change: impl FnOnce(&mut Value)) -> Response {
    let mut document = packument(addr, name).await;
    change(&mut document);
    put(addr, name, &document).send().await
}

fn message<'a>(packument: &'a Value, version: &str) -> Option<&'a Value> {
    packument["versions"][version].get("deprecated")
}

/// A message is in every form, of its version only; the next version has none.
#[tokio::test]
async fn a_version_is_deprecated() {
    let (_upstream, mut nopar) = with_packages().await;
    for name in ["x", "@s/n"] {
        let before = packument(nopar.addr(), name).await;
        let answer = change(nopar.addr(), name, |document| {
            document["versions"]["1.0.0"]["deprecated"] = json!("use 1.1.0 \"instead\" ☠");
        });
        done(&answer.await, name);
        let after = packument(nopar.addr(), name).await;
        assert_eq!(message(&after, "1.0.0"), Some(&json!("use 1.1.0 \"instead\" ☠")));
        assert_eq!(after["versions"]["1.1.0"], before["versions"]["1.1.0"]);
        assert_ne!(after["_rev"], before["_rev"]);
        Publish::of(name, "1.2.0").succeed(nopar.addr()).await;
        assert_eq!(message(&packument(nopar.addr(), name).await, "1.2.0"), None);
    }
    nopar.restart().await;
    for name in ["x", "@s/n"] {
        let full = packument(nopar.addr(), name).await;
        assert!(message(&full, "1.0.0").is_some(), "{full}");
        for way in WAYS {
            way.check(&way.of(&nopar, name).send().await, &full, &nopar.url());
        }
    }
}

/// It is taken back by an empty message (npm) or none at all (pnpm); the manifest is as before.
#[tokio::test]
async fn a_deprecation_is_taken_back() {
    let (_upstream, nopar) = with_packages().await;
    let fresh = packument(nopar.addr(), "x").await["versions"].clone();
    for way in ["an empty message", "no message"] {
        let all = change(nopar.addr(), "x", |document| {
            for version in ["1.0.0", "1.1.0"] {
                document["versions"][version]["deprecated"] = json!("all of it");
            }
        });
        done(&all.await, way);
        let deprecated = packument(nopar.addr(), "x").await;
        assert!(versions(&deprecated).iter().all(|it| message(&deprecated, it).is_some()));
        let none = change(nopar.addr(), "x", |document| {
            for version in ["1.0.0", "1.1.0"] {
                let manifest = document["versions"][version].as_object_mut().expect("a manifest");
                match way {
                    "no message" => drop(manifest.remove("deprecated")),
                    _ => drop(manifest.insert("deprecated".to_owned(), json!(""))),
                }
            }
        });
        done(&none.await, way);
        assert_eq!(packument(nopar.addr(), "x").await["versions"], fresh, "{way}");
    }
}

/// What is no text deprecates nothing, and is not told to have been done.
#[tokio::test]
async fn a_message_that_is_no_text_is_refused() {
    let (_upstream, nopar) = with_packages().await;
    let before = packument(nopar.addr(), "x").await;
    for odd in [json!(true), json!(["a"]), json!({"a": "b"}), json!(0)] {
        let answer = change(nopar.addr(), "x", |document| {
            document["versions"]["1.0.0"]["deprecated"] = odd.clone();
        });
        let error = refusal(&answer.await, &[400], &odd.to_string());
        assert!(error.contains("\"deprecated\" of version 1.0.0 is not a text"), "{error}");
        assert_eq!(packument(nopar.addr(), "x").await, before, "{odd}");
    }
}

/// A document that says nothing of what can be changed is not told to have changed anything; one that says what is so
/// already was understood.
#[tokio::test]
async fn a_document_that_says_nothing_is_refused() {
    let (_upstream, nopar) = with_packages().await;
    let before = packument(nopar.addr(), "x").await;
    for nothing in [json!({}), json!({"_id": "x", "name": "x"}), json!({"odd": 1})] {
        let answer = put(nopar.addr(), "x", &nothing).send().await;
        refusal(&answer, &[400], &nothing.to_string());
    }
    done(&change(nopar.addr(), "x", |_| {}).await, "what is so already");
    assert_eq!(packument(nopar.addr(), "x").await, before);
}

/// Nothing else of a manifest changes that way, and no tarball's digest.
#[tokio::test]
async fn nothing_but_the_message_changes() {
    let (_upstream, nopar) = with_packages().await;
    let fresh = packument(nopar.addr(), "x").await;
    let lies = [
        ("dist", json!({"tarball": "http://evil.example/x.tgz"})),
        (
            "dist",
            json!({"integrity": "sha512-AAAA", "shasum": "00", "tarball": "http://e.example"}),
        ),
        ("dependencies", json!({"evil": "*"})),
        ("scripts", json!({"postinstall": "evil"})),
        ("version", json!("2.0.0")),
        ("_npmUser", json!({"name": "someone else"})),
    ];
    for (key, value) in lies {
        let answer = change(nopar.addr(), "x", |document| {
            document["versions"]["1.0.0"][key] = value.clone();
        });
        let answer = answer.await;
        assert_ne!(answer.status / 100, 5, "{key}: {}", answer.status);
        let now = packument(nopar.addr(), "x").await;
        assert_eq!(now["versions"], fresh["versions"], "{key} {value}");
    }
    let answer = change(nopar.addr(), "x", |document| {
        document["dist-tags"] = json!({"latest": "1.0.0", "evil": "1.0.0"});
        document["time"] = json!({});
        document["maintainers"] = json!([]);
        document["readme"] = json!("evil");
    });
    answer.await;
    let now = packument(nopar.addr(), "x").await;
    for key in ["dist-tags", "maintainers", "readme", "versions"] {
        assert_eq!(now.get(key), fresh.get(key), "{key}");
    }
    assert_eq!(now["time"]["1.0.0"], fresh["time"]["1.0.0"]);
}

/// No version is added without a tarball, and none is taken back this way.
#[tokio::test]
async fn versions_neither_come_nor_go() {
    let (_upstream, nopar) = with_packages().await;
    let answer = change(nopar.addr(), "x", |document| {
        document["versions"]["2.0.0"] = document["versions"]["1.0.0"].clone();
    });
    refusal(&answer.await, &[400, 403, 409, 422], "a version more");
    change(nopar.addr(), "x", |document| {
        document["versions"].as_object_mut().expect("versions").remove("1.0.0");
    })
    .await;
    assert_eq!(versions(&packument(nopar.addr(), "x").await), ["1.0.0", "1.1.0"]);
}

/// Who has not seen the last change is told so, and changes nothing.
#[tokio::test]
async fn an_old_document_changes_nothing() {
    let (_upstream, nopar) = with_packages().await;
    let mut old = packument(nopar.addr(), "x").await;
    Publish::of("x", "1.2.0").succeed(nopar.addr()).await;
    old["versions"]["1.0.0"]["deprecated"] = json!("old");
    let error = refusal(&put(nopar.addr(), "x", &old).send().await, &[409], "old");
    assert!(!error.is_empty(), "npm prints it");
    let now = packument(nopar.addr(), "x").await;
    assert_eq!(message(&now, "1.0.0"), None);
    assert_eq!(versions(&now), ["1.0.0", "1.1.0", "1.2.0"]);
}

/// A document of another package changes neither.
#[tokio::test]
async fn a_document_of_another_package_changes_nothing() {
    let (_upstream, nopar) = with_packages().await;
    let mut other = packument(nopar.addr(), "@s/n").await;
    let before = packument(nopar.addr(), "x").await;
    other["versions"]["1.0.0"]["deprecated"] = json!("old");
    refusal(&put(nopar.addr(), "x", &other).send().await, &[400, 409, 422], "another");
    assert_eq!(packument(nopar.addr(), "x").await, before);
    assert_eq!(message(&packument(nopar.addr(), "@s/n").await, "1.0.0"), None);
}
