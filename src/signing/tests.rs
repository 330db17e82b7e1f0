//! Keys that are made, damaged, rotated and taken away under whoever signs with them.
//! Knows nothing of how they are written.

use super::*;
use crate::store::{DiskStore, MemoryStore};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use sha2::{Digest, Sha256};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Barrier;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::UNIX_EPOCH;
use tempfile::TempDir;

const NOW: SystemTime = UNIX_EPOCH;

fn signing(home: &TempDir) -> Signing {
    Signing::new(home.path().join("keys"), Arc::new(MemoryStore::new()))
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// As clients do: the point is what comes after the 26 bytes that all keys on the curve have in common.
fn verifies(key: &Key, text: &str, signature: &Signature) -> bool {
    let der = STANDARD.decode(&key.public.key).unwrap();
    let sig = STANDARD.decode(&signature.sig).unwrap();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &der[26..]);
    key.verify(text.as_bytes(), &sig).is_ok()
}

#[test]
fn what_is_signed_verifies_and_nothing_else_does() {
    let home = TempDir::new().unwrap();
    let signing = signing(&home);
    assert!(signing.look().unwrap().is_none() && signing.sign("x").is_none());
    let keys = signing.prepare(NOW).unwrap();
    let [key] = keys.all() else { panic!("{:?}", keys.all()) };
    let signature = signing.sign("x@1.0.0:sha512-AAAA").unwrap();
    assert_eq!(signature.keyid, key.public.keyid);
    assert!(verifies(key, "x@1.0.0:sha512-AAAA", &signature));
    for other in ["x@1.0.0:sha512-AAAB", "x@1.0.1:sha512-AAAA", "y@1.0.0:sha512-AAAA", ""] {
        assert!(!verifies(key, other, &signature), "{other}");
    }
    assert_eq!((key.since.as_str(), &key.expires), ("1970-01-01T00:00:00.000Z", &None));
    let digest = Sha256::digest(STANDARD.decode(&key.public.key).unwrap());
    let expected = format!("SHA256:{}", STANDARD.encode(digest).trim_end_matches('='));
    assert_eq!(key.public.keyid, expected);
}

#[test]
fn only_its_owner_may_read_the_file() {
    let home = TempDir::new().unwrap();
    signing(&home).prepare(NOW).unwrap();
    let mode = |path: &str| {
        let file = fs::metadata(home.path().join(path)).unwrap();
        file.permissions().mode() & 0o777
    };
    assert_eq!((mode("keys"), mode("keys/keys.json")), (0o700, 0o600));
    let left = fs::read_dir(home.path().join("keys")).unwrap().count();
    assert_eq!(left, 2, "the file and the lock");
}

#[test]
fn the_same_key_is_found_again() {
    let home = TempDir::new().unwrap();
    let first = signing(&home).prepare(NOW).unwrap();
    let second = signing(&home).prepare(at(9)).unwrap();
    assert_eq!(first.all(), second.all());
    let text = signing(&home).sign("text").unwrap();
    assert!(verifies(&first.all()[0], "text", &text));
}

/// Clients reject what is dated after the end of its key: with a clock that was set back, that would be all of it.
#[test]
fn a_clock_that_was_set_back_ends_no_key() {
    let home = TempDir::new().unwrap();
    let signing = signing(&home);
    let made = signing.prepare(at(100)).unwrap();
    let error = signing.rotate(at(89)).unwrap_err().to_string();
    assert!(
        error.contains("1970-01-01T00:01:29.000Z") && error.contains("set it right"),
        "{error}"
    );
    assert_eq!(signing.look().unwrap().unwrap().all(), made.all());
    // Somebody may have rotated since it was looked at.
    assert_eq!(signing.rotate(at(90)).unwrap().all().len(), 2);
}

