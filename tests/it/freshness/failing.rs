//! What becomes of packuments when the upstream fails, or says that they are gone.
//! Knows nothing of tarballs being cut short.

use std::time::Duration;

use super::{DAY, PAST_TTL, latest, state, updated, upstream, warm};
use crate::support::client::get_many;
use crate::support::deadline::{DEADLINE, within};
use crate::support::nopar::TestNopar;
use crate::support::upstream::Fault;

const YEAR: Duration = Duration::from_secs(366 * 24 * 3600);

fn failures() -> Vec<Fault> {
    let mut all: Vec<Fault> = [500, 502, 503, 504, 401, 403, 418].map(Fault::from).into();
    all.extend([
        Fault::too_many(30),
        Fault::garbage(),
        Fault::PackumentOf("b".to_owned()),
        Fault::Reset,
        Fault::CloseBeforeHead,
        Fault::CutBody(10),
        Fault::LengthTooLong(5),
    ]);
    all
}

/// Whatever goes wrong upstream, a copy of any age is better than no answer.
#[tokio::test]
async fn a_stale_copy_is_served_when_the_upstream_fails_whatever_its_age() {
    for fault in failures() {
        let upstream = upstream().await;
        upstream.package("b").version("7.0.0", |v| v);
        let nopar = warm(&upstream).await;
        nopar.advance(YEAR);
        upstream.clear();
        upstream.always("GET /a", fault.clone());
        // Changed, so that faults of the body meet a body.
        upstream.package("a").version("1.1.0", |v| v);
        let answer = nopar.get("/a").await;
        assert_eq!((answer.status, state(&answer)), (200, "stale"), "{fault:?}");
        assert_eq!(latest(&answer), "1.0.0", "{fault:?}");
        let age = answer.header("age").and_then(|age| age.parse().ok());
        assert!(age >= Some(YEAR.as_secs()), "{fault:?}: {age:?}");
        assert!(upstream.count_all() >= 1, "{fault:?}: it was asked");
        upstream.behave("*");
        // Longer than any Retry-After is obeyed.
        nopar.advance(Duration::from_secs(61));
        let since = std::time::Instant::now();
        while latest(&nopar.get("/a").await.expect(200)) != "1.1.0" {
            assert!(since.elapsed() < DEADLINE, "it is back, and not believed");
        }
    }
}

/// The same when nobody listens, and after a restart.
#[tokio::test]
async fn a_stale_copy_is_served_when_the_upstream_is_down() {
    let upstream = upstream().await;
    let mut nopar = warm(&upstream).await;
    upstream.stop().await;
    nopar.advance(PAST_TTL);
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "updating");
    nopar.advance(YEAR);
    for _ in 0..2 {
        assert_eq!(state(&nopar.get("/a").await.expect(200)), "stale");
        assert_eq!(state(&nopar.get("/a/latest").await.expect(200)), "stale");
        nopar.restart().await;
    }
    upstream.restart().await;
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "revalidated");
}

/// When the upstream is gone without a word, one request waits for its timeout; after it, what is
/// held is sent at once, and the upstream is asked beside it until it answers.
#[tokio::test]
async fn what_just_failed_for_one_package_keeps_the_others_from_waiting() {
    let upstream = upstream().await;
    for number in 0..20 {
        upstream.package(&format!("p{number}")).version("1.0.0", |v| v);
    }
    let nopar = TestNopar::with(&upstream).env("NOPAR_READ_TIMEOUT", "1s").start().await;
    for number in 0..20 {
        nopar.get(&format!("/p{number}")).await.expect(200);
    }
    nopar.advance(YEAR);
    let hold = upstream.hold("*");
    assert_eq!(state(&nopar.get("/p0").await.expect(200)), "stale");
    let since = std::time::Instant::now();
    for number in 1..20 {
        let answer = nopar.get(&format!("/p{number}")).await.expect(200);
        assert_eq!(state(&answer), "stale", "p{number}");
    }
    // One after the other they would have waited for nineteen timeouts.
    assert!(since.elapsed() < Duration::from_secs(9), "{:?}", since.elapsed());
    upstream.wait_for(1, "/p19").await;
    hold.release();
    let since = std::time::Instant::now();
    while state(&nopar.get("/p1").await.expect(200)) != "hit" {
        assert!(since.elapsed() < DEADLINE, "it is back, and not believed");
    }
}

