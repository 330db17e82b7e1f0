//! One name, one authority: NOPAR's own names are never asked upstream, and the upstream's are not taken.
//! Knows nothing of what is in a package.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};

use super::login::login;
use super::{alone, check_tarball, done, nothing_stored, packument, versions};
use crate::asking::INSTALL;
use crate::support::client::{Request, Response, get};
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, path_of, refusal, send};
use crate::support::upstream::{FakeUpstream, usual_path};

/// A NOPAR that claims names.
async fn claiming(patterns: &str) -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_LOCAL_PACKAGES", patterns);
    let nopar = nopar.start().await;
    (upstream, nopar)
}

/// Every way to ask for something of a package.
fn questions(addr: SocketAddr, name: &str) -> Vec<Request> {
    let (encoded, raw) = (path_of(name), format!("/{name}"));
    let paths = [
        encoded.clone(),
        raw.clone(),
        format!("{encoded}?write=true"),
        format!("{encoded}/"),
        format!("{encoded}/latest"),
        format!("{raw}/9.9.9"),
        format!("{raw}/nightly"),
        usual_path(name, "1.0.0"),
        usual_path(name, "9.9.9"),
        format!("{encoded}/-/odd.tgz"),
        format!("/-/package/{}/dist-tags", &encoded[1..]),
        format!("/-/package/{name}/dist-tags"),
    ];
    let of_path = |path: &String| {
        let ask = || Request::get(addr, path);
        [
            ask(),
            ask().method("HEAD"),
            ask().header("Accept", INSTALL),
            ask().header("Accept-Encoding", "gzip"),
            ask().header("Cache-Control", "no-cache"),
            ask().header("If-None-Match", "\"x\""),
        ]
    };
    paths.iter().flat_map(of_path).collect()
}

/// Every way to change a package, as of a document of it.
fn changes(addr: SocketAddr, name: &str) -> Vec<(&'static str, Request)> {
    let path = path_of(name);
    let manifest = json!({"name": name, "version": "1.0.0", "deprecated": "old", "dist": {}});
    let document = json!({
        "_id": name, "_rev": "1-fa4e", "name": name,
        "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": manifest},
    });
    let star = json!({"_id": name, "_rev": "1-fa4e", "users": {"me": true}});
    let owners = json!({"_id": name, "_rev": "1-fa4e", "maintainers": [{"name": "me"}]});
    let tag = format!("/-/package/{}/dist-tags/beta", &path[1..]);
    let rev = format!("{path}/-rev/1-fa4e");
    let at_none = format!("{path}/-rev/undefined");
    vec![
        ("deprecate", send(addr, "PUT", &path, &document)),
        ("star", send(addr, "PUT", &path, &star)),
        ("unpublish a version", send(addr, "PUT", &rev, &document)),
        ("owners", send(addr, "PUT", &rev, &owners)),
        ("unpublish", Request::new(addr, "DELETE", &rev)),
        ("unpublish without a revision", Request::new(addr, "DELETE", &at_none)),
        (
            "remove a tarball",
            Request::new(addr, "DELETE", &format!("{}/-rev/1-fa4e", usual_path(name, "1.0.0"))),
        ),
        ("tag", send(addr, "PUT", &tag, &json!("1.0.0"))),
        ("tag by POST", send(addr, "POST", &tag, &json!("1.0.0"))),
        ("untag", Request::new(addr, "DELETE", &tag)),
        ("tag in the old way", send(addr, "PUT", &format!("{path}/beta"), &json!("1.0.0"))),
    ]
}

/// Of what is published here the upstream is never asked, whatever is asked for, also when it has the name.
#[tokio::test]
async fn a_hosted_name_is_never_asked_upstream() {
    let (upstream, nopar) = alone().await;
    for name in ["x", "@s/n"] {
        Publish::of(name, "1.0.0").succeed(nopar.addr()).await;
        upstream.package(name).version("9.9.9", |v| v).tag("nightly", "9.9.9");
        upstream.clear();
        for question in questions(nopar.addr(), name) {
            let what = format!("{question:?}");
            let answer = question.send().await;
            assert!(matches!(answer.status, 200 | 404), "{what}: {}", answer.status);
        }
        assert_eq!(versions(&packument(nopar.addr(), name).await), ["1.0.0"], "no merging");
        refusal(&get(nopar.addr(), &usual_path(name, "9.9.9")).await, &[404], name);
        assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
    }
}

/// Claimed names are NOPAR's own before anything is published: they are not there, and nobody is asked.
#[tokio::test]
async fn a_claimed_name_is_never_asked_upstream() {
    let (upstream, nopar) = claiming("@acme/*,my-tool").await;
    for name in ["@acme/ui", "@acme/x.y", "my-tool"] {
        upstream.package(name).version("1.0.0", |v| v).version("9.9.9", |v| v);
        for question in questions(nopar.addr(), name) {
            let what = format!("{question:?}");
            assert_eq!(question.send().await.status, 404, "{what}");
        }
        for (what, change) in changes(nopar.addr(), name) {
            let answer = change.send().await;
            refusal(&answer, &[400, 403, 404, 405], &format!("{what} of {name}"));
        }
    }
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
    for name in ["@acme/ui", "my-tool"] {
        Publish::of(name, "1.1.0").succeed(nopar.addr()).await;
        assert_eq!(versions(&packument(nopar.addr(), name).await), ["1.1.0"], "no merging");
    }
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
}

