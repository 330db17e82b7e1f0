//! Freshness of packuments: when the upstream is asked, with which validators, and who waits for it.
//! Knows nothing of what a packument holds beyond its dist-tags.

mod confirm;
mod crowd;
mod failing;

use std::time::Duration;

use crate::support::client::{Response, get, get_many};
use crate::support::deadline::within;
use crate::support::nopar::TestNopar;
use crate::support::upstream::{Etag, FakeUpstream};

/// The default of NOPAR_META_TTL, and a second: what was fresh is stale.
const PAST_TTL: Duration = Duration::from_secs(21_601);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// An upstream with one package `a` of one version.
async fn upstream() -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v);
    upstream
}

/// A NOPAR that holds the packument of `a`, and an upstream that has forgotten being asked for it.
async fn warm(upstream: &FakeUpstream) -> TestNopar {
    let nopar = TestNopar::with(upstream).host("npm.test").start().await;
    nopar.get("/a").await.expect(200);
    upstream.clear();
    nopar
}

fn state(response: &Response) -> &str {
    response.header("x-cache").unwrap_or("none")
}

fn latest(response: &Response) -> String {
    let latest = &response.json()["dist-tags"]["latest"];
    latest.as_str().expect("a dist-tag").to_owned()
}

/// Asks until the background update is done, and returns the first answer after it.
async fn updated(nopar: &TestNopar, path: &str) -> Response {
    let asking = async {
        loop {
            let answer = nopar.get(path).await.expect(200);
            match state(&answer) {
                "updating" => tokio::task::yield_now().await,
                _ => {
                    // The update ends a moment after what it kept can be had.
                    nopar.idle().await;
                    return answer;
                }
            }
        }
    };
    within("the end of a background update".to_owned(), asking).await
}

/// Lets NOPAR read what was sent to it before: these come later and are answered.
async fn settle(nopar: &TestNopar) {
    for _ in 0..3 {
        for pong in get_many(nopar.addr(), 16, "/-/ping").await {
            pong.expect(200);
        }
    }
}

/// What is fresh is answered without a word to the upstream, in all its forms.
#[tokio::test]
async fn a_fresh_packument_costs_no_upstream_request() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "miss");
    nopar.advance(PAST_TTL - Duration::from_secs(60));
    for path in ["/a", "/a/1.0.0", "/a/latest", "/-/package/a/dist-tags"] {
        let answer = nopar.get(path).await.expect(200);
        assert_eq!(state(&answer), "hit", "{path}");
    }
    assert_eq!(upstream.count_all(), 1);
}

/// Past its time a packument is served at once, while exactly one request revalidates it.
#[tokio::test]
async fn a_stale_packument_is_served_at_once_while_one_request_revalidates() {
    let upstream = upstream().await;
    let nopar = warm(&upstream).await;
    nopar.advance(PAST_TTL);
    let hold = upstream.hold("GET /a");
    for answer in get_many(nopar.addr(), 20, "/a").await {
        assert_eq!(state(&answer.expect(200)), "updating");
    }
    hold.arrived(1).await;
    assert_eq!(state(&nopar.get("/a/1.0.0").await.expect(200)), "updating");
    assert_eq!(upstream.count_all(), 1);
    hold.release();
    updated(&nopar, "/a").await;
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "hit");
    assert_eq!(upstream.count_all(), 1);
}

/// The upstream is asked with its own ETag, never with the one NOPAR gives its clients.
#[tokio::test]
async fn revalidation_sends_the_upstreams_own_etag() {
    let upstream = upstream().await;
    let theirs = get(upstream.addr(), "/a").await;
    let theirs = theirs.header("etag").expect("an ETag").to_owned();
    let nopar = warm(&upstream).await;
    let ours = nopar.get("/a").await.expect(200);
    let ours = ours.header("etag").expect("an ETag").to_owned();
    assert_ne!(ours, theirs);

    nopar.advance(PAST_TTL);
    let asked = nopar.request("/a").header("If-None-Match", &ours);
    asked.send().await.expect(304);
    upstream.wait_for(1, "GET /a").await;
    let seen = &upstream.requests()[0];
    assert_eq!(seen.header("if-none-match"), Some(theirs.as_str()));
    updated(&nopar, "/a").await;
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "hit");
}

/// An upstream without ETags is asked with its Last-Modified.
#[tokio::test]
async fn revalidation_sends_last_modified_where_there_is_no_etag() {
    let moment = "Wed, 21 Oct 2015 07:28:00 GMT";
    let upstream = upstream().await;
    upstream.manners(|m| {
        m.etag = Etag::Absent;
        m.last_modified = Some(moment.to_owned());
    });
    let nopar = warm(&upstream).await;
    nopar.advance(PAST_TTL + DAY);
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "revalidated");
    let seen = &upstream.requests()[0];
    assert_eq!(seen.header("if-modified-since"), Some(moment));
    assert_eq!(seen.header("if-none-match"), None);
    assert_eq!(upstream.count_all(), 1);
}

