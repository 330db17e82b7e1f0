//! Damage of each kind, found and named.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{damaged, told};
use crate::support::binary::{Binary, PROGRAM};
use crate::support::disk::{NOBODY, Program, fifo, is_root};
use crate::support::kept::{Kept, damage};
use crate::support::nopar::files_below;
use crate::support::seed::{GENERATIONS, Seed};
use crate::support::upstream::FakeUpstream;

fn middle(bytes: &[u8]) -> usize {
    bytes.len() / 2
}

/// Changes a document.
fn edit(at: &Path, change: impl FnOnce(&mut Value)) {
    let mut document = serde_json::from_slice(&fs::read(at).expect("a document")).expect("JSON");
    change(&mut document);
    fs::write(at, document.to_string()).expect("written");
}

/// The only file in a folder, or the first.
fn first_in(folder: &Path) -> std::path::PathBuf {
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files.remove(0)
}

#[tokio::test]
async fn what_is_whole_is_well_and_is_counted() {
    let upstream = FakeUpstream::start().await;
    let kept = Kept::filled(&upstream).await;
    let ended = kept.run("verify --json").await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let (findings, summary) = told(&ended);
    assert!(findings.is_empty(), "{findings:?}");
    let registry = &summary["registry"];
    for (what, count) in
        [("packages", 2), ("versions", 3), ("staged", 1), ("users", 1), ("tokens", 1), ("keys", 1)]
    {
        assert_eq!(registry[what], count, "{what}: {registry}");
    }
    // A packument, a view, two tarballs.
    assert!(summary["cache"]["entries"].as_u64() >= Some(3), "{summary}");
    assert_eq!(summary["damaged"], 0);
    let shown = kept.run("verify").await;
    for text in
        ["2 packages, 3 versions", "1 staged version, 1 user, 1 token, 1 key", "all is well"]
    {
        assert!(shown.stdout.contains(text), "{text}: {}", shown.stdout);
    }
    let only = kept.run("verify --only registry").await;
    assert!(only.success && !only.stdout.contains("cache"), "{}", only.stdout);
}

