//! A new key, made by who runs NOPAR while it serves.
//! Knows nothing of the file that keys are in.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::{FILE, KEYS_FOLDER, check, full, keys};
use crate::support::binary::{Binary, Ended};
use crate::support::disk::{Program, folder};
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

/// Root may write where NOPAR runs as somebody else, who has to read it. (Of tests that are not root's, both are the same.)
#[tokio::test]
async fn what_root_rotates_is_read_by_who_runs_nopar() {
    let (upstream, program) = (FakeUpstream::start().await, Program::new());
    let (command, home) = (program.command("", true), folder());
    let registry = home.path().join("registry");
    let path = registry.to_str().expect("a path in UTF-8");
    let env = [("NOPAR_REGISTRY_PATH", path)];
    let (_nopar, addr) = Binary::serving_as(folder(), command, &upstream.url(), &env).await;
    Publish::of("x", "1.0.0").succeed(addr).await;
    // Also where the folder was made by root.
    for is_gone in [false, true] {
        if is_gone {
            std::fs::remove_dir_all(registry.join(KEYS_FOLDER)).expect("it is gone");
        }
        let rotated = nopar_keys(path, &["rotate"]).await;
        assert!(rotated.success, "{}", rotated.stderr);
        let offered = keys(addr).await;
        assert_eq!(offered.len(), rotated.stdout.lines().count(), "{offered:?}");
        let name = if is_gone { "z" } else { "y" };
        Publish::of(name, "1.0.0").succeed(addr).await;
        check(addr, &offered, name).await;
        let owner = |path: &Path| std::fs::metadata(path).expect("it is there").uid();
        for made in [KEYS_FOLDER, FILE, ".nopar/keys/lock"] {
            assert_eq!(owner(&registry.join(made)), owner(home.path()), "{made}");
        }
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
