//! What another process on the same directory ends is over here as well, in seconds.
//! Knows nothing of how it is found out.

use std::path::Path;
use std::process::Command;

use super::*;
use crate::support::binary::{Binary, PROGRAM};
use crate::support::deadline::once;
use crate::users::user;

const HIDDEN: &str = "/@acme%2fuix";

/// Two NOPARs on one registry directory, in which there are users and a hidden package of Ann's.
async fn two(folder: &Path) -> ((Binary, SocketAddr), (Binary, SocketAddr), FakeUpstream) {
    let (upstream, registry) = (FakeUpstream::start().await, folder.join("registry"));
    fs::create_dir_all(registry.join(".nopar")).expect("a directory");
    let users: serde_json::Map<String, Value> =
        USERS.iter().map(|user| ((*user).to_owned(), kept(user))).collect();
    let file = registry.join(".nopar/users.json");
    fs::write(file, json!({"users": users}).to_string()).expect("users");
    let rules = folder.join("nopar.toml");
    fs::write(&rules, RULES).expect("rules");
    let [registry, rules] = [&registry, &rules].map(|it| it.to_str().expect("a path in UTF-8"));
    let env = [("NOPAR_AUTH", "users"), ("NOPAR_CONFIG", rules), ("NOPAR_REGISTRY_PATH", registry)];
    let start = async || {
        let own = tempfile::tempdir().expect("a directory");
        Binary::serving_as(own, Command::new(PROGRAM), &upstream.url(), &env).await
    };
    let (one, other) = (start().await, start().await);
    let ann = login(one.1, "ann").await;
    assert_eq!(publish(one.1, "@acme/uix", "1.0.0", Some(&ann)).await, 201);
    (one, other, upstream)
}

/// Asks until that is refused, in the ways by which it is known best, and fails if it takes too long: what was seen of a
/// token is believed for two seconds.
async fn is_over(addr: SocketAddr, authorization: &str) {
    let refused = async || {
        let read = ask(addr, HIDDEN, Some(authorization)).await.status;
        let named = ask(addr, "/-/whoami", Some(authorization)).await.status;
        let written = publish(addr, "@acme/other", "1.0.0", Some(authorization)).await;
        match (read, named, written) {
            (401, 401, 401) => Ok(()),
            others => Err(format!("{others:?}")),
        }
    };
    once("what was ended elsewhere", refused).await;
}

/// Reads often enough that all there is to remember is remembered.
async fn is_good(addr: SocketAddr, authorization: &str) {
    for _ in 0..5 {
        ask(addr, HIDDEN, Some(authorization)).await.expect(200);
        ask(addr, "/-/whoami", Some(authorization)).await.expect(200);
    }
}

#[tokio::test]
async fn a_token_that_another_process_ended_is_none() {
    let folder = tempfile::tempdir().expect("a directory");
    let ((_one, here), (_other, there), _upstream) = two(folder.path()).await;
    for end in ["revoked", "given back"] {
        let (kept, ended) = (login(here, "ann").await, login(here, "ann").await);
        is_good(here, &ended).await;
        let token = ended.strip_prefix("Bearer ").expect("a token");
        let path = match end {
            "revoked" => format!("/-/npm/v1/tokens/token/{token}"),
            _ => format!("/-/user/token/{token}"),
        };
        of(Request::new(there, "DELETE", &path), Some(&kept)).send().await.expect(200);
        is_over(here, &ended).await;
        is_good(here, &kept).await;
    }
}

#[tokio::test]
async fn a_password_that_is_changed_and_a_user_who_is_removed_beside_it_are_refused() {
    let folder = tempfile::tempdir().expect("a directory");
    let registry = folder.path().join("registry");
    let ((_one, here), (_other, there), _upstream) = two(folder.path()).await;
    let by_password = basic("ann", &password("ann"));
    let token = login(there, "ann").await;
    for shown in [&by_password, &token] {
        is_good(here, shown).await;
        is_good(there, shown).await;
    }
    user(&registry, "passwd ann", "another password").await;
    for addr in [here, there] {
        is_over(addr, &token).await;
        is_over(addr, &by_password).await;
    }
    let by_password = basic("ann", "another password");
    let token = logging_in(here, "ann", "another password").send().await.expect(201).json();
    let token = format!("Bearer {}", token["token"].as_str().expect("a token"));
    is_good(here, &by_password).await;
    is_good(there, &token).await;
    user(&registry, "rm ann", "").await;
    for addr in [here, there] {
        is_over(addr, &token).await;
        // Who guesses is not told more than that.
        let status = ask(addr, HIDDEN, Some(&by_password)).await.status;
        assert!(status == 401, "{status}");
    }
}
