//! Packages are taken back, a version or all of it, in the ways of the clients.
//! Knows nothing of who may do that.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::{alone, at_revision, check_tarball, done, packument, revision, stored, versions};
use crate::support::client::{Connection, Request, Response, get};
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, path_of, refusal, send};
use crate::support::upstream::{FakeUpstream, made_up, usual_path};

/// The packument without these versions, as npm sends it: tags that point to them are gone as well.
fn without(packument: &Value, gone: &[&str]) -> Value {
    let mut less = packument.clone();
    for version in gone {
        less["versions"].as_object_mut().expect("versions").remove(*version);
        less["time"].as_object_mut().expect("times").remove(*version);
    }
    let tags = less["dist-tags"].as_object_mut().expect("tags");
    tags.retain(|_, version| !gone.contains(&version.as_str().expect("a version")));
    less
}

/// Takes a version back as npm does: the document without it, then the tarball at the new revision.
pub(crate) async fn take_back(addr: SocketAddr, name: &str, version: &str) {
    let less = without(&packument(addr, name).await, &[version]);
    done(&at_revision(addr, "PUT", &less, &less).send().await, version);
    let now = packument(addr, name).await;
    let path = format!("{}/-rev/{}", usual_path(name, version), revision(&now));
    done(&Request::new(addr, "DELETE", &path).send().await, &path);
}

async fn delete_all(addr: SocketAddr, name: &str, rev: &str) -> Response {
    Request::new(addr, "DELETE", &format!("{}/-rev/{rev}", path_of(name))).send().await
}

/// Fails the test unless nothing of the package can be had.
pub(super) async fn check_gone(addr: SocketAddr, name: &str) {
    let path = path_of(name);
    let tags = format!("/-/package/{}/dist-tags", &path[1..]);
    for path in [&path, &format!("{path}/1.0.0"), &format!("{path}/latest"), &tags] {
        refusal(&get(addr, path).await, &[404], path);
    }
    refusal(&get(addr, &usual_path(name, "1.0.0")).await, &[404], name);
}

/// Fails the test unless all packages, which are these, are gone for good: no tarball is left, they are not back after
/// a restart, and the upstream was not asked for them.
pub(super) async fn check_nothing_left(
    upstream: &FakeUpstream,
    nopar: &mut TestNopar,
    names: &[&str],
) {
    let left = stored(nopar.registry_path());
    assert!(!left.iter().any(|file| file.ends_with(".tgz")), "{left:?}");
    nopar.restart().await;
    for name in names {
        check_gone(nopar.addr(), name).await;
    }
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
}

/// All of it: a 404 from then on, no tarball is left, and the upstream is still not asked.
#[tokio::test]
async fn a_package_is_taken_back_as_a_whole() {
    let (upstream, mut nopar) = alone().await;
    for name in ["x", "@s/n"] {
        Publish::of(name, "1.0.0").succeed(nopar.addr()).await;
        Publish::of(name, "1.1.0").succeed(nopar.addr()).await;
        let rev = revision(&packument(nopar.addr(), name).await).to_owned();
        upstream.package(name).version("9.9.9", |v| v);
        upstream.clear();
        done(&delete_all(nopar.addr(), name, &rev).await, name);
        check_gone(nopar.addr(), name).await;
        refusal(&get(nopar.addr(), &usual_path(name, "9.9.9")).await, &[404], name);
    }
    check_nothing_left(&upstream, &mut nopar, &["x", "@s/n"]).await;
}

/// pnpm, which has seen no revision, says `undefined`.
#[tokio::test]
async fn a_client_need_not_know_the_revision() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    done(&delete_all(nopar.addr(), "x", "undefined").await, "undefined");
    check_gone(nopar.addr(), "x").await;
    // Once more, there is nothing.
    refusal(&delete_all(nopar.addr(), "x", "undefined").await, &[404], "again");
}

