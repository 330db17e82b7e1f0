//! Packages that are not there: a quick 404, remembered for a while.
//! Knows nothing of tarballs.

use std::time::Duration;

use crate::asking::{LONG, WAYS, eventually};
use crate::support::client::{Response, send_all};
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

const REMEMBERED: Duration = Duration::from_secs(60);

#[track_caller]
fn check(answer: &Response) {
    assert_eq!(answer.status, 404);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let length = answer.raw_len.to_string();
    assert_eq!(answer.header("content-length"), Some(&*length));
    let error = answer.json()["error"].as_str().map(str::to_owned);
    assert!(error.is_some_and(|error| !error.is_empty()));
}

/// An unknown package is a 404 in JSON; asked again, in whatever form, the upstream is not.
#[tokio::test]
async fn an_unknown_package_is_remembered() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for name in ["nope", "@s/nope"] {
        for _ in 0..2 {
            for way in WAYS {
                check(&way.of(&nopar, name).send().await);
            }
        }
        let tags = format!("/-/package/{name}/dist-tags");
        check(&nopar.get(&tags).await);
        assert_eq!(upstream.count(&format!("/{name}")), 1);
    }
    assert_eq!(upstream.count_all(), 2);
}

/// What is remembered is answered at once, also while the upstream is down.
#[tokio::test]
async fn a_remembered_404_needs_no_upstream() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    check(&nopar.get("/nope").await);
    upstream.stop().await;
    let again = nopar.get("/nope").await;
    check(&again);
    assert_eq!(again.header("x-cache"), Some("negative"));
}

/// After NOPAR_NOT_FOUND_TTL (60 s) the upstream is asked again, and its new answer counts.
#[tokio::test]
async fn an_unknown_package_is_asked_for_again_after_its_time() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    check(&nopar.get("/late").await);
    nopar.advance(REMEMBERED - Duration::from_secs(5));
    check(&nopar.get("/late").await);
    assert_eq!(upstream.count_all(), 1);
    nopar.advance(Duration::from_secs(6));
    check(&nopar.get("/late").await);
    assert_eq!(upstream.count_all(), 2);
    upstream.package("late").version("1.0.0", |v| v);
    nopar.advance(REMEMBERED + Duration::from_secs(1));
    nopar.get("/late").await.expect(200);
    nopar.get("/late").await.expect(200);
    assert_eq!(upstream.count_all(), 3);
}

/// A client that wants no cached copy has the upstream asked at once.
#[tokio::test]
async fn no_cache_asks_for_an_unknown_package_again() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    check(&nopar.get("/late").await);
    upstream.package("late").version("1.0.0", |v| v);
    let fresh = nopar.request("/late").header("Cache-Control", "no-cache");
    fresh.send().await.expect(200);
    nopar.get("/late").await.expect(200);
    assert_eq!(upstream.count_all(), 2);
}

/// Many who ask for an unknown package at once cost one upstream request.
#[tokio::test]
async fn many_asking_for_an_unknown_package_cost_one_request() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let hold = upstream.hold("/nope");
    let requests: Vec<_> = (0..100).map(|_| nopar.request("/nope")).collect();
    let answers = tokio::spawn(send_all(requests));
    hold.arrived(1).await;
    hold.release();
    answers.await.expect("answers").iter().for_each(check);
    assert_eq!(upstream.count_all(), 1);
}

/// A package that vanished upstream vanishes here once that is known.
#[tokio::test]
async fn a_package_removed_upstream_is_gone_after_its_time() {
    let upstream = FakeUpstream::start().await;
    upstream.package("gone").version("1.0.0", |v| v);
    let nopar = TestNopar::with(&upstream).start().await;
    nopar.get("/gone").await.expect(200);
    upstream.remove("gone");
    nopar.get("/gone").await.expect(200);
    nopar.advance(LONG);
    check(&nopar.get("/gone").await);
    eventually(&nopar, "an empty cache", || super::entries(&nopar).is_empty()).await;
    check(&nopar.get("/gone").await);
    assert_eq!(upstream.count_all(), 2);
}

/// An unknown version or dist-tag of a known package is a 404 in JSON that names it, and the
/// package stays as it is.
#[tokio::test]
async fn an_unknown_version_is_a_404() {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v);
    let nopar = TestNopar::with(&upstream).start().await;
    for selector in ["9.9.9", "nightly"] {
        let answer = nopar.get(&format!("/a/{selector}")).await;
        check(&answer);
        let error = answer.json()["error"].clone();
        assert_eq!(error, format!("version not found: {selector}"));
    }
    nopar.get("/a/1.0.0").await.expect(200);
    nopar.get("/a").await.expect(200);
}
