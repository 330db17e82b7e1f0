//! `npm token create`, `list` and `revoke`.
//! Knows nothing of what a token opens but that it does.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::support::publish::{Publish, refusal};

#[tokio::test]
async fn a_token_is_shown_once_listed_and_revoked() {
    let (_upstream, nopar) = with_users().await;
    let ann = log_in(&nopar, "ann", PASSWORD).await;
    let members = json!({
        "name": "ci", "expires": 30, "cidr_whitelist": ["127.0.0.0/8"], "scopes": ["@acme"],
        "packages_and_scopes_permission": "read-only",
    });
    let answer = create(&nopar, &ann, &members).await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let made = answer.json();
    let token = text(&made["token"]);
    assert!(token.starts_with("npm_") && token.len() == 47, "{token}");
    let made_by = format!("Bearer {token}");
    assert!(is_good(&nopar, &made_by).await);
    let listed = get(&nopar, TOKENS, &ann).await.expect(200).json();
    assert_eq!((&listed["total"], &listed["urls"]), (&json!(2), &json!({})));
    let objects = listed["objects"].as_array().expect("a list");
    let one = objects.iter().find(|one| one["name"] == "ci").expect("the new one");
    for member in ["key", "name", "cidr_whitelist", "readonly", "created", "expires", "packages"] {
        assert_eq!(one[member], made[member], "{member}");
    }
    assert_eq!((&one["readonly"], &one["packages"]), (&json!(true), &json!(["@acme/*"])));
    assert_eq!(text(&one["token"]), token[..8]);
    assert!(!listed.to_string().contains(&token));
    let login = objects.iter().find(|one| one["name"].is_null()).expect("the login's");
    assert_eq!((&login["readonly"], &login["cidr_whitelist"]), (&json!(false), &json!(null)));

    // By a key that is cut short, and by the token itself.
    let key = text(&made["key"]);
    let bob = log_in(&nopar, "bob", PASSWORD).await;
    for (who, shown) in [(&bob, key.as_str()), (&bob, &token), (&ann, "abc"), (&ann, "npm_nobodys")]
    {
        refusal(&revoking(&nopar, who, shown).send().await, &[404], shown);
    }
    assert!(is_good(&nopar, &made_by).await);
    revoking(&nopar, &ann, &key[..6]).send().await.expect(200);
    assert!(!is_good(&nopar, &made_by).await);
    refusal(&revoking(&nopar, &ann, &key).send().await, &[404], "once more");
    let token = text(&create(&nopar, &ann, &json!({})).await.expect(200).json()["token"]);
    revoking(&nopar, &ann, &token).send().await.expect(200);
    assert!(!is_good(&nopar, &format!("Bearer {token}")).await);
    assert!(is_good(&nopar, &ann).await);
}

#[tokio::test]
async fn a_list_comes_in_pages_that_lead_to_each_other() {
    let (_upstream, nopar) = with_users().await;
    let ann = log_in(&nopar, "ann", PASSWORD).await;
    for number in 0..4 {
        create(&nopar, &ann, &json!({"name": format!("n{number}")})).await.expect(200);
    }
    let mut path = format!("{TOKENS}?perPage=2");
    let mut keys = Vec::new();
    loop {
        let page = get(&nopar, &path, &ann).await.expect(200).json();
        let objects = page["objects"].as_array().expect("a list");
        keys.extend(objects.iter().map(|one| text(&one["key"])));
        let Some(next) = page["urls"]["next"].as_str() else { break };
        path = next.to_owned();
    }
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 5);
    let behind = get(&nopar, &format!("{TOKENS}?page=9"), &ann).await.expect(200).json();
    assert_eq!((&behind["objects"], &behind["urls"]), (&json!([]), &json!({})));
    refusal(&get(&nopar, &format!("{TOKENS}?page=-1"), &ann).await, &[400], "no number");
}

