//! A new key, made by who runs NOPAR while it serves.
//! Knows nothing of the file that keys are in.

use super::{check, full, keys};
use crate::support::binary::{Binary, Ended};
use crate::support::publish::Publish;
use crate::support::upstream::FakeUpstream;

/// `nopar keys …` over a registry directory.
async fn nopar_keys(registry: &str, rest: &[&str]) -> Ended {
    let arguments = [&["keys"], rest].concat();
    Binary::start(&arguments, &[("NOPAR_REGISTRY_PATH", registry)]).ended().await
}

#[tokio::test]
async fn a_rotation_keeps_what_was_signed_and_signs_what_comes() {
    let upstream = FakeUpstream::start().await;
    let (nopar, addr) = Binary::serving(&upstream.url(), &[]).await;
    let registry = nopar.folder().join("registry");
    let registry = registry.to_str().expect("a path in UTF-8");
    Publish::of("x", "1.0.0").succeed(addr).await;
    let (before, signed) = (keys(addr).await, full(addr, "x").await);

    let rotated = nopar_keys(registry, &["rotate"]).await;
    assert!(rotated.success, "{}", rotated.stderr);
    assert_eq!(rotated.stdout.lines().count(), 2, "{}", rotated.stdout);
    // The running one sees it at once.
    let after = keys(addr).await;
    assert_eq!((after.len(), &after[0]["keyid"]), (2, &before[0]["keyid"]));
    assert!(after[0]["expires"].is_string() && after[1]["expires"].is_null(), "{after:?}");
    check(addr, &after, "x").await;
    Publish::of("x", "1.1.0").succeed(addr).await;
    Publish::of("y", "1.0.0").succeed(addr).await;
    for name in ["x", "y"] {
        check(addr, &after, name).await;
    }
    let now = full(addr, "x").await;
    let dist = |version: &str| now["versions"][version]["dist"].clone();
    assert_eq!(dist("1.0.0"), signed["versions"]["1.0.0"]["dist"], "it stays as it is");
    assert_eq!(dist("1.1.0")["signatures"][0]["keyid"], after[1]["keyid"]);

    let listed = nopar_keys(registry, &[]).await;
    assert!(listed.success, "{}", listed.stderr);
    assert_eq!(listed.stdout, rotated.stdout);
    for key in &after {
        assert!(listed.stdout.contains(key["keyid"].as_str().expect("a keyid")));
    }
}

#[tokio::test]
async fn keys_are_looked_for_in_a_registry_directory_only() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("mistyped");
    let registry = path.to_str().expect("a path in UTF-8");
    for rest in [&[][..], &["rotate"]] {
        let ended = nopar_keys(registry, rest).await;
        assert!(!ended.success);
        assert!(ended.stderr.contains("NOPAR_REGISTRY_PATH"), "{}", ended.stderr);
        assert!(!path.exists());
    }
    std::fs::create_dir(&path).expect("a directory");
    let none = nopar_keys(registry, &[]).await;
    assert!(none.success && none.stdout.starts_with("there are no keys yet"), "{}", none.stdout);
    let first = nopar_keys(registry, &["rotate"]).await;
    assert!(first.success && first.stdout.ends_with("signs\n"), "{}", first.stdout);
}
