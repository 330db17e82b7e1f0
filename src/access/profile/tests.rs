//! What happens to who changes something while somebody else changes the same user.
//! Knows nothing of HTTP.

use super::super::users::{NewUser, Users};
use super::super::{Hash, NewToken};
use super::*;
use crate::clock::Clock;
use crate::config::{self, Auth, Origins};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// A registry whose user is ann, and its users as another process has them.
fn registry() -> (TempDir, Access, Users) {
    let home = tempfile::tempdir().unwrap();
    let users = Users::open(home.path(), Arc::new(()));
    let ann = NewUser::parse("ann", "").unwrap();
    users.add(ann, hash("correct horse"), SystemTime::now()).unwrap();
    let config = config::Access {
        auth: Auth::Users,
        cors_origins: Origins::None,
        rules: Vec::new(),
        admins: Default::default(),
        trust: Vec::new(),
        sign_up: false,
        open_admin: false,
    };
    let access = Access::of(&config, home.path(), Arc::new(()), Clock::system()).unwrap();
    (home, access, users)
}

fn hash(password: &str) -> Hash {
    Hash::of(&NewPassword::parse(password.to_owned()).unwrap()).unwrap()
}

fn ann() -> User {
    User::parse("ann").unwrap()
}

#[tokio::test]
async fn a_token_that_is_given_while_the_password_changes_is_none() {
    let (_home, access, users) = registry();
    let before = users.find("ann").unwrap().unwrap();
    let (_, view) = access.give(ann(), Some(&before), NewToken::login()).await.unwrap();
    assert_eq!(access.tokens_of("ann", 0, 9).await.unwrap(), (vec![view], 1));
    let later = SystemTime::now() + Duration::from_secs(9);
    users.set_password("ann", hash("battery staple"), later).unwrap();
    access.end_tokens("ann").unwrap();
    let denied = access.give(ann(), Some(&before), NewToken::login()).await.unwrap_err();
    assert!(matches!(denied, Denied::BadCredentials), "{denied}");
    users.remove("ann").unwrap();
    let denied = access.give(ann(), Some(&before), NewToken::login()).await.unwrap_err();
    assert!(matches!(denied, Denied::BadCredentials), "{denied}");
    assert_eq!(access.tokens_of("ann", 0, 9).await.unwrap().1, 0);
}

#[tokio::test]
async fn a_change_by_the_password_before_the_last_is_none() {
    let (_home, access, users) = registry();
    let before = users.find("ann").unwrap().unwrap();
    users.set_password("ann", hash("battery staple"), SystemTime::now()).unwrap();
    let accounts = access.accounts().unwrap();
    let secrets = Secrets::default();
    let change = |user: &mut UserRecord| {
        user.set_email("x".to_owned());
        Ok(())
    };
    let denied = accounts.change(&ann(), &before, Deed::Auth, &secrets, change).await.unwrap_err();
    assert!(matches!(denied, Denied::BadCredentials), "{denied}");
    assert_eq!(users.find("ann").unwrap().unwrap().email(), "");
    users.remove("ann").unwrap();
    assert!(matches!(access.profile("ann").await, Err(Denied::BadCredentials)));
    let denied = accounts.change(&ann(), &before, Deed::Auth, &secrets, change).await.unwrap_err();
    assert!(matches!(denied, Denied::BadCredentials), "{denied}");
}

/// Who has not been asked for a code, as none was needed then, does not get past one that is needed now.
#[tokio::test]
async fn a_code_that_is_needed_meanwhile_is_asked_for() {
    let (_home, access, users) = registry();
    let before = users.find("ann").unwrap().unwrap();
    let factor =
        serde_json::json!({"secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "mode": "auth-only"});
    users
        .update("ann", |user| {
            *user.second_factor_mut() = serde_json::from_value(factor).unwrap();
            Ok::<_, Denied>(())
        })
        .unwrap();
    let accounts = access.accounts().unwrap();
    let secrets = Secrets { code: Some("123456"), ..Secrets::default() };
    let done = accounts.change(&ann(), &before, Deed::Auth, &secrets, |_| Ok(())).await;
    assert!(matches!(done, Err(Denied::NeedsCode)));
}
