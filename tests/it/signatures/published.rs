//! What is published is signed at once; what comes from an upstream is signed by that, and stays as it is.
//! Knows nothing of documents of old.

use serde_json::{Value, json};

use super::{abbreviated, check, full, keys, over, verify};
use crate::support::client::get;
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, path_of};
use crate::support::upstream::FakeUpstream;
use tempfile::TempDir;

#[tokio::test]
async fn a_published_version_verifies_with_the_key_that_is_offered() {
    let registry = TempDir::new().expect("a directory");
    let (upstream, mut nopar) = over(registry.path()).await;
    for name in ["x", "@s/n"] {
        Publish::of(name, "1.0.0").succeed(nopar.addr()).await;
        Publish::of(name, "1.1.0-rc.1").tag("next").succeed(nopar.addr()).await;
    }
    let offered = keys(nopar.addr()).await;
    assert_eq!(offered.len(), 1);
    assert_eq!(offered[0]["expires"], Value::Null);
    for name in ["x", "@s/n"] {
        check(nopar.addr(), &offered, name).await;
    }
    let manifest = get(nopar.addr(), "/x/1.0.0").await.expect(200).json();
    assert_eq!(manifest["dist"], full(nopar.addr(), "x").await["versions"]["1.0.0"]["dist"]);
    nopar.restart().await;
    assert_eq!(keys(nopar.addr()).await, offered, "the same key after a restart");
    check(nopar.addr(), &offered, "@s/n").await;
    drop(upstream);
}

#[tokio::test]
async fn what_is_tampered_with_does_not_verify() {
    let registry = TempDir::new().expect("a directory");
    let (_upstream, nopar) = over(registry.path()).await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    Publish::of("x", "1.1.0").succeed(nopar.addr()).await;
    let (offered, good) = (keys(nopar.addr()).await, full(nopar.addr(), "x").await);
    let other = &good["versions"]["1.1.0"];
    let tampered = |change: &dyn Fn(&mut Value)| {
        let mut document = good.clone();
        change(&mut document["versions"]["1.0.0"]);
        verify(&offered, &document, "1.0.0")
    };
    assert_eq!(tampered(&|_| {}), Ok(()));
    let not_of_this = Err("the signature is not of this".to_owned());
    let integrity = |it: &mut Value| it["dist"]["integrity"] = other["dist"]["integrity"].clone();
    let signature = |it: &mut Value| it["dist"]["signatures"] = other["dist"]["signatures"].clone();
    for change in [&integrity as &dyn Fn(&mut Value), &signature, &|it| it["name"] = json!("y")] {
        assert_eq!(tampered(change), not_of_this);
    }
}

/// A crowd that publishes the first versions of a registry makes one key.
#[tokio::test]
async fn a_crowd_of_first_publishes_has_one_key() {
    let registry = TempDir::new().expect("a directory");
    let (_one, first) = over(registry.path()).await;
    let (_two, second) = over(registry.path()).await;
    let publishing = (0..16).map(|number| {
        let addr = if number % 2 == 0 { first.addr() } else { second.addr() };
        tokio::spawn(async move { Publish::of(&format!("p{number}"), "1.0.0").succeed(addr).await })
    });
    for publish in publishing.collect::<Vec<_>>() {
        publish.await.expect("published");
    }
    let offered = keys(first.addr()).await;
    assert_eq!((offered.len(), keys(second.addr()).await), (1, offered.clone()));
    for number in 0..16 {
        check(second.addr(), &offered, &format!("p{number}")).await;
    }
}

#[tokio::test]
async fn an_upstreams_signatures_stay_as_they_are() {
    let upstream = FakeUpstream::start().await;
    let signatures = json!([{"sig": "MEUCIQ==", "keyid": "SHA256:theirs", "odd": 1.5}]);
    let pgp = json!("-----BEGIN PGP SIGNATURE-----\r\nx\r\n-----END PGP SIGNATURE-----\r\n");
    for name in ["x", "@s/n"] {
        upstream.package(name).version("1.0.0", |v| {
            v.dist_field("signatures", signatures.clone()).dist_field("npm-signature", pgp.clone())
        });
    }
    let nopar = TestNopar::with(&upstream).start().await;
    for name in ["x", "@s/n"] {
        for document in [full(nopar.addr(), name).await, abbreviated(nopar.addr(), name).await] {
            let dist = &document["versions"]["1.0.0"]["dist"];
            assert_eq!(dist["signatures"], signatures);
        }
        // That of old is long, and no client of today asks for it: only the full document has it.
        let document = full(nopar.addr(), name).await;
        assert_eq!(document["versions"]["1.0.0"]["dist"]["npm-signature"], pgp);
        let text = get(nopar.addr(), &path_of(name)).await.expect(200).text();
        assert!(text.contains(&signatures.to_string()), "byte for byte");
    }
    assert!(nopar.registry_files().is_empty(), "there is nothing to sign");
}
