//! The tables of the file: upstreams, teams, rules, trusted jobs.
//! Knows nothing of single settings.

use serde_json::{Map, Value, json};

use super::*;
use crate::access::{kept, login};
use crate::support::client::Response;
use crate::support::issuer::FakeIssuer;
use crate::trust::{exchange, rules};

/// Hides the upstream's package `a` from all but eve.
pub(super) const HIDING: &str = "[[rule]]\npackages = [\"a\"]\nread = [\"eve\"]\n";

/// A NOPAR in which users have accounts: ann, bob and eve.
pub(super) async fn users(settings: &[(&str, &str)]) -> Scene {
    let scene = Scene::as_said(settings, |builder| builder.env("NOPAR_AUTH", "users")).await;
    let own = scene.nopar.registry_path().join(".nopar");
    std::fs::create_dir_all(&own).expect("a directory");
    let all = ["ann", "bob", "eve"].iter().map(|user| ((*user).to_owned(), kept(user)));
    let users: Map<String, Value> = all.collect();
    std::fs::write(own.join("users.json"), json!({"users": users}).to_string()).expect("users");
    scene
}

#[tokio::test]
async fn another_upstream_of_certain_packages_comes_and_goes() {
    let (scene, certain) = (Scene::with(&[]).await, FakeUpstream::start().await);
    for name in ["@acme/ui", "a"] {
        certain.package(name).version("2.0.0", |version| version);
    }
    let url = scene.upstream.url();
    let whole = |certain: &str, pattern: &str| {
        let default = format!("[[upstream]]\nurl = {url:?}\n");
        format!("{default}[[upstream]]\npackages = [{pattern:?}]\nurl = {certain:?}\n")
    };
    let latest = async |name: &str| {
        let answer = scene.nopar.get(&format!("/{name}")).await;
        let document = answer.json();
        (answer.status, document["dist-tags"]["latest"].as_str().unwrap_or_default().to_owned())
    };
    let got = |status: u16, version: &str| (status, version.to_owned());
    assert_eq!(latest("@acme%2fui").await, got(404, ""));
    assert_eq!(latest("a").await, got(200, "1.0.0"));
    let told = scene.nopar.reload(&whole(&certain.url(), "@acme/*")).await.expect("it is right");
    assert!(told.contains("[[upstream]]"), "{told}");
    // That it was not there is of the upstream before.
    assert_eq!(latest("@acme%2fui").await, got(200, "2.0.0"));
    assert_eq!(latest("a").await, got(200, "1.0.0"));
    let told = scene.nopar.reload(&whole(&certain.url(), "a")).await.expect("it is right");
    assert_eq!(told, "changed: [[upstream]]");
    assert_eq!(latest("@acme%2fui").await, got(404, ""));
    assert_eq!(latest("a").await, got(200, "2.0.0"));
    let asked = (scene.upstream.count_all(), certain.count_all());
    assert_eq!(scene.nopar.reload(&whole(&certain.url(), "a")).await.unwrap(), "changed: nothing");
    assert_eq!(latest("a").await, got(200, "2.0.0"));
    assert_eq!((scene.upstream.count_all(), certain.count_all()), asked);
}

#[tokio::test]
async fn what_a_token_file_holds_by_now_is_shown() {
    let folder = tempfile::tempdir().expect("a directory");
    let place = folder.path().join("token");
    std::fs::write(&place, "one").expect("a file");
    let path = place.to_str().expect("a path in UTF-8");
    let scene = Scene::with(&[("upstream.token_file", path)]).await;
    scene.nopar.get("/a").await.expect(200);
    std::fs::write(&place, "two").expect("a file");
    let told = scene.reload(&[], "").await.expect("it is right");
    assert_eq!(told, format!("changed: upstream.token_file = {path}"));
    scene.nopar.get("/b").await.expect(404);
    let shown: Vec<_> = scene.upstream.requests();
    let shown = shown.iter().map(|seen| seen.header("authorization").unwrap_or_default());
    assert_eq!(shown.collect::<Vec<_>>(), ["Bearer one", "Bearer two"]);
}

#[tokio::test]
async fn teams_and_rules_hold_at_once() {
    let scene = users(&[]).await;
    let (ann, bob) =
        (login(scene.nopar.addr(), "ann").await, login(scene.nopar.addr(), "bob").await);
    let read = async |who: &str| {
        let request = scene.nopar.request("/a").header("Authorization", who);
        request.send().await.status
    };
    let by_team = |members: &str| {
        format!("[teams]\nx = [{members}]\n[[rule]]\npackages = [\"a\"]\nread = [\"team:x\"]\n")
    };
    for _ in 0..3 {
        assert_eq!((read(&ann).await, read(&bob).await), (200, 200));
    }
    let told = scene.reload(&[], &by_team("\"ann\"")).await.expect("it is right");
    assert_eq!(told, "changed: [teams], [[rule]]");
    for _ in 0..3 {
        assert_eq!((read(&ann).await, read(&bob).await), (200, 404));
    }
    scene.reload(&[], &by_team("\"bob\"")).await.expect("it is right");
    for _ in 0..3 {
        assert_eq!((read(&ann).await, read(&bob).await), (404, 200));
    }
    // It was fetched once, and never for who may not have it.
    assert_eq!(scene.upstream.count_all(), 1);
}

#[tokio::test]
async fn jobs_are_trusted_and_no_longer() {
    let (scene, issuer) = (users(&[]).await, FakeIssuer::start().await);
    let ask = async || -> Response {
        exchange(scene.nopar.addr(), "left", &issuer.token(&json!({}))).send().await
    };
    assert_ne!(ask().await.status, 201);
    let told = scene.reload(&[], &rules(&issuer.url())).await.expect("it is right");
    assert_eq!(told, "changed: [[rule]], [[trust]]");
    let first = ask().await;
    assert_eq!(first.status, 201, "{}", first.text());
    scene.reload(&[], "").await.expect("it is right");
    assert_ne!(ask().await.status, 201);
}
