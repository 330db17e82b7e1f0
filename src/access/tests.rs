//! Access as the rest of NOPAR sees it, with its tokens on a disk.
//! Knows nothing of how a token is kept.

use super::ground::Shaky;
use super::*;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::sync::atomic::Ordering;
use tempfile::TempDir;

/// Access with a directory of tokens that is not there yet, in one that goes with the test.
fn access() -> (TempDir, Access) {
    let home = tempfile::tempdir().unwrap();
    let access = Access::open(folder(&home), Arc::new(()));
    (home, access)
}

fn folder(home: &TempDir) -> PathBuf {
    home.path().join("registry/.nopar/tokens")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

async fn of_token(access: &Access, token: &str) -> Result<Caller, Denied> {
    access.caller(&[&format!("Bearer {token}")]).await
}

#[tokio::test]
async fn without_a_header_the_caller_is_anonymous() {
    let (home, access) = access();
    let caller = access.caller(&[]).await.unwrap();
    assert_eq!(caller, Caller::anonymous());
    assert_eq!(caller.user(), None);
    assert!(matches!(caller.logged_in(), Err(Denied::NotLoggedIn)));
    assert!(files(home.path()).is_empty(), "something was made");
}

#[tokio::test]
async fn a_token_is_the_user_s_it_was_given_to_until_it_is_ended() {
    let (_home, access) = access();
    let alice = access.log_in("alice", "secret", &Secrets::default()).await.unwrap();
    let again = access.log_in("alice", "another", &Secrets::default()).await.unwrap();
    let bob = access.log_in("bob", "", &Secrets::default()).await.unwrap();
    assert_ne!(alice, again);
    for (token, user) in [(&alice, "alice"), (&again, "alice"), (&bob, "bob")] {
        let caller = of_token(&access, token).await.unwrap();
        assert_eq!(caller, Caller::named(user));
        assert_eq!(caller.logged_in().unwrap(), user);
    }
    assert!(access.log_out(&alice).await.unwrap().is_some());
    assert!(access.log_out(&alice).await.unwrap().is_none());
    assert!(matches!(of_token(&access, &alice).await, Err(Denied::BadCredentials)));
    assert_eq!(of_token(&access, &again).await.unwrap(), Caller::named("alice"));
}

#[tokio::test]
async fn a_password_is_taken_in_the_header_as_well() {
    let (home, access) = access();
    // alice:secret
    let caller = access.caller(&["Basic YWxpY2U6c2VjcmV0"]).await.unwrap();
    assert_eq!(caller, Caller::named("alice"));
    assert!(files(home.path()).is_empty(), "something was made");
}

#[tokio::test]
async fn other_headers_are_bad_credentials() {
    let (_home, access) = access();
    let token = access.log_in("alice", "secret", &Secrets::default()).await.unwrap();
    let good = format!("Bearer {token}");
    let cut = &good[..good.len() - 1];
    let both = format!("{good}, {good}");
    let digest = format!("Bearer {}", Token::of(&token).digest());
    for headers in [
        &[""][..],
        &["Bearer"],
        &["Bearer npm_0123456789"],
        &["Bearer ../../etc/passwd"],
        &["Basic YWxpY2U="],
        &["Digest alice"],
        &[&token],
        &[cut],
        &[&both],
        &[&digest],
        &[&good, &good],
        &[&good, ""],
    ] {
        let caller = access.caller(headers).await;
        assert!(matches!(caller, Err(Denied::BadCredentials)), "{headers:?}: {caller:?}");
    }
    assert!(access.caller(&[&good]).await.is_ok());
}

#[tokio::test]
async fn who_cannot_be_a_user_gets_no_token() {
    let (home, access) = access();
    for name in ["", "a:b", "a/b", "a\tb", &"a".repeat(215)] {
        let denied = access.log_in(name, "secret", &Secrets::default()).await.unwrap_err();
        assert!(matches!(denied, Denied::BadUser(_)), "{name:?}: {denied:?}");
    }
    assert!(files(home.path()).is_empty(), "something was made");
}

#[tokio::test]
async fn everybody_may_do_everything() {
    let (_home, access) = access();
    let name: PackageName = "@acme/ui".parse().unwrap();
    for caller in [Caller::anonymous(), Caller::named("alice")] {
        for permission in
            [Permission::Read, Permission::Publish, Permission::Change, Permission::Unpublish]
        {
            assert!(access.allow(&caller, permission, &name, Standing::Nothing).is_ok());
        }
    }
}

/// Two processes, as far as access can tell.
#[tokio::test]
async fn two_on_one_directory_know_the_same_tokens() {
    let (home, one) = access();
    let other = Access::open(folder(&home), Arc::new(()));
    let token = one.log_in("alice", "secret", &Secrets::default()).await.unwrap();
    assert_eq!(of_token(&other, &token).await.unwrap(), Caller::named("alice"));
    assert_eq!(of_token(&one, &token).await.unwrap(), Caller::named("alice"));
    assert!(other.log_out(&token).await.unwrap().is_some());
    assert!(matches!(of_token(&one, &token).await, Err(Denied::BadCredentials)));
    assert!(one.log_out(&token).await.unwrap().is_none());
}

#[tokio::test]
async fn the_disk_holds_no_credentials_and_is_nobody_else_s() {
    let (home, access) = access();
    let token = access.log_in("alice", "secret", &Secrets::default()).await.unwrap();
    let folder = folder(&home);
    let files = files(&folder);
    let [file] = &files[..] else { panic!("{files:?}") };
    assert_eq!((mode(&folder), mode(file)), (0o700, 0o600));
    let name = file.file_name().unwrap().to_str().unwrap();
    assert_eq!(name, Token::of(&token).digest());
    let text = fs::read_to_string(file).unwrap();
    assert!(text.starts_with(r#"{"user":"alice","created":1"#), "{text}");
    assert!(!text.contains(&token) && !text.contains("secret"), "{text}");
}

/// They were root's, and who runs NOPAR there could not read them.
#[tokio::test]
async fn tokens_that_root_makes_belong_to_the_owner_of_the_directory() {
    const NOBODY: u32 = 65_534;
    let (home, access) = access();
    let folder = folder(&home);
    let above = folder.parent().unwrap();
    fs::create_dir_all(above).unwrap();
    if chown(above, Some(NOBODY), Some(NOBODY)).is_err() {
        eprintln!("skipped: only root gives anything away");
        return;
    }
    access.log_in("alice", "secret", &Secrets::default()).await.unwrap();
    let files = files(&folder);
    let [file] = &files[..] else { panic!("{files:?}") };
    for made in [&folder, file] {
        assert_eq!(fs::metadata(made).unwrap().uid(), NOBODY, "{}", made.display());
    }
    assert_eq!((mode(&folder), mode(file)), (0o700, 0o600));
}

#[tokio::test]
async fn a_damaged_token_is_none() {
    let (home, access) = access();
    let token = access.log_in("alice", "secret", &Secrets::default()).await.unwrap();
    let other = access.log_in("bob", "secret", &Secrets::default()).await.unwrap();
    fs::write(folder(&home).join(Token::of(&token).digest()), r#"{"user":"ali"#).unwrap();
    assert!(matches!(of_token(&access, &token).await, Err(Denied::BadCredentials)));
    assert_eq!(of_token(&access, &other).await.unwrap(), Caller::named("bob"));
}

#[tokio::test]
async fn where_no_token_can_be_kept_none_is_given() {
    let (home, access) = access();
    let folder = folder(&home);
    fs::create_dir_all(folder.parent().unwrap()).unwrap();
    fs::write(&folder, "in the way").unwrap();
    let denied = access.log_in("alice", "secret", &Secrets::default()).await.unwrap_err();
    assert!(matches!(denied, Denied::Failed { .. }), "{denied:?}");
    for shown in [denied.to_string(), format!("{denied:?}")] {
        assert!(!shown.contains("secret") && !shown.contains("npm_"), "{shown}");
    }
    assert_eq!(fs::read_to_string(&folder).unwrap(), "in the way");
    assert_eq!(files(folder.parent().unwrap()), std::slice::from_ref(&folder));
    // A token that cannot be looked up has not ended: its client must not throw it away.
    assert!(matches!(of_token(&access, "npm_abc").await, Err(Denied::Failed { .. })));
    assert!(matches!(access.log_out("npm_abc").await, Err(Denied::Failed { .. })));
    // The mistake is put right, and no restart is needed.
    fs::remove_file(&folder).unwrap();
    let token = access.log_in("alice", "secret", &Secrets::default()).await.unwrap();
    assert_eq!(of_token(&access, &token).await.unwrap(), Caller::named("alice"));
}

/// While the directory is away, no token has ended, and nothing is made in its place.
#[tokio::test]
async fn a_directory_that_is_gone_ends_no_token() {
    let home = tempfile::tempdir().unwrap();
    let ground = Arc::new(Shaky::default());
    let access = Access::open(folder(&home), Arc::clone(&ground) as Arc<dyn Ground>);
    let token = access.log_in("alice", "secret", &Secrets::default()).await.unwrap();
    let [registry, away] = ["registry", "away"].map(|name| home.path().join(name));
    fs::rename(&registry, &away).unwrap();
    ground.0.store(true, Ordering::Relaxed);
    for denied in [
        of_token(&access, &token).await.map(drop),
        of_token(&access, "npm_nobodys").await.map(drop),
        access.log_in("alice", "secret", &Secrets::default()).await.map(drop),
        access.log_out(&token).await.map(drop),
    ] {
        let denied = denied.unwrap_err();
        assert!(matches!(denied, Denied::Failed { .. }), "{denied:?}");
        assert!(denied.to_string().contains("unmounted"), "{denied}");
    }
    assert!(!registry.exists(), "it was made anew");
    fs::rename(&away, &registry).unwrap();
    ground.0.store(false, Ordering::Relaxed);
    assert_eq!(of_token(&access, &token).await.unwrap(), Caller::named("alice"));
    assert!(matches!(of_token(&access, "npm_nobodys").await, Err(Denied::BadCredentials)));
}

/// Also what is longer than the name of a file, or has bytes that no name has.
#[tokio::test]
async fn any_text_can_be_shown_as_a_token() {
    let (_home, access) = access();
    for text in ["", "x\0y", "ü", &"x".repeat(100_000)] {
        assert!(access.log_out(text).await.unwrap().is_none());
    }
}

/// A future that cannot go to another thread is of no use to the one who answers requests.
#[test]
fn it_can_be_shared() {
    fn shared<T: Send + Sync>(_: &T) {}
    fn sent<T: Send>(_: &T) {}
    let access = Access::open(PathBuf::from("nowhere"), Arc::new(()));
    shared(&access);
    sent(&access.caller(&[]));
    sent(&access.log_in("alice", "secret", &Secrets::default()));
    sent(&access.log_out("npm_abc"));
}