/// Who insists on a confirmation gets the copy all the same when there is none to be had.
#[tokio::test]
async fn no_cache_is_answered_from_the_copy_when_the_upstream_is_down() {
    let upstream = upstream().await;
    let nopar = warm(&upstream).await;
    upstream.stop().await;
    let request = nopar.request("/a").header("Cache-Control", "no-cache");
    assert_eq!(state(&request.send().await.expect(200)), "stale");
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "hit");
}

/// Whether a version exists by now cannot be known without the upstream: no 404 is made up.
#[tokio::test]
async fn a_missing_version_is_no_404_while_the_upstream_is_down() {
    let upstream = upstream().await;
    let nopar = warm(&upstream).await;
    upstream.stop().await;
    let answer = nopar.get("/a/2.0.0").await.expect(502);
    assert!(answer.json()["error"].is_string());
    nopar.get("/a/1.0.0").await.expect(200);
}

/// Nothing held and no upstream is a gateway's error in JSON, not a 404 that clients believe.
#[tokio::test]
async fn a_cold_name_is_a_gateway_error_while_the_upstream_is_down() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    upstream.stop().await;
    for path in ["/a", "/a/1.0.0", "/-/package/a/dist-tags", "/a/-/a-1.0.0.tgz"] {
        let answer = nopar.get(path).await.expect(502);
        assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
        assert!(answer.json()["error"].is_string(), "{path}");
    }
    nopar.get("/-/ping").await.expect(200);
    upstream.restart().await;
    // The failure is remembered for a second.
    nopar.forget_failures();
    nopar.get("/a").await.expect(200);
}

/// An upstream that accepts and does not answer is a 504 in JSON.
#[tokio::test]
async fn a_cold_name_is_a_504_when_the_upstream_does_not_answer() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream);
    let nopar = nopar.env("NOPAR_READ_TIMEOUT", "1s").env("NOPAR_FETCH_TIMEOUT", "1s");
    let nopar = nopar.start().await;
    let hold = upstream.hold("*");
    for answer in get_many(nopar.addr(), 20, "/a").await {
        assert!(answer.expect(504).json()["error"].is_string());
    }
    hold.release();
    nopar.forget_failures();
    nopar.get("/a").await.expect(200);
}

/// A 404 of the upstream is believed, also of what is held; tarballs already here stay.
#[tokio::test]
async fn a_package_gone_upstream_is_gone_but_its_tarballs_stay() {
    for status in [404, 410, 451] {
        let upstream = upstream().await;
        let nopar = warm(&upstream).await;
        let tarball = nopar.get("/a/-/a-1.0.0.tgz").await.expect(200);
        upstream.always("*", status);
        assert_eq!(state(&nopar.get("/a").await.expect(200)), "hit");
        nopar.advance(PAST_TTL);
        // Served once more while the upstream is asked.
        assert_eq!(state(&nopar.get("/a").await.expect(200)), "updating");
        let gone = async {
            while nopar.get("/a").await.status == 200 {
                tokio::task::yield_now().await;
            }
        };
        within("the end of a package".to_owned(), gone).await;
        let expected = if status == 451 { 451 } else { 404 };
        nopar.get("/a").await.expect(expected);
        nopar.get("/a/1.0.0").await.expect(expected);
        let again = nopar.get("/a/-/a-1.0.0.tgz").await.expect(200);
        assert_eq!((state(&again), &again.body), ("hit", &tarball.body));
    }
}

