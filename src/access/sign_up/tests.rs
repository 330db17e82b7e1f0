//! Who gets an account, and who does not.
//! Knows nothing of HTTP.

use super::super::{Caller, Secrets};
use super::*;
use crate::clock::Clock;
use crate::config::{Access as Config, Auth, Origins, Pattern, Rule, Who};
use std::sync::Arc;
use tempfile::TempDir;

fn registry() -> (TempDir, Access) {
    let home = tempfile::tempdir().unwrap();
    let who = Who { users: ["Bob".to_owned()].into(), ..Who::default() };
    let rule = Rule { packages: vec![Pattern::all()], publish: who, ..Rule::usual() };
    let config = Config {
        auth: Auth::Users,
        cors_origins: Origins::None,
        rules: vec![rule],
        admins: ["root".to_owned()].into(),
        trust: Vec::new(),
        sign_up: true,
        open_admin: false,
    };
    let access = Access::of(&config, home.path(), Arc::new(()), Clock::stopped()).unwrap();
    (home, access)
}

fn begin(access: &Access, name: &str, email: &str, password: &str) -> Result<Newcomer, Denied> {
    access.begin_sign_up(name, email, password.to_owned(), None)
}

/// How many users there are.
fn count(home: &TempDir) -> usize {
    Users::open(home.path(), Arc::new(())).all().unwrap().len()
}

async fn sign_up(access: &Access, name: &str) -> Result<Proved, Denied> {
    access.sign_up(begin(access, name, "", "correct horse")?).await
}

#[tokio::test]
async fn a_newcomer_is_a_user_with_a_password_and_an_address() {
    let (_home, access) = registry();
    let newcomer = begin(&access, "ann", " ann@acme.example ", "correct horse").unwrap();
    let proved = access.sign_up(newcomer).await.unwrap();
    assert_eq!((proved.user(), proved.record.email()), ("ann", "ann@acme.example"));
    let token = access.token_of(proved).await.unwrap();
    let caller = access.caller(&[&format!("Bearer {token}")]).await.unwrap();
    assert_eq!(caller, Caller::named("ann"));
    access.log_in("ann", "correct horse", &Secrets::default()).await.unwrap();
}

#[tokio::test]
async fn of_all_who_want_a_name_at_once_one_has_it() {
    let (home, access) = registry();
    let all = ["ann", "Ann", "ANN", "ann"].map(|name| sign_up(&access, name));
    let made = futures_util::future::join_all(all).await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1);
    for denied in made.into_iter().filter_map(Result::err) {
        assert!(denied.to_string().contains("already: choose another"), "{denied}");
    }
    assert_eq!(count(&home), 1);
}

/// With them, somebody would be what the configuration says of another.
#[tokio::test]
async fn names_that_rules_and_administrators_have_are_not_given() {
    let (home, access) = registry();
    for name in ["root", "Root", "bob", "Bob"] {
        let denied = begin(&access, name, "", "correct horse").map(drop).unwrap_err();
        assert!(matches!(&denied, Denied::Forbidden(why) if why.contains("who runs")), "{denied}");
    }
    sign_up(&access, "bobby").await.unwrap();
    assert_eq!(count(&home), 1);
}

#[tokio::test]
async fn what_nobody_could_be_added_with_is_refused_with_what_can() {
    let (home, access) = registry();
    for (name, email, password, words) in [
        ("", "", "correct horse", "empty"),
        ("a:b", "", "correct horse", "colon"),
        ("-rf", "", "correct horse", "begin it with"),
        ("an n", "", "correct horse", "use the letters"),
        ("ann", "a b", "correct horse", "space"),
        ("ann", "", "short", "at least 8"),
        ("annabella", "", "Annabella", "user's name"),
    ] {
        let denied = begin(&access, name, email, password).map(drop).unwrap_err();
        assert!(matches!(&denied, Denied::Forbidden(why) if why.contains(words)), "{denied}");
    }
    assert!(!home.path().join(".nopar/users.json").exists());
}

/// Tokens of the open mode name whoever logged in under a name.
#[tokio::test]
async fn a_token_of_somebody_who_was_called_so_before_is_none() {
    let (home, access) = registry();
    let open = Access::of_directory(home.path(), Arc::new(()));
    let token = open.log_in("ann", "", &Secrets::default()).await.unwrap();
    let ann = sign_up(&access, "ann").await.unwrap();
    let header = format!("Bearer {token}");
    assert!(matches!(access.caller(&[&header]).await, Err(Denied::BadCredentials)));
    access.token_of(ann).await.unwrap();
}

#[tokio::test]
async fn who_wants_a_name_that_is_taken_ends_nobody_s_tokens() {
    let (_home, access) = registry();
    let ann = sign_up(&access, "ann").await.unwrap();
    let token = access.token_of(ann).await.unwrap();
    sign_up(&access, "ann").await.map(drop).unwrap_err();
    access.caller(&[&format!("Bearer {token}")]).await.unwrap();
}

#[tokio::test]
async fn there_are_so_many_and_then_one_has_to_wait() {
    let (_home, access) = registry();
    for _ in 0..20 {
        begin(&access, "ann", "", "short").map(drop).unwrap_err();
    }
    let denied = begin(&access, "ann", "", "correct horse").map(drop).unwrap_err();
    assert!(matches!(denied, Denied::Crowded { seconds: 3600, .. }), "{denied}");
}

/// They are good for nobody, whether or not they are still there.
#[tokio::test]
async fn where_old_tokens_cannot_be_removed_there_is_an_account_all_the_same() {
    let (home, access) = registry();
    let tokens = home.path().join(".nopar/tokens");
    std::fs::create_dir_all(tokens.parent().unwrap()).unwrap();
    std::fs::write(&tokens, "no folder").unwrap();
    let ann = sign_up(&access, "ann").await.unwrap();
    assert_eq!((ann.user(), count(&home)), ("ann", 1));
}

#[tokio::test]
async fn damaged_users_stay_as_they_are() {
    let (home, access) = registry();
    sign_up(&access, "ann").await.unwrap();
    let file = home.path().join(".nopar/users.json");
    std::fs::write(&file, "{").unwrap();
    let denied = sign_up(&access, "bobby").await.map(drop).unwrap_err();
    assert!(matches!(denied, Denied::Failed { .. }), "{denied}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "{");
}

#[test]
fn a_full_registry_says_whom_to_ask() {
    let denied = refusal(UsersError::Full(100_000));
    assert!(matches!(&denied, Denied::Forbidden(why) if why.contains("ask who runs it")));
}

#[tokio::test]
async fn without_the_setting_nobody_begins() {
    let (_home, access) = registry();
    assert!(access.signs_up());
    let home = tempfile::tempdir().unwrap();
    let open = Access::open(home.path().join("tokens"), Arc::new(()));
    assert!(!open.signs_up());
    let denied = begin(&open, "ann", "", "correct horse").map(drop).unwrap_err();
    assert!(denied.to_string().contains("made by who runs"), "{denied}");
}
