//! The old NOPAR's own paths, for packages that are published here: deleted by name, and not refreshed.
//! Knows nothing of copies of the upstream's packages.

use std::path::Path;

use serde_json::Value;

use super::login::login;
use super::unpublish::{check_gone, check_nothing_left};
use super::{alone, check_tarball, done, packument, revision, versions};
use crate::support::binary::Binary;
use crate::support::client::{Request, Response, get};
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, path_of, refusal};
use crate::support::upstream::FakeUpstream;

/// `METHOD /-/package/NAME/WHAT`.
fn ask(nopar: &TestNopar, method: &str, name: &str, what: &str) -> Request {
    let path = format!("/-/package/{}/{what}", &path_of(name)[1..]);
    Request::new(nopar.addr(), method, &path)
}

async fn delete(nopar: &TestNopar, name: &str, query: &str) -> Response {
    ask(nopar, "POST", name, &format!("delete{query}")).send().await
}

/// The document of a package that has no scope, as it lies in the store.
fn document(registry: &Path, name: &str) -> Value {
    let bytes = std::fs::read(registry.join(format!("{name}/{name}.json"))).expect("a document");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// As `DELETE /NAME/-rev/REV`: a 404 from then on, no tarball is left, and the upstream is not asked.
#[tokio::test]
async fn a_package_is_deleted_by_name() {
    let (upstream, mut nopar) = alone().await;
    for name in ["x", "@s/n"] {
        for version in ["1.0.0", "1.1.0"] {
            Publish::of(name, version).succeed(nopar.addr()).await;
        }
        upstream.package(name).version("9.9.9", |v| v);
        upstream.clear();
        let answer = delete(&nopar, name, "").await.expect(201);
        assert_eq!(answer.json()["ok"], "package removed");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        check_gone(nopar.addr(), name).await;
        refusal(&delete(&nopar, name, "").await, &[404], "again");
    }
    check_nothing_left(&upstream, &mut nopar, &["x", "@s/n"]).await;
}

/// What is left in the store is what the other way leaves, and no version comes back.
#[tokio::test]
async fn a_package_that_is_deleted_by_name_is_remembered() {
    let (_upstream, nopar) = alone().await;
    for name in ["x", "y"] {
        for version in ["1.0.0", "1.1.0"] {
            Publish::of(name, version).succeed(nopar.addr()).await;
        }
    }
    done(&delete(&nopar, "x", "").await, "by name");
    let other = Request::new(nopar.addr(), "DELETE", "/y/-rev/undefined").send().await;
    done(&other, "by revision");
    let [x, y] = ["x", "y"].map(|name| document(nopar.registry_path(), name));
    let keys = |value: &Value| -> Vec<String> {
        value.as_object().expect("an object").keys().cloned().collect()
    };
    assert_eq!(keys(&x), keys(&y));
    assert_eq!(keys(&x["time"]), keys(&y["time"]));
    let versions = &x["time"]["unpublished"]["versions"];
    assert_eq!(versions, &y["time"]["unpublished"]["versions"]);
    assert_eq!(versions.as_array().map(Vec::len), Some(2), "{x}");
    for name in ["x", "y"] {
        let answer = Publish::of(name, "1.1.0").to(nopar.addr()).send().await;
        refusal(&answer, &[403], "no version is used twice");
    }
    Publish::of("x", "1.2.0").succeed(nopar.addr()).await;
}

/// Who says which revision is meant deletes no other one.
#[tokio::test]
async fn an_old_revision_deletes_nothing() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let old = packument(nopar.addr(), "x").await;
    Publish::of("x", "1.1.0").succeed(nopar.addr()).await;
    let now = packument(nopar.addr(), "x").await;
    for (query, status) in [
        (format!("?rev={}", revision(&old)), 409),
        ("?rev=1-nonsense".to_owned(), 409),
        ("?rev=".to_owned(), 400),
        (format!("?rev={}", "1".repeat(257)), 400),
    ] {
        refusal(&delete(&nopar, "x", &query).await, &[status], &query);
    }
    assert_eq!(packument(nopar.addr(), "x").await, now);
    for version in ["1.0.0", "1.1.0"] {
        let bytes = Publish::of("x", version).bytes();
        check_tarball(nopar.addr(), "x", version, &bytes).await;
    }
    done(&delete(&nopar, "x", &format!("?rev={}", revision(&now))).await, "the present one");
    check_gone(nopar.addr(), "x").await;
}

