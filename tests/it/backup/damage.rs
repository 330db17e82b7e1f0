//! Damage, in the registry and in a backup: told, and never made worse.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;

use super::{backup, listed, restored, restoring};
use crate::support::disk::fifo;
use crate::support::kept::{Kept, contents, damage, rows, text};
use crate::support::nopar::files_below;
use crate::support::upstream::FakeUpstream;

/// The registry's keys.
const KEYS: &str = ".nopar/keys/keys.json";

/// The object that a file of the last snapshot is kept in.
pub(super) fn object_of(kept: &Kept, which: impl Fn(&Value) -> &Value) -> std::path::PathBuf {
    let snapshots = kept.beside("backup/snapshots");
    let mut all = files_below(&snapshots);
    let text = fs::read(snapshots.join(all.pop().expect("one"))).expect("a snapshot");
    let snapshot: Value = serde_json::from_slice(&text).expect("JSON");
    let digest = which(&snapshot)["sha256"].as_str().expect("a digest");
    kept.beside("backup/objects").join(&digest[..2]).join(digest)
}

#[tokio::test]
async fn a_damaged_backup_replaces_nothing_and_what_is_whole_of_it_can_be_had() {
    let upstream = FakeUpstream::start().await;
    let kept = Kept::filled(&upstream).await;
    backup(&kept, "backup", "").await;
    let before = contents(&kept.registry());
    let object = object_of(&kept, |snapshot| &snapshot["files"]["x/x-1.0.0.tgz"]);
    let bytes = fs::read(&object).expect("it");
    type Harm = fn(&std::path::Path);
    let kinds: [(&str, &str, Harm); 3] = [
        ("a byte", "its bytes in the backup are damaged", |at| damage(at, |bytes| bytes.len() / 2)),
        ("cut", "its bytes in the backup are damaged", |at| fs::write(at, "short").expect("cut")),
        ("gone", "its bytes are missing in the backup", |at| fs::remove_file(at).expect("gone")),
    ];
    for (kind, why, harm) in kinds {
        harm(&object);
        let told = format!("x/x-1.0.0.tgz: {why}");
        let ended = restoring(&kept, "backup", "--replace").await;
        assert_eq!(ended.code, Some(1), "{kind}: {}", ended.stdout);
        assert!(ended.stderr.contains(&told), "{kind}: {}", ended.stderr);
        let ended = restoring(&kept, "backup", "--dry-run").await;
        assert_eq!(ended.code, Some(1), "{kind}: {}", ended.stdout);
        assert!(ended.stdout.contains(&told), "{kind}: {}", ended.stdout);
        assert!(ended.stderr.contains("is not whole"), "{kind}: {}", ended.stderr);
        assert!(contents(&kept.registry()) == before, "{kind}: nothing has changed");
        assert!(!kept.beside("registry.restoring").exists(), "{kind}");
        let to = kept.beside("restored");
        let options = format!("--even-damaged --json --to {}", text(&to));
        let ended = restoring(&kept, "backup", &options).await;
        assert_eq!(ended.code, Some(1), "{kind}: {}", ended.stderr);
        let row = rows(&ended).remove(0);
        assert!(row["damaged"].to_string().contains(&told), "{kind}: {row}");
        let mut expected = before.clone();
        expected.remove("x/x-1.0.0.tgz");
        let length: usize = expected.values().map(Vec::len).sum();
        assert_eq!(
            (&row["files"], &row["bytes"]),
            (&expected.len().into(), &length.into()),
            "{kind}: what is there is counted"
        );
        assert!(contents(&to) == expected, "{kind}: all else is there");
        fs::remove_dir_all(&to).expect("gone");
        fs::write(&object, &bytes).expect("mended");
    }
    damage(&object, |bytes| bytes.len() / 2);
    // One that is made anew mends it, if it is to look.
    backup(&kept, "backup", "--full").await;
    assert!(fs::read(&object).expect("it") == bytes);
    assert!(contents(&restored(&kept, "backup", "").await) == before);
}

