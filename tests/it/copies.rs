//! Copies of the upstream's packages, confirmed or discarded by name because somebody asks for it, as with the old NOPAR.
//! Knows nothing of packages that are published here.

use serde_json::json;
use tempfile::TempDir;

use crate::asking::{WAYS, eventually};
use crate::packument::entries;
use crate::support::client::{Request, Response};
use crate::support::nopar::TestNopar;
use crate::support::publish::{path_of, refusal};
use crate::support::upstream::{FakeUpstream, Fault, usual_path};

const NAMES: [&str; 2] = ["a", "@s/n"];

/// A NOPAR that holds everything of two packages, and an upstream that has forgotten being asked for it.
pub(crate) async fn holding() -> (FakeUpstream, TestNopar) {
    holding_at("npm.test").await
}

/// The same, reached by another host.
pub(crate) async fn holding_at(host: &str) -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).host(host).env("NOPAR_OPEN_ADMIN", "yes").start().await;
    for name in NAMES {
        upstream.package(name).version("1.0.0", |v| v);
        for way in WAYS {
            way.of(&nopar, name).send().await.expect(200);
        }
        nopar.get(&usual_path(name, "1.0.0")).await.expect(200);
    }
    // A tarball is held a moment after it was sent.
    nopar.idle().await;
    upstream.clear();
    (upstream, nopar)
}

/// `METHOD /-/package/NAME/WHAT`.
pub(crate) fn ask(nopar: &TestNopar, method: &str, name: &str, what: &str) -> Request {
    nopar.request(&format!("/-/package/{}/{what}", &path_of(name)[1..])).method(method)
}

async fn refresh(nopar: &TestNopar, name: &str) -> Response {
    ask(nopar, "POST", name, "refresh").send().await
}

async fn delete(nopar: &TestNopar, name: &str) -> Response {
    ask(nopar, "POST", name, "delete").send().await
}

