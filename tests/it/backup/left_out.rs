//! What lies in the directory of a registry and is no part of one: told of, and no damage.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use super::{backup, restored};
use crate::support::kept::{Kept, contents, text};
use crate::support::upstream::FakeUpstream;

/// Such a file was damage, and no backup was ever removed.
#[tokio::test]
async fn names_that_are_no_text_are_left_out() {
    let kept = Kept::filled(&FakeUpstream::start().await).await;
    let whole = contents(&kept.registry());
    let odd = |folder: &str| kept.registry().join(folder).join(OsStr::from_bytes(b"a\xffb"));
    fs::write(odd(""), "").expect("a file");
    fs::write(odd("x"), "").expect("a file");
    fs::create_dir(odd("@s")).expect("a folder");
    fs::write(odd("@s").join("file"), "").expect("a file");
    backup(&kept, "backup", "").await;
    let said = backup(&kept, "backup", "--keep 1").await;
    assert_eq!(said["left_out"].as_array().map(Vec::len), Some(3), "{said}");
    assert!(said["left_out"].to_string().contains("its name is not UTF-8"), "{said}");
    assert_eq!(said["removed"].as_array().map(Vec::len), Some(1), "{said}");
    assert!(contents(&restored(&kept, "backup", "").await) == whole);
    let verified = kept.run("verify --only registry").await;
    assert!(verified.success, "it says the same: {}", verified.stdout);
}

#[tokio::test]
async fn a_link_that_leads_to_no_package_is_not_followed() {
    let kept = Kept::filled(&FakeUpstream::start().await).await;
    let whole = contents(&kept.registry());
    let away = kept.beside("away");
    fs::create_dir_all(away.join("deep")).expect("a folder");
    fs::write(away.join("deep/letter.txt"), "dear").expect("a file");
    symlink(&away, kept.registry().join("away")).expect("a link");
    // This one is a package on another disk.
    fs::rename(kept.registry().join("x"), kept.beside("x")).expect("moved");
    symlink(kept.beside("x"), kept.registry().join("x")).expect("a link");
    let dir = kept.beside("backup");
    let ended = kept.run(&format!("backup {}", text(&dir))).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("left out: away: a link to a folder"), "{}", ended.stdout);
    assert!(contents(&restored(&kept, "backup", "").await) == whole);
}
