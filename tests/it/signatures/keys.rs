//! The keys of upstreams beside this registry's own.
//! Knows nothing of signatures.

use std::time::Duration;

use serde_json::{Value, json};

use super::{KEYS, keys};
use crate::support::client::get;
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, refusal};
use crate::support::upstream::{FakeUpstream, Fault};

/// Longer than keys are fresh.
const LATER: Duration = Duration::from_secs(601);
const A_MINUTE: Duration = Duration::from_secs(61);

/// A list with one key.
fn list(keyid: &str) -> String {
    json!({"keys": [key(keyid)]}).to_string()
}

fn key(keyid: &str) -> Value {
    json!({"expires": null, "keyid": keyid, "keytype": "k", "scheme": "s", "key": "AA==", "odd": 1.5})
}

fn ids(keys: &[Value]) -> Vec<&str> {
    keys.iter().map(|key| key["keyid"].as_str().expect("a keyid")).collect()
}

#[tokio::test]
async fn keys_of_all_upstreams_are_offered_and_then_our_own() {
    let (one, two) = (FakeUpstream::start().await, FakeUpstream::start_under("/npm").await);
    one.file(KEYS, list("one"));
    two.file(KEYS, json!({"keys": [key("one"), key("two")]}).to_string());
    let file = format!("[[upstream]]\nurl = \"{}\"\npackages = [\"@two/*\"]\n", two.url());
    let nopar = TestNopar::with(&one).file(&file).start().await;
    assert_eq!(keys(nopar.addr()).await, [key("one"), key("two")]);
    assert!(nopar.registry_files().is_empty(), "nothing is made where nothing is published");
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let all = keys(nopar.addr()).await;
    assert_eq!(ids(&all)[..2], ["one", "two"]);
    assert!(all.len() == 3 && ids(&all)[2].starts_with("SHA256:"), "{all:?}");
    assert_eq!((one.count(KEYS), two.count("/npm/-/npm/v1/keys")), (1, 1));
}

/// Also of a crowd, one asks.
#[tokio::test]
async fn keys_are_fetched_once_in_ten_minutes() {
    let upstream = FakeUpstream::start().await;
    upstream.file(KEYS, list("old"));
    let nopar = TestNopar::with(&upstream).stopped_clock().start().await;
    let hold = upstream.hold(KEYS);
    let addr = nopar.addr();
    let crowd: Vec<_> = (0..16).map(|_| tokio::spawn(async move { keys(addr).await })).collect();
    upstream.wait_for(1, KEYS).await;
    hold.release();
    for asked in crowd {
        assert_eq!(ids(&asked.await.expect("keys")), ["old"]);
    }
    upstream.file(KEYS, list("new"));
    nopar.advance(Duration::from_secs(599));
    assert_eq!(ids(&keys(addr).await), ["old"]);
    assert_eq!(upstream.count(KEYS), 1);
    nopar.advance(Duration::from_secs(2));
    assert_eq!(ids(&keys(addr).await), ["new"]);
    assert_eq!(upstream.count(KEYS), 2);
}

#[tokio::test]
async fn an_upstream_that_has_no_keys_has_none() {
    for status in [404, 400, 405, 410] {
        let upstream = FakeUpstream::start().await;
        upstream.always(KEYS, status);
        let nopar = TestNopar::with(&upstream).start().await;
        for _ in 0..2 {
            assert_eq!(keys(nopar.addr()).await, [""; 0], "{status}");
        }
        assert_eq!(upstream.count(KEYS), 1, "{status}: it is remembered");
    }
}

/// What the others have signed can be verified all the same.
#[tokio::test]
async fn an_upstreams_key_that_is_none_is_left_out() {
    let upstream = FakeUpstream::start().await;
    let list = json!({"keys": [{"keyid": "no key"}, key("one"), "none", key("two")]});
    upstream.file(KEYS, list.to_string());
    let nopar = TestNopar::with(&upstream).start().await;
    assert_eq!(keys(nopar.addr()).await, [key("one"), key("two")]);
    let other = FakeUpstream::start().await;
    other.file(KEYS, json!({"keys": [{"keyid": "no key"}]}).to_string());
    let nopar = TestNopar::with(&other).start().await;
    refusal(&get(nopar.addr(), KEYS).await, &[502], "none is left");
}