/// Fails the test unless the answer says that it was done, to nobody on the way.
#[track_caller]
fn done(answer: Response) {
    let answer = answer.expect(200);
    assert_eq!(answer.json(), json!({"ok": true}));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

async fn latest(nopar: &TestNopar, name: &str) -> String {
    let packument = nopar.get(&path_of(name)).await.expect(200).json();
    packument["dist-tags"]["latest"].as_str().expect("a latest").to_owned()
}

/// The upstream is asked at once, by its own validators, however fresh the copy is; with a body or without.
#[tokio::test]
async fn a_refresh_has_the_upstream_confirm_the_copy() {
    let (upstream, nopar) = holding().await;
    let files = entries(&nopar);
    for name in NAMES {
        upstream.clear();
        done(refresh(&nopar, name).await);
        done(ask(&nopar, "POST", name, "refresh?x=y").body("a=b").send().await);
        assert_eq!(upstream.count(&path_of(name)), 2);
        assert_eq!(upstream.count_all(), 2, "{:?}", upstream.requests());
        for seen in upstream.requests() {
            assert_eq!(seen.method, "GET");
            assert!(seen.header("if-none-match").is_some(), "{seen:?}");
        }
    }
    assert_eq!(entries(&nopar), files, "a confirmation writes nothing anew");
}

/// What has changed is had by whoever asks next, without another word to the upstream.
#[tokio::test]
async fn a_refresh_fetches_what_has_changed() {
    let (upstream, nopar) = holding().await;
    for name in NAMES {
        upstream.package(name).version("1.1.0", |v| v);
        assert_eq!(latest(&nopar, name).await, "1.0.0", "it is fresh");
        done(refresh(&nopar, name).await);
        upstream.clear();
        assert_eq!(latest(&nopar, name).await, "1.1.0");
        assert_eq!(upstream.count_all(), 0);
    }
}

/// What is not held is fetched, also if a moment ago it was not there.
#[tokio::test]
async fn a_refresh_fetches_what_is_not_held() {
    let (upstream, nopar) = holding().await;
    refusal(&nopar.get("/cold").await, &[404], "not there yet");
    upstream.package("cold").version("1.0.0", |v| v);
    upstream.clear();
    done(refresh(&nopar, "cold").await);
    assert_eq!(nopar.get("/cold").await.expect(200).header("x-cache"), Some("hit"));
    assert_eq!(upstream.count_all(), 1);
}

/// What the upstream does not know is a 404; what it does not know any more goes.
#[tokio::test]
async fn a_refresh_of_what_is_unknown_is_a_404() {
    let (upstream, nopar) = holding().await;
    refusal(&refresh(&nopar, "none").await, &[404], "never there");
    upstream.remove("a");
    refusal(&refresh(&nopar, "a").await, &[404], "gone");
    refusal(&nopar.get("/a").await, &[404], "the copy");
    nopar.get(&usual_path("a", "1.0.0")).await.expect(200);
}

/// Whoever refreshes hears of a failure, and of each anew; the copy stays, and is served.
#[tokio::test]
async fn a_refresh_tells_how_the_upstream_fails_and_the_copy_stays() {
    let (upstream, nopar) = holding().await;
    let files = entries(&nopar);
    for (fault, status, reason, retry_after) in [
        (Fault::from(500_u16), 502, "upstream_status_500", None),
        (Fault::from(401_u16), 502, "upstream_status_401", None),
        (Fault::from(503_u16), 503, "upstream_status_503", None),
        (Fault::from(504_u16), 504, "upstream_status_504", None),
        (Fault::too_many(7), 503, "upstream_status_429", Some("7")),
        (Fault::garbage(), 502, "upstream_invalid", None),
    ] {
        upstream.always("*", fault);
        let answer = refresh(&nopar, "a").await;
        refusal(&answer, &[status], reason);
        assert_eq!(answer.json()["reason"], reason);
        assert_eq!(answer.header("retry-after"), retry_after, "{reason}");
        assert_eq!(latest(&nopar, "a").await, "1.0.0", "{reason}");
        // So it is for who has no copy.
        refusal(&refresh(&nopar, "cold").await, &[status], reason);
        upstream.behave("*");
        // A pause that was asked for is over.
        nopar.advance(std::time::Duration::from_secs(7));
    }
    upstream.stop().await;
    let answer = refresh(&nopar, "a").await;
    refusal(&answer, &[502], "down");
    assert_eq!(answer.json()["reason"], "upstream_unreachable");
    assert_eq!(latest(&nopar, "a").await, "1.0.0");
    assert_eq!(entries(&nopar), files);
    upstream.restart().await;
    done(refresh(&nopar, "a").await);
}

/// Without forwarding nobody is asked: what is held stays, and what is not is not there.
#[tokio::test]
async fn without_forwarding_nothing_is_refreshed() {
    let upstream = FakeUpstream::start().await;
    for name in ["a", "b"] {
        upstream.package(name).version("1.0.0", |v| v);
    }
    let cache = TempDir::new().expect("a directory");
    let path = cache.path().to_str().expect("a path in UTF-8");
    let mut before = TestNopar::with(&upstream).env("NOPAR_CACHE_PATH", path).start().await;
    before.get("/a").await.expect(200);
    before.stop().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_CACHE_PATH", path);
    let nopar = nopar.env("NOPAR_AUTO_FORWARD", "no").start().await;
    upstream.clear();
    let answer = refresh(&nopar, "a").await;
    let error = refusal(&answer, &[409], "held");
    assert!(error.contains("NOPAR_AUTO_FORWARD"), "{error}");
    assert_eq!(answer.json()["reason"], "not_asked");
    refusal(&refresh(&nopar, "b").await, &[404], "not held");
    assert_eq!(latest(&nopar, "a").await, "1.0.0");
    assert_eq!(upstream.count_all(), 0);
    // A copy can be discarded all the same.
    done(delete(&nopar, "a").await);
    refusal(&nopar.get("/a").await, &[404], "discarded");
}

/// Nothing of a package is left: no form of its packument, and no tarball, by whichever name it was asked for. All else
/// stays, and the next request fetches it anew, also after a restart.
#[tokio::test]
async fn a_copy_is_discarded_with_its_tarballs() {
    let (upstream, mut nopar) = holding().await;
    let others = entries(&nopar);
    upstream.package("odd").version("2.0.0", |v| v.tarball_path("/files/two.tgz"));
    for path in ["/odd", "/odd/-/odd-2.0.0.tgz", "/odd/-/two.tgz"] {
        nopar.get(path).await.expect(200);
    }
    nopar.idle().await;
    assert_eq!(entries(&nopar).len(), others.len() + 3);
    upstream.clear();
    done(delete(&nopar, "odd").await);
    eventually(&nopar, "the end of its files", || entries(&nopar) == others).await;
    for name in NAMES {
        done(delete(&nopar, name).await);
        refusal(&delete(&nopar, name).await, &[404], "again");
    }
    eventually(&nopar, "the end of all files", || entries(&nopar).is_empty()).await;
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
    for path in ["/a", "/a/-/a-1.0.0.tgz"] {
        let answer = nopar.get(path).await.expect(200);
        assert_eq!(answer.header("x-cache"), Some("miss"), "{path}");
    }
    nopar.idle().await;
    done(delete(&nopar, "a").await);
    eventually(&nopar, "the end of all files", || entries(&nopar).is_empty()).await;
    upstream.package("a").version("1.1.0", |v| v);
    nopar.restart().await;
    assert_eq!(latest(&nopar, "a").await, "1.1.0");
}

/// What is not held is not there to be discarded, whether or not the upstream has it: it is not asked.
#[tokio::test]
async fn what_is_not_held_cannot_be_discarded() {
    let (upstream, nopar) = holding().await;
    upstream.package("cold").version("1.0.0", |v| v);
    for name in ["cold", "none"] {
        refusal(&delete(&nopar, name).await, &[404], name);
    }
    assert_eq!(upstream.count_all(), 0);
    assert_eq!(latest(&nopar, "a").await, "1.0.0");
}

/// Whoever shows a token that is none does nothing.
#[tokio::test]
async fn bad_credentials_discard_nothing() {
    let (upstream, nopar) = holding().await;
    let files = entries(&nopar);
    for wrong in ["Bearer npm_nobodys", "Basic bm8="] {
        for what in ["delete", "refresh"] {
            let request = ask(&nopar, "POST", "a", what).header("Authorization", wrong);
            refusal(&request.send().await, &[401], what);
        }
        assert_eq!(entries(&nopar), files);
        assert_eq!(upstream.count_all(), 0);
    }
}

/// Other methods do nothing, and are told which there are.
#[tokio::test]
async fn other_methods_do_nothing() {
    let (upstream, nopar) = holding().await;
    let files = entries(&nopar);
    for (what, allow, others) in [
        ("refresh", "POST", ["GET", "HEAD", "PUT", "DELETE", "PATCH"]),
        ("delete", "POST", ["GET", "HEAD", "PUT", "DELETE", "PATCH"]),
    ] {
        for method in others {
            let answer = ask(&nopar, method, "a", what).send().await;
            assert_eq!(answer.status, 405, "{method} {what}");
            assert_eq!(answer.header("allow"), Some(allow), "{method} {what}");
        }
    }
    assert_eq!(upstream.count_all(), 0);
    assert_eq!(entries(&nopar), files);
}
