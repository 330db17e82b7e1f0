//! `nopar import verdaccio`: what the real Verdaccio wrote (`tests/fixtures/verdaccio`) is taken over, and served.
//! Knows nothing of how its files are read.

mod again;
mod damaged;
mod ends;
mod people;
mod serving;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::binary::{Binary, Ended, PROGRAM};
use crate::support::client::get;
use crate::support::documented::expect_documented;
use crate::support::nopar::{TestNopar, files_below};
use crate::support::upstream::FakeUpstream;

/// A Verdaccio's directory, and a registry's beside it.
struct Scene(TempDir);

impl Scene {
    /// A copy of the fixture, and an empty registry.
    fn new() -> Scene {
        let scene = Scene(tempfile::tempdir().expect("a directory"));
        let root = std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
        let fixture = Path::new(&root).join("tests/fixtures/verdaccio");
        for file in files_below(&fixture) {
            let to = scene.verdaccio().join(&file);
            fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
            fs::copy(fixture.join(&file), to).expect("a copy");
        }
        fs::create_dir(scene.registry()).expect("a folder");
        scene
    }

    fn verdaccio(&self) -> PathBuf {
        self.0.path().join("verdaccio")
    }

    fn registry(&self) -> PathBuf {
        self.0.path().join("registry")
    }

    /// A file in the storage.
    fn stored(&self, file: &str) -> PathBuf {
        self.verdaccio().join("storage").join(file)
    }

    /// Changes a text in a file of the storage.
    fn change(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.stored(file)).expect("a file");
        assert!(text.contains(from), "{file} has no {from}");
        fs::write(self.stored(file), text.replace(from, to)).expect("a file");
    }

    /// `nopar import verdaccio …` into a registry.
    async fn import_into(&self, registry: &Path, arguments: &str) -> Ended {
        self.import_with("", registry, arguments).await
    }

    /// The same with a setting.
    async fn import_with(&self, setting: &str, registry: &Path, arguments: &str) -> Ended {
        let mut shell = Command::new("/bin/sh");
        let verdaccio = self.verdaccio();
        shell.arg("-c").arg(format!("{setting} {PROGRAM} import verdaccio {arguments}"));
        let env = [
            ("NOPAR_REGISTRY_PATH", registry.to_str().expect("UTF-8")),
            ("V", verdaccio.to_str().expect("UTF-8")),
        ];
        Binary::start_as(tempfile::tempdir().expect("a directory"), shell, &env).ended().await
    }

    async fn import(&self, arguments: &str) -> Ended {
        self.import_into(&self.registry(), arguments).await
    }

    /// The same where all is well.
    async fn done(&self, arguments: &str) -> String {
        let ended = self.import(arguments).await;
        assert!(ended.success, "{arguments}: {}{}", ended.stdout, ended.stderr);
        ended.stdout
    }

    /// The same where something is not; both outputs.
    async fn unwell(&self, arguments: &str) -> String {
        self.unwell_with("", arguments).await
    }

    async fn unwell_with(&self, setting: &str, arguments: &str) -> String {
        let ended = self.import_with(setting, &self.registry(), arguments).await;
        assert!(!ended.success, "{arguments}: {}", ended.stdout);
        ended.stdout + &ended.stderr
    }

    /// All files of the registry with their bytes, NOPAR's own aside.
    fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let files = files_below(&self.registry()).into_iter();
        let packages = files.filter(|file| !file.starts_with(".nopar/"));
        packages
            .map(|file| {
                let bytes = fs::read(self.registry().join(&file)).expect("a file");
                (file, bytes)
            })
            .collect()
    }

    /// A document in the registry.
    fn document(&self, file: &str) -> Value {
        let text = fs::read(self.registry().join(file)).expect("a document");
        serde_json::from_slice(&text).expect("JSON")
    }
}

/// The lines of an output that are JSON.
fn rows(text: &str) -> Vec<Value> {
    let rows = text.lines().map(|line| serde_json::from_str(line).expect(line));
    let rows: Vec<Value> = rows.collect();
    expect_documented("import verdaccio", &rows);
    assert!(rows.iter().all(|row| row["kind"].is_string()), "{rows:?}");
    rows
}

/// The row of a package or user.
fn row<'a>(rows: &'a [Value], key: &str, name: &str) -> &'a Value {
    rows.iter().find(|row| row[key] == name).unwrap_or_else(|| panic!("no {key} {name}: {rows:#?}"))
}

