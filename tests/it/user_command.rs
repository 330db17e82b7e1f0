//! `nopar user …`: users are added, changed and listed by who runs NOPAR.
//! Knows nothing of what users may do then.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::binary::{Binary, Ended, PROGRAM};
use crate::support::client::get;
use crate::support::upstream::FakeUpstream;

/// A registry directory, of a NOPAR that runs or of none.
struct Registry(PathBuf);

impl Registry {
    fn below(folder: &Path) -> Self {
        Self(folder.join("registry"))
    }

    /// `nopar user …` with this on standard input.
    async fn user(&self, arguments: &str, input: &str) -> Ended {
        let mut shell = Command::new("/bin/sh");
        shell.arg("-c").arg(format!("printf '%s' \"$INPUT\" | {PROGRAM} user {arguments}"));
        let registry = self.0.to_str().expect("a path in UTF-8");
        let env = [("NOPAR_REGISTRY_PATH", registry), ("INPUT", input)];
        let folder = tempfile::tempdir().expect("a directory");
        Binary::start_as(folder, shell, &env).ended().await
    }

    /// The same where it is to succeed: what it said.
    async fn done(&self, arguments: &str, input: &str) -> String {
        let ended = self.user(arguments, input).await;
        assert!(ended.success, "{arguments}: {}", ended.stderr);
        ended.stdout
    }

    /// The same where it is not.
    async fn refused(&self, arguments: &str, input: &str, why: &str) {
        let ended = self.user(arguments, input).await;
        assert!(!ended.success, "{arguments}: {}", ended.stdout);
        assert!(ended.stderr.contains(why), "{arguments}: {}", ended.stderr);
        assert!(ended.stdout.is_empty(), "{}", ended.stdout);
    }

    fn file(&self) -> PathBuf {
        self.0.join(".nopar/users.json")
    }

    /// What is kept of a user.
    fn kept(&self, name: &str) -> Value {
        let text = std::fs::read(self.file()).expect("a file of users");
        let mut json: Value = serde_json::from_slice(&text).expect("JSON");
        json["users"][name].take()
    }
}

fn home() -> (TempDir, Registry) {
    let home = tempfile::tempdir().expect("a directory");
    let registry = Registry::below(home.path());
    (home, registry)
}