/// An upstream without validators is asked without; its answer is taken whole.
#[tokio::test]
async fn an_upstream_without_validators_is_asked_anew() {
    let upstream = upstream().await;
    upstream.manners(|m| m.etag = Etag::Absent);
    let nopar = warm(&upstream).await;
    upstream.package("a").version("1.1.0", |v| v);
    nopar.advance(PAST_TTL + DAY);
    assert_eq!(latest(&nopar.get("/a").await.expect(200)), "1.1.0");
    let seen = &upstream.requests()[0];
    assert!(!seen.headers.has("if-none-match") && !seen.headers.has("if-modified-since"));
}

/// A 304 renews what is held, also for the next start, and writes no packument anew.
#[tokio::test]
async fn a_304_renews_without_rewriting() {
    let upstream = upstream().await;
    let mut nopar = warm(&upstream).await;
    let files = nopar.cache_files();
    let before = nopar.get("/a").await.expect(200);
    nopar.advance(PAST_TTL + DAY);
    let after = nopar.get("/a").await.expect(200);
    assert_eq!(state(&after), "revalidated");
    assert_eq!(before.header("etag"), after.header("etag"));
    // A generation has a file name of its own: the same names are the same files.
    assert_eq!(nopar.cache_files(), files);
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "hit");
    nopar.restart().await;
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "hit");
    assert_eq!(upstream.count_all(), 1);
}

/// What changed upstream is seen by the first request after the background update.
#[tokio::test]
async fn a_changed_packument_is_seen_after_the_background_update() {
    let upstream = upstream().await;
    let nopar = warm(&upstream).await;
    upstream.package("a").version("1.1.0", |v| v);
    assert_eq!(latest(&nopar.get("/a").await.expect(200)), "1.0.0");
    nopar.advance(PAST_TTL);
    let stale = nopar.get("/a").await.expect(200);
    assert_eq!((state(&stale), latest(&stale).as_str()), ("updating", "1.0.0"));
    let fresh = updated(&nopar, "/a").await;
    // The very request that meets the new packument may still be told "revalidated".
    assert_eq!(latest(&fresh), "1.1.0");
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "hit");
    assert_eq!(upstream.count_all(), 1);
}

/// Older than a day past its time, a packument is not served before the upstream was asked.
#[tokio::test]
async fn beyond_the_stale_window_the_request_waits_for_the_upstream() {
    let upstream = upstream().await;
    let nopar = warm(&upstream).await;
    upstream.package("a").version("1.1.0", |v| v);
    nopar.advance(PAST_TTL + DAY - Duration::from_secs(60));
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "updating");
    assert_eq!(latest(&updated(&nopar, "/a").await), "1.1.0");

    upstream.package("a").version("1.2.0", |v| v);
    nopar.advance(PAST_TTL + DAY);
    let hold = upstream.hold("GET /a");
    let waiting = tokio::spawn(nopar.get("/a"));
    hold.arrived(1).await;
    settle(&nopar).await;
    assert!(!waiting.is_finished(), "it was answered from a copy too old");
    hold.release();
    let answer = waiting.await.expect("an answer").expect(200);
    assert_eq!(latest(&answer), "1.2.0");
}

/// Both times can be configured.
#[tokio::test]
async fn the_times_are_those_configured() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_META_TTL", "60").env("NOPAR_STALE_TTL", "30");
    let nopar = nopar.start().await;
    nopar.get("/a").await.expect(200);
    nopar.advance(Duration::from_secs(55));
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "hit");
    nopar.advance(Duration::from_secs(10));
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "updating");
    updated(&nopar, "/a").await;
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "hit");
    nopar.advance(Duration::from_secs(95));
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "revalidated");
}

/// `Age` is the time since the upstream last confirmed what is sent.
#[tokio::test]
async fn age_counts_from_the_last_confirmation() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let age = |response: Response| {
        let age = response.expect(200).header("age").expect("an Age").to_owned();
        age.parse::<u64>().expect("seconds")
    };
    assert_eq!(age(nopar.get("/a").await), 0);
    nopar.advance(Duration::from_secs(1000));
    assert!((1000..1010).contains(&age(nopar.get("/a").await)));
    nopar.advance(PAST_TTL);
    assert!((22_601..22_611).contains(&age(nopar.get("/a").await)));
    assert!(age(updated(&nopar, "/a").await) < 10);
}

/// What was held before a restart is served after it, and revalidated with what the upstream said.
#[tokio::test]
async fn a_restart_forgets_neither_packument_nor_validators() {
    let upstream = upstream().await;
    let theirs = get(upstream.addr(), "/a").await;
    let theirs = theirs.header("etag").expect("an ETag").to_owned();
    let mut nopar = warm(&upstream).await;
    let before = nopar.get("/a").await.expect(200);
    nopar.restart().await;
    let after = nopar.get("/a").await.expect(200);
    assert_eq!((state(&after), &after.body), ("hit", &before.body));
    assert_eq!(before.header("etag"), after.header("etag"));
    assert_eq!(upstream.count_all(), 0);

    nopar.advance(PAST_TTL + DAY);
    nopar.restart().await;
    assert_eq!(state(&nopar.get("/a").await.expect(200)), "revalidated");
    let seen = &upstream.requests()[0];
    assert_eq!(seen.header("if-none-match"), Some(theirs.as_str()));
    assert_eq!(nopar.get("/a").await.json(), after.json());
    assert_eq!(upstream.count_all(), 1);
}
