//! Logins that wait, by a clock that stands still.
//! Knows nothing of passwords: who has shown one is made up.

use super::super::super::password::{Hash, NewPassword};
use super::super::super::user::User;
use super::super::super::users::{NewUser, Users};
use super::*;
use std::net::IpAddr;
use std::sync::Barrier;

fn logins() -> (Clock, WebLogins) {
    let clock = Clock::stopped();
    (clock.clone(), WebLogins::new(clock))
}

fn asking(last: u8) -> Asking {
    Asking { from: Some(IpAddr::from([192, 0, 2, last])), ..Asking::default() }
}

/// A user who has shown all that is needed.
fn proved(name: &str) -> Proved {
    let home = tempfile::tempdir().unwrap();
    let users = Users::open(home.path(), Arc::new(()));
    let password = NewPassword::parse("correct horse".to_owned()).unwrap();
    let hash = Hash::of(&password).unwrap();
    users.add(NewUser::parse(name, "").unwrap(), hash, SystemTime::now()).unwrap();
    let record = users.find(name).unwrap().unwrap();
    Proved { user: User::parse(name).unwrap(), record }
}

fn len(logins: &WebLogins) -> (usize, usize) {
    let rows = logins.rows.lock();
    (rows.by_page.len(), rows.by_done.len())
}

#[test]
fn a_login_is_confirmed_by_one_secret_and_fetched_once_by_another() {
    let (_, logins) = logins();
    let begun = logins.begin(asking(1)).unwrap();
    for secret in [&begun.page, &begun.done] {
        assert_eq!(secret.len(), 43, "{secret}");
    }
    assert_ne!(begun.page, begun.done);
    assert_eq!(*logins.waiting(&begun.page).unwrap(), asking(1));
    assert!(matches!(logins.fetch(&begun.done), Ok(None)));
    // Neither secret is the other.
    assert!(matches!(logins.waiting(&begun.done), Err(Denied::NoLogin)));
    assert!(matches!(logins.fetch(&begun.page), Err(Denied::NoLogin)));
    logins.confirm(&begun.page, proved("ann")).unwrap();
    for used in [
        logins.waiting(&begun.page).map(drop),
        logins.confirm(&begun.page, proved("bob")).map(drop),
        logins.prove(&begun.page, proved("bob")).map(drop),
    ] {
        assert!(matches!(used, Err(Denied::UsedLogin)));
    }
    let user = logins.fetch(&begun.done).unwrap().map(|proved| proved.user().to_owned());
    assert_eq!(user.as_deref(), Some("ann"));
    assert!(matches!(logins.fetch(&begun.done), Err(Denied::NoLogin)));
    assert!(matches!(logins.waiting(&begun.page), Err(Denied::NoLogin)));
    assert_eq!(len(&logins), (0, 0));
}

#[test]
fn of_all_who_fetch_at_once_one_does() {
    let (_, logins) = logins();
    let begun = logins.begin(asking(1)).unwrap();
    logins.confirm(&begun.page, proved("ann")).unwrap();
    let barrier = Barrier::new(8);
    let fetched = std::thread::scope(|scope| {
        let fetch = || {
            barrier.wait();
            logins.fetch(&begun.done).is_ok_and(|proved| proved.is_some())
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(fetch)).collect();
        threads.into_iter().map(|one| one.join().unwrap()).filter(|it| *it).count()
    });
    assert_eq!(fetched, 1);
}

#[test]
fn a_login_is_over_after_five_minutes_confirmed_or_not() {
    let (clock, logins) = logins();
    let [waits, confirmed] = [1, 2].map(|last| logins.begin(asking(last)).unwrap());
    logins.confirm(&confirmed.page, proved("ann")).unwrap();
    clock.advance(LASTS - Duration::from_millis(1));
    assert!(logins.waiting(&waits.page).is_ok());
    assert!(matches!(logins.fetch(&waits.done), Ok(None)));
    clock.advance(Duration::from_millis(1));
    for over in [&waits, &confirmed] {
        assert!(matches!(logins.waiting(&over.page), Err(Denied::NoLogin)));
        assert!(matches!(logins.fetch(&over.done), Err(Denied::NoLogin)));
    }
    logins.begin(asking(1)).unwrap();
    assert_eq!(len(&logins), (1, 1));
}

#[test]
fn who_has_shown_a_password_is_known_by_a_proof_of_that_login() {
    let (_, logins) = logins();
    let [one, other] = [1, 2].map(|last| logins.begin(asking(last)).unwrap());
    let before = logins.prove(&one.page, proved("ann")).unwrap();
    let proof = logins.prove(&one.page, proved("bob")).unwrap();
    assert_eq!(logins.proved(&one.page, &proof).unwrap().user(), "bob");
    for (page, proof) in [
        (&one.page, &before),
        (&one.page, &one.done),
        (&one.page, &String::new()),
        (&other.page, &proof),
    ] {
        assert!(matches!(logins.proved(page, proof), Err(Denied::BadLogin)));
    }
    assert!(matches!(logins.fetch(&one.done), Ok(None)), "half is not enough");
}

#[test]
fn a_network_has_so_many_and_keeps_no_other_from_any() {
    let (clock, logins) = logins();
    for _ in 0..MOST_OF_NETWORK {
        logins.begin(asking(1)).unwrap();
    }
    clock.advance(Duration::from_secs(60));
    let denied = logins.begin(asking(1)).map(drop).unwrap_err();
    assert!(matches!(denied, Denied::Crowded { seconds: 240, .. }), "{denied}");
    assert_eq!(
        denied.to_string(),
        "too many logins wait to be confirmed: try again in 240 seconds"
    );
    logins.begin(asking(2)).unwrap();
    // A /64 of IPv6 is one network.
    let of = |last: u16| Some(IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]));
    let begun = (0..1000)
        .take_while(|last| logins.begin(Asking { from: of(*last), ..Asking::default() }).is_ok());
    assert_eq!(begun.count(), MOST_OF_NETWORK);
    clock.advance(Duration::from_secs(240));
    logins.begin(asking(1)).unwrap();
}

#[test]
fn there_are_so_many_in_all() {
    let (clock, logins) = logins();
    let logins = WebLogins { most: 50, ..logins };
    for last in 0..50 {
        logins.begin(asking(last)).unwrap();
    }
    let denied = logins.begin(asking(99)).map(drop).unwrap_err();
    assert!(matches!(denied, Denied::Crowded { seconds: 300, .. }), "{denied}");
    assert_eq!(len(&logins), (50, 50));
    clock.advance(LASTS);
    logins.begin(asking(99)).unwrap();
    assert_eq!(len(&logins), (1, 1));
}
