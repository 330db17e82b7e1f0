//! The same where everybody may log in under any name: npm is told what there is, and what there is not.
//! Knows nothing of users who have passwords.

use serde_json::json;

use super::*;
use crate::support::client::get as get_of;
use crate::support::publish::refusal;

async fn open() -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    (upstream, nopar)
}

#[tokio::test]
async fn a_profile_is_a_name_and_changes_need_users() {
    let (_upstream, nopar) = open().await;
    refusal(&get_of(nopar.addr(), PROFILE).await, &[401], "nobody");
    let ann = log_in(&nopar, "ann", "").await;
    let seen = profile(&nopar, &ann).await;
    assert_eq!((&seen["name"], &seen["tfa"]), (&json!("ann"), &json!(false)));
    assert_eq!((&seen["email"], &seen["fullname"]), (&json!(""), &json!("")));
    for body in [
        json!({"fullname": "Ann"}),
        json!({"password": {"old": "", "new": PASSWORD}}),
        json!({"tfa": {"password": "", "mode": "auth-only"}}),
        json!({"tfa": ["123456"]}),
    ] {
        let said = refusal(&post(&nopar, PROFILE, &ann, &body).await, &[400], "open");
        assert!(said.contains("NOPAR_AUTH=users"), "{said}");
    }
}

#[tokio::test]
async fn tokens_are_created_listed_and_revoked_without_a_password() {
    let (_upstream, nopar) = open().await;
    let ann = log_in(&nopar, "ann", "").await;
    let body = json!({"name": "ci", "password": "whatever", "expires": 7});
    let made = post(&nopar, TOKENS, &ann, &body).await.expect(200).json();
    let made_by = format!("Bearer {}", text(&made["token"]));
    assert!(is_good(&nopar, &made_by).await);
    let listed = get(&nopar, TOKENS, &ann).await.expect(200).json();
    assert_eq!(listed["total"], 2);
    revoking(&nopar, &ann, &text(&made["key"])).send().await.expect(200);
    assert!(!is_good(&nopar, &made_by).await);
    for members in [json!({"readonly": true}), json!({"packages": ["@acme/*"]})] {
        let said = refusal(&create(&nopar, &ann, &members).await, &[400], "limits");
        assert!(said.contains("NOPAR_AUTH=users"), "{said}");
    }
}