#[tokio::test]
async fn a_damaged_snapshot_is_told_of_and_the_others_are_restored() {
    let upstream = FakeUpstream::start().await;
    let kept = Kept::filled(&upstream).await;
    backup(&kept, "backup", "").await;
    backup(&kept, "backup", "").await;
    let ids = listed(&kept, "backup").await;
    let last = kept.beside("backup/snapshots").join(format!("{}.json", ids[1]));
    damage(&last, |bytes| bytes.len() / 2);
    let shown = restoring(&kept, "backup", "--list").await;
    assert_eq!(shown.code, Some(1));
    assert!(shown.stdout.contains("its checksum does not match"), "{}", shown.stdout);
    let ended =
        restoring(&kept, "backup", &format!("--to {}", text(&kept.beside("restored")))).await;
    assert!(ended.code == Some(1) && ended.stderr.contains(&ids[1]), "{}", ended.stderr);
    let to = restored(&kept, "backup", &format!("--snapshot {}", ids[0])).await;
    assert!(contents(&to) == contents(&kept.registry()));
    // Nothing is removed by who cannot know what is needed, or what could still be made of it: not even what only that has.
    fs::remove_dir_all(kept.registry().join("x")).expect("gone");
    let before = files_below(&kept.beside("backup/objects"));
    let dir = kept.beside("backup");
    for most in [2, 1] {
        let pruned = kept.run(&format!("backup {} --keep {most}", text(&dir))).await;
        assert_eq!(pruned.code, Some(1), "it is made: {}", pruned.stderr);
        assert!(pruned.stderr.contains("checksum"), "{}", pruned.stderr);
        assert!(pruned.stderr.contains(&format!("{}.json", ids[1])), "{}", pruned.stderr);
        let now = files_below(&kept.beside("backup/objects"));
        assert!(before.iter().all(|object| now.contains(object)), "--keep {most}");
        assert!(listed_at_all(&kept).await.starts_with(&ids), "--keep {most}");
    }
}

/// It was restored without what was missing, and called well.
#[tokio::test]
async fn what_could_not_be_read_then_is_missed_when_it_is_restored() {
    let kept = Kept::filled(&FakeUpstream::start().await).await;
    // A package on a disk that is not mounted.
    symlink("/nowhere", kept.registry().join("gone")).expect("a link");
    let dir = kept.beside("backup");
    let ended = kept.run(&format!("backup {}", text(&dir))).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    let to = format!("--to {}", text(&kept.beside("restored")));
    let ended = restoring(&kept, "backup", &to).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    assert!(ended.stderr.contains("gone: No such file"), "{}", ended.stderr);
    assert!(!kept.beside("restored").exists());
    let ended = restoring(&kept, "backup", &format!("{to} --even-damaged")).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stdout.contains("gone: No such file"), "{}", ended.stdout);
    assert!(kept.beside("restored/x/x.json").exists());
}

/// The names of the backups, also where one of them is damaged.
async fn listed_at_all(kept: &Kept) -> Vec<String> {
    let rows = rows(&restoring(kept, "backup", "--list --json").await);
    rows.iter().map(|row| row["snapshot"].as_str().expect("a name").to_owned()).collect()
}

/// No backup could be made any more, and it was not said of which file.
#[tokio::test]
async fn an_object_that_cannot_be_read_is_written_anew_or_named() {
    let kept = Kept::empty();
    fs::create_dir(kept.registry()).expect("a folder");
    fs::write(kept.registry().join("notes.txt"), "an operator's").expect("a file");
    backup(&kept, "backup", "").await;
    let object = object_of(&kept, |snapshot| &snapshot["files"]["notes.txt"]);
    for full in ["", "--full"] {
        fifo(&object);
        let ended = restoring(&kept, "backup", "--dry-run").await;
        assert_eq!(ended.code, Some(1), "{}", ended.stdout);
        backup(&kept, "backup", full).await;
        assert_eq!(fs::read(&object).expect("a file"), b"an operator's");
    }
    fs::remove_file(&object).expect("gone");
    fs::create_dir(&object).expect("what no file takes the place of");
    let ended = kept.run(&format!("backup {}", text(&kept.beside("backup")))).await;
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    assert!(ended.stderr.contains(text(&object)), "{}", ended.stderr);
    assert!(ended.stderr.contains("cannot be written"), "{}", ended.stderr);
}

