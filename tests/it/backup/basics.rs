//! A backup and the way back, with all that belongs to a registry.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;

use super::{backup, listed, objects, restored, restoring};
use crate::support::binary::{Binary, PROGRAM};
use crate::support::client::get;
use crate::support::kept::{Kept, contents, rows, text};
use crate::support::nopar::files_below;
use crate::support::publish::Publish;
use crate::support::upstream::FakeUpstream;

#[tokio::test]
async fn everything_is_there_again_byte_by_byte_with_modes_and_dates() {
    let upstream = FakeUpstream::start().await;
    let kept = Kept::filled(&upstream).await;
    fs::write(kept.registry().join("notes.txt"), "an operator's").expect("a file");
    let before = contents(&kept.registry());
    let said = backup(&kept, "backup", "").await;
    assert_eq!(said["files"], before.len(), "{said}");
    for file in ["x/x.json", ".nopar/keys/keys.json", ".nopar/users.json", "registry.json"] {
        assert!(before.contains_key(file), "{file}");
    }
    let to = restored(&kept, "backup", "").await;
    assert!(contents(&to) == before);
    for file in before.keys() {
        let [old, new] =
            [kept.registry(), to.clone()].map(|top| fs::metadata(top.join(file)).expect(file));
        assert_eq!((old.mode(), old.modified().ok()), (new.mode(), new.modified().ok()), "{file}");
    }
    let mode = |path: &str| fs::metadata(to.join(path)).expect(path).mode() & 0o777;
    assert_eq!((mode(".nopar/keys"), mode(".nopar/tokens")), (0o700, 0o700));
    assert!(!to.join(".nopar/locks").exists() && !to.join(".nopar/tmp").exists());
    // A NOPAR serves and signs as before, and stages can be approved.
    let other = Kept::empty();
    fs::rename(&to, other.registry()).expect("moved");
    let (_binary, addr) = other.served(&upstream.url()).await;
    get(addr, "/x").await.expect(200);
    Publish::of("x", "3.0.0").succeed(addr).await;
    let keys =
        |path: std::path::PathBuf| fs::read(path.join(".nopar/keys/keys.json")).expect("keys");
    assert!(keys(other.registry()) == keys(kept.registry()));
    assert_eq!(get(addr, "/-/stage").await.expect(200).json()["total"], 1);
}

#[tokio::test]
async fn only_what_is_new_is_kept_again_and_each_backup_can_be_restored() {
    let upstream = FakeUpstream::start().await;
    let kept = Kept::filled(&upstream).await;
    let first = backup(&kept, "backup", "").await;
    let old = contents(&kept.registry());
    let again = backup(&kept, "backup", "").await;
    assert_eq!((&again["new_files"], &again["new_bytes"]), (&0.into(), &0.into()), "{again}");
    {
        let (_binary, addr) = kept.served(&upstream.url()).await;
        Publish::of("x", "1.2.0").succeed(addr).await;
    }
    let third = backup(&kept, "backup", "").await;
    // The document, and the tarball; a packument's date may have come along.
    assert!((2..=3).contains(&third["new_files"].as_u64().expect("a number")), "{third}");
    let ids = listed(&kept, "backup").await;
    assert_eq!(ids.len(), 3);
    assert_eq!(ids[0], first["snapshot"], "the oldest first");
    let to = restored(&kept, "backup", &format!("--snapshot {}", ids[0])).await;
    assert!(contents(&to) == old);
    fs::remove_dir_all(&to).expect("gone");
    let to = restored(&kept, "backup", "").await;
    assert!(contents(&to) == contents(&kept.registry()));
    // All but the last go, with what only they had.
    let count = objects(&kept.beside("backup"));
    let last = backup(&kept, "backup", "--keep 1").await;
    assert_eq!(last["removed"].as_array().map(Vec::len), Some(3), "{last}");
    assert!(objects(&kept.beside("backup")) < count);
    assert_eq!(listed(&kept, "backup").await.len(), 1);
    fs::remove_dir_all(&to).expect("gone");
    assert!(contents(&restored(&kept, "backup", "").await) == contents(&kept.registry()));
}