/// Beyond the stale window a 404 is the answer to the very request that finds it out.
#[tokio::test]
async fn a_package_long_stale_and_gone_is_a_404_at_once() {
    let upstream = upstream().await;
    let nopar = warm(&upstream).await;
    upstream.remove("a");
    nopar.advance(PAST_TTL + DAY);
    nopar.get("/a").await.expect(404);
    assert_eq!(upstream.count_all(), 1);
}

/// A background update that fails leaves what is held as it was, and is tried again.
#[tokio::test]
async fn a_failed_background_update_is_tried_again() {
    let upstream = upstream().await;
    let nopar = warm(&upstream).await;
    upstream.package("a").version("1.1.0", |v| v);
    nopar.advance(PAST_TTL);
    upstream.next("GET /a", 500);
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "updating");
    upstream.wait_for(1, "GET /a").await;
    let again = async {
        while upstream.count("GET /a") < 2 {
            nopar.forget_failures();
            nopar.get("/a").await.expect(200);
        }
    };
    within("another update".to_owned(), again).await;
    assert_eq!(latest(&updated(&nopar, "/a").await), "1.1.0");
    assert_eq!(upstream.count_all(), 2);
}

/// Many ask while the upstream withdraws packages: none of them is left waiting.
///
/// A background update that found nothing left to update once waited for its own lock: a matter of
/// luck with one package, hence so many.
#[tokio::test]
async fn packages_withdrawn_under_load_leave_nobody_waiting() {
    let names: Vec<String> = (0..40).map(|number| format!("/p{number}")).collect();
    for status in [404, 451] {
        let upstream = upstream().await;
        let nopar = TestNopar::with(&upstream).start().await;
        for name in &names {
            upstream.package(&name[1..]).version("1.0.0", |v| v);
            nopar.get(name).await.expect(200);
        }
        upstream.always("*", status);
        nopar.advance(PAST_TTL);
        let asking = names.iter().cycle().take(160).map(|name| {
            let request = nopar.request(name);
            async move { while request.clone().send().await.status == 200 {} }
        });
        let mut all = tokio::task::JoinSet::from_iter(asking);
        let end = async { while all.join_next().await.is_some() {} };
        within(format!("the end of packages ({status})"), end).await;
    }
}

/// Who can be served from a copy waits a few seconds for a slow upstream, and no longer; it is asked on,
/// and what it says in the end is believed.
#[tokio::test]
async fn a_slow_upstream_does_not_keep_who_has_a_copy() {
    let upstream = upstream().await;
    let nopar = warm(&upstream).await;
    nopar.advance(YEAR);
    upstream.package("a").version("2.0.0", |v| v);
    let hold = upstream.hold_body("/a", 5);
    let since = std::time::Instant::now();
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "stale");
    assert!(since.elapsed() < Duration::from_secs(9), "{:?}", since.elapsed());
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "stale");
    // Also when the upstream has begun to answer the update: its head was once taken for recovery, and
    // whoever came then waited for the whole body.
    hold.arrived(2).await;
    for _ in 0..50 {
        assert_eq!(state(&nopar.get("/a").await.expect(200)), "stale");
    }
    hold.release();
    let since = std::time::Instant::now();
    while latest(&nopar.get("/a").await.expect(200)) != "2.0.0" {
        assert!(since.elapsed() < DEADLINE, "it is there, and not believed");
    }
}

/// What another process on the same directory fetched is found when the upstream is gone.
#[tokio::test]
async fn copies_of_another_process_serve_when_the_upstream_is_down() {
    let upstream = upstream().await;
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().to_str().expect("a path in UTF-8");
    let one = TestNopar::with(&upstream).env("NOPAR_CACHE_PATH", path).start().await;
    let two = TestNopar::with(&upstream).env("NOPAR_CACHE_PATH", path).start().await;
    for path in ["/a", "/a/-/a-1.0.0.tgz"] {
        one.get(path).await.expect(200);
    }
    upstream.stop().await;
    for path in ["/a", "/a/1.0.0", "/a/-/a-1.0.0.tgz"] {
        two.get(path).await.expect(200);
    }
}
