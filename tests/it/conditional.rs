//! Conditional requests: who has what it asks for gets a 304, and nobody else does.
//! Knows nothing of the validators between NOPAR and its upstream.

use std::time::Duration;

use crate::asking::{LONG, TTL, WAYS, eventually};
use crate::packument::{entries, replaced};
use crate::support::client::Response;
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

const MODIFIED: &str = "Thu, 29 Feb 2024 23:59:58 GMT";

async fn with_lodash() -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let package = upstream.package("lodash").version("1.0.0", |v| v);
    package.time("modified", "2024-02-29T23:59:58.999Z");
    let nopar = TestNopar::with(&upstream).host("npm.test").start().await;
    (upstream, nopar)
}

fn etag(answer: &Response) -> String {
    answer.header("etag").expect("an ETag").to_owned()
}

/// A 304 has the lasting headers of the 200, none that describe a body, and no body.
#[track_caller]
fn check_304(answer: &Response, of: &Response) {
    assert_eq!(answer.status, 304);
    assert_eq!(answer.raw_len + answer.surplus, 0);
    for name in ["etag", "vary", "cache-control", "last-modified"] {
        assert_eq!(answer.header(name), of.header(name), "{name}");
    }
    for name in ["content-encoding", "content-type", "transfer-encoding"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    assert!(of.header("cache-control").is_some());
}

/// Own form 304, any other form, encoding or version document 200.
#[tokio::test]
async fn an_etag_fits_its_own_form_only() {
    let (upstream, nopar) = with_lodash().await;
    let mut answers = Vec::new();
    for way in WAYS {
        answers.push(way.of(&nopar, "lodash").send().await.expect(200));
    }
    for (asked, way) in WAYS.into_iter().enumerate() {
        for (held, other) in answers.iter().enumerate() {
            let request = way.of(&nopar, "lodash");
            let answer = request.header("If-None-Match", etag(other)).send().await;
            match asked == held {
                true => check_304(&answer, other),
                false => way.check(&answer, &upstream.packument("lodash"), "http://npm.test"),
            }
        }
    }
    assert_eq!(upstream.count_all(), 1);
}

/// The same form at another base URL is another document.
#[tokio::test]
async fn an_etag_fits_its_own_base_url_only() {
    let (upstream, nopar) = with_lodash().await;
    for way in WAYS {
        let here = way.of(&nopar, "lodash").send().await.expect(200);
        let there = way.at(&nopar, "other.test", "lodash");
        let there = there.header("If-None-Match", etag(&here)).send().await;
        way.check(&there, &upstream.packument("lodash"), "http://other.test");
    }
}

/// Weak form, lists, several header lines and `*` match; other tags, unquoted and empty ones do
/// not.
#[tokio::test]
async fn every_spelling_of_if_none_match_is_understood() {
    let (upstream, nopar) = with_lodash().await;
    for way in WAYS {
        let first = way.of(&nopar, "lodash").send().await.expect(200);
        let own = etag(&first);
        for matching in [
            own.clone(),
            format!("W/{own}"),
            format!("\"x\", {own}"),
            format!("{own},\"x\""),
            format!("W/\"a,b\" , W/{own} , \"c\""),
            "*".to_owned(),
        ] {
            let request = way.of(&nopar, "lodash").header("If-None-Match", &matching);
            check_304(&request.send().await, &first);
        }
        let lines = way.of(&nopar, "lodash").header("If-None-Match", "\"x\"");
        let lines = lines.header("If-None-Match", &own).send().await;
        check_304(&lines, &first);
        for other in ["\"x\"", "", "W/\"x\", \"y\"", "\"*\"", &own[..own.len() - 2]] {
            let request = way.of(&nopar, "lodash").header("If-None-Match", other);
            let answer = request.send().await;
            way.check(&answer, &upstream.packument("lodash"), "http://npm.test");
        }
    }
    assert_eq!(upstream.count_all(), 1);
}

/// A client whose copy is still right gets a 304 from a NOPAR that lost its own.
#[tokio::test]
async fn a_clients_copy_outlives_nopars() {
    let (upstream, mut nopar) = with_lodash().await;
    for way in WAYS {
        let first = way.of(&nopar, "lodash").send().await.expect(200);
        nopar.stop().await;
        std::fs::remove_dir_all(nopar.cache_path()).expect("deleting the cache");
        nopar.restart().await;
        upstream.clear();
        let conditional = way.of(&nopar, "lodash").header("If-None-Match", etag(&first));
        check_304(&conditional.send().await, &first);
        assert_eq!(upstream.count_all(), 1);
    }
}

/// After a change upstream and the TTL, a client's copy is no longer right.
#[tokio::test]
async fn after_a_change_and_the_ttl_the_answer_is_200() {
    let (upstream, nopar) = with_lodash().await;
    for (number, way) in WAYS.into_iter().enumerate() {
        let first = way.of(&nopar, "lodash").send().await.expect(200);
        let conditional = || {
            let request = way.of(&nopar, "lodash");
            request.header("If-None-Match", etag(&first)).send()
        };
        // Confirmed by the upstream, and still the client's.
        nopar.advance(LONG);
        let confirmed = conditional().await;
        assert_eq!(confirmed.header("x-cache"), Some("revalidated"));
        check_304(&confirmed, &first);
        let package = upstream.package("lodash");
        package.version(&format!("2.{number}.0"), |v| v);
        check_304(&conditional().await, &first);
        nopar.advance(LONG);
        let packument = upstream.packument("lodash");
        way.check(&conditional().await, &packument, "http://npm.test");
    }
    assert_eq!(upstream.count_all(), 1 + 2 * WAYS.len());
}

/// Past the TTL a stale copy answers 304 at once, and once the upstream has answered, 200.
#[tokio::test]
async fn while_it_is_confirmed_a_stale_copy_answers_304() {
    let (upstream, nopar) = with_lodash().await;
    let way = WAYS[1];
    let first = way.of(&nopar, "lodash").send().await.expect(200);
    let conditional = || {
        let request = way.of(&nopar, "lodash");
        request.header("If-None-Match", etag(&first)).send()
    };
    upstream.package("lodash").version("2.0.0", |v| v);
    nopar.advance(TTL);
    let before = entries(&nopar);
    let hold = upstream.hold("/lodash");
    let stale = conditional().await;
    assert_eq!(stale.header("x-cache"), Some("updating"));
    check_304(&stale, &first);
    hold.arrived(1).await;
    hold.release();
    eventually(&nopar, "the update", || replaced(&nopar, &before)).await;
    let packument = upstream.packument("lodash");
    way.check(&conditional().await, &packument, "http://npm.test");
    assert_eq!(upstream.count_all(), 2);
}

/// `If-Modified-Since` at or after `time.modified` is a 304, before it a 200; and it counts only
/// without `If-None-Match`.
#[tokio::test]
async fn if_modified_since_counts_without_if_none_match_only() {
    let (upstream, nopar) = with_lodash().await;
    for way in WAYS.into_iter().filter(|way| way.want != crate::asking::Want::Latest) {
        let first = way.of(&nopar, "lodash").send().await.expect(200);
        assert_eq!(first.header("last-modified"), Some(MODIFIED));
        let since = |date: &str| way.of(&nopar, "lodash").header("If-Modified-Since", date);
        for date in [MODIFIED, "Fri, 01 Mar 2024 00:00:00 GMT"] {
            check_304(&since(date).send().await, &first);
            let other = since(date).header("If-None-Match", "\"other\"");
            other.send().await.expect(200);
        }
        for date in ["Thu, 29 Feb 2024 23:59:57 GMT", "yesterday", ""] {
            since(date).send().await.expect(200);
        }
    }
    assert_eq!(upstream.count_all(), 1);
}

/// HEAD is answered with a 304 like GET.
#[tokio::test]
async fn head_is_conditional_too() {
    let (_upstream, nopar) = with_lodash().await;
    let first = WAYS[1].of(&nopar, "lodash").send().await.expect(200);
    let head = WAYS[1].of(&nopar, "lodash").method("HEAD");
    let head = head.header("If-None-Match", etag(&first)).send().await;
    check_304(&head, &first);
}

/// The same document before and after a restart: a client's ETag stays good, without upstream.
#[tokio::test]
async fn an_etag_outlives_a_restart() {
    let (upstream, mut nopar) = with_lodash().await;
    for way in WAYS {
        let first = way.of(&nopar, "lodash").send().await.expect(200);
        nopar.restart().await;
        let again = way.of(&nopar, "lodash").header("If-None-Match", etag(&first));
        check_304(&again.send().await, &first);
    }
    assert_eq!(upstream.count_all(), 1);
}

/// Nobody gets a 304 who did not ask by a validator, even when the upstream said 304 to NOPAR.
#[tokio::test]
async fn without_a_validator_there_is_no_304() {
    let (upstream, nopar) = with_lodash().await;
    nopar.get("/lodash").await.expect(200);
    for age in [LONG, Duration::ZERO] {
        nopar.advance(age);
        for way in WAYS {
            let answer = way.of(&nopar, "lodash").send().await;
            way.check(&answer, &upstream.packument("lodash"), "http://npm.test");
        }
    }
    assert_eq!(upstream.count_all(), 2);
}

/// Tarballs are conditional by the upstream's ETag, small and large ones.
#[tokio::test]
async fn tarballs_are_conditional() {
    let (upstream, nopar) = with_lodash().await;
    let package = upstream.package("big");
    package.version("1.0.0", |v| v.tarball_size(1 << 20));
    for path in ["/lodash/-/lodash-1.0.0.tgz", "/big/-/big-1.0.0.tgz"] {
        nopar.get(path).await.expect(200);
        let warm = nopar.get(path).await.expect(200);
        for matching in [etag(&warm), format!("W/{}", etag(&warm)), "*".to_owned()] {
            let again = nopar.request(path).header("If-None-Match", matching);
            let again = again.send().await;
            assert_eq!((again.status, again.raw_len), (304, 0), "{path}");
            for name in ["etag", "cache-control"] {
                assert_eq!(again.header(name), warm.header(name), "{path} {name}");
            }
        }
        let other = nopar.request(path).header("If-None-Match", "\"other\"");
        let other = other.send().await.expect(200);
        assert!(other.body == warm.body, "{path}");
    }
    assert_eq!(upstream.count_all(), 2);
}
