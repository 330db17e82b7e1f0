//! Passwords: right, wrong, guessed.
//! Knows nothing of packages.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::*;
use crate::support::client::get;

#[tokio::test]
async fn a_user_logs_in_with_their_password_and_is_who_they_are() {
    let (_upstream, nopar) = with_users("").await;
    let ann = login(nopar.addr(), "ann").await;
    let whoami = ask(nopar.addr(), "/-/whoami", Some(&ann)).await.expect(200);
    assert_eq!(whoami.json(), json!({"username": "ann"}));
    let by_password = basic("ann", &password("ann"));
    let whoami = ask(nopar.addr(), "/-/whoami", Some(&by_password)).await.expect(200);
    assert_eq!(whoami.json(), json!({"username": "ann"}));
    get(nopar.addr(), "/-/whoami").await.expect(401);
    ask(nopar.addr(), "/-/whoami", Some("Bearer npm_made_up")).await.expect(401);
}

/// Neither the words nor the status tell which users there are.
#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_told_alike() {
    let (_upstream, nopar) = with_users("").await;
    let wrong = logging_in(nopar.addr(), "ann", "wrong").send().await.expect(401);
    let unknown = logging_in(nopar.addr(), "nobody", "wrong").send().await.expect(401);
    assert_eq!(wrong.body, unknown.body);
    // By which npm says that the password is wrong, and not that a token is.
    for answer in [&wrong, &unknown] {
        assert_eq!(answer.header("www-authenticate"), Some("Basic realm=\"NOPAR\""));
        assert!(!answer.text().contains("one-time pass"), "{}", answer.text());
    }
    let path = "/-/user/org.couchdb.user:ann/-rev/1";
    let again = send(nopar.addr(), "PUT", path, &json!({"name": "ann", "password": "wrong"}));
    let again = again.header("Authorization", basic("ann", "wrong")).send().await.expect(401);
    assert!(again.header("www-authenticate").is_some_and(|it| it.starts_with("Basic")));
    // Elsewhere it is what was shown that is none.
    let shown = ask(nopar.addr(), "/-/whoami", Some(&basic("ann", "wrong"))).await.expect(401);
    assert!(shown.header("www-authenticate").is_some_and(|it| it.starts_with("Bearer")));
    // Who they are is for users.
    for user in ["ann", "nobody"] {
        get(nopar.addr(), &format!("/-/user/org.couchdb.user:{user}")).await.expect(401);
    }
    let ann = login(nopar.addr(), "ann").await;
    let path = "/-/user/org.couchdb.user:";
    ask(nopar.addr(), &format!("{path}bob"), Some(&ann)).await.expect(200);
    ask(nopar.addr(), &format!("{path}nobody"), Some(&ann)).await.expect(404);
}

#[tokio::test]
async fn who_guesses_has_to_wait_and_keeps_nobody_else_waiting() {
    let (_upstream, nopar) = with_users("").await;
    for guess in 0..5 {
        logging_in(nopar.addr(), "ann", &format!("guess {guess}")).send().await.expect(401);
    }
    let early = logging_in(nopar.addr(), "ann", &password("ann")).send().await.expect(429);
    let wait: u64 = early.header("retry-after").expect("a wait").parse().expect("seconds");
    assert!((1..=300).contains(&wait), "{wait}");
    login(nopar.addr(), "bob").await;
    nopar.advance(Duration::from_secs(wait));
    login(nopar.addr(), "ann").await;
}

#[tokio::test]
async fn a_token_that_was_given_back_or_whose_user_is_gone_is_none() {
    let (_upstream, nopar) = with_users("").await;
    let (ann, bob) = (login(nopar.addr(), "ann").await, login(nopar.addr(), "bob").await);
    let token = ann.strip_prefix("Bearer ").expect("a token");
    let path = format!("/-/user/token/{token}");
    of(Request::new(nopar.addr(), "DELETE", &path), Some(&ann)).send().await.expect(200);
    ask(nopar.addr(), "/-/whoami", Some(&ann)).await.expect(401);
    let file = nopar.registry_path().join(".nopar/users.json");
    fs::write(&file, json!({"users": {"ann": kept("ann")}}).to_string()).expect("users");
    ask(nopar.addr(), "/-/whoami", Some(&bob)).await.expect(401);
}

/// A file that cannot be read lets nobody in, and is left as it is.
#[tokio::test]
async fn damaged_users_are_nobody_and_the_file_stays() {
    let (_upstream, nopar) = with_users("").await;
    let ann = login(nopar.addr(), "ann").await;
    let file = nopar.registry_path().join(".nopar/users.json");
    fs::write(&file, "{\"users\":").expect("a file");
    logging_in(nopar.addr(), "ann", &password("ann")).send().await.expect(500);
    ask(nopar.addr(), "/-/whoami", Some(&ann)).await.expect(500);
    assert_eq!(publish(nopar.addr(), "mine", "1.0.0", Some(&ann)).await, 500);
    assert_eq!(fs::read_to_string(&file).expect("the file"), "{\"users\":");
    // What everybody may read, everybody reads.
    get(nopar.addr(), "/-/ping").await.expect(200);
}

/// Whoever had it may have been anybody: in the open mode, or before the name was given to somebody else.
#[tokio::test]
async fn a_token_of_no_account_or_another_is_nobody_s() {
    let (_upstream, nopar) = with_users("").await;
    let tokens = nopar.registry_path().join(".nopar/tokens");
    fs::create_dir_all(&tokens).expect("a directory");
    let put = |token: &str, record: Value| {
        let digest: String =
            Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect();
        fs::write(tokens.join(digest), record.to_string()).expect("a token");
    };
    put("npm_open", json!({"user": "root", "created": 5}));
    put("npm_before", json!({"user": "ann", "created": 5, "account": 0}));
    put("npm_hers", json!({"user": "ann", "created": 5, "account": 1}));
    for _ in 0..3 {
        for token in ["npm_open", "npm_before"] {
            ask(nopar.addr(), "/-/whoami", Some(&format!("Bearer {token}"))).await.expect(401);
        }
        ask(nopar.addr(), "/-/whoami", Some("Bearer npm_hers")).await.expect(200);
    }
}