/// The file is the same as before, and what kept it from being read is not.
#[test]
fn what_could_not_be_read_once_is_read_the_next_time() {
    let home = TempDir::new().unwrap();
    let made = signing(&home).prepare(NOW).unwrap();
    let signing = signing(&home);
    let refused = &signing.inner.folder.is_refused;
    refused.store(true, Ordering::Relaxed);
    assert!(matches!(signing.look(), Err(KeyError::Unreadable { .. })));
    assert!(signing.prepare(NOW).is_err() && signing.rotate(NOW).is_err());
    refused.store(false, Ordering::Relaxed);
    assert_eq!(signing.look().unwrap().unwrap().all(), made.all());
}

#[test]
fn all_who_start_at_once_end_with_one_key() {
    for _ in 0..20 {
        let home = TempDir::new().unwrap();
        let start = Barrier::new(4);
        let made: Vec<Vec<Key>> = thread::scope(|scope| {
            let make = || {
                let signing = signing(&home);
                start.wait();
                signing.prepare(NOW).unwrap().all().to_vec()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(made.iter().all(|keys| keys.len() == 1 && *keys == made[0]), "{made:?}");
    }
}

/// Also in a process that has signed before, by the next that it signs.
#[test]
fn a_rotation_is_seen_and_leaves_what_was_signed_as_good_as_before() {
    let home = TempDir::new().unwrap();
    let running = signing(&home);
    running.prepare(at(0)).unwrap();
    let before = running.sign("old").unwrap();
    let rotated = signing(&home).rotate(at(100)).unwrap();
    let [old, new] = rotated.all() else { panic!("{:?}", rotated.all()) };
    assert_eq!(old.expires.as_deref(), Some("1970-01-01T00:01:50.000Z"));
    assert_eq!((new.since.as_str(), &new.expires), ("1970-01-01T00:01:40.000Z", &None));
    let after = running.sign("new").unwrap();
    assert_eq!((&before.keyid, &after.keyid), (&old.public.keyid, &new.public.keyid));
    assert!(verifies(old, "old", &before) && verifies(new, "new", &after));
    let keys = running.look().unwrap().unwrap();
    assert!(keys.has(&before.keyid) && keys.has(&after.keyid) && !keys.has("SHA256:other"));
    let text = fs::read_to_string(home.path().join("keys/keys.json")).unwrap();
    assert_eq!(text.matches("private").count(), 1, "that of the first is deleted");
    let again = running.rotate(at(200)).unwrap();
    assert_eq!(again.all()[0], *old, "what is over is over");
    let told = again.told();
    assert!(told.lines().next().unwrap().ends_with("until 1970-01-01T00:01:50.000Z"), "{told}");
    assert!(told.lines().last().unwrap().ends_with("signs"), "{told}");
}

#[test]
fn a_rotation_of_nothing_is_the_first_key() {
    let home = TempDir::new().unwrap();
    assert_eq!(signing(&home).rotate(NOW).unwrap().all().len(), 1);
}

#[test]
fn two_who_rotate_at_once_both_do() {
    let home = TempDir::new().unwrap();
    signing(&home).prepare(NOW).unwrap();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| signing(&home).rotate(NOW).unwrap());
        }
    });
    assert_eq!(signing(&home).look().unwrap().unwrap().all().len(), 3);
}