/// A claim is of the names it says, and not of those that begin alike.
#[tokio::test]
async fn a_claim_is_of_no_other_name() {
    let (upstream, nopar) = claiming("@acme/*,my-tool").await;
    for name in ["@acme-x/ui", "my-tool2", "my", "@my-tool/x", "acme"] {
        upstream.package(name).version("1.0.0", |v| v);
        get(nopar.addr(), &path_of(name)).await.expect(200);
        assert_eq!(upstream.count(&format!("/{name}")), 1, "{name}");
    }
}

/// A name that the upstream has is not taken unless it is claimed: the error says how.
#[tokio::test]
async fn an_upstreams_name_is_not_taken() {
    let (upstream, nopar) = alone().await;
    for name in ["x", "@s/n"] {
        upstream.package(name).version("1.0.0", |v| v);
        for version in ["1.0.0", "2.0.0"] {
            let answer = Publish::of(name, version).to(nopar.addr()).send().await;
            let error = refusal(&answer, &[403], name);
            assert!(error.contains("NOPAR_LOCAL_PACKAGES"), "{error}");
        }
        nothing_stored(&nopar, name).await;
        let proxied = get(nopar.addr(), &path_of(name)).await.expect(200).json();
        assert_eq!(versions(&proxied), ["1.0.0"]);
        let bytes = upstream.tarball(name, "1.0.0");
        check_tarball(nopar.addr(), name, "1.0.0", &bytes).await;
    }
}

/// Also when its packument is held already, fresh or not.
#[tokio::test]
async fn a_held_name_is_not_taken() {
    let (upstream, nopar) = alone().await;
    upstream.package("x").version("1.0.0", |v| v);
    get(nopar.addr(), "/x").await.expect(200);
    for age in [std::time::Duration::ZERO, crate::asking::TTL] {
        nopar.advance(age);
        let answer = Publish::of("x", "2.0.0").to(nopar.addr()).send().await;
        refusal(&answer, &[403], "held");
    }
    nothing_stored(&nopar, "held").await;
}

/// A name that the upstream has not is free, also right after it was asked for in vain.
#[tokio::test]
async fn a_name_the_upstream_has_not_is_free() {
    let (upstream, nopar) = alone().await;
    for name in ["x", "@s/n"] {
        refusal(&get(nopar.addr(), &path_of(name)).await, &[404], name);
        refusal(&get(nopar.addr(), &usual_path(name, "1.0.0")).await, &[404], name);
        Publish::of(name, "1.0.0").succeed(nopar.addr()).await;
        assert_eq!(versions(&packument(nopar.addr(), name).await), ["1.0.0"]);
        let bytes = Publish::of(name, "1.0.0").bytes();
        check_tarball(nopar.addr(), name, "1.0.0", &bytes).await;
        upstream.clear();
        // Later versions need nobody's leave.
        Publish::of(name, "1.1.0").succeed(nopar.addr()).await;
        assert_eq!(upstream.count_all(), 0);
    }
}

/// A name that the upstream has given up is free, and what was cached of it is not mixed in.
#[tokio::test]
async fn a_name_the_upstream_has_given_up_is_free() {
    let (upstream, nopar) = alone().await;
    upstream.package("x").version("1.0.0", |v| v).version("1.1.0", |v| v);
    for path in ["/x", "/x", "/x/-/x-1.0.0.tgz", "/x/-/x-1.1.0.tgz", "/x/-/x-1.1.0.tgz"] {
        get(nopar.addr(), path).await.expect(200);
    }
    upstream.remove("x");
    nopar.advance(crate::asking::LONG);
    refusal(&get(nopar.addr(), "/x").await, &[404], "given up");
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    upstream.clear();
    for _ in ["cold", "warm"] {
        assert_eq!(versions(&packument(nopar.addr(), "x").await), ["1.0.0"]);
        let bytes = Publish::of("x", "1.0.0").bytes();
        check_tarball(nopar.addr(), "x", "1.0.0", &bytes).await;
        refusal(&get(nopar.addr(), "/x/-/x-1.1.0.tgz").await, &[404], "of the upstream");
    }
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
}

/// Without an upstream (`NOPAR_AUTO_FORWARD=no`) every name is free, and nobody is asked.
#[tokio::test]
async fn without_forwarding_every_name_is_free() {
    let upstream = FakeUpstream::start().await;
    upstream.package("x").version("1.0.0", |v| v);
    let nopar = TestNopar::with(&upstream).env("NOPAR_AUTO_FORWARD", "no").start().await;
    Publish::of("x", "2.0.0").succeed(nopar.addr()).await;
    assert_eq!(versions(&packument(nopar.addr(), "x").await), ["2.0.0"]);
    assert_eq!(upstream.count_all(), 0);
}

