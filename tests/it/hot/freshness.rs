//! A ready answer is fresh and of the generation that is held, or it is not given.
//! Knows nothing of tarballs' bytes.

use super::{is_hot, tarball, upstream, warm};
use crate::asking::{LONG, TTL, eventually};
use crate::packument::{entries, replaced};
use crate::support::nopar::TestNopar;

async fn latest(nopar: &TestNopar, cache: &str, hot: bool) -> String {
    let answer = nopar.get("/small").await.expect(200);
    assert_eq!(answer.header("x-cache"), Some(cache));
    assert_eq!(is_hot(&answer.headers), hot);
    answer.json()["dist-tags"]["latest"].as_str().expect("a version").to_owned()
}

/// Past its time a packument is not ready any more, until it is confirmed; what replaced it is.
#[tokio::test]
async fn past_its_time_a_packument_is_not_ready() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).host("npm.test").start().await;
    nopar.get("/small").await.expect(200);
    assert_eq!(latest(&nopar, "hit", true).await, "1.0.0");

    upstream.package("small").version("1.1.0", |v| v);
    let before = entries(&nopar);
    nopar.advance(TTL);
    assert_eq!(latest(&nopar, "updating", false).await, "1.0.0");
    eventually(&nopar, "the new one", || replaced(&nopar, &before)).await;
    nopar.get("/small").await.expect(200);
    assert_eq!(latest(&nopar, "hit", true).await, "1.1.0");

    upstream.package("small").version("1.2.0", |v| v);
    nopar.advance(LONG);
    let late = nopar.get("/small").await.expect(200);
    assert!(!is_hot(&late.headers) && late.header("x-cache") != Some("hit"));
    assert_eq!(late.json()["dist-tags"]["latest"], "1.2.0");
    nopar.get("/small").await.expect(200);
    assert_eq!(latest(&nopar, "hit", true).await, "1.2.0");
}

/// What another client had confirmed is what everybody gets from then on.
#[tokio::test]
async fn a_replaced_generation_is_not_ready() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).host("npm.test").start().await;
    nopar.get("/small").await.expect(200);
    for version in ["1.1.0", "1.2.0", "1.3.0"] {
        latest(&nopar, "hit", true).await;
        upstream.package("small").version(version, |v| v);
        let confirm = nopar.request("/small").header("Cache-Control", "no-cache");
        let confirmed = confirm.send().await.expect(200);
        assert!(!is_hot(&confirmed.headers));
        for _ in 0..3 {
            let answer = nopar.get("/small").await.expect(200);
            assert_eq!(answer.json()["dist-tags"]["latest"], version);
        }
    }
}

/// A package that is gone upstream is not ready any more once that is known.
#[tokio::test]
async fn what_is_gone_is_not_ready() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).host("npm.test").start().await;
    nopar.get("/small").await.expect(200);
    latest(&nopar, "hit", true).await;
    upstream.remove("small");
    let confirm = nopar.request("/small").header("Cache-Control", "no-cache");
    confirm.send().await.expect(404);
    nopar.get("/small").await.expect(404);
}

/// The age of a ready answer grows, and tarballs are ready however old they are.
#[tokio::test]
async fn ready_answers_tell_their_age() {
    let upstream = upstream().await;
    let nopar = super::ready(&upstream, &["/small", &tarball("large")]).await;
    let age = async |path: &str| {
        let answer = warm(nopar.addr(), path).await;
        answer.header("age").and_then(|age| age.parse::<u64>().ok()).expect("an age")
    };
    nopar.advance(TTL / 2);
    let half = TTL.as_secs() / 2;
    for path in ["/small", &tarball("large")] {
        assert!((half..half + 10).contains(&age(path).await), "{path}");
    }
    nopar.advance(LONG);
    assert!(age(&tarball("large")).await >= LONG.as_secs());
}