#[tokio::test]
async fn damage_of_each_kind_in_the_registry_is_found_and_named() {
    let upstream = FakeUpstream::start().await;
    let whole = Kept::filled(&upstream).await;
    type Harm = fn(&Path);
    let kinds: [(&str, &str, Harm); 19] = [
        ("a tarball's byte", "x/x-1.0.0.tgz", |at| damage(at, middle)),
        ("a tarball that is gone", "x/x-1.0.0.tgz", |at| fs::remove_file(at).expect("gone")),
        ("a tarball that is cut", "@s/n/n-1.0.0.tgz", |at| fs::write(at, "short").expect("cut")),
        ("a FIFO in place of a tarball", "@s/n/n-1.0.0.tgz", fifo),
        ("a document that is cut", "x/x.json", |at| {
            let text = fs::read(at).expect("a document");
            fs::write(at, &text[..text.len() / 2]).expect("cut");
        }),
        ("a document of another package", "x/x.json", |at| {
            fs::write(at, r#"{"name":"y","versions":{}}"#).expect("another");
        }),
        ("a tag of a version that is none", "x/x.json", |at| {
            edit(at, |document| document["dist-tags"]["latest"] = "7.0.0".into());
        }),
        ("a version that says it is another", "x/x.json", |at| {
            edit(at, |document| document["versions"]["1.0.0"]["version"] = "9.0.0".into());
        }),
        ("a signature", "x/x.json", |at| {
            let signature = "/versions/1.0.0/dist/signatures/0/sig";
            edit(at, |it| *it.pointer_mut(signature).expect("one") = "AAAA".into());
        }),
        ("keys that are gone", ".nopar/keys/keys.json", |at| fs::remove_file(at).expect("gone")),
        ("a document that is gone", "x", |at| fs::remove_file(at.join("x.json")).expect("gone")),
        ("attestations that are gone", "x/!0", |at| {
            let folder = at.parent().expect("a folder");
            let is_bundle = |path: &Path| path.to_str().is_some_and(|it| it.contains("!0"));
            let mut all = fs::read_dir(folder).expect("a folder").map(|it| it.expect("one").path());
            fs::remove_file(all.find(|path| is_bundle(path)).expect("a bundle")).expect("gone");
        }),
        ("users", ".nopar/users.json", |at| fs::write(at, "{").expect("cut")),
        ("keys", ".nopar/keys/keys.json", |at| fs::write(at, "{").expect("cut")),
        ("settings", "registry.json", |at| fs::write(at, "[").expect("cut")),
        ("a token", ".nopar/tokens/", |at| fs::write(first_in(at), "{}").expect("written")),
        ("a staged tarball", ".nopar/stage/", |at| {
            damage(&first_in(at).join("tarball.tgz"), middle);
        }),
        ("a staged record", ".nopar/stage/", |at| {
            fs::write(first_in(at).join("record.json"), "{").expect("cut");
        }),
        ("a staged manifest that is gone", ".nopar/stage/", |at| {
            fs::remove_file(first_in(at).join("manifest.json")).expect("gone");
        }),
    ];
    for (kind, path, harm) in kinds {
        let kept = whole.copied();
        harm(&kept.registry().join(path));
        let ended = kept.run("verify --only registry --json").await;
        assert_eq!(ended.code, Some(1), "{kind}: {}{}", ended.stdout, ended.stderr);
        let (findings, summary) = told(&ended);
        let paths = damaged(&findings);
        assert!(
            paths.iter().all(|it| it.starts_with(path)) && !paths.is_empty(),
            "{kind}: {findings:?}"
        );
        assert_eq!(summary["damaged"], paths.len(), "{kind}");
        assert!(findings[0]["remedy"].is_string(), "{kind}: {findings:?}");
        let shown = kept.run("verify --only registry").await;
        assert!(shown.stdout.contains("damaged: ") && shown.code == Some(1), "{}", shown.stdout);
        // What is hosted is never mended, nor removed.
        let before = files_below(&kept.registry()).len();
        assert_eq!(kept.run("verify --only registry --repair").await.code, Some(1), "{kind}");
        assert_eq!(files_below(&kept.registry()).len(), before, "{kind}");
    }
}

#[tokio::test]
async fn what_is_harmless_is_told_apart() {
    let upstream = FakeUpstream::start().await;
    let kept = Kept::filled(&upstream).await;
    fs::write(kept.registry().join("x/x-9.9.9.tgz"), "left").expect("a file");
    fs::write(kept.registry().join("notes.txt"), "an operator's").expect("a file");
    fs::create_dir(kept.registry().join("lost+found")).expect("a folder");
    let ended = kept.run("verify --json").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    let (findings, summary) = told(&ended);
    assert_eq!((findings.len(), &summary["notes"]), (2, &serde_json::json!(2)), "{findings:?}");
    let mut paths: Vec<_> = findings.iter().filter_map(|it| it["path"].as_str()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["lost+found", "x/x-9.9.9.tgz"]);
}

/// Their tarballs have SHA-1 digests, or lie where an older NOPAR put them.
#[tokio::test]
async fn directories_of_older_nopars_are_well() {
    for generation in GENERATIONS {
        let seed = Seed::of(generation);
        let kept = Kept::empty();
        for file in files_below(seed.path()) {
            let to = kept.registry().join(&file);
            fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
            fs::copy(seed.path().join(&file), to).expect("a copy");
        }
        let (findings, summary) = told(&kept.run("verify --json").await);
        let unexpected: Vec<&str> =
            damaged(&findings).into_iter().filter(|path| !path.starts_with("lost")).collect();
        assert!(unexpected.is_empty(), "{generation}: {findings:?}");
        assert_eq!(summary["registry"]["versions"], 6, "{generation}: {summary}");
        damage(&kept.registry().join("foo/foo-1.0.0.tgz"), middle);
        let (findings, _) = told(&kept.run("verify --json").await);
        assert!(damaged(&findings).contains(&"foo/foo-1.0.0.tgz"), "{generation}: {findings:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_found_out_has_an_exit_code_of_its_own() {
    let kept = Kept::empty();
    let ended = kept.run("verify").await;
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    assert!(ended.stderr.contains("there is neither a registry directory"), "{}", ended.stderr);
    assert!(!kept.registry().exists() && !kept.cache().exists(), "nothing is made");
    fs::create_dir_all(kept.registry().join(".nopar")).expect("a folder");
    fs::write(kept.registry().join(".nopar/format"), "7\n").expect("a mark");
    let ended = kept.run("verify").await;
    assert!(ended.code == Some(2) && ended.stderr.contains("format 7"), "{}", ended.stderr);
    fs::remove_file(kept.registry().join(".nopar/format")).expect("gone");
    let ended = kept.run("verify").await;
    assert_eq!(ended.code, Some(0), "an empty one is well: {}", ended.stderr);
    for which in ["registry", "cache"] {
        let other = Kept::empty();
        let ended = other.run(&format!("verify --only {which}")).await;
        assert_eq!(ended.code, Some(2), "{which}: {}", ended.stdout);
    }
}

#[tokio::test]
async fn a_registry_that_is_not_where_the_settings_say_is_not_well() {
    let kept = Kept::filled(&FakeUpstream::start().await).await;
    fs::rename(kept.registry(), kept.beside("elsewhere")).expect("moved");
    let ended = kept.run("verify").await;
    assert_eq!(ended.code, Some(2), "its cache is there: {}", ended.stdout);
    assert!(ended.stderr.contains("there is no registry directory"), "{}", ended.stderr);
    assert_eq!(kept.run("verify --only cache").await.code, Some(0));
    // Somebody's file is in the way to it, as missing rights may be.
    fs::write(kept.beside("file"), "").expect("a file");
    let path = kept.beside("file/registry");
    let env = [("NOPAR_REGISTRY_PATH", path.to_str().expect("a path in UTF-8"))];
    let ended = Binary::start(&["verify"], &env).ended().await;
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    assert!(ended.stderr.contains("cannot be looked at"), "{}", ended.stderr);
}

#[tokio::test]
async fn damage_that_nobody_reads_of_is_damage() {
    let kept = Kept::filled(&FakeUpstream::start().await).await;
    let verify = || {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut verify = Command::new(PROGRAM);
        verify.arg("verify").env_clear().envs(kept.env()).stdout(writer);
        verify.status().expect("it is started").code()
    };
    assert_eq!(verify(), Some(0));
    damage(&kept.registry().join("x/x-1.0.0.tgz"), |_| 0);
    assert_eq!(verify(), Some(1));
}

#[tokio::test]
async fn who_may_not_read_it_all_finds_nothing_out() {
    let kept = Kept::filled(&FakeUpstream::start().await).await;
    // Another user's, for whom root stands where the tests run as root: so it is asked as nobody.
    let folders = [kept.registry(), kept.cache()];
    let own = ["users.json", "keys", "tokens"].map(|it| kept.registry().join(".nopar").join(it));
    let top = kept.registry().parent().expect("a folder").to_owned();
    for folder in folders.iter().chain([&top]) {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("open to all");
    }
    for secret in own {
        fs::set_permissions(secret, fs::Permissions::from_mode(0o000)).expect("closed");
    }
    let program = Program::new();
    let mut command = Command::new(program.path());
    command.arg("verify").env_clear().envs(kept.env()).current_dir("/");
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let ended = command.output().expect("it is started");
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("may be read by root and by NOPAR's user only"), "{stderr}");
    for secret in ["users.json", "keys", "tokens"] {
        let secret = kept.registry().join(".nopar").join(secret);
        fs::set_permissions(secret, fs::Permissions::from_mode(0o700)).expect("open again");
    }
}

#[tokio::test]
async fn settings_that_are_damaged_are_told_once() {
    let kept = Kept::filled(&FakeUpstream::start().await).await;
    fs::write(kept.registry().join("registry.json"), "{").expect("cut");
    let (findings, _) = told(&kept.run("verify --only registry --json").await);
    assert_eq!(damaged(&findings), ["registry.json"], "{findings:?}");
}