/// By GET nothing is deleted, nor by anything else but POST.
#[tokio::test]
async fn only_a_post_deletes() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    for method in ["GET", "HEAD", "PUT", "DELETE"] {
        let answer = ask(&nopar, method, "x", "delete").send().await;
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), Some("POST"), "{method}");
    }
    assert_eq!(versions(&packument(nopar.addr(), "x").await), ["1.0.0"]);
}

/// Nor by a page of another site, or by who shows a token that is none.
#[tokio::test]
async fn who_may_not_deletes_nothing() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    for (name, value, status) in [
        ("Sec-Fetch-Site", "cross-site", 403),
        ("Origin", "http://other.test", 403),
        ("Authorization", "Bearer npm_nobodys", 401),
    ] {
        let answer = ask(&nopar, "POST", "x", "delete").header(name, value).send().await;
        refusal(&answer, &[status], name);
    }
    assert_eq!(versions(&packument(nopar.addr(), "x").await), ["1.0.0"]);
}

/// It is one change more, and the log says whose it was.
#[tokio::test]
async fn a_deletion_is_counted_and_logged() {
    let (_upstream, nopar) = alone().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    done(&delete(&nopar, "x", "").await, "x");
    let snapshot = nopar.counted(2).await;
    let changes = snapshot.requests.iter().filter(|row| row.kind.as_str() == "change");
    assert_eq!(changes.map(|row| row.count).sum::<u64>(), 2, "{:?}", snapshot.requests);

    let upstream = FakeUpstream::start().await;
    let (binary, addr) = Binary::serving(&upstream.url(), &[]).await;
    Publish::of("x", "1.0.0").succeed(addr).await;
    let token = login(addr, "ann").await;
    let request = Request::new(addr, "POST", "/-/package/x/delete");
    done(&request.header("Authorization", token).send().await, "x");
    binary.says("x was unpublished by ann").await;
}

/// Of what is published here nobody is asked: there is nothing to refresh, and the answer says so. What was taken back is
/// not there.
#[tokio::test]
async fn a_package_that_is_published_here_is_not_refreshed() {
    let (upstream, nopar) = alone().await;
    for name in ["x", "@s/n"] {
        Publish::of(name, "1.0.0").succeed(nopar.addr()).await;
        upstream.package(name).version("9.9.9", |v| v);
        upstream.clear();
        let answer = ask(&nopar, "POST", name, "refresh").send().await;
        let error = refusal(&answer, &[409], name);
        assert_eq!(error, format!("{name} is published here: there is nothing to refresh"));
        assert_eq!(answer.json()["reason"], "hosted");
        assert_eq!(versions(&packument(nopar.addr(), name).await), ["1.0.0"]);
        done(&delete(&nopar, name, "").await, name);
        refusal(&ask(&nopar, "POST", name, "refresh").send().await, &[404], "taken back");
        assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
    }
}

/// A claimed name under which nothing was published is not there, and the upstream is not asked whether it is.
#[tokio::test]
async fn a_claimed_name_is_neither_refreshed_nor_deleted() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_LOCAL_PACKAGES", "@acme/*").start().await;
    upstream.package("@acme/ui").version("1.0.0", |v| v);
    for what in ["refresh", "delete"] {
        let answer = ask(&nopar, "POST", "@acme/ui", what).send().await;
        refusal(&answer, &[404], what);
    }
    assert_eq!(upstream.count_all(), 0);
    refusal(&get(nopar.addr(), "/@acme%2fui").await, &[404], "as elsewhere");
}
