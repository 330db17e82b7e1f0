//! Users are added, changed and removed, by many at once.
//! Knows nothing of how the file is replaced.

use super::*;
use crate::access::password::NewPassword;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// The users of a registry in a directory that goes with the test.
fn users() -> (TempDir, Users) {
    let home = tempfile::tempdir().unwrap();
    let users = open(&home);
    (home, users)
}

/// The same directory, as another process sees it.
fn open(home: &TempDir) -> Users {
    Users::open(home.path(), Arc::new(()))
}

fn add(users: &Users, name: &str) -> Result<(), UsersError> {
    let user = NewUser::parse(name, &format!("{name}@acme.example")).unwrap();
    users.add(user, hash("of no password"), at(1_764_000_000))
}

/// One that no password is compared with.
fn hash(text: &str) -> Hash {
    serde_json::from_value(text.into()).unwrap()
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn names(users: &Users) -> Vec<String> {
    users.all().unwrap().iter().map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn users_are_kept_as_they_were_given() {
    let (home, users) = users();
    assert!(users.find("ann").unwrap().is_none());
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "who only looks makes nothing");
    let password = Hash::of(&NewPassword::parse("correct horse".to_owned()).unwrap()).unwrap();
    let ann = NewUser::parse("ann", "ann@acme.example").unwrap();
    users.add(ann, password.clone(), at(1_764_000_000)).unwrap();
    add(&users, "bob").unwrap();

    for users in [&users, &open(&home)] {
        let ann = users.find("ann").unwrap().unwrap();
        assert!(ann.password() == &password);
        assert_eq!((ann.email(), ann.created()), ("ann@acme.example", 1_764_000_000));
        assert_eq!(ann.changed(), 1_764_000_000);
        assert!(ann.second_factor().is_none() && ann.profile().get("fullname").is_empty());
        assert_eq!(names(users), ["ann", "bob"]);
    }
    let place = home.path().join(".nopar/users.json");
    let text = fs::read_to_string(&place).unwrap();
    let bob = r#""bob":{"password":"of no password","email":"bob@acme.example","created":1764000000,"changed":1764000000}"#;
    assert!(text.contains(bob), "{text}");
    assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o600);
    let own = fs::metadata(home.path().join(".nopar")).unwrap();
    assert_eq!(own.permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_name_is_given_once_however_it_is_spelt() {
    let (_home, users) = users();
    add(&users, "Ann").unwrap();
    for name in ["Ann", "ann", "ANN"] {
        let taken = add(&users, name).unwrap_err();
        assert_eq!(taken.to_string(), "there is a user of the name Ann already", "{name}");
    }
    assert!(users.find("ann").unwrap().is_none(), "names are told apart by their bytes");
    add(&users, "anna").unwrap();
}

#[test]
fn users_change_and_go() {
    let (_home, users) = users();
    add(&users, "ann").unwrap();
    add(&users, "bob").unwrap();
    users.set_password("ann", hash("another"), at(1_764_000_000)).unwrap();
    let ann = users.find("ann").unwrap().unwrap();
    assert!(ann.password() == &hash("another"));
    assert!(ann.changed() > ann.created(), "also within a second");

    // A stronger hash of the password they had is none of the one they have.
    users.strengthen("ann", &hash("of no password"), hash("stronger")).unwrap();
    assert!(users.find("ann").unwrap().unwrap().password() == &hash("another"));
    users.strengthen("ann", &hash("another"), hash("stronger")).unwrap();
    let strong = users.find("ann").unwrap().unwrap();
    assert!(strong.password() == &hash("stronger") && strong.changed() == ann.changed());

    users
        .update("bob", |bob| {
            bob.set_email(String::new());
            bob.profile_mut().set("fullname", "Bob B.").unwrap();
            *bob.second_factor_mut() = None;
            Ok::<_, UsersError>(())
        })
        .unwrap();
    let bob = users.find("bob").unwrap().unwrap();
    assert_eq!((bob.email(), bob.profile().get("fullname")), ("", "Bob B."));

    assert!(users.remove("ann").unwrap());
    assert!(!users.remove("ann").unwrap());
    assert_eq!(names(&users), ["bob"]);
    for gone in [users.set_password("ann", hash("x"), at(0)), users.update("nobody", |_| Ok(()))] {
        assert!(gone.unwrap_err().to_string().starts_with("there is no user of the name "));
    }
}

#[test]
fn a_change_that_is_refused_changes_nothing() {
    let (home, users) = users();
    add(&users, "ann").unwrap();
    let place = home.path().join(".nopar/users.json");
    let before = fs::metadata(&place).unwrap().modified().unwrap();
    let refused = users.update("ann", |ann| {
        ann.set_email("new".to_owned());
        Err::<(), _>(UsersError::Full(7))
    });
    assert!(matches!(refused, Err(UsersError::Full(7))));
    // Nor is anything written where nothing differs.
    users.update("ann", |_| Ok::<_, UsersError>(())).unwrap();
    assert_eq!(users.find("ann").unwrap().unwrap().email(), "ann@acme.example");
    assert_eq!(fs::metadata(&place).unwrap().modified().unwrap(), before);
}

#[test]
fn each_process_sees_what_others_change_at_once() {
    let (home, here) = users();
    let there = open(&home);
    for number in 0..50 {
        let name = format!("user{number}");
        assert!(there.find(&name).unwrap().is_none());
        add(&here, &name).unwrap();
        assert!(there.find(&name).unwrap().is_some(), "{name}");
        // Of one length with what was there before.
        for password in ["aaaa", "bbbb", "cccc"] {
            there.set_password(&name, hash(password), at(0)).unwrap();
            assert!(here.find(&name).unwrap().unwrap().password() == &hash(password));
        }
    }
    assert!(there.remove("user7").unwrap());
    assert!(here.find("user7").unwrap().is_none());
}

/// Half of them are threads of one process, half are as processes of their own.
#[test]
fn of_changes_that_are_made_at_once_none_is_lost() {
    let (home, shared) = users();
    add(&shared, "all").unwrap();
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let users = if thread % 2 == 0 { shared.clone() } else { open(&home) };
            thread::spawn(move || {
                for number in 0..50 {
                    if number % 2 == 0 {
                        add(&users, &format!("user{thread}-{number}")).unwrap();
                    } else {
                        let count = |all: &mut UserRecord| {
                            let times: u32 = all.email().parse().unwrap_or(0);
                            all.set_email((times + 1).to_string());
                            Ok::<_, UsersError>(())
                        };
                        users.update("all", count).unwrap();
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(names(&shared).len(), 1 + 8 * 25);
    assert_eq!(shared.find("all").unwrap().unwrap().email(), "200");
    let mut left: Vec<_> = fs::read_dir(home.path().join(".nopar"))
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["users.json", "users.lock"]);
}

#[test]
fn what_a_later_nopar_noted_stays() {
    let (home, users) = users();
    fs::create_dir(home.path().join(".nopar")).unwrap();
    let place = home.path().join(".nopar/users.json");
    let text = r#"{"version":2,"users":{"ann":{"password":"x","created":1,"changed":1,"keys":[{"id":7}],"second_factor":{"secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","mode":"auth-only","sms":null},"profile":{"mastodon":"@ann"}}},"groups":{"a":["ann"]}}"#;
    fs::write(&place, text).unwrap();
    add(&users, "bob").unwrap();
    users.set_password("ann", hash("y"), at(2)).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&fs::read(&place).unwrap()).unwrap();
    assert_eq!((&json["version"], &json["groups"]["a"][0]), (&2.into(), &"ann".into()));
    let ann = &json["users"]["ann"];
    assert_eq!((&ann["keys"][0]["id"], &ann["password"]), (&7.into(), &"y".into()));
    assert_eq!(ann["second_factor"]["sms"], serde_json::Value::Null);
    assert!(ann["second_factor"].get("sms").is_some());
    assert_eq!(ann["profile"]["mastodon"], "@ann");
}
