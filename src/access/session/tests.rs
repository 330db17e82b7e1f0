//! Sessions begin by a password, and end in every way that a token ends.
//! Knows nothing of browsers.

use super::super::Ground;
use super::super::users::{NewUser, Users};
use super::super::{Hash, NewPassword};
use super::*;
use crate::access::user::User;
use crate::clock::Clock;
use crate::config::{self, Auth};
use std::sync::Arc;
use tempfile::TempDir;

const PASSWORD: &str = "correct horse";

fn config() -> config::Access {
    config::Access {
        auth: Auth::Users,
        admins: ["root".to_owned()].into(),
        ..config::Config::default().access
    }
}

/// Access to a registry whose users are ann and root, by a clock that stands.
fn access() -> (TempDir, Clock, Access) {
    let (home, clock) = (tempfile::tempdir().unwrap(), Clock::stopped());
    let users = Users::open(home.path(), Arc::new(()) as Arc<dyn Ground>);
    for name in ["ann", "root"] {
        let hash = Hash::of(&NewPassword::of(name, PASSWORD.to_owned()).unwrap()).unwrap();
        users.add(NewUser::parse(name, "").unwrap(), hash, clock.now()).unwrap();
    }
    let access = another(&home, &clock);
    (home, clock, access)
}

/// Another process on the same directory.
fn another(home: &TempDir, clock: &Clock) -> Access {
    Access::of(&config(), home.path(), Arc::new(()), clock.clone()).unwrap()
}

async fn signed_in(access: &Access, user: &str) -> String {
    match access.sign_in(user, PASSWORD, &Secrets::default()).await.unwrap() {
        SignedIn::Session(session) => session,
        SignedIn::NeedsCode { .. } => panic!("a code is asked for"),
    }
}

async fn whose(access: &Access, session: &str) -> Option<String> {
    let caller = access.session(session, None).await.unwrap();
    caller.and_then(|caller| caller.user().map(str::to_owned))
}

#[tokio::test]
async fn a_session_is_its_user_s_for_twelve_hours() {
    let (_home, clock, access) = access();
    let session = signed_in(&access, "ann").await;
    assert!(access.known_session(&session, None).is_none(), "nobody has looked");
    assert_eq!(whose(&access, &session).await.as_deref(), Some("ann"));
    let known = access.known_session(&session, None).unwrap();
    assert!(known.user() == Some("ann") && known.limits().is_none());
    clock.advance(LASTS - Duration::from_secs(1));
    assert_eq!(whose(&access, &session).await.as_deref(), Some("ann"));
    clock.advance(Duration::from_secs(1));
    assert!(access.known_session(&session, None).is_none());
    assert_eq!(whose(&access, &session).await, None);
    for nothing in ["", "npm_nobodys", "x; y"] {
        assert_eq!(whose(&access, nothing).await, None);
    }
}

#[tokio::test]
async fn a_session_is_no_token_and_a_token_is_no_session() {
    let (_home, clock, access) = access();
    let session = signed_in(&access, "ann").await;
    let token = access.log_in("ann", PASSWORD, &Secrets::default()).await.unwrap();
    assert_eq!(whose(&access, &session).await.as_deref(), Some("ann"));
    let header = format!("Bearer {session}");
    assert!(matches!(access.caller(&[&header]).await, Err(Denied::BadCredentials)));
    assert_eq!(access.known(&header, None, clock.now()), None, "also when it was just seen");
    access.caller(&[&format!("Bearer {token}")]).await.unwrap();
    assert_eq!(whose(&access, &token).await, None);
    assert!(access.known_session(&token, None).is_none());
    assert_eq!(access.sign_out(&token).await.unwrap(), None);
    access.caller(&[&format!("Bearer {token}")]).await.unwrap();
}

#[tokio::test]
async fn a_session_is_in_no_list_and_has_no_key() {
    let (_home, _clock, access) = access();
    let session = signed_in(&access, "ann").await;
    assert_eq!(access.tokens_of("ann", 0, 10).await.unwrap().1, 0);
    let key = Access::key_of(&session);
    assert_eq!(access.end_token("ann", &key, &Secrets::default()).await.unwrap(), None);
    assert_eq!(whose(&access, &session).await.as_deref(), Some("ann"));
}