/// To leave its keys out would make all of its packages unsigned.
#[tokio::test]
async fn an_upstream_that_fails_is_told_of_as_long_as_nothing_is_held() {
    let upstream = FakeUpstream::start().await;
    upstream.file(KEYS, list("theirs"));
    let nopar = TestNopar::with(&upstream).start().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let long = json!({"keys": [key(&"k".repeat(300 << 10))]}).to_string();
    let faults: [Fault; 7] = [
        500.into(),
        401.into(),
        429.into(),
        Fault::garbage(),
        Fault::Reset,
        Fault::CutBody(10),
        crate::support::upstream::Answer::new(200).body(long).into(),
    ];
    for fault in faults {
        let what = format!("{fault:?}").chars().take(60).collect::<String>();
        upstream.always(KEYS, fault);
        let answer = get(nopar.addr(), KEYS).await;
        let error = refusal(&answer, &[502, 503, 504], &what);
        assert!(error.contains("are not known"), "{what}: {error}");
        assert_eq!(answer.header("cache-control"), Some("no-cache"), "{what}");
        nopar.advance(A_MINUTE);
    }
    upstream.behave("*");
    assert_eq!(keys(nopar.addr()).await.len(), 2);
}

#[tokio::test]
async fn a_crowd_shares_the_failure_of_an_upstream() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).stopped_clock().start().await;
    upstream.always(KEYS, 500);
    let hold = upstream.hold(KEYS);
    let addr = nopar.addr();
    let crowd: Vec<_> = (0..16).map(|_| tokio::spawn(get(addr, KEYS))).collect();
    upstream.wait_for(1, KEYS).await;
    hold.release();
    for asked in crowd {
        refusal(&asked.await.expect("an answer"), &[502, 503], "a crowd");
    }
    assert_eq!(upstream.count(KEYS), 1);
}

/// Keys of yesterday are better than none; it is asked again after a minute, and not by each.
#[tokio::test]
async fn an_upstream_that_is_down_is_told_of_by_what_is_held() {
    let upstream = FakeUpstream::start().await;
    upstream.file(KEYS, list("old"));
    let nopar = TestNopar::with(&upstream).stopped_clock().start().await;
    assert_eq!(ids(&keys(nopar.addr()).await), ["old"]);
    upstream.always(KEYS, 503);
    nopar.advance(LATER);
    for _ in 0..3 {
        assert_eq!(ids(&keys(nopar.addr()).await), ["old"]);
    }
    assert_eq!(upstream.count(KEYS), 2);
    upstream.stop().await;
    nopar.advance(LATER * 1000);
    assert_eq!(ids(&keys(nopar.addr()).await), ["old"]);
    upstream.restart().await;
    upstream.behave("*");
    upstream.file(KEYS, list("new"));
    assert_eq!(ids(&keys(nopar.addr()).await), ["old"], "not before a minute has passed");
    nopar.advance(A_MINUTE);
    assert_eq!(ids(&keys(nopar.addr()).await), ["new"]);
}

/// Also by a NOPAR that was started since: an outage of the upstream is no time at which nobody may restart it.
#[tokio::test]
async fn an_upstream_that_is_down_at_a_start_is_told_of_by_what_is_on_the_disk() {
    let upstream = FakeUpstream::start().await;
    upstream.file(KEYS, json!({"keys": [key("one"), key("two")]}).to_string());
    let mut nopar = TestNopar::with(&upstream).stopped_clock().start().await;
    let first = keys(nopar.addr()).await;
    nopar.restart().await;
    upstream.file(KEYS, list("other"));
    assert_eq!(ids(&keys(nopar.addr()).await), ["other"], "it is asked, as it can be");
    upstream.file(KEYS, json!({"keys": first}).to_string());
    nopar.advance(LATER);
    assert_eq!(keys(nopar.addr()).await, first);
    upstream.always(KEYS, 503);
    for _ in 0..2 {
        nopar.restart().await;
        for _ in 0..2 {
            assert_eq!(keys(nopar.addr()).await, first);
        }
    }
    assert_eq!(upstream.count(KEYS), 5, "once by each process");
}

#[tokio::test]
async fn an_upstream_that_must_not_be_asked_is_not() {
    let upstream = FakeUpstream::start().await;
    upstream.file(KEYS, list("theirs"));
    let nopar = TestNopar::with(&upstream).env("NOPAR_AUTO_FORWARD", "no").start().await;
    assert_eq!(keys(nopar.addr()).await, [""; 0]);
    assert_eq!(upstream.count_all(), 0);
}
