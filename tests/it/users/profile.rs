//! `npm profile get` and `set`.
//! Knows nothing of passwords and second factors.

use serde_json::{Value, json};

use super::*;
use crate::support::client::get as get_of;
use crate::support::publish::refusal;

#[tokio::test]
async fn a_profile_is_seen_and_changed_by_its_user() {
    let (_upstream, mut nopar) = with_users().await;
    let ann = log_in(&nopar, "ann", PASSWORD).await;
    let answer = get(&nopar, PROFILE, &ann).await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let seen = answer.json();
    assert_eq!((&seen["name"], &seen["email"]), (&json!("ann"), &json!("ann@acme.example")));
    assert_eq!((&seen["tfa"], &seen["fullname"]), (&json!(false), &json!("")));
    assert!(text(&seen["created"]).ends_with(".000Z"), "{seen}");
    for member in ["email_verified", "updated", "cidr_whitelist", "homepage", "github"] {
        assert!(seen.get(member).is_some(), "{member}: {seen}");
    }

    // As npm sends it: all that can be written, with null for what is empty.
    let set =
        json!({"email": "ann@example.org", "fullname": "Ann B.", "homepage": null, "github": null});
    let changed = post(&nopar, PROFILE, &ann, &set).await.expect(200).json();
    assert_eq!((&changed["email"], &changed["fullname"]), (&set["email"], &set["fullname"]));
    let password = post(&nopar, PROFILE, &anns_password(), &json!({"github": "ann"})).await;
    password.expect(200);
    nopar.restart().await;
    let seen = profile(&nopar, &ann).await;
    assert_eq!((&seen["fullname"], &seen["github"]), (&json!("Ann B."), &json!("ann")));
    let bob = profile(&nopar, &log_in(&nopar, "bob", PASSWORD).await).await;
    assert_eq!((&bob["name"], &bob["fullname"]), (&json!("bob"), &json!("")));
    post(&nopar, PROFILE, &ann, &json!({"fullname": null})).await.expect(200);
    assert_eq!(profile(&nopar, &ann).await["fullname"], "");
}

#[tokio::test]
async fn a_profile_is_of_somebody_who_shows_who_they_are() {
    let (_upstream, nopar) = with_users().await;
    refusal(&get_of(nopar.addr(), PROFILE).await, &[401], "nobody");
    for wrong in ["Bearer npm_nobodys", &basic("ann", "battery staple"), &basic("joe", PASSWORD)] {
        for answer in [
            get(&nopar, PROFILE, wrong).await,
            get(&nopar, TOKENS, wrong).await,
            post(&nopar, PROFILE, wrong, &json!({"fullname": "Joe"})).await,
            post(&nopar, TOKENS, wrong, &json!({"password": PASSWORD})).await,
            revoking(&nopar, wrong, "0123abcd").send().await,
        ] {
            let said = refusal(&answer, &[401], wrong);
            assert!(!said.contains("one-time pass"), "npm would ask for one: {said}");
        }
    }
}

#[tokio::test]
async fn what_no_profile_has_is_refused_and_changes_nothing() {
    let (_upstream, nopar) = with_users().await;
    let ann = log_in(&nopar, "ann", PASSWORD).await;
    let before = profile(&nopar, &ann).await;
    for (body, words) in [
        (json!([]), "not a JSON object"),
        (json!({"fullname": "Ann", "name": "bob"}), "fullname, homepage"),
        (json!({"fullname": "Ann", "email": "a b"}), "space"),
        (json!({"fullname": "x".repeat(1025)}), "1024 bytes"),
        (json!({"fullname": "Ann", "github": "\u{1b}[2J"}), "control"),
        (json!({"fullname": 7}), "not a text"),
        (json!({"fullname": "Ann", "password": "x"}), "old"),
        (json!({"fullname": "Ann", "tfa": {"mode": "disable", "password": PASSWORD}}), "by itself"),
        (json!({"tfa": true}), "neither"),
    ] {
        let said = refusal(&post(&nopar, PROFILE, &ann, &body).await, &[400], &body.to_string());
        assert!(said.contains(words), "{body}: {said}");
    }
    let long = json!({"fullname": "x".repeat(70_000)});
    refusal(&post(&nopar, PROFILE, &ann, &long).await, &[413], "long");
    assert_eq!(profile(&nopar, &ann).await, before);
}

#[tokio::test]
async fn a_token_with_limits_sees_and_changes_nothing() {
    let (_upstream, nopar) = with_users().await;
    for members in [json!({"readonly": true}), json!({"packages": ["@acme/*"]})] {
        let made = create(&nopar, &anns_password(), &members).await.expect(200).json();
        let limited = format!("Bearer {}", text(&made["token"]));
        assert_eq!(profile(&nopar, &limited).await["name"], "ann");
        get(&nopar, TOKENS, &limited).await.expect(200);
        let change = json!({"fullname": "Ann"});
        for answer in [
            post(&nopar, PROFILE, &limited, &change).await,
            create(&nopar, &limited, &json!({})).await,
            revoking(&nopar, &limited, &text(&made["key"])).send().await,
        ] {
            let said = refusal(&answer, &[403], "limited");
            assert!(said.contains("npm login"), "{said}");
        }
        assert!(is_good(&nopar, &limited).await);
    }
    assert_eq!(profile(&nopar, &anns_password()).await["fullname"], "");
}

/// A job's token, as it lies in the directory once its issuer's was shown.
#[tokio::test]
async fn a_job_has_no_affairs() {
    let (_upstream, nopar) = with_users().await;
    log_in(&nopar, "ann", PASSWORD).await;
    let record =
        json!({"user": "oidc:github:acme/ui", "created": 1, "packages": ["*"], "kind": "oidc"});
    // The SHA-256 of npm_job.
    let digest: String = {
        use sha2::Digest;
        sha2::Sha256::digest("npm_job").iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let place = nopar.registry_path().join(".nopar/tokens").join(digest);
    std::fs::write(place, Value::to_string(&record)).expect("it is written");
    let job = "Bearer npm_job";
    for answer in [
        get(&nopar, PROFILE, job).await,
        get(&nopar, TOKENS, job).await,
        post(&nopar, PROFILE, job, &json!({})).await,
        create(&nopar, job, &json!({})).await,
        revoking(&nopar, job, "npm_job").send().await,
    ] {
        let said = refusal(&answer, &[403], "a job");
        assert!(said.contains("is a job"), "{said}");
    }
}

#[tokio::test]
async fn a_damaged_file_of_users_is_nobody_s_profile_and_stays() {
    let (_upstream, nopar) = with_users().await;
    let ann = log_in(&nopar, "ann", PASSWORD).await;
    let file = nopar.registry_path().join(".nopar/users.json");
    std::fs::write(&file, "{\"users\":").expect("it is written");
    for answer in [
        get(&nopar, PROFILE, &ann).await,
        post(&nopar, PROFILE, &ann, &json!({"fullname": "Ann"})).await,
        create(&nopar, &ann, &json!({})).await,
    ] {
        let said = refusal(&answer, &[500], "damaged");
        assert!(said.contains("log says why"), "{said}");
    }
    assert_eq!(std::fs::read(&file).expect("a file"), b"{\"users\":");
}