#[tokio::test]
async fn signing_out_another_password_and_the_end_of_a_user_end_it_in_all_processes() {
    let (home, clock, here) = access();
    let there = another(&home, &clock);
    let [one, other] = [signed_in(&here, "ann").await, signed_in(&here, "ann").await];
    for session in [&one, &other] {
        assert_eq!(whose(&there, session).await.as_deref(), Some("ann"));
    }
    assert_eq!(there.sign_out(&one).await.unwrap().as_deref(), Some("ann"));
    assert_eq!(there.sign_out(&one).await.unwrap(), None, "once more");
    assert_eq!((whose(&here, &one).await, whose(&there, &one).await), (None, None));
    let password = Some((PASSWORD.to_owned(), "battery staple".to_owned()));
    let change = super::super::ProfileChange { password, ..Default::default() };
    let ended = here.change_profile("ann", change, &Secrets::default()).await.unwrap();
    assert_eq!(ended, 1);
    assert_eq!((whose(&here, &other).await, whose(&there, &other).await), (None, None));
    let root = signed_in(&here, "root").await;
    Users::open(home.path(), Arc::new(())).remove("root").unwrap();
    assert_eq!((whose(&here, &root).await, whose(&there, &root).await), (None, None));
}

#[tokio::test]
async fn who_is_wrong_hears_what_who_logs_in_hears() {
    let (_home, _clock, access) = access();
    for (user, password) in [("ann", "a guess"), ("joe", PASSWORD)] {
        let denied = access.sign_in(user, password, &Secrets::default()).await.err().unwrap();
        assert!(matches!(denied, Denied::BadLogin), "{denied}");
    }
    let denied = access.sign_in("", "", &Secrets::default()).await.err().unwrap();
    assert!(matches!(denied, Denied::BadUser(_)));
    let open = Access::of_directory(tempfile::tempdir().unwrap().path(), Arc::new(()));
    assert!(matches!(open.sign_in("ann", "", &Secrets::default()).await, Err(Denied::NoLogin)));
    assert!(open.session("npm_x", None).await.unwrap().is_none());
}

#[tokio::test]
async fn a_proof_is_of_one_user_with_one_password_for_five_minutes() {
    let (_home, clock, access) = access();
    let accounts = access.accounts().unwrap();
    let user = User::parse("ann").unwrap();
    let record = accounts.find(&user).await.unwrap().unwrap();
    let proved = Proved { user, record: Arc::clone(&record) };
    let proof = accounts.proofs().of(&proved, clock.now());
    let read = |proof: &str| accounts.proofs().read(proof, clock.now());
    let shown = read(&proof).unwrap();
    assert!(shown.user.as_str() == "ann" && shown.is_of(&record));
    assert!(Proofs::new().unwrap().read(&proof, clock.now()).is_none(), "another process's");
    let changed = if proof.starts_with('B') { "C" } else { "B" };
    for made_up in ["", "abc", "!", &proof[1..], &format!("{changed}{}", &proof[1..])] {
        assert!(read(made_up).is_none(), "{made_up}");
    }
    clock.advance(Duration::from_secs(299));
    assert!(read(&proof).is_some());
    clock.advance(Duration::from_secs(1));
    assert!(read(&proof).is_none());
    // Nobody is let in by it without a code, where one is needed; here none is.
    let proof = accounts.proofs().of(&proved, clock.now());
    let change = Some((PASSWORD.to_owned(), "battery staple".to_owned()));
    let change = super::super::ProfileChange { password: change, ..Default::default() };
    access.change_profile("ann", change, &Secrets::default()).await.unwrap();
    let denied = access.sign_in_by_code(&proof, &Secrets::default()).await.err().unwrap();
    assert!(matches!(denied, Denied::BadLogin), "{denied}");
}

#[tokio::test]
async fn an_administrator_is_who_is_named_as_one_and_has_no_limits() {
    let (_home, _clock, access) = access();
    assert!(access.is_admin(&Caller::named("root")));
    let limited = Caller::named("root").with_limits(super::super::Limits::new(true, None));
    for other in [Caller::named("ann"), Caller::anonymous(), limited] {
        assert!(!access.is_admin(&other), "{other:?}");
    }
}
