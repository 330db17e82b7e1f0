//! The whole way: a job asks, publishes, and everybody installs.
//! Knows nothing of what is refused.

use std::time::Duration;

use serde_json::json;

use super::{EXCHANGE, Scene, exchange};
use crate::support::client::{Request, get};
use crate::support::issuer::{DISCOVERY, KEYS};
use crate::support::publish::{Publish, send};

/// What npm, pnpm and yarn do in a CI system, without any token in their configuration.
#[tokio::test]
async fn a_job_publishes_without_a_password_and_everybody_installs() {
    let scene = Scene::new().await;
    let addr = scene.addr();
    let answer = scene.ask("left", json!({})).await.expect(201);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let body = answer.json();
    assert_eq!(body["token_type"], "oidc");
    assert!(body["created"].as_str() < body["expires"].as_str(), "{body}");
    let job = format!("Bearer {}", body["token"].as_str().expect("a token"));

    let version = Publish::of("left", "1.0.0");
    version.to(addr).send().await.expect(401);
    version.to(addr).header("Authorization", &job).send().await.expect(201);
    let packument = get(addr, "/left").await.expect(200).json();
    let published = &packument["versions"]["1.0.0"];
    assert_eq!(
        published["_npmUser"]["name"],
        format!("oidc:{}:{}", scene.issuer.url(), "repo:acme/ui:ref:refs/tags/v1")
    );
    let tarball = get(addr, "/left/-/left-1.0.0.tgz").await.expect(200);
    assert_eq!(tarball.body, version.bytes());
    let whoami = Request::get(addr, "/-/whoami").header("Authorization", &job).send().await;
    assert_eq!(whoami.expect(200).json()["username"], published["_npmUser"]["name"]);
}

/// Its hour, its package, and to publish: that is all that the token is for.
#[tokio::test]
async fn a_job_s_token_is_for_one_package_to_publish_and_for_an_hour() {
    let scene = Scene::new().await;
    let addr = scene.addr();
    let job = scene.admitted("left", json!({})).await;
    let publish = async |name: &str, version: &str| {
        let request = Publish::of(name, version).to(addr).header("Authorization", &job);
        request.send().await.status
    };
    assert_eq!(publish("left", "1.0.0").await, 201);
    assert_eq!(publish("@acme/ui", "1.0.0").await, 403);
    assert_eq!(publish("other", "1.0.0").await, 403);
    for (method, path) in [
        ("DELETE", "/left/-rev/1"),
        ("POST", "/-/package/left/delete"),
        ("DELETE", "/-/package/left/dist-tags/latest"),
        ("PUT", "/-/package/left/dist-tags/old"),
    ] {
        let request = send(addr, method, path, &json!("1.0.0")).header("Authorization", &job);
        let answer = request.send().await;
        assert_eq!(answer.status, 403, "{method} {path}: {}", answer.text());
    }
    scene.nopar.advance(Duration::from_secs(3599));
    assert_eq!(publish("left", "1.0.1").await, 201);
    scene.nopar.advance(Duration::from_secs(2));
    assert_eq!(publish("left", "1.0.2").await, 401);
}

/// npm and pnpm ask at the root of the host, yarn below the registry's path.
#[tokio::test]
async fn a_job_asks_at_the_root_and_below_the_path_by_every_spelling() {
    let base = "http://registry.example/npm";
    let scene = Scene::with(|nopar| nopar.env("NOPAR_BASE_URL", base)).await;
    for (number, path) in [
        format!("{EXCHANGE}/@acme%2fui"),
        format!("/npm{EXCHANGE}/@acme%2fui"),
        format!("/npm{EXCHANGE}/@acme/ui"),
        format!("{EXCHANGE}/%40acme%2Fui"),
    ]
    .into_iter()
    .enumerate()
    {
        let token = scene.issuer.token(&json!({"jti": number.to_string()}));
        let request = Request::new(scene.addr(), "POST", &path);
        // yarn sends an empty object along.
        let request = request.header("Content-Type", "application/json").body("{}");
        let request = request.header("Authorization", format!("bearer {token}"));
        let answer = request.send().await;
        assert_eq!(answer.status, 201, "{path}: {}", answer.text());
    }
}

/// One job may publish several packages with the one token it has, each once.
#[tokio::test]
async fn one_id_token_is_good_for_each_package_of_a_job() {
    let scene = Scene::new().await;
    let token = scene.issuer.token(&json!({}));
    for name in ["left", "@acme/ui", "@acme/ui-kit"] {
        exchange(scene.addr(), name, &token).send().await.expect(201);
    }
    assert_eq!(scene.tokens(), 3);
    // It is no token of this registry.
    let request = Request::get(scene.addr(), "/-/whoami");
    let request = request.header("Authorization", format!("Bearer {token}"));
    request.send().await.expect(401);
}

/// Nothing of the upstream's is shown to an issuer, nor does the upstream hear of the job.
#[tokio::test]
async fn the_issuer_sees_no_secret_and_the_upstream_nothing() {
    let scene = Scene::with(|nopar| nopar.env("NOPAR_FORWARDER_TOKEN", "secret")).await;
    scene.admitted("@acme/ui", json!({})).await;
    let asked = scene.issuer.server().requests();
    let paths: Vec<&str> = asked.iter().map(|seen| seen.path.as_str()).collect();
    assert_eq!(paths, [DISCOVERY, KEYS]);
    for seen in &asked {
        assert_eq!((seen.header("authorization"), seen.method.as_str()), (None, "GET"));
        assert!(seen.body.is_empty());
    }
    assert_eq!(scene.upstream.count_all(), 0);
}