/// Beside a NOPAR that serves, which has answered that there are no such packages.
#[tokio::test]
async fn packages_that_were_published_there_are_served_here_with_all_that_was_said_of_them() {
    let (scene, upstream) = (Scene::new(), FakeUpstream::start().await);
    upstream.package("proxied").version("1.0.0", |it| it);
    let nopar = TestNopar::with(&upstream).start().await;
    nopar.get("/plain").await.expect(404);
    fs::create_dir_all(nopar.registry_path()).expect("a folder");
    let said = scene.import_into(nopar.registry_path(), "\"$V\"").await;
    assert!(said.success, "{}{}", said.stdout, said.stderr);

    let plain = nopar.get("/plain").await.expect(200).json();
    assert_eq!(plain["dist-tags"], json!({"latest": "1.0.0", "beta": "1.1.0-beta.1"}));
    let theirs = fs::read(scene.stored("plain/package.json")).expect("a document");
    let theirs: Value = serde_json::from_slice(&theirs).expect("JSON");
    assert_eq!((&plain["time"], &plain["readme"]), (&theirs["time"], &theirs["readme"]));
    assert_eq!(
        (&plain["users"], &plain["description"]),
        (&json!({"ann": true}), &"what plain is".into())
    );
    for own in ["_attachments", "_distfiles", "_uplinks"] {
        assert_eq!(plain.get(own), None, "{own}");
    }
    let dist = &plain["versions"]["1.0.0"]["dist"];
    let url = dist["tarball"].as_str().expect("an address");
    assert!(url.ends_with("/plain/-/plain-1.0.0.tgz") && url.starts_with(&nopar.url()), "{url}");
    assert_eq!(dist["integrity"], theirs["versions"]["1.0.0"]["dist"]["integrity"]);
    assert_eq!(dist["signatures"].as_array().map(Vec::len), Some(1), "{dist}");

    for (path, file) in [
        ("/plain/-/plain-1.0.0.tgz", "plain/plain-1.0.0.tgz"),
        ("/plain/-/plain-1.1.0-beta.1.tgz", "plain/plain-1.1.0-beta.1.tgz"),
        ("/@acme/ui/-/ui-1.0.1.tgz", "@acme/ui/ui-1.0.1.tgz"),
        ("/merged/-/merged-2.0.0.tgz", "merged/merged-2.0.0.tgz"),
    ] {
        let sent = nopar.get(path).await.expect(200).content();
        assert!(sent == fs::read(scene.stored(file)).expect("a tarball"), "{path}");
    }
    let ui = nopar.get("/@acme%2fui").await.expect(200).json();
    assert_eq!(ui["versions"]["1.0.0"]["deprecated"], "it is green");
    assert_eq!(ui["dist-tags"], json!({"latest": "1.0.1", "stable": "1.0.0"}));
    let merged = nopar.get("/merged").await.expect(200).json();
    assert_eq!(merged["dist-tags"], json!({"latest": "2.0.0"}));
    assert_eq!(merged["versions"].as_object().map(serde_json::Map::len), Some(1));
    assert_eq!(merged["time"].get("1.0.0"), None, "a version of theirs is none that was here");
    // That one is the upstream's.
    let proxied = nopar.get("/proxied").await.expect(200);
    assert_eq!(proxied.json()["versions"].as_object().map(serde_json::Map::len), Some(1));
    assert_eq!(upstream.count("/proxied"), 1);
}

#[tokio::test]
async fn it_is_told_what_came_and_what_did_not() {
    let scene = Scene::new();
    let said = scene.done("\"$V\"").await;
    for line in [
        "plain: 2 versions (1.0.0, 1.1.0-beta.1), 600 B",
        "@acme/ui: 2 versions (1.0.0, 1.0.1), 596 B",
        "merged: 1 version (2.0.0), 298 B",
        "  2 versions from an uplink (1.0.0, 1.1.0) not imported: the package is this registry's own now",
        "  the tag old is left out: it points to 1.0.0, which is not here",
        "user ann imported, with their password",
        "imported: 4 packages with 6 versions (1.75 KiB), 1 user",
        "not imported, as they are only copies from an uplink: 1 package (proxied)",
        "users have no effect yet: everybody may publish until you set NOPAR_AUTH=users",
    ] {
        assert!(said.lines().any(|it| it == line), "{line}: {said}");
    }
    assert!(said.contains("without an owner: 4 packages; the next user"), "{said}");

    let again = Scene::new();
    let rows = rows(&again.done("--json --owner ann --owner bob \"$V\"").await);
    let plain = row(&rows, "package", "plain");
    assert_eq!(
        (&plain["outcome"], &plain["versions"][1]),
        (&"imported".into(), &"1.1.0-beta.1".into())
    );
    assert_eq!(row(&rows, "package", "proxied")["outcome"], "proxied");
    assert_eq!(row(&rows, "user", "md")["outcome"], "left-out");
    let summary = rows.last().expect("a summary");
    assert_eq!((&summary["packages"], &summary["versions"]), (&4.into(), &6.into()));
    assert_eq!((&summary["packages_ownerless"], &summary["dry_run"]), (&0.into(), &false.into()));
    let owners = json!([{"name": "ann", "email": ""}, {"name": "bob", "email": ""}]);
    assert_eq!(again.document("plain/plain.json")["maintainers"], owners);
}

