//! Names that change hands: what was held of the upstream's package ends with the publish that takes the name.
//! Knows nothing of names that nobody ever had.

use serde_json::json;

use super::{alone, check_tarball};
use crate::support::client::get;
use crate::support::publish::{Publish, refusal, send};

/// A tarball that is held and asked for all the time is the published one with the next request.
#[tokio::test]
async fn a_held_tarball_ends_with_a_publish() {
    let (upstream, nopar) = alone().await;
    upstream.package("x").version("1.0.0", |v| v);
    let path = "/x/-/x-1.0.0.tgz";
    for path in ["/x", path, path, path] {
        get(nopar.addr(), path).await.expect(200);
    }
    let theirs = upstream.tarball("x", "1.0.0");
    upstream.remove("x");
    nopar.advance(crate::asking::LONG);
    refusal(&get(nopar.addr(), "/x").await, &[404], "given up");
    let held = get(nopar.addr(), path).await.expect(200).body;
    assert!(held == theirs, "tarballs stay");
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    check_tarball(nopar.addr(), "x", "1.0.0", &Publish::of("x", "1.0.0").bytes()).await;
}

/// Owners one by one, as pnpm adds and removes them; names that could not be removed again are refused.
#[tokio::test]
async fn owners_are_added_one_by_one() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let path = "/-/package/x/owners";
    send(nopar.addr(), "PUT", path, &json!({"user": "bob"})).send().await.expect(201);
    let owners = get(nopar.addr(), path).await.expect(200).json();
    assert_eq!(owners[1], json!({"username": "bob", "email": ""}), "{owners}");
    for user in ["", "a\nb", &"x".repeat(215)] {
        let answer = send(nopar.addr(), "PUT", path, &json!({"user": user})).send().await;
        refusal(&answer, &[400], user);
    }
    let first = owners[0]["username"].as_str().expect("a name");
    send(nopar.addr(), "DELETE", &format!("{path}/{first}"), &json!({})).send().await.expect(201);
    let last = send(nopar.addr(), "DELETE", &format!("{path}/bob"), &json!({})).send().await;
    refusal(&last, &[403], "the last owner");
}
