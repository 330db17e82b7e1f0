//! A sigstore bundle that comes with a version: kept beside it, found by it, and in nobody's way.
//! Knows nothing of whether what is in it is true; clients verify that.

use serde_json::json;

use super::{alone, check_tarball, nothing_stored, packument};
use crate::support::client::get;
use crate::support::publish::{PREDICATE, Publish, bundle, path_of, put, refusal};

/// A publish with a bundle is a publish; the manifest says where the bundle is, under the reader's address.
#[tokio::test]
async fn a_version_comes_with_its_bundle() {
    let (_upstream, nopar) = alone().await;
    for name in ["x", "@s/n"] {
        let publish = Publish::of(name, "1.0.0").bundle(&bundle().to_string());
        publish.succeed(nopar.addr()).await;
        check_tarball(nopar.addr(), name, "1.0.0", &publish.bytes()).await;
        let document = packument(nopar.addr(), name).await;
        let stated = &document["versions"]["1.0.0"]["dist"]["attestations"];
        assert_eq!(stated["provenance"], json!({"predicateType": PREDICATE}), "{name}");
        let url = format!("{}/-/npm/v1/attestations/{name}@1.0.0", nopar.url());
        assert_eq!(stated["url"], url, "{name}");
        // One without has none.
        Publish::of(name, "1.1.0").succeed(nopar.addr()).await;
        let document = packument(nopar.addr(), name).await;
        assert_eq!(document["versions"]["1.1.0"]["dist"].get("attestations"), None, "{name}");
    }
}

/// The bundle is at that address, in either spelling, and still there after a restart.
#[tokio::test]
async fn a_bundle_is_found() {
    let (upstream, mut nopar) = alone().await;
    for name in ["x", "@s/n"] {
        let publish = Publish::of(name, "1.0.0").bundle(&bundle().to_string());
        publish.succeed(nopar.addr()).await;
        Publish::of(name, "1.1.0").succeed(nopar.addr()).await;
    }
    upstream.clear();
    for _ in ["before", "after the restart"] {
        for name in ["x", "@s/n"] {
            for spelling in [name, &path_of(name)[1..]] {
                let path = |version: &str| format!("/-/npm/v1/attestations/{spelling}@{version}");
                let told = get(nopar.addr(), &path("1.0.0")).await.expect(200).json();
                let expected = json!([{"predicateType": PREDICATE, "bundle": bundle()}]);
                assert_eq!(told["attestations"], expected, "{spelling}");
                for version in ["1.1.0", "9.9.9"] {
                    refusal(&get(nopar.addr(), &path(version)).await, &[404], version);
                }
            }
        }
        nopar.restart().await;
    }
    assert_eq!(upstream.count_all(), 0);
}

/// What is no bundle is refused or kept without a word of it; the version never says what is not there.
#[tokio::test]
async fn what_is_no_bundle_is_not_told_of() {
    let (_upstream, nopar) = alone().await;
    for (number, text) in ["", "{}", "[]", "no JSON", "{\"dsseEnvelope\":{\"payload\":\"!\"}}"]
        .into_iter()
        .enumerate()
    {
        let name = format!("x{number}");
        let answer = Publish::of(&name, "1.0.0").bundle(text).to(nopar.addr()).send().await;
        if answer.status == 201 {
            let document = packument(nopar.addr(), &name).await;
            let dist = &document["versions"]["1.0.0"]["dist"];
            assert_eq!(dist.get("attestations"), None, "{text:?}");
        } else {
            refusal(&answer, &[400, 422], text);
        }
    }
}

/// One that is longer than any real one is refused, in words that say how long it may be, and nothing is kept.
#[tokio::test]
async fn a_bundle_that_is_too_long_is_refused() {
    let (_upstream, nopar) = alone().await;
    let mut long = bundle();
    long["odd"] = json!("x".repeat(1 << 20));
    let long = long.to_string();
    let publish = Publish::of("x", "1.0.0").bundle(&long);
    let error = refusal(&publish.to(nopar.addr()).send().await, &[413], "a long bundle");
    assert!(error.contains(&format!("has {} bytes", long.len())), "{error}");
    assert!(error.contains("may have 1048576"), "{error}");
    nothing_stored(&nopar, "a long bundle").await;
    let mut long = bundle();
    long["odd"] = json!("x".repeat(1_000_000));
    Publish::of("x", "1.0.0").bundle(&long.to_string()).succeed(nopar.addr()).await;
    let told = get(nopar.addr(), "/-/npm/v1/attestations/x@1.0.0").await.expect(200).json();
    assert!(told["attestations"] == json!([{"predicateType": PREDICATE, "bundle": long}]));
}

/// A bundle goes with the version that it is named after, with the scope or without; by any other name it is refused,
/// in words that say what it has to be called, and nothing is published.
#[tokio::test]
async fn a_bundle_of_another_version_is_refused() {
    let (_upstream, nopar) = alone().await;
    let named = |key: &str| {
        let mut document = Publish::of("@s/n", "1.0.0").bundle(&bundle().to_string()).document();
        let attachments = document["_attachments"].as_object_mut().expect("attachments");
        let attached = attachments.remove("@s/n-1.0.0.sigstore").expect("a bundle");
        attachments.insert(key.to_owned(), attached);
        document
    };
    for key in ["@s/n-1.0.1.sigstore", "@t/n-1.0.0.sigstore", "m-1.0.0.sigstore", "x.sigstore"] {
        let answer = put(nopar.addr(), "@s/n", &named(key)).send().await;
        let error = refusal(&answer, &[400], key);
        assert!(error.contains(key) && error.contains("\"@s/n-1.0.0.sigstore\""), "{error}");
        nothing_stored(&nopar, key).await;
    }
    put(nopar.addr(), "@s/n", &named("n-1.0.0.sigstore")).send().await.expect(201);
    let told = get(nopar.addr(), "/-/npm/v1/attestations/@s/n@1.0.0").await.expect(200).json();
    assert_eq!(told["attestations"][0]["bundle"], bundle());
}
