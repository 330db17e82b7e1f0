//! The file is damaged, gone, in the way, or as large as it may be.
//! Knows nothing of what users do.

use super::super::NewUser;
use super::*;
use crate::access::Denied;
use crate::access::ground::Shaky;
use crate::access::users::Users;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::Ordering;
use std::time::UNIX_EPOCH;
use tempfile::TempDir;

struct Tried {
    home: TempDir,
    ground: Arc<Shaky>,
    users: Users,
}

fn tried() -> Tried {
    tried_within(Bounds { file: LONGEST, users: MOST, user: LONGEST_USER })
}

fn tried_within(bounds: Bounds) -> Tried {
    let home = tempfile::tempdir().unwrap();
    let ground = Arc::new(Shaky::default());
    let file = RosterFile::new(home.path(), Arc::clone(&ground) as Arc<dyn Ground>);
    let users = Users { file: Arc::new(RosterFile { bounds, ..file }) };
    Tried { home, ground, users }
}

impl Tried {
    fn place(&self) -> PathBuf {
        self.home.path().join(".nopar/users.json")
    }

    fn add(&self, name: &str) -> Result<(), UsersError> {
        let password = serde_json::from_value("secret hash".into()).unwrap();
        self.users.add(NewUser::parse(name, "").unwrap(), password, UNIX_EPOCH)
    }

    fn set_email(&self, name: &str, email: &str) -> Result<(), UsersError> {
        self.users.update(name, |user| {
            user.set_email(email.to_owned());
            Ok(())
        })
    }