#[tokio::test]
async fn users_are_added_changed_listed_and_removed() {
    let (_home, registry) = home();
    std::fs::create_dir(&registry.0).expect("a directory");
    let none = registry.done("ls", "").await;
    assert!(none.starts_with("there are no users"), "{none}");
    assert!(!registry.0.join(".nopar").exists(), "who only looks makes nothing");
    std::fs::remove_dir(&registry.0).expect("it is empty");

    let said = registry.done("add ann --email ann@acme.example", "correct horse\n").await;
    assert_eq!(said, format!("ann was added to {}\n", registry.file().display()));
    registry.done("add bob", "battery staple").await;
    let ann = registry.kept("ann");
    assert_eq!(ann["email"], "ann@acme.example");
    let password = ann["password"].as_str().expect("a hash");
    assert!(password.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{password}");
    let mode = std::fs::metadata(registry.file()).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let table = registry.done("ls", "").await;
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(lines[1].starts_with("ann   ann@acme.example  20"), "{table}");
    assert!(lines[2].starts_with("bob   -") && lines[2].ends_with("  none"), "{table}");
    assert!(!table.contains("argon2"), "{table}");
    let json = registry.done("ls --json", "").await;
    let json: Vec<Value> =
        json.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((&json[0]["user"], &json[1]["user"]), (&"ann".into(), &"bob".into()));
    assert_eq!(json[0]["second_factor"], Value::Null);

    registry.done("passwd ann", "Tr0ub4dor&3\n").await;
    let changed = registry.kept("ann");
    assert!(changed["password"] != ann["password"] && changed["created"] == ann["created"]);
    registry.done("rm ann", "").await;
    assert_eq!(registry.kept("ann"), Value::Null);
    assert_ne!(registry.kept("bob"), Value::Null);
}

/// Where everybody is let in, a new user is told to make no difference.
#[tokio::test]
async fn who_adds_a_user_is_told_whether_that_counts() {
    let (home, registry) = home();
    let ended = registry.user("add ann", "correct horse").await;
    assert!(ended.success, "{}", ended.stderr);
    assert!(ended.stderr.contains("set NOPAR_AUTH=users"), "{}", ended.stderr);
    let config = home.path().join("nopar.toml");
    std::fs::write(&config, "[access]\nauth = \"users\"\n").expect("a file");
    let add = format!("add bob --config {}", config.display());
    let ended = registry.user(&add, "correct horse").await;
    assert!(ended.success && !ended.stderr.contains("NOPAR_AUTH"), "{}", ended.stderr);
}

#[tokio::test]
async fn what_cannot_be_done_is_said_with_what_can() {
    let (_home, registry) = home();
    std::fs::create_dir(&registry.0).expect("a directory");
    for (arguments, why) in [
        ("passwd ann", "no user of the name ann; `nopar user ls` lists them"),
        ("rm ann", "no user of the name ann; `nopar user ls` lists them"),
    ] {
        registry.refused(arguments, "correct horse", why).await;
    }
    assert!(!registry.0.join(".nopar").exists(), "nothing is made for a name that is misspelt");
    for (arguments, input, why) in [
        ("add ann", "", "give it as one line"),
        ("add ann", "short\n", "at least 8 characters"),
        ("add ann", "one password\nanother\n", "more than one line"),
        ("add annabella", "Annabella\n", "is the user's name"),
        ("add '$all'", "correct horse", "use the letters a to z"),
        ("add \u{430}nn", "correct horse", "use the letters a to z"),
        ("add a/b", "correct horse", "a colon or a slash"),
        ("add ann --email 'a b'", "correct horse", "e-mail address has a space"),
        ("add ann 'correct horse'", "", "unexpected argument"),
    ] {
        registry.refused(arguments, input, why).await;
    }
    assert!(!registry.0.join(".nopar").exists());
    registry.done("add ann", "correct horse").await;
    let kept = registry.kept("ann");
    registry.refused("add ann", "battery staple", "changes their password").await;
    registry.refused("add Ann", "battery staple", "a user of the name ann already").await;
    registry.refused("passwd ann", "short", "at least 8 characters").await;
    assert_eq!(registry.kept("ann"), kept);
}

/// A path that is mistyped looked like a registry without users.
#[tokio::test]
async fn a_registry_that_is_not_there_is_told_of() {
    let (_home, registry) = home();
    let why =
        format!("there is no registry directory {} (NOPAR_REGISTRY_PATH)", registry.0.display());
    for arguments in ["ls", "ls --json", "rm ann", "passwd ann"] {
        registry.refused(arguments, "correct horse", &why).await;
    }
    assert!(!registry.0.exists(), "none is made");
}

#[tokio::test]
async fn a_damaged_file_is_named_and_left_alone() {
    let (_home, registry) = home();
    registry.done("add ann", "correct horse").await;
    std::fs::write(registry.file(), "{\"users\":").expect("it is written");
    for arguments in ["ls", "add bob", "passwd ann", "rm ann"] {
        registry
            .refused(arguments, "correct horse", "users.json cannot be used: it is damaged")
            .await;
    }
    assert_eq!(std::fs::read(registry.file()).expect("a file"), b"{\"users\":");
}

/// Commands of many people at once, beside a NOPAR that serves: nobody is lost, and it goes on.
#[tokio::test]
async fn users_are_added_beside_a_running_nopar() {
    let upstream = FakeUpstream::start().await;
    let (nopar, addr) = Binary::serving(&upstream.url(), &[]).await;
    let registry = Registry::below(nopar.folder());
    let add = |number: u8| {
        let registry = Registry(registry.0.clone());
        tokio::spawn(async move {
            registry.done(&format!("add user{number}"), "correct horse").await;
        })
    };
    for added in (0..6).map(add).collect::<Vec<_>>() {
        added.await.expect("it is added");
    }
    assert_eq!(registry.done("ls --json", "").await.lines().count(), 6);
    assert_eq!(get(addr, "/-/ping").await.status, 200);
}

#[tokio::test]
async fn help_says_where_users_are_and_how_a_password_is_given() {
    let folder = tempfile::tempdir().expect("a directory");
    let help = Binary::start_in(folder, &["user", "--help"], &[]).ended().await;
    assert!(help.success, "{}", help.stderr);
    for words in
        ["add", "passwd", "rm", "ls", "NOPAR_REGISTRY_PATH", "nopar user add ann < password.txt"]
    {
        assert!(help.stdout.contains(words), "{words}: {}", help.stdout);
    }
}