#[tokio::test]
async fn what_is_damaged_in_the_registry_is_told_kept_as_it_is_and_keeps_older_backups() {
    let upstream = FakeUpstream::start().await;
    let kept = Kept::filled(&upstream).await;
    backup(&kept, "backup", "").await;
    let whole = contents(&kept.registry());
    damage(&kept.registry().join("x/x-1.0.0.tgz"), |bytes| bytes.len() / 2);
    fs::remove_file(kept.registry().join("@s/n/n-1.0.0.tgz")).expect("gone");
    let dir = kept.beside("backup");
    let ended = kept.run(&format!("backup {} --keep 1 --json", text(&dir))).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let row = rows(&ended).remove(0);
    assert!(ended.stderr.contains("damaged in"), "also who throws away the rest hears of it");
    let problems = row["problems"].to_string();
    assert!(problems.contains("x/x-1.0.0.tgz: its bytes"), "{problems}");
    assert!(problems.contains("the tarball of 1.0.0 is not there"), "{problems}");
    let ids = listed(&kept, "backup").await;
    assert_eq!(ids.len(), 2, "the whole one is kept");
    // It is told again each time, also of files that have not changed.
    let again = kept.run(&format!("backup {} --json", text(&dir))).await;
    assert_eq!(again.code, Some(1));
    let ended = restoring(&kept, "backup", "--replace").await;
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    // What would be refused is not called whole.
    let ended = restoring(&kept, "backup", "--dry-run --json").await;
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    let damaged = rows(&ended)[0]["damaged"].to_string();
    assert!(damaged.contains("x/x-1.0.0.tgz: its bytes"), "{damaged}");
    let ended = restoring(&kept, "backup", "--list --json").await;
    assert!(rows(&ended)[1]["problem_count"].as_u64() >= Some(2), "{}", ended.stdout);
    let ended = restoring(&kept, "backup", &format!("--replace --snapshot {}", ids[0])).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(contents(&kept.registry()) == whole);
}

/// What a restore refuses, the backup tells, and removes no older one for it.
#[tokio::test]
async fn a_key_that_is_gone_and_a_document_that_makes_no_sense_are_damage_to_a_backup() {
    let upstream = FakeUpstream::start().await;
    let whole = Kept::filled(&upstream).await;
    let forge = |registry: &Path| {
        let place = registry.join("x/x.json");
        let mut document: Value =
            serde_json::from_slice(&fs::read(&place).expect("a document")).expect("JSON");
        document["versions"]["1.0.0"]["version"] = "9.0.0".into();
        fs::write(&place, document.to_string()).expect("written");
    };
    type Harm<'a> = &'a dyn Fn(&Path);
    let lose = |registry: &Path| fs::remove_file(registry.join(KEYS)).expect("there was one");
    for (harm, what) in [(&lose as Harm<'_>, "which is not in it"), (&forge, "is another version")]
    {
        let kept = whole.copied();
        backup(&kept, "backup", "").await;
        harm(&kept.registry());
        let dir = kept.beside("backup");
        let ended = kept.run(&format!("backup {} --keep 1 --json", text(&dir))).await;
        assert_eq!(ended.code, Some(1), "{what}: {}", ended.stdout);
        let problems = rows(&ended)[0]["problems"].to_string();
        assert!(problems.contains(what), "{problems}");
        assert_eq!(listed(&kept, "backup").await.len(), 2, "{what}: the whole one is kept");
        for options in ["--dry-run", "--replace"] {
            let ended = restoring(&kept, "backup", options).await;
            assert_eq!(ended.code, Some(1), "{what}: {options}: {}", ended.stdout);
        }
    }
}

/// Who has lost the key has another, and versions are signed anew with that: nothing is wrong then.
#[tokio::test]
async fn a_key_in_the_place_of_a_lost_one_is_no_damage() {
    let upstream = FakeUpstream::start().await;
    let kept = Kept::filled(&upstream).await;
    fs::remove_file(kept.registry().join(KEYS)).expect("there was one");
    {
        let (_nopar, addr) = kept.served(&upstream.url()).await;
        crate::support::client::get(addr, "/@s%2fn").await.expect(200);
    }
    let ended = kept.run("verify --only registry").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    assert!(ended.stdout.contains("note: .nopar/keys/keys.json"), "{}", ended.stdout);
    backup(&kept, "backup", "").await;
    let ended = restoring(&kept, "backup", "--dry-run").await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
}
