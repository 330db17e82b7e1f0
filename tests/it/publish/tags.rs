//! Dist-tags of NOPAR's own packages.
//! Knows nothing of what else is in a document.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::{alone, done, packument};
use crate::support::client::{Request, get};
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, path_of, refusal, send};
use crate::support::upstream::FakeUpstream;

fn path(name: &str, tag: &str) -> String {
    format!("/-/package/{}/dist-tags/{tag}", &path_of(name)[1..])
}

fn set(addr: SocketAddr, name: &str, tag: &str, version: &Value) -> Request {
    send(addr, "PUT", &path(name, tag), version)
}

fn remove(addr: SocketAddr, name: &str, tag: &str) -> Request {
    Request::new(addr, "DELETE", &path(name, tag))
}

/// The tags as `npm dist-tag ls` reads them; they are those of the packument.
async fn tags(addr: SocketAddr, name: &str) -> Value {
    let listed = get(addr, &format!("/-/package/{}/dist-tags", &path_of(name)[1..])).await;
    let listed = listed.expect(200).json();
    assert_eq!(listed, packument(addr, name).await["dist-tags"], "{name}");
    listed
}

/// Two versions each of two packages; the second is `latest`.
async fn with_packages() -> (FakeUpstream, TestNopar) {
    let (upstream, nopar) = alone().await;
    for name in ["x", "@s/n"] {
        for version in ["1.0.0", "1.1.0"] {
            Publish::of(name, version).succeed(nopar.addr()).await;
        }
    }
    (upstream, nopar)
}

/// A tag is set, moved and removed, by either method.
#[tokio::test]
async fn a_tag_is_set_moved_and_removed() {
    let (_upstream, nopar) = with_packages().await;
    let addr = nopar.addr();
    for name in ["x", "@s/n"] {
        set(addr, name, "beta", &json!("1.0.0")).send().await.expect(201);
        assert_eq!(tags(addr, name).await, json!({"beta": "1.0.0", "latest": "1.1.0"}));
        let moved = set(addr, name, "beta", &json!("1.1.0")).method("POST").send().await;
        moved.expect(201);
        assert_eq!(tags(addr, name).await, json!({"beta": "1.1.0", "latest": "1.1.0"}));
        done(&remove(addr, name, "beta").send().await, name);
        assert_eq!(tags(addr, name).await, json!({"latest": "1.1.0"}));
        set(addr, name, "latest", &json!("1.0.0")).send().await.expect(201);
        assert_eq!(tags(addr, name).await, json!({"latest": "1.0.0"}));
    }
}

/// A tag leads to its version at once, and survives a restart.
#[tokio::test]
async fn a_tag_leads_to_its_version() {
    let (_upstream, mut nopar) = with_packages().await;
    let before = nopar.get("/x").await.expect(200);
    let etag = before.header("etag").expect("an ETag").to_owned();
    set(nopar.addr(), "x", "beta", &json!("1.0.0")).send().await.expect(201);
    nopar.request("/x").header("If-None-Match", etag).send().await.expect(200);
    for _ in ["before", "after the restart"] {
        let manifest = nopar.get("/x/beta").await.expect(200).json();
        assert_eq!(manifest["version"], "1.0.0");
        nopar.restart().await;
    }
}

/// Any text that is no range may be a tag, encoded in the path.
#[tokio::test]
async fn tags_are_called_anything() {
    let (_upstream, nopar) = with_packages().await;
    for (encoded, tag) in [
        ("aux", "aux"),
        ("con", "con"),
        ("constructor", "constructor"),
        ("__proto__", "__proto__"),
        ("a%20b", "a b"),
        ("caf%C3%A9", "café"),
        ("v1-lts", "v1-lts"),
        ("release-1.x", "release-1.x"),
    ] {
        set(nopar.addr(), "x", encoded, &json!("1.0.0")).send().await.expect(201);
        assert_eq!(tags(nopar.addr(), "x").await[tag], "1.0.0", "{tag}");
        done(&remove(nopar.addr(), "x", encoded).send().await, tag);
        assert_eq!(tags(nopar.addr(), "x").await.get(tag), None, "{tag}");
    }
}

/// What cannot be a tag, what it cannot point to, and `latest`, which stays.
#[tokio::test]
async fn wrong_tags_are_refused() {
    let (_upstream, nopar) = with_packages().await;
    let (addr, good) = (nopar.addr(), json!("1.0.0"));
    let before = packument(addr, "x").await;
    for range in ["1.x", "v1", "*", "1.0.0", "%5E1.0.0", "%3E%3D1", "1%20-%202"] {
        let answer = set(addr, "x", range, &good).send().await;
        let error = refusal(&answer, &[400], range);
        assert!(error.contains("must not be a valid SemVer range"), "{error}");
    }
    for version in ["9.9.9", "latest", "^1.0.0"] {
        let answer = set(addr, "x", "beta", &json!(version)).send().await;
        refusal(&answer, &[400, 404], version);
    }
    refusal(&set(addr, "x", "beta", &json!("9.9.9")).send().await, &[404], "no version");
    refusal(&remove(addr, "x", "latest").send().await, &[400, 403], "latest");
    refusal(&remove(addr, "x", "nightly").send().await, &[404], "no tag");
    refusal(&set(addr, "y", "beta", &good).send().await, &[403, 404], "no package");
    for body in [json!(1), json!(null), json!(["1.0.0"]), json!({"version": "1.0.0"})] {
        refusal(&set(addr, "x", "beta", &body).send().await, &[400, 422], &body.to_string());
    }
    for body in ["", "1.0.0", "\"1.0.0", "\"1.0.0\"\"1.0.0\""] {
        let request = Request::new(addr, "PUT", &path("x", "beta"));
        refusal(&request.body(body).send().await, &[400, 422], body);
    }
    assert_eq!(packument(addr, "x").await, before);
}

/// The ways of npm before version 3: the tag behind the package's name.
#[tokio::test]
async fn a_tag_is_set_in_the_old_way() {
    let (_upstream, nopar) = with_packages().await;
    for name in ["x", "@s/n"] {
        let old = send(nopar.addr(), "PUT", &format!("{}/beta", path_of(name)), &json!("1.0.0"));
        old.send().await.expect(201);
        assert_eq!(tags(nopar.addr(), name).await["beta"], "1.0.0", "{name}");
    }
}

/// Many changes in a row, with and without a look in between: each look shows the last one.
#[tokio::test]
async fn each_look_shows_the_last_change() {
    let (_upstream, nopar) = with_packages().await;
    for round in 0..100 {
        let versions = ["1.0.0", "1.1.0"];
        for version in [versions[round % 2], versions[(round + 1) % 2]] {
            set(nopar.addr(), "x", "beta", &json!(version)).send().await.expect(201);
        }
        let seen = nopar.get("/x").await.expect(200).json();
        assert_eq!(seen["dist-tags"]["beta"], versions[(round + 1) % 2], "round {round}");
    }
}