/// Who says no revision may not have seen the last publish either: no version goes with what they send.
#[tokio::test]
async fn without_a_revision_no_version_is_taken_back() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let mut old = packument(nopar.addr(), "x").await;
    old.as_object_mut().expect("an object").remove("_rev");
    Publish::of("x", "1.1.0").succeed(nopar.addr()).await;
    let now = packument(nopar.addr(), "x").await;
    let answer = send(nopar.addr(), "PUT", "/x/-rev/undefined", &old).send().await;
    refusal(&answer, &[409], "a version, tags");
    assert_eq!(packument(nopar.addr(), "x").await, now);
    // The path's is as good as the body's.
    let path = format!("/x/-rev/{}", revision(&now));
    done(&send(nopar.addr(), "PUT", &path, &old).send().await, "by the path");
    assert_eq!(versions(&packument(nopar.addr(), "x").await), ["1.0.0"]);
}

/// Who has not seen the last publish takes nothing back.
#[tokio::test]
async fn an_old_revision_takes_nothing_back() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let old = packument(nopar.addr(), "x").await;
    Publish::of("x", "1.1.0").succeed(nopar.addr()).await;
    let now = packument(nopar.addr(), "x").await;
    refusal(&delete_all(nopar.addr(), "x", revision(&old)).await, &[409], "all");
    refusal(&delete_all(nopar.addr(), "x", "1-nonsense").await, &[409], "nonsense");
    let less = without(&now, &["1.0.0"]);
    // The revision of the path counts, whatever the body says; and the other way round.
    let path = format!("/x/-rev/{}", revision(&old));
    let by_path = send(nopar.addr(), "PUT", &path, &less);
    refusal(&by_path.send().await, &[409], "a version, by the path");
    let mut by_body = less;
    by_body["_rev"] = old["_rev"].clone();
    let path = format!("/x/-rev/{}", revision(&now));
    let by_body = send(nopar.addr(), "PUT", &path, &by_body);
    refusal(&by_body.send().await, &[409], "a version, by the body");
    assert_eq!(packument(nopar.addr(), "x").await, now);
    for version in ["1.0.0", "1.1.0"] {
        let bytes = Publish::of("x", version).bytes();
        check_tarball(nopar.addr(), "x", version, &bytes).await;
    }
}

/// One version: it, its tarball and its tags are gone, and `latest` is the highest that is left.
#[tokio::test]
async fn a_version_is_taken_back() {
    let (_upstream, mut nopar) = alone().await;
    for name in ["x", "@s/n"] {
        for version in ["1.0.0", "1.10.0", "1.9.0"] {
            Publish::of(name, version).succeed(nopar.addr()).await;
        }
        Publish::of(name, "2.0.0-rc.1").tag("next").succeed(nopar.addr()).await;
        Publish::of(name, "1.11.0").succeed(nopar.addr()).await;
        Publish::of(name, "1.11.1").tag("beta").succeed(nopar.addr()).await;
        take_back(nopar.addr(), name, "1.11.1").await;
        take_back(nopar.addr(), name, "1.11.0").await;
    }
    for _ in ["before", "after the restart"] {
        for name in ["x", "@s/n"] {
            let document = packument(nopar.addr(), name).await;
            assert_eq!(versions(&document), ["1.0.0", "1.10.0", "1.9.0", "2.0.0-rc.1"]);
            let tags = json!({"latest": "1.10.0", "next": "2.0.0-rc.1"});
            assert_eq!(document["dist-tags"], tags);
            for path in [usual_path(name, "1.11.0"), format!("{}/1.11.0", path_of(name))] {
                refusal(&get(nopar.addr(), &path).await, &[404], &path);
            }
            let bytes = Publish::of(name, "1.9.0").bytes();
            check_tarball(nopar.addr(), name, "1.9.0", &bytes).await;
        }
        nopar.restart().await;
    }
    let left = stored(nopar.registry_path());
    assert!(!left.iter().any(|file| file.contains("1.11.")), "{left:?}");
}

/// The last version taken back is all of it.
#[tokio::test]
async fn the_last_version_taken_back_is_all() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let less = without(&packument(nopar.addr(), "x").await, &["1.0.0"]);
    done(&at_revision(nopar.addr(), "PUT", &less, &less).send().await, "the last");
    check_gone(nopar.addr(), "x").await;
}