#[test]
fn a_damaged_file_is_named_and_never_replaced() {
    let home = TempDir::new().unwrap();
    let place = home.path().join("keys/keys.json");
    let other = TempDir::new().unwrap();
    signing(&home).rotate(NOW).unwrap();
    signing(&other).rotate(NOW).unwrap();
    let rotated = |home: &TempDir| {
        signing(home).rotate(NOW).unwrap();
        fs::read_to_string(home.path().join("keys/keys.json")).unwrap()
    };
    let (good, others) = (rotated(&home), rotated(&other));
    let private = |text: &str| text.split("\"private\": ").nth(1).unwrap().to_owned();
    for (damage, fault) in [
        (String::new(), "it is not the JSON of keys"),
        ("null".to_owned(), "it is not the JSON of keys"),
        (good[..good.len() / 2].to_owned(), "it is not the JSON of keys"),
        (r#"{"keys":[]}"#.to_owned(), "it lacks the private half"),
        (good.replace("SHA256:", "SHA256:A"), "is not the key that it is said to be"),
        (good.replace(&private(&good), &private(&others)), "it lacks the private half"),
        (good.replace("\"private\"", "\"public\""), "it is not the JSON of keys"),
        (good.replace("1970-01-01T00:00:00.000Z", "then"), "has a time that is none"),
        (
            good.replace("\"expires\": null", "\"expires\": \"2030-01-01T00:00:00Z\""),
            "neither over",
        ),
        (" ".repeat(2 << 20), "longer than any file of keys"),
    ] {
        fs::write(&place, &damage).unwrap();
        let signing = signing(&home);
        for error in [
            signing.look().unwrap_err(),
            signing.prepare(NOW).unwrap_err(),
            signing.rotate(NOW).unwrap_err(),
            signing.offered().unwrap_err(),
        ] {
            let told = error.to_string();
            assert!(told.contains(fault), "{told}");
            assert!(told.starts_with(&format!("{} is damaged", place.display())), "{told}");
        }
        assert!(signing.sign("x").is_none());
        assert_eq!(fs::read_to_string(&place).unwrap(), damage, "it is left as it is");
    }
    fs::write(&place, &good).unwrap();
    assert!(signing(&home).sign("x").is_some());
}

/// A process that knew the keys goes on offering them, and signs no more; until the file is whole again.
#[test]
fn what_was_known_is_offered_while_the_file_is_not_good() {
    let home = TempDir::new().unwrap();
    let place = home.path().join("keys/keys.json");
    let signing = signing(&home);
    let keys = signing.prepare(NOW).unwrap();
    let good = fs::read(&place).unwrap();
    fs::remove_file(&place).unwrap();
    let gone = signing.prepare(NOW).unwrap_err();
    assert_eq!(gone, KeyError::Gone(place.clone()));
    assert!(gone.to_string().contains("restart NOPAR"), "{gone}");
    fs::write(&place, "{").unwrap();
    for _ in 0..2 {
        assert!(signing.sign("x").is_none());
        assert_eq!(signing.offered().unwrap().unwrap().all(), keys.all());
    }
    fs::write(&place, &good).unwrap();
    assert!(signing.sign("x").is_some());
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    let home = TempDir::new().unwrap();
    let signing = signing(&home);
    fs::create_dir_all(home.path().join("keys/keys.json")).unwrap();
    let error = signing.look().unwrap_err();
    assert!(matches!(error, KeyError::Unreadable { .. }), "{error}");
}

/// What a process left that ended while it wrote.
#[test]
fn what_a_crash_left_is_no_key_and_in_nobodys_way() {
    let home = TempDir::new().unwrap();
    fs::create_dir(home.path().join("keys")).unwrap();
    fs::write(home.path().join("keys/keys.json.new"), "{").unwrap();
    let signing = signing(&home);
    assert!(signing.look().unwrap().is_none());
    signing.prepare(NOW).unwrap();
    assert!(!home.path().join("keys/keys.json.new").exists());
}

#[test]
fn nothing_is_made_in_place_of_a_directory_that_is_gone() {
    let home = TempDir::new().unwrap();
    let root = home.path().join("registry");
    let store = Arc::new(DiskStore::open(&root).unwrap());
    store.prepare().unwrap();
    fs::create_dir(root.join("x")).unwrap();
    let signing = Signing::of_directory(&root, store);
    fs::rename(&root, home.path().join("elsewhere")).unwrap();
    let error = signing.prepare(NOW).unwrap_err().to_string();
    assert!(error.contains("was it renamed, or its volume unmounted?"), "{error}");
    assert!(!root.exists());
    fs::rename(home.path().join("elsewhere"), &root).unwrap();
    signing.prepare(NOW).unwrap();
}
