//! Single promises about a failing upstream that no table holds.
//! Knows nothing of the table.

use std::time::{Duration, Instant};

use super::scene::{A_MINUTE, LONG_TARBALL, publish};
use crate::asking::afresh;
use crate::packument::entries;
use crate::support::client::get_many;
use crate::support::nopar::TestNopar;
use crate::support::upstream::{Answer, FakeUpstream, Fault, usual_path};

/// With the upstream down, what is held is served, a ping is answered, and an unknown name is a
/// quick 502 in JSON, never a 404.
#[tokio::test]
async fn an_upstream_that_is_down_costs_only_what_is_not_held() {
    let upstream = FakeUpstream::start().await;
    publish(&upstream, "a");
    let nopar = TestNopar::with(&upstream).start().await;
    nopar.get("/a").await.expect(200);
    nopar.get(&usual_path("a", "2.0.0")).await.expect(200);
    upstream.stop().await;
    let since = Instant::now();
    nopar.get("/a").await.expect(200);
    nopar.get(&usual_path("a", "2.0.0")).await.expect(200);
    nopar.get("/-/ping").await.expect(200);
    for path in ["/unknown", "/unknown/1.0.0", "/unknown/-/unknown-1.0.0.tgz"] {
        let answer = nopar.get(path).await.expect(502);
        assert!(answer.json()["error"].is_string(), "{path}");
    }
    assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
}

/// A tarball that is cut in the middle is visibly cut for clients too, poisons nothing, and is whole
/// on the next try, whatever way its length is stated.
#[tokio::test]
async fn a_tarball_cut_in_the_middle_is_an_error_and_the_retry_is_good() {
    use crate::support::upstream::BodyForm;
    for form in [BodyForm::Length, BodyForm::Chunked] {
        let upstream = FakeUpstream::start().await;
        upstream.manners(|m| m.body_form = form);
        publish(&upstream, "a");
        let nopar = TestNopar::with(&upstream).start().await;
        for version in ["1.0.0", "2.0.0"] {
            let path = usual_path("a", version);
            upstream.next(&path, Fault::CutBody(9_000));
            let cut = nopar.get(&path).await;
            assert!(cut.status == 502 || !cut.complete, "{form:?}: {}", cut.status);
            assert_eq!(entries(&nopar), [""; 0], "{form:?}");
            let whole = afresh(&nopar, &path).await.expect(200);
            assert!(whole.body == upstream.tarball("a", version), "{form:?}");
            std::fs::remove_dir_all(nopar.cache_path()).expect("an empty cache");
        }
    }
}

/// An upstream slower than the limit is an error soon after it, and hurts no other package.
#[tokio::test]
async fn an_upstream_slower_than_the_limit_is_an_error_in_time_and_hurts_no_other() {
    let upstream = FakeUpstream::start().await;
    publish(&upstream, "slow");
    publish(&upstream, "quick");
    let builder = TestNopar::with(&upstream).env("NOPAR_READ_TIMEOUT", "1s");
    let nopar = builder.start().await;
    upstream.always("/slow", Fault::Silence);
    upstream.always("/slow/-/*", Fault::Silence);
    let since = Instant::now();
    let slow = [nopar.get("/slow"), nopar.get(&usual_path("slow", "1.0.0"))].map(tokio::spawn);
    nopar.get("/quick").await.expect(200);
    nopar.get(&usual_path("quick", "2.0.0")).await.expect(200);
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    for answer in slow {
        answer.await.expect("an answer").expect(504);
    }
    assert!(since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
}

/// A tarball without an end is not kept, and its upstream is let go of when its readers leave.
#[tokio::test]
async fn an_endless_tarball_ends_with_its_readers() {
    let upstream = FakeUpstream::start().await;
    publish(&upstream, "a");
    let builder = TestNopar::with(&upstream).env("NOPAR_MAX_TARBALL", "1MiB");
    let mut nopar = builder.start().await;
    let path = usual_path("a", "2.0.0");
    upstream.next(&path, Fault::Endless("application/octet-stream"));
    let mut download = nopar.connect().await;
    download.send(&nopar.request(&path)).await.expect("sent");
    assert_eq!(download.receive_head().await.expect("a head").status, 200);
    assert!(download.receive_body(4 << 20).await.expect("bytes").len() >= 4 << 20);
    assert_eq!(entries(&nopar), [""; 0]);
    download.reset();
    nopar.advance(A_MINUTE);
    let whole = nopar.get(&path).await.expect(200);
    assert_eq!(whole.body.len(), LONG_TARBALL);
    // A fill that still went on would hold up the end.
    let since = Instant::now();
    nopar.stop().await;
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
}

/// The pause an upstream asks for is told to clients in seconds, and kept to, for up to a minute; what is
/// no pause is not told.
#[tokio::test]
async fn a_pause_that_is_asked_for_is_kept_to_for_up_to_a_minute() {
    for (pause, told, kept) in [
        ("7", Some("7"), 7),
        ("3600", Some("3600"), 60),
        ("0", Some("0"), 1),
        ("Wed, 21 Oct 2015 07:28:00 GMT", Some("0"), 1),
        ("-5", None, 1),
        ("soon", None, 1),
    ] {
        let upstream = FakeUpstream::start().await;
        publish(&upstream, "a");
        let nopar = TestNopar::with(&upstream).start().await;
        for path in ["/a".to_owned(), usual_path("a", "1.0.0")] {
            upstream.always(&path, Answer::new(429).header("Retry-After", pause));
            for _ in 0..2 {
                let answer = nopar.get(&path).await.expect(503);
                assert_eq!(answer.header("retry-after"), told, "{path}");
            }
            assert_eq!(upstream.count(&path), 1, "{pause} {path}");
            nopar.advance(Duration::from_secs(kept).saturating_sub(Duration::from_millis(500)));
            upstream.behave("*");
            if kept > 1 {
                nopar.get(&path).await.expect(503);
            }
            nopar.advance(Duration::from_millis(600));
            nopar.get(&path).await.expect(200);
            assert_eq!(upstream.count(&path), 2, "{pause} {path}");
        }
    }
}

/// After a failure that came while hundreds waited the upstream was asked once, and is asked once
/// more when that is forgotten.
#[tokio::test]
async fn those_who_wait_for_a_failure_share_it() {
    let upstream = FakeUpstream::start().await;
    publish(&upstream, "a");
    let nopar = TestNopar::with(&upstream).start().await;
    for path in ["/a".to_owned(), usual_path("a", "1.0.0")] {
        upstream.clear();
        upstream.always(&path, 500);
        for round in 1..=2 {
            for answer in get_many(nopar.addr(), 100, &path).await {
                answer.expect(502);
            }
            assert_eq!(upstream.count(&path), round, "{path}");
            nopar.forget_failures();
        }
        upstream.behave("*");
        nopar.get(&path).await.expect(200);
    }
}
