//! What the log says of jobs that ask for tokens.
//! Knows nothing of other lines.

use serde_json::json;

use super::{exchange, rules};
use crate::support::binary::{Binary, PROGRAM};
use crate::support::issuer::FakeIssuer;
use crate::support::upstream::FakeUpstream;
use std::process::Command;

/// Who asked for what and what came of it, but no token, and no line that a token made up.
#[tokio::test]
async fn the_log_says_who_got_a_token_and_who_did_not_and_shows_none() {
    let (upstream, issuer) = (FakeUpstream::start().await, FakeIssuer::start().await);
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("nopar.toml");
    std::fs::write(&file, rules(&issuer.url())).expect("a file");
    let file = file.to_str().expect("a path in UTF-8").to_owned();
    let env = [("NOPAR_AUTH", "users"), ("NOPAR_CONFIG", file.as_str())];
    let command = Command::new(PROGRAM);
    let (binary, addr) = Binary::serving_as(folder, command, &upstream.url(), &env).await;

    let good = issuer.token(&json!({"unasked": "kept out"}));
    let answer = exchange(addr, "@acme/ui", &good).send().await.expect(201);
    let given = answer.json()["token"].as_str().expect("a token").to_owned();
    let line = binary.says("may=\"publish @acme/ui\"").await;
    for part in [
        " trail] token-exchange ok who=\"oidc:",
        "from=\"127.0.0.1\"",
        &format!("issuer={:?}", issuer.url()),
        "claim.repository=\"acme/ui\"",
        "claim.ref=\"refs/tags/v1\"",
    ] {
        assert!(line.contains(part), "{part} in {line}");
    }
    assert!(!line.contains("kept out"), "{line}");

    let bad =
        issuer.token(&json!({"repository": "eve\nerror: all is lost", "repository_owner": 7}));
    exchange(addr, "@acme/ui", &bad).send().await.expect(403);
    let line = binary.says("token-exchange refused").await;
    let (claims, owner) =
        ("claim.repository=\"eve\\nerror: all is lost\"", "claim.repository_owner=\"7\"");
    assert!(line.contains("no [[trust]] is for") && line.contains(claims), "{line}");
    assert!(line.contains(owner), "{line}");
    exchange(addr, "left", "npm_secret").send().await.expect(401);
    let line = binary.says("package=\"left\"").await;
    assert!(line.contains("refused") && line.contains("no ID token"), "{line}");

    binary.signal("TERM");
    let ended = binary.ended().await;
    for secret in [good.as_str(), &bad, &given, "npm_secret"] {
        let part = secret.rsplit('.').next().expect("a part");
        assert!(!ended.stderr.contains(part) && !ended.stdout.contains(part), "{part}");
    }
}