    /// What is in the folder.
    fn left(&self) -> Vec<String> {
        let entries = fs::read_dir(self.home.path().join(".nopar")).unwrap();
        let mut names: Vec<String> =
            entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

const ONE: &str = r#"{"password":"secret hash","created":1,"changed":1}"#;

#[test]
fn a_damaged_file_is_an_error_for_everybody_and_never_replaced() {
    let tried = tried();
    tried.add("ann").unwrap();
    for text in [
        String::new(),
        "\0".repeat(100),
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        r#"{"users":[]}"#.to_owned(),
        r#"{"users":{"ann":{}}}"#.to_owned(),
        format!(r#"{{"users":{{"ann":{ONE}}}"#),
        format!(r#"{{"users":{{"a/b":{ONE}}}}}"#),
        format!(r#"{{"users":{{"ann":{ONE},"bob":{ONE},"ann":{ONE}}}}}"#),
        r#"{"users":{"ann":{"password":"secret hash","created":"secret hash","changed":1}}}"#
            .to_owned(),
        r#"{"users":{"ann":{"password":7,"created":1,"changed":1}}}"#.to_owned(),
    ] {
        fs::write(tried.place(), &text).unwrap();
        let found = tried.users.find("ann").err().map(|error| error.to_string());
        let told = found.unwrap_or_else(|| panic!("no error: {text}"));
        assert!(
            told.contains(".nopar/users.json cannot be used: it is damaged in line "),
            "{told}"
        );
        assert!(told.ends_with(": put it right, or a good copy in its place"), "{told}");
        assert!(!told.contains("secret"), "{told}");
        let denied = Denied::from(tried.add("bob").unwrap_err());
        assert!(matches!(denied, Denied::Failed { .. }) && denied.to_string().contains(&told));
        assert!(tried.users.remove("ann").is_err());
        assert_eq!(fs::read_to_string(tried.place()).unwrap(), text);
    }
    // Whoever puts it right has users again, without a new start.
    fs::write(tried.place(), format!(r#"{{"users":{{"ann":{ONE}}}}}"#)).unwrap();
    assert!(tried.users.find("ann").unwrap().is_some());
    tried.add("bob").unwrap();
}

#[test]
fn a_file_that_was_taken_away_has_no_users_if_its_ground_is_there() {
    let tried = tried();
    tried.add("ann").unwrap();
    let aside = tried.home.path().join("aside");
    fs::rename(tried.place(), &aside).unwrap();
    assert!(tried.users.find("ann").unwrap().is_none());
    fs::rename(&aside, tried.place()).unwrap();
    assert!(tried.users.find("ann").unwrap().is_some());
}

#[test]
fn while_the_ground_is_gone_nobody_is_taken_for_unknown_and_nothing_is_made() {
    let tried = tried();
    tried.add("ann").unwrap();
    let own = tried.home.path().join(".nopar");
    let aside = tried.home.path().join("aside");
    fs::rename(&own, &aside).unwrap();
    tried.ground.0.store(true, Ordering::SeqCst);
    for failed in [
        tried.users.find("ann").err(),
        tried.users.find("nobody").err(),
        tried.add("bob").err(),
        tried.users.remove("ann").err(),
    ] {
        let told = failed.expect("an error").to_string();
        assert!(told.ends_with(": unmounted"), "{told}");
    }
    assert!(!own.exists());
    fs::rename(&aside, &own).unwrap();
    tried.ground.0.store(false, Ordering::SeqCst);
    assert!(tried.users.find("ann").unwrap().is_some());
}

#[test]
fn what_a_crash_left_is_in_nobodys_way() {
    let tried = tried();
    tried.add("ann").unwrap();
    let unfinished = tried.home.path().join(".nopar/users.json.new");
    fs::write(&unfinished, r#"{"users":{"#).unwrap();
    fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o444)).unwrap();
    assert!(tried.users.find("ann").unwrap().is_some());
    tried.add("bob").unwrap();
    assert_eq!(tried.left(), ["users.json", "users.lock"]);
    let mode = fs::metadata(tried.place()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_cannot_be_put_in_place_leaves_what_was_there() {
    let tried = tried();
    tried.add("ann").unwrap();
    // A folder cannot be replaced by a file, nor removed as one.
    let unfinished = tried.home.path().join(".nopar/users.json.new");
    fs::create_dir_all(unfinished.join("in the way")).unwrap();
    let told = tried.add("bob").unwrap_err().to_string();
    assert!(told.contains("users.json cannot be changed: "), "{told}");
    assert!(tried.users.find("ann").unwrap().is_some());
    assert!(tried.users.find("bob").unwrap().is_none());
    fs::remove_dir_all(&unfinished).unwrap();

    let lock = tried.home.path().join(".nopar/users.lock");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    let told = tried.add("bob").unwrap_err().to_string();
    assert!(told.ends_with("users.lock is not a file"), "{told}");
    fs::remove_dir(&lock).unwrap();
    tried.add("bob").unwrap();
}

#[test]
fn what_is_no_file_is_neither_read_nor_replaced() {
    let tried = tried();
    fs::create_dir_all(tried.place()).unwrap();
    let told = tried.users.find("ann").err().unwrap().to_string();
    assert!(told.ends_with("users.json is not a file"), "{told}");
    assert!(tried.add("ann").is_err());
    assert!(tried.place().is_dir());
}

#[test]
fn there_are_so_many_users_and_no_more() {
    let tried = tried_within(Bounds { file: LONGEST, users: 3, user: LONGEST_USER });
    for name in ["a", "b", "c"] {
        tried.add(name).unwrap();
    }
    let full = tried.add("d").unwrap_err().to_string();
    assert_eq!(full, "there are 3 users, and no more fit in: remove some first");
    // Those who are there may change, and go.
    tried.set_email("a", "x").unwrap();
    assert!(tried.users.remove("b").unwrap());
    tried.add("d").unwrap();
}

#[test]
fn the_file_and_each_user_are_bounded() {
    let tried = tried_within(Bounds { file: 1000, users: MOST, user: 300 });
    tried.add("ann").unwrap();
    let long = "x".repeat(300);
    let told = tried.set_email("ann", &long);
    assert_eq!(told.unwrap_err().to_string(), "what is to be kept of ann is too long");
    let added = (0..).take_while(|number| tried.add(&format!("user{number}")).is_ok()).count();
    assert!((5..20).contains(&added), "{added}");
    assert!(fs::metadata(tried.place()).unwrap().len() <= 1000);
    assert!(matches!(tried.add("more").unwrap_err(), UsersError::Full(_)));

    let text = fs::read_to_string(tried.place()).unwrap();
    fs::write(tried.place(), format!("{text}{}", " ".repeat(1000 - text.len()))).unwrap();
    assert!(tried.users.find("ann").unwrap().is_some());
    fs::write(tried.place(), format!("{text}{}", " ".repeat(1001 - text.len()))).unwrap();
    let told = tried.users.find("ann").err().unwrap().to_string();
    assert!(told.contains("the file is longer than 1000 bytes"), "{told}");
}

/// Somebody tidies up while others wait for the lock.
#[test]
fn a_lock_that_was_taken_away_locks_nobody_in_or_out() {
    let tried = tried();
    tried.add("ann").unwrap();
    let lock = tried.home.path().join(".nopar/users.lock");
    let held = disk::lock(&tried.place()).unwrap();
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| tried.add("bob"));
        fs::remove_file(&lock).unwrap();
        drop(held);
        waits.join().unwrap().unwrap();
    });
    assert!(tried.users.find("bob").unwrap().is_some() && lock.exists());
}