/// Whatever a client does about a tarball, a version that is listed has one.
#[tokio::test]
async fn a_version_that_is_listed_has_a_tarball() {
    let (_upstream, nopar) = alone().await;
    for version in ["1.0.0", "1.1.0"] {
        Publish::of("x", version).succeed(nopar.addr()).await;
    }
    // The second step of an unpublish without the first.
    let rev = revision(&packument(nopar.addr(), "x").await).to_owned();
    let path = format!("{}/-rev/{rev}", usual_path("x", "1.1.0"));
    let answer = Request::new(nopar.addr(), "DELETE", &path).send().await;
    assert_ne!(answer.status / 100, 5, "{}", answer.status);
    let document = packument(nopar.addr(), "x").await;
    for version in versions(&document) {
        let bytes = Publish::of("x", &version).bytes();
        check_tarball(nopar.addr(), "x", &version, &bytes).await;
    }
    let latest = document["dist-tags"]["latest"].as_str().expect("a latest");
    assert!(versions(&document).iter().any(|version| version == latest), "{document}");
}

/// A tarball that no version has, nor had, is not there to be removed.
#[tokio::test]
async fn a_tarball_that_never_was_is_not_removed() {
    let (_upstream, nopar) = alone().await;
    for version in ["1.0.0", "1.1.0"] {
        Publish::of("x", version).succeed(nopar.addr()).await;
    }
    take_back(nopar.addr(), "x", "1.1.0").await;
    let remove = async |file: &str| {
        let path = format!("/x/-/{file}/-rev/undefined");
        Request::new(nopar.addr(), "DELETE", &path).send().await
    };
    for file in ["x-9.9.9.tgz", "y-1.1.0.tgz", "x-modified.tgz", "x.tgz"] {
        refusal(&remove(file).await, &[404], file);
    }
    refusal(&remove("x-1.0.0.tgz").await, &[409], "of a version");
    done(&remove("x-1.1.0.tgz").await, "once more");
}

/// A download that has begun comes to its end, whatever is taken back meanwhile.
#[tokio::test]
async fn a_running_download_is_not_taken_back() {
    let (_upstream, nopar) = alone().await;
    let publish = Publish::of("x", "1.0.0").tarball(made_up(1, 20_000_000));
    publish.succeed(nopar.addr()).await;
    let mut download = Connection::open_narrow(nopar.addr(), 32_768).await.expect("a connection");
    let request = Request::get(nopar.addr(), &usual_path("x", "1.0.0"));
    download.send(&request).await.expect("a request on its way");
    assert_eq!(download.receive_head().await.expect("a head").status, 200);
    done(&delete_all(nopar.addr(), "x", "undefined").await, "all");
    check_gone(nopar.addr(), "x").await;
    let body = download.receive_body(usize::MAX).await.expect("a whole body");
    assert!(body == publish.bytes(), "{} bytes", body.len());
}

/// Nothing but removal goes this way: no version is added, and no tarball exchanged.
#[tokio::test]
async fn nothing_is_added_by_an_unpublish() {
    let (_upstream, nopar) = alone().await;
    for version in ["1.0.0", "1.1.0"] {
        Publish::of("x", version).succeed(nopar.addr()).await;
    }
    let now = packument(nopar.addr(), "x").await;
    let mut more = now.clone();
    more["versions"]["3.0.0"] = more["versions"]["1.0.0"].clone();
    let answer = at_revision(nopar.addr(), "PUT", &more, &more).send().await;
    refusal(&answer, &[400, 403, 409, 422], "a version more");
    let mut other = now.clone();
    other["versions"]["1.0.0"]["dist"] = json!({"tarball": "http://evil.example/x.tgz"});
    other["versions"]["1.0.0"]["scripts"] = json!({"install": "evil"});
    at_revision(nopar.addr(), "PUT", &other, &other).send().await;
    let after = packument(nopar.addr(), "x").await;
    assert_eq!(after["versions"], now["versions"]);
}
