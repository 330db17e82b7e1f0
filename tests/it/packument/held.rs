//! What is held is served without the upstream, also after a restart.
//! Knows nothing of damage.

use super::{entries, replaced};
use crate::asking::{INSTALL, LONG, TTL, WAYS, eventually, lasting_headers};
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

async fn with_lodash() -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let package = upstream.package("lodash").readme("# lodash");
    package.version("1.0.0", |v| v).version("1.1.0", |v| v);
    // A Host of its own: a restart changes the port, and the base URL is part of the answer.
    let nopar = TestNopar::with(&upstream).host("npm.test").start().await;
    (upstream, nopar)
}

/// A hit after a restart asks no upstream and is the same to the last byte and header.
#[tokio::test]
async fn a_restart_changes_no_byte_and_asks_nobody() {
    let (upstream, mut nopar) = with_lodash().await;
    let mut before = Vec::new();
    for way in WAYS {
        before.push(way.of(&nopar, "lodash").send().await.expect(200));
    }
    assert_eq!(upstream.count_all(), 1);
    upstream.stop().await;
    for _ in 0..2 {
        nopar.restart().await;
        for (way, before) in WAYS.into_iter().zip(&before) {
            let after = way.of(&nopar, "lodash").send().await.expect(200);
            assert!(after.body == before.body, "{way:?}");
            assert_eq!(lasting_headers(&after), lasting_headers(before), "{way:?}");
            assert_eq!(after.header("x-cache"), Some("hit"));
        }
    }
    assert_eq!(upstream.count_all(), 1);
}

/// The first answer, straight from the upstream, is the same as every later one.
#[tokio::test]
async fn a_cold_answer_is_the_same_as_a_warm_one() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for (number, way) in WAYS.into_iter().enumerate() {
        let name = format!("p{number}");
        upstream.package(&name).version("1.0.0", |v| v);
        let cold = way.of(&nopar, &name).send().await.expect(200);
        let warm = way.of(&nopar, &name).send().await.expect(200);
        assert!(cold.body == warm.body, "{way:?}");
        assert_eq!(lasting_headers(&cold), lasting_headers(&warm), "{way:?}");
        let states = (cold.header("x-cache"), warm.header("x-cache"));
        assert_eq!(states, (Some("miss"), Some("hit")));
    }
}

/// Within its time nobody is asked, whatever the upstream has by then.
#[tokio::test]
async fn what_is_fresh_is_served_without_asking() {
    let (upstream, nopar) = with_lodash().await;
    nopar.get("/lodash").await.expect(200);
    upstream.package("lodash").version("2.0.0", |v| v);
    nopar.advance(TTL - std::time::Duration::from_secs(30));
    let again = nopar.get("/lodash").await.expect(200);
    assert_eq!(again.json()["dist-tags"]["latest"], "1.1.0");
    assert_eq!(upstream.count_all(), 1);
}

/// Past its time what is held is served at once, while one request asks the upstream.
#[tokio::test]
async fn what_is_stale_is_served_while_it_is_confirmed() {
    let (upstream, nopar) = with_lodash().await;
    nopar.get("/lodash").await.expect(200);
    upstream.package("lodash").version("2.0.0", |v| v);
    nopar.advance(TTL);
    let before = entries(&nopar);
    let hold = upstream.hold("/lodash");
    for _ in 0..5 {
        // Answered although the upstream is held back.
        let stale = nopar.get("/lodash").await.expect(200);
        assert_eq!(stale.json()["dist-tags"]["latest"], "1.1.0");
        assert_eq!(stale.header("x-cache"), Some("updating"));
    }
    hold.arrived(1).await;
    hold.release();
    eventually(&nopar, "the update", || replaced(&nopar, &before)).await;
    let updated = nopar.get("/lodash").await.expect(200);
    assert_eq!(updated.json()["dist-tags"]["latest"], "2.0.0");
    assert_eq!(upstream.count_all(), 2);
}

/// A confirmed packument counts as new for a whole TTL, also after a restart.
#[tokio::test]
async fn a_confirmation_outlives_a_restart() {
    let (upstream, mut nopar) = with_lodash().await;
    nopar.get("/lodash").await.expect(200);
    nopar.advance(LONG);
    let confirmed = nopar.get("/lodash").await.expect(200);
    assert_eq!(confirmed.header("x-cache"), Some("revalidated"));
    nopar.restart().await;
    let after = nopar.get("/lodash").await.expect(200);
    assert_eq!(after.header("x-cache"), Some("hit"));
    assert_eq!(upstream.count_all(), 2);
}

/// A second form of what is held costs nothing upstream.
#[tokio::test]
async fn all_forms_come_from_one_fetch() {
    let (upstream, nopar) = with_lodash().await;
    let short = nopar.request("/lodash").header("Accept", INSTALL);
    short.send().await.expect(200);
    for path in ["/lodash", "/lodash/1.0.0", "/lodash/latest", "/-/package/lodash/dist-tags"] {
        nopar.get(path).await.expect(200);
    }
    let asked = upstream.requests();
    assert_eq!(asked.len(), 1);
    // The full document, packed: everything else is made from it.
    assert_eq!(asked[0].header("accept"), Some("application/json"));
    assert_eq!(asked[0].header("accept-encoding"), Some("gzip"));
}
