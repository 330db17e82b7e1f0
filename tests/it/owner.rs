//! What root does in the directory of somebody else, who may have put links into it.
//! Knows nothing of what commands are for.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::binary::{Binary, Ended, PROGRAM};
use crate::support::disk::{folder, is_root_or_skipped};

/// A registry of nobody's, and a file and a folder of root's beside it.
struct Scene {
    home: TempDir,
    registry: PathBuf,
}

impl Scene {
    /// `None`, with the reason told, where we are not root.
    fn new() -> Option<Self> {
        if !is_root_or_skipped("only root has rights in the directories of others") {
            return None;
        }
        let home = folder();
        let registry = home.path().join("registry");
        let scene = Self { home, registry };
        for made in ["registry", "registry/.nopar", "registry/.nopar/keys"] {
            scene.give(&scene.place(made), |path| fs::create_dir(path));
        }
        fs::create_dir(scene.place("roots")).expect("a folder");
        for victim in ["victim", "roots/victim"] {
            let victim = scene.place(victim);
            fs::write(&victim, "").expect("a file");
            fs::set_permissions(&victim, Permissions::from_mode(0o600)).expect("root's own");
        }
        Some(scene)
    }

    fn place(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Makes something that is the owner's.
    fn give(&self, path: &Path, make: impl FnOnce(&Path) -> std::io::Result<()>) {
        make(path).expect("it is made");
        let owner = fs::metadata(self.home.path()).expect("a folder").uid();
        lchown(path, Some(owner), Some(owner)).expect("given away");
    }

    /// A link of the owner's from there below `.nopar`.
    fn link(&self, from: &str, to: &str) {
        let (from, to) = (self.registry.join(".nopar").join(from), self.place(to));
        if from.is_dir() {
            fs::remove_dir_all(&from).expect("it is gone");
        }
        self.give(&from, |from| symlink(to, from));
    }

    /// A command of root's.
    async fn run(&self, arguments: &str, env: &[(&str, &str)]) -> Ended {
        let mut shell = Command::new("/bin/sh");
        shell.arg("-c").arg(format!("printf 'correct horse' | {PROGRAM} {arguments}"));
        let registry = self.registry.to_str().expect("a path in UTF-8");
        let env = [&[("NOPAR_REGISTRY_PATH", registry)], env].concat();
        let cwd = tempfile::tempdir().expect("a directory");
        Binary::start_as(cwd, shell, &env).ended().await
    }

    /// Fails the test unless what is root's is as it was.
    #[track_caller]
    fn check(&self, what: &str) {
        for name in ["victim", "roots/victim", "roots"] {
            let it = fs::metadata(self.place(name)).expect("it is there");
            assert_eq!(it.uid(), 0, "{what}: {name}");
            assert!(it.is_dir() || it.len() == 0, "{what}: {name}");
        }
        let files = fs::read_dir(self.place("roots")).expect("a folder").count();
        assert_eq!(files, 1, "{what}: something was made in root's folder");
    }
}

/// The file belonged to the owner of the registry afterwards.
#[tokio::test]
async fn no_file_of_roots_is_given_away_by_a_link_in_the_place_of_a_lock() {
    let Some(scene) = Scene::new() else { return };
    scene.link("users.lock", "victim");
    scene.link("keys/lock", "victim");
    for command in ["user add bob", "keys rotate"] {
        let ended = scene.run(command, &[]).await;
        assert!(!ended.success, "{command}: {}", ended.stdout);
        assert!(
            ended.stderr.contains("is a link, which is not followed: remove it"),
            "{}",
            ended.stderr
        );
        scene.check(command);
    }
}

#[tokio::test]
async fn nothing_of_roots_is_written_behind_other_links_either() {
    let Some(scene) = Scene::new() else { return };
    let owner = fs::metadata(&scene.registry).expect("a folder").uid();
    scene.link("format.new", "victim");
    assert!(!scene.run("user add bob", &[]).await.success);
    scene.check("the mark of the directory");
    fs::remove_file(scene.registry.join(".nopar/format.new")).expect("it is gone");
    scene.link("users.json.new", "victim");
    scene.link("keys", "roots");
    let mut commands = vec!["user add bob", "keys rotate", "release left"];
    for command in &commands {
        scene.run(command, &[]).await;
        scene.check(command);
    }
    let added = fs::metadata(scene.registry.join(".nopar/users.json")).expect("bob is added");
    assert_eq!(added.uid(), owner);
    // The folders of what is being made, and of locks.
    for folder in ["tmp", "locks"] {
        scene.link(folder, "roots");
    }
    commands.push("user passwd bob");
    for command in commands {
        scene.run(command, &[]).await;
        scene.check(command);
    }
}

/// Lines of a command go where NOPAR's go, which may be a directory of its user's as well.
#[tokio::test]
async fn no_line_of_a_command_gets_into_a_file_of_roots() {
    let Some(scene) = Scene::new() else { return };
    let log = scene.place("nopar.log");
    scene.give(&log, |log| symlink(scene.place("victim"), log));
    let env = [("NOPAR_LOGFILE", log.to_str().expect("a path in UTF-8"))];
    let ended = scene.run("user add bob", &env).await;
    assert!(ended.success, "{}", ended.stderr);
    assert!(ended.stderr.contains("user-add ok who=\"uid 0\""), "{}", ended.stderr);
    scene.check("its log");
}

/// Also where the registry itself is new: whoever runs NOPAR there can use it.
#[tokio::test]
async fn what_root_makes_for_others_is_theirs() {
    let Some(scene) = Scene::new() else { return };
    fs::remove_dir_all(&scene.registry).expect("it is gone");
    let ended = scene.run("user add bob", &[]).await;
    assert!(ended.success, "{}", ended.stderr);
    let owner = fs::metadata(scene.home.path()).expect("a folder").uid();
    for made in ["", ".nopar", ".nopar/users.json", ".nopar/users.lock"] {
        let it = fs::metadata(scene.registry.join(made)).expect("it is made");
        assert_eq!(it.uid(), owner, "{made}");
    }
}

#[tokio::test]
async fn an_owner_who_does_not_get_to_the_registry_is_told_of() {
    let Some(scene) = Scene::new() else { return };
    chown(scene.home.path(), Some(0), Some(0)).expect("root's own");
    fs::set_permissions(scene.home.path(), Permissions::from_mode(0o700)).expect("shut");
    for command in ["user ls", "keys", "release left"] {
        let ended = scene.run(command, &[]).await;
        assert!(!ended.success, "{command}: {}", ended.stdout);
        assert!(ended.stderr.contains("let that user enter the directories"), "{}", ended.stderr);
    }
}
