//! Notes of tokens that were shown, by one process and several, and what keeps them from being made.
//! Knows nothing of tokens.

use super::*;
use crate::access::ground::Shaky;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

fn replays(home: &TempDir, most: usize) -> Replays {
    let folder = home.path().join(FOLDER);
    Replays(Arc::new(Notes { folder, ground: Arc::new(()), most, room: Mutex::default() }))
}

fn identity(number: u8) -> [u8; 32] {
    [number; 32]
}

/// The names of the notes.
fn notes(home: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(home.path().join(FOLDER)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != LOCK).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_token_is_shown_once_until_its_time_is_over() {
    let home = tempfile::tempdir().unwrap();
    let replays = replays(&home, MOST);
    assert_eq!(replays.note(&identity(1), 100, 50).await, Ok(()));
    assert_eq!(replays.note(&identity(2), 100, 50).await, Ok(()));
    assert_eq!(replays.note(&identity(1), 100, 99).await, Err(Refused::Replayed));
    assert_eq!(replays.note(&identity(1), 200, 100).await, Ok(()), "it is refused for its time");
    assert_eq!(replays.note(&identity(1), 200, 199).await, Err(Refused::Replayed));
    assert_eq!(notes(&home), [hex(&identity(1))], "what is over went with that");
}

/// Another process, or the same after a restart.
#[tokio::test]
async fn what_one_process_was_shown_all_know() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(replays(&home, MOST).note(&identity(1), 100, 50).await, Ok(()));
    assert_eq!(replays(&home, MOST).note(&identity(1), 100, 50).await, Err(Refused::Replayed));
    let all = (0..8).map(|_| replays(&home, MOST));
    let noting = all.map(|one| tokio::spawn(async move { one.note(&identity(2), 100, 50).await }));
    let mut taken = 0;
    for one in Vec::from_iter(noting) {
        match one.await.unwrap() {
            Ok(()) => taken += 1,
            Err(refused) => assert_eq!(refused, Refused::Replayed),
        }
    }
    assert_eq!(taken, 1);
    let folder = home.path().join(FOLDER);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join(hex(&identity(1))))), (0o700, 0o600));
}

#[tokio::test]
async fn so_many_are_remembered_and_none_is_forgotten_before_its_time() {
    let home = tempfile::tempdir().unwrap();
    let one = replays(&home, 3);
    for number in 1..=3 {
        let until = if number == 3 { 200 } else { 100 };
        assert_eq!(one.note(&identity(number), until, 50).await, Ok(()));
    }
    for other in [&one, &replays(&home, 3)] {
        assert_eq!(other.note(&identity(4), 100, 99).await, Err(Refused::Busy));
        assert_eq!(other.check(&identity(4), 99).await, Err(Refused::Busy));
        assert_eq!(other.check(&identity(2), 99).await, Err(Refused::Replayed));
        assert_eq!(other.note(&identity(2), 100, 99).await, Err(Refused::Replayed));
    }
    assert_eq!(notes(&home).len(), 3);
    assert_eq!(one.note(&identity(4), 200, 100).await, Ok(()));
    assert_eq!(notes(&home), [hex(&identity(3)), hex(&identity(4))]);
    assert_eq!(one.note(&identity(3), 200, 100).await, Err(Refused::Replayed));
}

/// One of them had every job refused once notes were counted again.
#[tokio::test]
async fn what_is_no_note_is_in_nobody_s_way() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(FOLDER);
    fs::create_dir_all(folder.join("lost+found")).unwrap();
    fs::write(folder.join("README"), "1\n").unwrap();
    let replays = replays(&home, MOST);
    assert_eq!(replays.note(&identity(1), 100, 50).await, Ok(()));
    assert_eq!(
        replays.note(&identity(1), 200, 100).await,
        Ok(()),
        "those that are over are removed"
    );
    assert_eq!(notes(&home), [&hex(&identity(1)), "README", "lost+found"]);
}

/// It is noted, and a crash kept its bytes from the disk.
#[tokio::test]
async fn a_note_without_bytes_holds_for_longer_than_any_token() {
    let home = tempfile::tempdir().unwrap();
    let replays = replays(&home, MOST);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert_eq!(replays.note(&identity(1), now + 100, now).await, Ok(()));
    for damaged in ["", "17", "x\n", &"9".repeat(40)] {
        fs::write(home.path().join(FOLDER).join(hex(&identity(1))), damaged).unwrap();
        for later in [now, now + 24 * 3600] {
            let noted = replays.note(&identity(1), later + 100, later).await;
            assert_eq!(noted, Err(Refused::Replayed), "{damaged}");
        }
    }
    let later = now + UNFINISHED + 60;
    assert_eq!(replays.note(&identity(1), later + 100, later).await, Ok(()));
}

#[tokio::test]
async fn what_cannot_be_noted_is_refused_and_nothing_is_made_while_the_directory_is_gone() {
    let home = tempfile::tempdir().unwrap();
    let ground = Arc::new(Shaky::default());
    let replays = Replays::new(home.path(), Arc::clone(&ground) as Arc<dyn Ground>);
    ground.0.store(true, Ordering::SeqCst);
    assert_eq!(replays.note(&identity(1), 100, 50).await, Err(Refused::Unnoted));
    assert!(!home.path().join(".nopar").exists());
    ground.0.store(false, Ordering::SeqCst);
    // Something else is in its place.
    fs::create_dir(home.path().join(".nopar")).unwrap();
    let folder = home.path().join(FOLDER);
    fs::write(&folder, "").unwrap();
    assert_eq!(replays.note(&identity(1), 100, 50).await, Err(Refused::Unnoted));
    fs::remove_file(&folder).unwrap();
    fs::create_dir_all(folder.join(hex(&identity(1)))).unwrap();
    assert_eq!(replays.note(&identity(1), 100, 50).await, Err(Refused::Unnoted));
    fs::remove_dir(folder.join(hex(&identity(1)))).unwrap();
    assert_eq!(replays.note(&identity(1), 100, 50).await, Ok(()));
}
