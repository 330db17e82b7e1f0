//! Root makes backups of what is another user's, and puts them back.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::support::binary::{Binary, Ended, PROGRAM};
use crate::support::disk::{NOBODY, Program, folder, is_root_or_skipped};
use crate::support::kept::text;
use crate::support::nopar::files_below;

/// Root runs it for a registry.
async fn nopar(registry: &Path, arguments: &str) -> Ended {
    let mut command = Command::new(PROGRAM);
    command.args(arguments.split(' '));
    let cwd = tempfile::tempdir().expect("a directory");
    Binary::start_as(cwd, command, &[("NOPAR_REGISTRY_PATH", text(registry))]).ended().await
}

#[tokio::test]
async fn the_backup_is_roots_and_what_is_restored_belongs_to_whose_the_registry_was() {
    if !is_root_or_skipped("only root works for others") {
        return;
    }
    // The directory above is somebody's, as /var/lib/nopar is; backups are root's.
    let (home, backups) = (folder(), tempfile::tempdir().expect("a directory"));
    let owner = fs::metadata(home.path()).expect("a folder").uid();
    let registry = home.path().join("registry");
    for path in ["", "a", ".nopar", ".nopar/keys"] {
        fs::create_dir_all(registry.join(path)).expect("a folder");
        lchown(registry.join(path), Some(owner), Some(owner)).expect("given away");
    }
    let document = registry.join("a/a.json");
    fs::write(&document, r#"{"name":"a","versions":{}}"#).expect("a file");
    lchown(&document, Some(owner), Some(owner)).expect("given away");
    // A link to what only root may read is not followed with root's rights.
    let secret = backups.path().join("secret");
    fs::write(&secret, "root's own").expect("a file");
    fs::set_permissions(&secret, Permissions::from_mode(0o600)).expect("root's alone");
    symlink(&secret, registry.join("a/stolen.tgz")).expect("a link");
    let dir = backups.path().join("nopar");
    let ended = nopar(&registry, &format!("backup {}", text(&dir))).await;
    assert!(
        ended.stdout.contains("a/stolen.tgz: Permission denied"),
        "{}{}",
        ended.stdout,
        ended.stderr
    );
    for file in files_below(&dir) {
        let it = fs::metadata(dir.join(&file)).expect("it");
        assert_eq!((it.uid(), it.mode() & 0o077), (0, 0), "{file}");
        assert!(!fs::read(dir.join(&file)).expect("it").ends_with(b"root's own"), "{file}");
    }
    fs::remove_file(registry.join("a/stolen.tgz")).expect("gone");
    let ended = nopar(&registry, &format!("backup {}", text(&dir))).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    fs::rename(&registry, home.path().join("lost")).expect("moved");
    let ended = nopar(&registry, &format!("restore {}", text(&dir))).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    for path in ["", "a", "a/a.json", ".nopar/keys"] {
        assert_eq!(fs::metadata(registry.join(path)).expect(path).uid(), owner, "{path}");
    }
    // Also where only root can put it: in a directory of root's.
    let place = backups.path().join("registry");
    fs::create_dir(&place).expect("a folder");
    lchown(&place, Some(owner), Some(owner)).expect("given away");
    fs::set_permissions(backups.path(), Permissions::from_mode(0o755)).expect("open");
    let ended = nopar(&place, &format!("restore {}", text(&dir))).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert_eq!(fs::metadata(place.join("a/a.json")).expect("it").uid(), owner);
}

#[tokio::test]
async fn who_may_make_nothing_above_the_registry_is_told_where_and_what_helps() {
    if !is_root_or_skipped("only root is somebody else") {
        return;
    }
    let (program, home, roots) = (Program::new(), folder(), tempfile::tempdir().expect("one"));
    fs::set_permissions(roots.path(), Permissions::from_mode(0o755)).expect("open");
    let [registry, dir] = ["registry", "backup"].map(|name| home.path().join(name));
    fs::create_dir(&registry).expect("a folder");
    lchown(&registry, Some(NOBODY), Some(NOBODY)).expect("given away");
    let nobody = async |arguments: String| {
        let mut command = Command::new(program.path());
        command.args(arguments.split(' ')).uid(NOBODY).gid(NOBODY);
        let env = [("NOPAR_REGISTRY_PATH", text(&registry))];
        Binary::start_as(folder(), command, &env).ended().await
    };
    let ended = nobody(format!("backup {}", text(&dir))).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let place = roots.path().join("registry");
    let ended = nobody(format!("restore {} --to {}", text(&dir), text(&place))).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    let told = format!("nothing may be made in {}", text(roots.path()));
    assert!(ended.stderr.contains(&told), "{}", ended.stderr);
    assert!(ended.stderr.contains("run this command as root"), "{}", ended.stderr);
}