#[tokio::test]
async fn a_token_does_what_it_was_made_for_and_as_long() {
    let (_upstream, nopar) = with_users().await;
    let made = async |members: Value| {
        let made = create(&nopar, &anns_password(), &members).await.expect(200).json();
        format!("Bearer {}", text(&made["token"]))
    };
    let publish = async |name: &str, token: &str| {
        let publish = Publish::of(name, "1.0.0").to(nopar.addr());
        publish.header("Authorization", token).send().await.status
    };
    let read_only = made(json!({"readonly": true})).await;
    let acme = made(json!({"packages": ["@acme/ui"]})).await;
    assert_eq!(publish("@acme/ui", &read_only).await, 403);
    assert_eq!(publish("@acme/x", &acme).await, 403);
    assert_eq!(publish("@acme/ui", &acme).await, 201);
    let elsewhere = made(json!({"cidr_whitelist": ["192.0.2.0/24"]})).await;
    assert!(!is_good(&nopar, &elsewhere).await);
    let day = made(json!({"expires": 1})).await;
    assert!(is_good(&nopar, &day).await);
    nopar.advance(Duration::from_secs(24 * 3600));
    assert!(!is_good(&nopar, &day).await && is_good(&nopar, &acme).await);
}

#[tokio::test]
async fn what_no_token_can_be_is_refused_and_none_is_made() {
    let (_upstream, nopar) = with_users().await;
    let ann = log_in(&nopar, "ann", PASSWORD).await;
    for (members, words) in [
        (json!({"expires": null}), "number of days"),
        (json!({"expires": 0}), "1 to 36525 days"),
        (json!({"bypass_2fa": true}), "auth-only"),
        (json!({"orgs": ["acme"]}), "--scopes"),
        (json!({"packages": []}), "name some"),
        (json!({"packages": ["@acme"]}), "package"),
        (json!({"packages": ["!!"]}), "no package is called"),
        (json!({"cidr_whitelist": ["home"]}), "10.0.0.0/8"),
        (json!({"name": "x".repeat(101)}), "at most 100 characters"),
    ] {
        let answer = create(&nopar, &ann, &members).await;
        let said = refusal(&answer, &[400], &members.to_string());
        assert!(said.contains(words), "{members}: {said}");
    }
    let long = json!({"packages": vec!["@acme/*"; 1000]});
    refusal(&create(&nopar, &ann, &long).await, &[403], "too long");
    let wrong = post(&nopar, TOKENS, &ann, &json!({"password": "a guess"})).await;
    assert!(refusal(&wrong, &[401], "a guess").contains("password is not right"));
    refusal(&post(&nopar, TOKENS, &ann, &json!({})).await, &[401], "no password");
    refusal(&post(&nopar, TOKENS, &ann, &json!([])).await, &[400], "no object");
    let listed = get(&nopar, TOKENS, &ann).await.expect(200).json();
    assert_eq!(listed["total"], 1);
}

/// What such a token does is not to outlast it.
#[tokio::test]
async fn a_token_for_a_time_or_a_place_changes_neither_owners_nor_its_user() {
    let (_upstream, nopar) = with_users().await;
    let ann = log_in(&nopar, "ann", PASSWORD).await;
    Publish::of("a", "1.0.0")
        .to(nopar.addr())
        .header("Authorization", &ann)
        .send()
        .await
        .expect(201);
    let owners = json!({"user": "bob"});
    let adding = |who: &str| {
        let request = send(nopar.addr(), "PUT", "/-/package/a/owners", &owners);
        request.header("Authorization", who)
    };
    for limits in [json!({"expires": 30}), json!({"cidr_whitelist": ["127.0.0.0/8"]})] {
        let made = create(&nopar, &ann, &limits).await.expect(200).json();
        let token = format!("Bearer {}", text(&made["token"]));
        let said = refusal(&adding(&token).send().await, &[403], "an owner");
        assert!(said.contains("this token, which is limited"), "{said}");
        let change = posting(&nopar, PROFILE, &token, &json!({"fullname": "Ann"}));
        refusal(&change.send().await, &[403], "a profile");
        refusal(&create(&nopar, &token, &json!({})).await, &[403], "another token");
        let version = if limits["expires"].is_null() { "1.1.0" } else { "1.2.0" };
        let publish = Publish::of("a", version).to(nopar.addr());
        publish.header("Authorization", &token).send().await.expect(201);
        let mut copy = get(&nopar, "/a", &token).await.expect(200).json();
        copy["maintainers"] = json!([{"name": "ann"}, {"name": "bob"}]);
        let path = format!("/a/-rev/{}", text(&copy["_rev"]));
        let copied = send(nopar.addr(), "PUT", &path, &copy).header("Authorization", &token);
        refusal(&copied.send().await, &[403], "owners in a copy");
    }
    let array = send(nopar.addr(), "PUT", "/-/package/a/owners", &json!(["bob"]));
    refusal(&array.header("Authorization", &ann).send().await, &[400], "an array");
    adding(&ann).send().await.expect(201);
}
