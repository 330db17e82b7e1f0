//! The tokens on the disk: what a crash, damage and crowds do, and what a user does with theirs.
//! Knows nothing of callers.

use super::super::Limits;
use super::folder::LONGEST;
use super::*;
use crate::regular::owned;
use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

fn user(name: &str) -> User {
    User::parse(name).unwrap()
}

/// A directory of tokens in one that goes with the test.
fn tokens() -> (tempfile::TempDir, Tokens) {
    let home = tempfile::tempdir().unwrap();
    let tokens = Tokens::new(home.path().join("tokens"), Arc::new(())).by(Clock::stopped());
    (home, tokens)
}

fn created(name: &str) -> NewToken {
    NewToken { name: Some(name.to_owned()), kind: Kind::Created, ..NewToken::login() }
}

/// A token of a user, as its text.
async fn give(tokens: &Tokens, name: &str, new: NewToken) -> (String, TokenView) {
    let (token, view) = tokens.give(user(name), new).await.unwrap();
    (token.into_text(), view)
}

/// Whose a token is by the disk, and from where.
async fn owner(tokens: &Tokens, token: &str, from: Option<&str>) -> Option<String> {
    let from = from.map(|text| text.parse().unwrap());
    let seen = tokens.of(Token::of(token), from).await.unwrap()?;
    tokens.believe(&seen);
    Some(seen.given.user.as_str().to_owned())
}

fn is_known(tokens: &Tokens, token: &str) -> bool {
    tokens.known(token, None, tokens.clock.now()).is_some()
}

fn keys(views: &[TokenView]) -> Vec<&str> {
    views.iter().map(|view| view.key.as_str()).collect()
}

fn found(tokens: &Tokens, token: &Token) -> Option<User> {
    tokens.find(token, None).unwrap().map(|seen| seen.given.user.clone())
}

#[test]
fn what_a_crash_left_is_no_token_and_in_nobodys_way() {
    let (_home, tokens) = tokens();
    let token = Token::of("npm_cut");
    let folder = &tokens.folder;
    folder.prepare().unwrap();
    let unfinished = folder.unfinished(&token.digest());
    owned::write(&unfinished, br#"{"user":"alice","created":1}"#).unwrap();
    assert_eq!(found(&tokens, &token), None);
    assert_eq!(found(&tokens, &Token::of(".npm_cut.tmp")), None);
    assert!(!folder.remove(&token.digest()).unwrap());
    let other = Token::of("npm_other");
    folder.keep(&other.digest(), br#"{"user":"bob","created":1}"#, 1).unwrap();
    assert_eq!(found(&tokens, &other), Some(user("bob")));
    assert_eq!(folder.digests().unwrap(), [other.digest()]);
}

/// A fleet that logs in for each job leaves so many files and no more, ends nobody else's token, and the token it
/// got is good.
#[tokio::test]
async fn a_fleet_fills_no_disk() {
    let (_home, tokens) = tokens();
    let tokens = Tokens { bound: Bound { most: 20, kept: 15, created: 5 }, ..tokens };
    let (ann, _) = give(&tokens, "ann", NewToken::login()).await;
    let (kept, _) = give(&tokens, "ci", created("kept")).await;
    for number in 0..100 {
        let (token, _) = give(&tokens, "ci", NewToken::login()).await;
        let count = fs::read_dir(&tokens.folder.path).unwrap().count();
        assert!((15.min(number + 3)..=20).contains(&count), "{count} after {number}");
        assert_eq!(owner(&tokens, &token, None).await.as_deref(), Some("ci"));
    }
    assert_eq!(owner(&tokens, &ann, None).await.as_deref(), Some("ann"));
    assert_eq!(owner(&tokens, &kept, None).await.as_deref(), Some("ci"));
}

/// Those that the bound ended are not remembered either.
#[tokio::test]
async fn what_the_bound_ended_is_known_no_more() {
    let (_home, tokens) = tokens();
    let tokens = Tokens { bound: Bound { most: 2, kept: 1, created: 5 }, ..tokens };
    let mut given = Vec::new();
    for _ in 0..3 {
        let (token, _) = give(&tokens, "ci", NewToken::login()).await;
        owner(&tokens, &token, None).await;
        given.push(token);
    }
    let good = given.iter().filter(|token| is_known(&tokens, token)).count();
    assert!(good <= 1, "{good}");
}

#[test]
fn what_cannot_be_put_in_place_leaves_nothing() {
    let (_home, tokens) = tokens();
    let (folder, digest) = (&tokens.folder, Token::of("npm_blocked").digest());
    fs::create_dir_all(folder.place(&digest).join("in the way")).unwrap();
    folder.keep(&digest, b"{}", 1).unwrap_err();
    let left: Vec<_> = fs::read_dir(&folder.path).unwrap().map(Result::unwrap).collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0].path(), folder.place(&digest));
}