#[tokio::test]
async fn a_dry_run_tells_the_same_and_writes_nothing() {
    let scene = Scene::new();
    fs::remove_file(scene.stored("@acme/ui/ui-1.0.1.tgz")).expect("a tarball");
    let told = rows(&scene.unwell("--dry-run --json \"$V\"").await);
    assert_eq!(files_below(&scene.registry()), Vec::<String>::new());
    let done = rows(&scene.unwell("--json \"$V\"").await);
    assert_eq!(told.len(), done.len());
    for (told, done) in told.iter().zip(&done) {
        let mut told = told.clone();
        if told.get("dry_run").is_some() {
            told["dry_run"] = false.into();
        }
        assert_eq!(&told, done);
    }
}

#[tokio::test]
async fn some_packages_are_imported_alone() {
    let scene = Scene::new();
    scene.done("--no-users --package plain --package merged \"$V\"").await;
    let files: Vec<String> = scene.contents().into_keys().collect();
    let expected = ["merged/merged-2.0.0.tgz", "merged/merged.json", "plain/plain-1.0.0.tgz"];
    assert_eq!(files[..3], expected);
    assert!(
        !files.iter().any(|file| file.contains("ui") || file.contains("taken-back")),
        "{files:?}"
    );
    assert!(!scene.registry().join(".nopar/users.json").exists());
    let told = scene.unwell("--package nothing \"$V\"").await;
    assert!(told.contains("nothing is left out: there is no such package"), "{told}");
}

#[tokio::test]
async fn where_it_is_and_where_it_goes_is_said_when_that_is_wrong() {
    let scene = Scene::new();
    for (arguments, why) in [
        ("/nowhere/at/all", "the storage /nowhere/at/all cannot be read"),
        ("--storage /nowhere \"$V\"", "the storage /nowhere cannot be read"),
        ("--htpasswd /nowhere \"$V\"", "/nowhere does not exist (--htpasswd)"),
        ("\"$NOPAR_REGISTRY_PATH\"", "is not a Verdaccio storage"),
    ] {
        let told = scene.unwell(arguments).await;
        assert!(told.contains(why), "{arguments}: {told}");
    }
    let gone = scene.0.path().join("mistyped");
    let ended = scene.import_into(&gone, "\"$V\"").await;
    assert!(
        !ended.success && ended.stderr.contains("there is no registry directory"),
        "{}",
        ended.stderr
    );
    assert!(!gone.exists());
    // The storage alone will do, and then the users are looked for beside it.
    let said = scene.done("\"$V/storage\"").await;
    assert!(
        said.contains("imported: 4 packages") && said.contains("user ann imported, with"),
        "{said}"
    );
    assert!(!said.contains("[[rule]]"), "{said}");
}

/// The rules that are suggested are ones that NOPAR takes, and say what those of Verdaccio say.
#[tokio::test]
async fn the_rules_that_are_suggested_hold_here() {
    let (scene, upstream) = (Scene::new(), FakeUpstream::start().await);
    let rows = rows(&scene.done("--json --owner ann \"$V\"").await);
    let suggested = rows.iter().find_map(|row| row["suggested_configuration"].as_str());
    let suggested = suggested.expect("a suggestion");
    assert!(suggested.contains("local_packages = \"@acme/*, plain\""), "{suggested}");
    let file = scene.0.path().join("nopar.toml");
    fs::write(&file, suggested).expect("a file");
    let (file, registry) = (file.display().to_string(), scene.registry().display().to_string());
    let env = [("NOPAR_CONFIG", file.as_str()), ("NOPAR_REGISTRY_PATH", &registry)];
    let (_nopar, addr) = Binary::serving(&upstream.url(), &env).await;
    get(addr, "/plain").await.expect(200);
    for hidden in ["/@acme%2fui", "/@acme%2fnothing"] {
        get(addr, hidden).await.expect(404);
    }
    assert_eq!(upstream.count_all(), 0);
}

#[tokio::test]
async fn help_says_what_comes_and_how_it_is_done() {
    let folder = tempfile::tempdir().expect("a directory");
    let help = Binary::start_in(folder, &["import", "verdaccio", "--help"], &[]).ended().await;
    assert!(help.success, "{}", help.stderr);
    for words in [
        "--dry-run",
        "--merge",
        "--owner",
        "bcrypt",
        "Exit codes: 0",
        "nopar import verdaccio /etc/verdaccio",
    ] {
        assert!(help.stdout.contains(words), "{words}: {}", help.stdout);
    }
}