/// The upstream's packages cannot be changed here: refused, nothing stored, and nothing but GETs upstream.
#[tokio::test]
async fn an_upstreams_package_cannot_be_changed() {
    let (upstream, nopar) = alone().await;
    for name in ["x", "@s/n"] {
        upstream.package(name).version("1.0.0", |v| v).tag("beta", "1.0.0");
        let before = get(nopar.addr(), &path_of(name)).await.expect(200).json();
        for (what, change) in changes(nopar.addr(), name) {
            refusal(&change.send().await, &[403, 404, 405], &format!("{what} of {name}"));
            nothing_stored(&nopar, what).await;
        }
        let after: Value = get(nopar.addr(), &path_of(name)).await.expect(200).json();
        assert_eq!(after, before);
        check_tarball(nopar.addr(), name, "1.0.0", &upstream.tarball(name, "1.0.0")).await;
    }
    let other = upstream.requests().into_iter().find(|seen| seen.method != "GET");
    assert!(other.is_none(), "{other:?}");
}

/// Whoever would change the upstream's package reads where that can be done, and not how to publish it: npm prints
/// the sentence. It is known before the body, and without asking.
#[tokio::test]
async fn who_changes_an_upstreams_package_is_told_where() {
    let (upstream, nopar) = alone().await;
    upstream.package("x").version("1.0.0", |v| v);
    let told = |answer: &Response, what: &str| {
        let error = refusal(answer, &[403], what);
        assert!(error.contains("x is a package of the upstream registry"), "{what}: {error}");
        assert!(error.contains("can be changed only there"), "{what}: {error}");
        assert!(!error.contains("NOPAR_LOCAL_PACKAGES"), "{what}: {error}");
    };
    for command in ["deprecate", "undeprecate", "star", "unstar"] {
        let mut connection = nopar.connect().await;
        let head = format!(
            "PUT /x HTTP/1.1\r\nHost: npm.test\r\nnpm-command: {command}\r\n\
             Content-Length: 100000\r\n\r\n"
        );
        connection.deliver(head.as_bytes()).await;
        told(&connection.receive().await.expect("an answer to a head alone"), command);
    }
    for (what, change) in changes(nopar.addr(), "x") {
        // By these paths nothing is published.
        if !matches!(what, "deprecate" | "star") {
            told(&change.send().await, what);
        }
    }
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
}

/// What npm says of a command is a hint: a publish of NOPAR's own package is one under any.
#[tokio::test]
async fn the_command_is_a_hint() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    for (number, command) in ["publish", "deprecate", "odd"].into_iter().enumerate() {
        let publish = Publish::of("x", &format!("1.1.{number}")).to(nopar.addr());
        done(&publish.header("npm-command", command).send().await, command);
        let (_, deprecation) = changes(nopar.addr(), "x").remove(0);
        let answer = deprecation.header("npm-command", command).send().await;
        refusal(&answer, &[409], "of a revision that is past");
    }
}

/// A package that is nowhere cannot be changed, and does not come about by that.
#[tokio::test]
async fn what_is_nowhere_cannot_be_changed() {
    let (_upstream, nopar) = alone().await;
    for (what, change) in changes(nopar.addr(), "x") {
        refusal(&change.send().await, &[403, 404, 405], what);
        nothing_stored(&nopar, what).await;
    }
}

/// Publishing asks the upstream about the name at most, and tells it nothing of the package.
#[tokio::test]
async fn the_upstream_hears_nothing_of_a_publish() {
    let (upstream, nopar) = alone().await;
    let token = login(nopar.addr(), "me").await;
    let publish = Publish::of("x", "1.0.0").to(nopar.addr()).header("Authorization", &token);
    done(&publish.send().await, "publish");
    for seen in upstream.requests() {
        assert_eq!((seen.method.as_str(), seen.path.as_str()), ("GET", "/x"));
        assert!(seen.body.is_empty() && !seen.headers.has("authorization"), "{seen:?}");
    }
}

/// Whose a name is cannot be told while the store fails: nobody answers in its place, not even for the rest of a second.
#[tokio::test]
async fn a_store_that_fails_is_not_replaced_by_a_copy() {
    let upstream = FakeUpstream::start().await;
    upstream.package("held").version("1.0.0", |v| v);
    let nopar = TestNopar::with(&upstream).stopped_clock().start().await;
    for _ in 0..2 {
        nopar.get("/held").await.expect(200);
    }
    let place = nopar.registry_path().join("held");
    std::fs::create_dir_all(nopar.registry_path()).expect("the store's directory");
    std::os::unix::fs::symlink("held", &place).expect("a loop");
    // Past the second in which it was last looked at.
    nopar.advance(Duration::from_secs(2));
    for _ in 0..3 {
        assert_eq!(nopar.get("/held").await.status, 500);
    }
    std::fs::remove_file(&place).expect("no loop");
    // A failure is not remembered.
    nopar.get("/held").await.expect(200);
}