#[test]
fn what_is_not_a_record_is_no_token() {
    let (_home, tokens) = tokens();
    let token = Token::of("npm_damaged");
    let place = tokens.folder.place(&token.digest());
    tokens.folder.prepare().unwrap();
    let long = format!(r#"{{"user":"alice","created":1}}{}"#, " ".repeat(LONGEST));
    for (text, is_token) in [
        (r#"{"user":"alice","created":1}"#, true),
        ("", false),
        ("\0\0\0\0", false),
        (r#"{"user":"alice","crea"#, false),
        (r#"{"user":"alice"}"#, false),
        (r#"{"user":"","created":1}"#, false),
        (r#"{"user":7,"created":1}"#, false),
        (r#"{"user":"alice","created":1,"later":true}"#, false),
        (&long[..LONGEST], true),
        (&format!("{}x", &long[..LONGEST - 1]), false),
        ("null", false),
    ] {
        fs::write(&place, text).unwrap();
        let expected = is_token.then(|| user("alice"));
        assert_eq!(found(&tokens, &token), expected, "{text:?}");
    }
    // Also such a file goes when it is asked to.
    assert!(tokens.folder.remove(&token.digest()).unwrap());
    assert!(!place.exists());
}

#[tokio::test]
async fn a_token_says_what_it_is_good_for() {
    let (_home, tokens) = tokens();
    let packages = vec!["@acme/*".parse().unwrap()];
    let new = NewToken {
        read_only: true,
        cidr: vec!["10.0.0.0/8".parse().unwrap()],
        packages: Some(packages.clone()),
        ..created("ci")
    };
    let (token, view) = give(&tokens, "ann", new).await;
    assert_eq!(view.hint.as_deref(), Some(&token[..8]));
    assert_eq!(view.key, &Token::of(&token).digest()[..32]);
    assert_eq!((view.name.as_deref(), view.read_only), (Some("ci"), true));
    assert_eq!(view.packages.as_deref(), Some(&["@acme/*".to_owned()][..]));
    let from = Some("10.0.0.1".parse().unwrap());
    let seen = tokens.of(Token::of(&token), from).await.unwrap().unwrap();
    assert_eq!(seen.given.limits, Limits::new(true, Some(packages)).bound(true));
    assert!(
        tokens.known(&token, from, tokens.clock.now()).is_none(),
        "nobody was let in by it yet"
    );
    tokens.believe(&seen);
    assert_eq!(owner(&tokens, &token, Some("11.0.0.1")).await, None);
    assert_eq!(owner(&tokens, &token, None).await, None);
    // What is remembered is for the same addresses.
    assert!(tokens.known(&token, from, tokens.clock.now()).is_some());
    assert!(!is_known(&tokens, &token));
}

#[tokio::test]
async fn a_token_ends_with_its_time_and_its_file_goes_a_day_later() {
    let (_home, tokens) = tokens();
    let new = NewToken { lasts: Some(Duration::from_secs(1)), ..created("short") };
    let (token, view) = give(&tokens, "ann", new).await;
    assert_eq!(view.expires, Some(view.created + 1));
    assert!(owner(&tokens, &token, None).await.is_some() && is_known(&tokens, &token));
    tokens.clock.advance(Duration::from_secs(1));
    assert!(!is_known(&tokens, &token));
    assert_eq!(owner(&tokens, &token, None).await, None);
    assert_eq!(tokens.of_user(user("ann"), 0, 10).await.unwrap(), (Vec::new(), 0));
    assert_eq!(tokens.folder.digests().unwrap().len(), 1, "a wrong clock takes nothing away");
    tokens.clock.advance(Duration::from_secs(KEPT_EXPIRED));
    assert_eq!(owner(&tokens, &token, None).await, None);
    assert!(tokens.folder.digests().unwrap().is_empty());
}

#[tokio::test]
async fn a_list_of_tokens_sweeps_what_has_expired() {
    let (_home, tokens) = tokens();
    let new = NewToken { lasts: Some(Duration::from_secs(1)), ..created("short") };
    give(&tokens, "ann", new).await;
    let (_, kept) = give(&tokens, "ann", created("long")).await;
    tokens.clock.advance(Duration::from_secs(KEPT_EXPIRED + 2));
    let (views, count) = tokens.of_user(user("ann"), 0, 10).await.unwrap();
    assert_eq!((keys(&views), count), (vec![kept.key.as_str()], 1));
    assert_eq!(tokens.folder.digests().unwrap().len(), 1);
}

#[tokio::test]
async fn who_asked_a_moment_ago_is_known_without_the_disk() {
    let (_home, tokens) = tokens();
    let (token, _) = give(&tokens, "ann", NewToken::login()).await;
    assert!(!is_known(&tokens, &token), "nobody has looked");
    owner(&tokens, &token, None).await;
    let place = tokens.folder.place(&Token::of(&token).digest());
    // Another process ends it.
    fs::remove_file(place).unwrap();
    assert!(is_known(&tokens, &token));
    assert_eq!(owner(&tokens, &token, None).await, None);
    tokens.clock.advance(Duration::from_millis(2001));
    assert!(!is_known(&tokens, &token));
}

#[tokio::test]
async fn what_this_process_ends_is_over_at_once() {
    let (_home, tokens) = tokens();
    for way in 0..5 {
        let (token, view) = give(&tokens, "ann", NewToken::login()).await;
        owner(&tokens, &token, None).await;
        assert!(is_known(&tokens, &token));
        match way {
            0 => assert!(tokens.end(Token::of(&token)).await.unwrap().is_some()),
            1 => assert!(tokens.end_one(user("ann"), view.key).await.unwrap().is_some()),
            2 => assert!(tokens.end_one(user("ann"), token.clone()).await.unwrap().is_some()),
            3 => assert_eq!(tokens.end_others(user("ann"), None).await.unwrap(), 1),
            _ => assert_eq!(tokens.end_all(&user("ann")).unwrap(), 1),
        }
        assert!(!is_known(&tokens, &token), "{way}");
        assert_eq!(owner(&tokens, &token, None).await, None);
    }
}

#[tokio::test]
async fn a_user_sees_their_own_tokens_the_newest_first_and_page_by_page() {
    let (_home, tokens) = tokens();
    assert_eq!(tokens.of_user(user("ann"), 0, 10).await.unwrap(), (Vec::new(), 0));
    let mut expected = Vec::new();
    for number in 0..5 {
        expected.insert(0, give(&tokens, "ann", created(&number.to_string())).await.1.key);
        give(&tokens, "bob", NewToken::login()).await;
        tokens.clock.advance(Duration::from_secs(1));
    }
    let mut seen = Vec::new();
    for from in [0, 2, 4, 6] {
        let (views, count) = tokens.of_user(user("ann"), from, 2).await.unwrap();
        assert_eq!(count, 5);
        assert!(views.len() <= 2 && views.iter().all(|view| view.user == "ann"));
        seen.extend(views.into_iter().map(|view| view.key));
    }
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_token_is_found_by_its_key_or_the_beginning_of_it_and_only_by_its_user() {
    let (_home, tokens) = tokens();
    let folder = &tokens.folder;
    let record = |name: &str| format!(r#"{{"user":"{name}","created":1}}"#);
    let digest = |beginning: &str| format!("{beginning:0<64}");
    for (beginning, name) in [("abcd1", "ann"), ("abcd2", "ann"), ("abcd3", "bob"), ("ef01", "ann")]
    {
        folder.keep(&digest(beginning), record(name).as_bytes(), 1).unwrap();
    }
    for (name, key, expected) in [
        ("ann", &digest("abcd1")[..32], Some("abcd1")),
        ("ann", "abcd1", Some("abcd1")),
        ("ann", "ef01", Some("ef01")),
        ("ann", "ef0", None),
        ("ann", "abcd", None),
        ("bob", "abcd", Some("abcd3")),
        ("bob", "abcd1", None),
        ("ann", "EF01", None),
        ("ann", "", None),
        ("ann", "../x", None),
        ("ann", &digest("ef01"), None),
    ] {
        let seen = tokens.one(&user(name), key).unwrap();
        let expected = expected.map(|beginning| digest(beginning)[..32].to_owned());
        assert_eq!(seen.map(|seen| seen.view().key), expected, "{name} {key}");
    }
    let end = async |name: &str| {
        let ended = tokens.end_one(user(name), "ef01".to_owned()).await.unwrap();
        ended.is_some()
    };
    assert!(!end("bob").await && end("ann").await && !end("ann").await);
    assert_eq!(tokens.end_one(user("ann"), "abcd".to_owned()).await.unwrap(), None);
    assert_eq!(tokens.end_all(&user("ann")).unwrap(), 2);
    assert_eq!(folder.digests().unwrap(), [digest("abcd3")]);
}

#[tokio::test]
async fn what_is_damaged_is_in_no_list_and_hinders_none() {
    let (_home, tokens) = tokens();
    let (_, view) = give(&tokens, "ann", NewToken::login()).await;
    fs::write(tokens.folder.place(&"a".repeat(64)), "{").unwrap();
    fs::create_dir(tokens.folder.place(&"b".repeat(64))).unwrap();
    fs::write(tokens.folder.place("README"), r#"{"user":"ann","created":1}"#).unwrap();
    let (views, count) = tokens.of_user(user("ann"), 0, 10).await.unwrap();
    assert_eq!((keys(&views), count), (vec![view.key.as_str()], 1));
}

/// The first of them ended the walk: nobody saw a list or had a token made, and another password ended no token.
#[tokio::test]
async fn what_cannot_be_read_hinders_nobody_and_is_told_of_when_all_tokens_end() {
    let (_home, tokens) = tokens();
    let (first, view) = give(&tokens, "ann", NewToken::login()).await;
    let (second, _) = give(&tokens, "ann", NewToken::login()).await;
    let (bobs, _) = give(&tokens, "bob", NewToken::login()).await;
    for beginning in ["0", "f"] {
        symlink("..", tokens.folder.place(&format!("{beginning:0<64}"))).unwrap();
        // Too many links.
        let place = tokens.folder.place(&format!("{beginning:1<64}"));
        symlink(&place, &place).unwrap();
    }
    assert_eq!(tokens.of_user(user("ann"), 0, 10).await.unwrap().1, 2);
    give(&tokens, "ann", created("ci")).await;
    // By the beginning of a key it could be meant.
    tokens.end_one(user("ann"), "00000".to_owned()).await.unwrap_err();
    assert!(tokens.end_one(user("ann"), view.key).await.unwrap().is_some());
    let denied = tokens.end_others(user("ann"), None).await.unwrap_err().to_string();
    assert!(denied.contains("could not all be ended"), "{denied}");
    for (token, expected) in [(&first, None), (&second, None), (&bobs, Some("bob"))] {
        assert_eq!(owner(&tokens, token, None).await.as_deref(), expected);
    }
    assert_eq!(tokens.of_user(user("ann"), 0, 10).await.unwrap().1, 0);
    // Where it is not known which files there are, nothing is told of any.
    fs::rename(&tokens.folder.path, tokens.folder.path.with_extension("away")).unwrap();
    fs::write(&tokens.folder.path, "no folder").unwrap();
    tokens.of_user(user("ann"), 0, 10).await.unwrap_err();
}

#[tokio::test]
async fn the_bound_takes_away_nothing_but_tokens() {
    let (_home, tokens) = tokens();
    let tokens = Tokens { bound: Bound { most: 2, kept: 1, created: 5 }, ..tokens };
    let folder = &tokens.folder;
    folder.prepare().unwrap();
    fs::write(folder.place("README"), "whose this is").unwrap();
    let linked = "a".repeat(64);
    symlink("..", folder.place(&linked)).unwrap();
    for _ in 0..4 {
        give(&tokens, "ci", NewToken::login()).await;
    }
    assert!(folder.place("README").exists() && folder.place(&linked).is_symlink());
    assert!(folder.digests().unwrap().len() <= 3);
}

#[tokio::test]
async fn a_user_may_create_so_many_tokens_and_log_in_as_often_as_they_like() {
    let (_home, tokens) = tokens();
    let tokens = Tokens { bound: Bound { most: 8, kept: 6, created: 2 }, ..tokens };
    let refused = async |name: &str| match tokens.give(user(name), created("x")).await {
        Err(Denied::Forbidden(told)) => told,
        other => panic!("{:?}", other.map(|(_, view)| view)),
    };
    for name in ["ann", "bob"] {
        give(&tokens, name, created("1")).await;
        give(&tokens, name, NewToken { lasts: Some(Duration::from_secs(9)), ..created("2") }).await;
        let told = refused(name).await;
        assert_eq!(told, "you have 2 tokens, and may create 2: revoke one first");
        give(&tokens, name, NewToken::login()).await;
    }
    // All together they may have half of what there may be.
    assert!(refused("eve").await.contains("ask an administrator"));
    // What has expired is not counted.
    tokens.clock.advance(Duration::from_secs(9));
    give(&tokens, "ann", created("3")).await;
}

#[tokio::test]
async fn a_token_that_would_be_too_long_to_keep_is_none() {
    let (_home, tokens) = tokens();
    let pattern = |number| format!("@acme/{number:0>100}").parse().unwrap();
    let new = NewToken { packages: Some((0..50).map(pattern).collect()), ..created("ci") };
    match tokens.give(user("ann"), new).await {
        Err(Denied::Forbidden(told)) => assert!(told.contains("such as @acme/*"), "{told}"),
        other => panic!("{:?}", other.map(|(_, view)| view)),
    }
    assert!(tokens.folder.digests().unwrap().is_empty());
}

#[tokio::test]
async fn one_token_stays_when_the_others_of_its_user_end() {
    let (_home, tokens) = tokens();
    let (kept, _) = give(&tokens, "ann", NewToken::login()).await;
    let (ended, _) = give(&tokens, "ann", NewToken::login()).await;
    let (bobs, _) = give(&tokens, "bob", NewToken::login()).await;
    let others = tokens.end_others(user("ann"), Some(Token::of(&kept))).await.unwrap();
    assert_eq!(others, 1);
    for (token, expected) in [(&kept, Some("ann")), (&ended, None), (&bobs, Some("bob"))] {
        assert_eq!(owner(&tokens, token, None).await.as_deref(), expected);
    }
}
