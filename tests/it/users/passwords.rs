//! `npm profile set password`.
//! Knows nothing of the rest of a profile.

use std::os::unix::fs::symlink;

use serde_json::json;

use super::*;
use crate::support::publish::refusal;

const ANOTHER: &str = "battery staple";

#[tokio::test]
async fn another_password_ends_all_tokens_but_the_one_that_is_shown() {
    let (_upstream, nopar) = with_users().await;
    let here = log_in(&nopar, "ann", PASSWORD).await;
    let elsewhere = log_in(&nopar, "ann", PASSWORD).await;
    let bob = log_in(&nopar, "bob", PASSWORD).await;
    let made = create(&nopar, &here, &json!({"name": "ci"})).await.expect(200).json();
    let made = format!("Bearer {}", text(&made["token"]));
    assert!(is_good(&nopar, &elsewhere).await && is_good(&nopar, &made).await);

    let body = json!({"fullname": "Ann", "password": {"old": PASSWORD, "new": ANOTHER}});
    let changed = post(&nopar, PROFILE, &here, &body).await.expect(200).json();
    assert_eq!(changed["fullname"], "Ann");
    assert!(changed.get("password").is_none(), "{changed}");
    for (authorization, expected) in [
        (here.as_str(), true),
        (&elsewhere, false),
        (&made, false),
        (&bob, true),
        (&basic("ann", PASSWORD), false),
        (&basic("ann", ANOTHER), true),
    ] {
        assert_eq!(is_good(&nopar, authorization).await, expected);
    }
    refusal(&logging_in(&nopar, "ann", PASSWORD).send().await, &[401], "the old one");
    log_in(&nopar, "ann", ANOTHER).await;

    // Who shows the password itself keeps no token.
    let body = json!({"password": {"old": ANOTHER, "new": PASSWORD}});
    post(&nopar, PROFILE, &basic("ann", ANOTHER), &body).await.expect(200);
    assert!(!is_good(&nopar, &here).await);
}

/// They were told that it had not been done, and all tokens were as good as before.
#[tokio::test]
async fn another_password_ends_all_tokens_that_can_be_read_and_says_so_where_one_cannot() {
    let (_upstream, nopar) = with_users().await;
    let here = log_in(&nopar, "ann", PASSWORD).await;
    let elsewhere = log_in(&nopar, "ann", PASSWORD).await;
    symlink("..", nopar.registry_path().join(".nopar/tokens").join("0".repeat(64)))
        .expect("a link");
    let listed = get(&nopar, TOKENS, &here).await.expect(200).json();
    assert_eq!(listed["total"], 2);
    create(&nopar, &here, &json!({"name": "ci"})).await.expect(200);

    let body = json!({"password": {"old": PASSWORD, "new": ANOTHER}});
    let said = refusal(&post(&nopar, PROFILE, &here, &body).await, &[500], "a link");
    assert!(said.starts_with("your password is changed, but not all of your tokens"), "{said}");
    assert!(is_good(&nopar, &here).await && !is_good(&nopar, &elsewhere).await);
    log_in(&nopar, "ann", ANOTHER).await;
    let listed = get(&nopar, TOKENS, &here).await.expect(200).json();
    assert_eq!(listed["total"], 2, "this one, and that of the login: {listed}");
}

#[tokio::test]
async fn who_does_not_know_the_password_changes_nothing_and_is_slowed_down() {
    let (_upstream, nopar) = with_users().await;
    let ann = log_in(&nopar, "ann", PASSWORD).await;
    for (new, words) in [("short", "at least 8"), ("ANN", "at least 8"), ("12345678\n", "control")]
    {
        let body = json!({"fullname": "Ann", "password": {"old": PASSWORD, "new": new}});
        let said = refusal(&post(&nopar, PROFILE, &ann, &body).await, &[400], new);
        assert!(said.contains(words), "{said}");
    }
    let guess = json!({"fullname": "Ann", "password": {"old": "a guess", "new": ANOTHER}});
    for _ in 0..5 {
        let answer = post(&nopar, PROFILE, &ann, &guess).await;
        let said = refusal(&answer, &[401], "a guess");
        assert!(said.contains("password is not right"), "{said}");
        // npm tells by it that the token is not the matter.
        let asks = answer.header("www-authenticate").unwrap_or_default();
        assert!(asks.starts_with("Basic"), "{asks}");
    }
    let answer = post(&nopar, PROFILE, &ann, &guess).await;
    refusal(&answer, &[429], "a guess too many");
    assert!(answer.header("retry-after").is_some());
    assert_eq!(profile(&nopar, &ann).await["fullname"], "");
}