#[tokio::test]
async fn nobody_else_may_look_into_it_and_people_find_files_in_it() {
    let upstream = FakeUpstream::start().await;
    let kept = Kept::filled(&upstream).await;
    backup(&kept, "backup", "").await;
    let dir = kept.beside("backup");
    assert_eq!(fs::metadata(&dir).expect("it").mode() & 0o777, 0o700);
    for file in files_below(&dir) {
        let mode = fs::metadata(dir.join(&file)).expect("it").mode() & 0o077;
        assert_eq!(mode, 0, "{file}");
    }
    let readme = fs::read_to_string(dir.join("README.txt")).expect("a text");
    assert!(readme.contains("nopar restore") && readme.contains("grep"), "{readme}");
    // What it says is so.
    let mut shell = Command::new("/bin/sh");
    let find = r#"grep -h '"x/x-1.0.0.tgz"' snapshots/*.json | sed 's/.*"sha256":"\(..\)\([0-9a-f]*\)".*/objects\/\1\/\1\2/'"#;
    let whole = r#"(cd objects && for f in */*; do echo "$(basename $f)  $f"; done | sha256sum -c --quiet) && cat "$object""#;
    let script = format!("cd \"$DIR\" && object=$({find}) && {whole}");
    shell.arg("-c").arg(script).env("DIR", &dir);
    let found = shell.output().expect("a shell");
    let error = String::from_utf8_lossy(&found.stderr);
    assert!(found.stdout == Publish::of("x", "1.0.0").bytes(), "{error}");
}

#[tokio::test]
async fn the_configuration_file_comes_along_and_is_given_back_when_asked_for() {
    let kept = Kept::empty();
    fs::create_dir(kept.registry()).expect("a folder");
    let file = kept.beside("nopar.toml");
    fs::write(&file, "[log]\nlevel = \"warn\"\n").expect("a file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("open to a group");
    let dir = kept.beside("backup");
    let ended = kept.run(&format!("backup {} --config {}", text(&dir), text(&file))).await;
    assert!(ended.success, "{}", ended.stderr);
    assert!(
        ended.stdout.contains(&format!("configuration file {}", file.display())),
        "{}",
        ended.stdout
    );
    fs::remove_dir(kept.registry()).expect("it is empty");
    let to = kept.beside("back.toml");
    let ended = restoring(&kept, "backup", &format!("--configuration {}", text(&to))).await;
    assert!(ended.success, "{}", ended.stderr);
    assert_eq!(fs::read(&to).expect("a file"), fs::read(&file).expect("a file"));
    assert_eq!(fs::metadata(&to).expect("it").mode() & 0o077, 0, "there may be secrets in it");
    let opened = format!("chmod 640 {}", to.display());
    assert!(ended.stdout.contains(&opened), "how NOPAR comes to read it: {}", ended.stdout);
}

#[tokio::test]
async fn a_backup_is_listed_and_tried_without_writing_anything() {
    let upstream = FakeUpstream::start().await;
    let kept = Kept::filled(&upstream).await;
    backup(&kept, "backup", "").await;
    let before = files_below(&kept.beside(""));
    let shown = restoring(&kept, "backup", "--list").await;
    assert!(shown.success && shown.stdout.contains("files"), "{}", shown.stdout);
    let row = rows(&restoring(&kept, "backup", "--list --json").await).remove(0);
    assert_eq!(row["problem_count"], 0, "{row}");
    let tried = restoring(&kept, "backup", "--dry-run").await;
    assert!(tried.success && tried.stdout.contains("is whole"), "{}{}", tried.stdout, tried.stderr);
    let row = rows(&restoring(&kept, "backup", "--dry-run --json").await).remove(0);
    assert_eq!((&row["dry_run"], row["damaged"].as_array().map(Vec::len)), (&true.into(), Some(0)));
    assert_eq!(files_below(&kept.beside("")), before);
}

/// It need not be where, nor by whom, it was made.
#[tokio::test]
async fn a_directory_of_backups_may_be_copied_and_only_read() {
    let upstream = FakeUpstream::start().await;
    let kept = Kept::filled(&upstream).await;
    backup(&kept, "backup", "").await;
    let copied =
        Command::new("cp").arg("-r").args([kept.beside("backup"), kept.beside("medium")]).status();
    assert!(copied.expect("cp").success());
    let medium = kept.beside("medium");
    for file in files_below(&medium) {
        fs::set_permissions(medium.join(file), fs::Permissions::from_mode(0o444))
            .expect("its mode");
    }
    // Whoever copies may leave out locks.
    for without in ["", "lock"] {
        if !without.is_empty() {
            fs::remove_file(medium.join(without)).expect("it is there");
        }
        let to = restored(&kept, "medium", "").await;
        assert!(contents(&to) == contents(&kept.registry()), "without {without:?}");
        assert_eq!(medium.join("lock").exists(), without.is_empty(), "nothing is made there");
        fs::remove_dir_all(&to).expect("gone");
    }
}

#[tokio::test]
async fn help_says_what_each_command_does_and_its_exit_codes() {
    for command in ["verify", "backup", "restore"] {
        let ended = Binary::start(&[command, "--help"], &[]).ended().await;
        assert!(ended.success, "{PROGRAM} {command}: {}", ended.stderr);
        assert!(ended.stdout.contains("Exit codes: 0"), "{}", ended.stdout);
        assert!(ended.stdout.contains(&format!("nopar {command} ")), "{}", ended.stdout);
    }
}
