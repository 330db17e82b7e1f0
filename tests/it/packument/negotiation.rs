//! Which form and which encoding a client gets, and the headers that say so.
//! Knows nothing of conditional requests.

use std::collections::HashSet;

use super::both;
use crate::asking::{ABBREVIATED, INSTALL, JSON, LONG, WAYS, Want, lasting_headers};
use crate::support::client::Response;
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

const VARY: &str = "Accept, Accept-Encoding";

async fn with_lodash() -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let package = upstream.package("lodash").readme("# lodash");
    package.version("1.0.0", |v| v).version("1.1.0", |v| v);
    let nopar = TestNopar::with(&upstream).start().await;
    (upstream, nopar)
}

/// `Accept` with its q-values decides the form, and Content-Type says which it is.
#[tokio::test]
async fn accept_decides_the_form() {
    let (upstream, nopar) = with_lodash().await;
    for (accept, expected) in [
        (None, JSON),
        (Some("*/*"), JSON),
        (Some(JSON), JSON),
        (Some(ABBREVIATED), ABBREVIATED),
        (Some(INSTALL), ABBREVIATED),
        (Some("application/json;q=0.8, application/vnd.npm.install-v1+json"), ABBREVIATED),
        (Some("application/json, application/vnd.npm.install-v1+json;q=0.5"), JSON),
        (Some("application/vnd.npm.install-v1+json; q=0, */*"), JSON),
        (Some("text/html"), JSON),
    ] {
        let request = nopar.request("/lodash");
        let request = match accept {
            Some(accept) => request.header("Accept", accept),
            None => request,
        };
        let answer = request.send().await.expect(200);
        assert_eq!(answer.header("content-type"), Some(expected), "{accept:?}");
        let full = answer.json().get("readme").is_some();
        assert_eq!(full, expected == JSON, "{accept:?}");
    }
    assert_eq!(upstream.count_all(), 1);
}

/// Forms, encodings and base URLs have each a strong ETag of their own, the same when asked again.
#[tokio::test]
async fn each_representation_has_its_own_etag() {
    let (_upstream, nopar) = with_lodash().await;
    let mut seen = HashSet::new();
    for host in ["a:1", "b:2"] {
        for way in WAYS {
            let ask = || way.at(&nopar, host, "lodash").send();
            let etag = |answer: &Response| answer.header("etag").map(str::to_owned);
            let first = etag(&ask().await.expect(200)).expect("an ETag");
            assert_eq!(etag(&ask().await), Some(first.clone()), "{way:?}");
            assert!(first.starts_with('"') && first.ends_with('"'), "{first}");
            assert!(seen.insert(first), "{way:?} at {host}");
        }
    }
}

/// The abbreviated form of an unchanged installation view keeps its ETag when only the readme
/// changes, and the full form does not.
#[tokio::test]
async fn an_etag_changes_with_its_own_content() {
    let (upstream, nopar) = with_lodash().await;
    let etags = |answers: [Response; 2]| answers.map(|a| a.header("etag").map(str::to_owned));
    let before = etags(both(&nopar, "lodash").await);
    upstream.package("lodash").readme("# another");
    nopar.advance(LONG);
    let after = etags(both(&nopar, "lodash").await);
    assert_ne!(before[0], after[0]);
    assert_eq!(before[1], after[1]);
    assert_eq!(upstream.count("/lodash"), 2);
}

/// `Vary: Accept, Accept-Encoding` is in 200, 304 and 404, cold and warm.
#[tokio::test]
async fn vary_is_in_200_304_and_404() {
    let (upstream, nopar) = with_lodash().await;
    for _ in 0..2 {
        for way in WAYS {
            let answer = way.of(&nopar, "lodash").send().await.expect(200);
            assert_eq!(answer.header("vary"), Some(VARY), "{way:?}");
            let etag = answer.header("etag").expect("an ETag");
            let again = way.of(&nopar, "lodash").header("If-None-Match", etag);
            let again = again.send().await.expect(304);
            assert_eq!(again.header("vary"), Some(VARY), "{way:?}");
            let missing = way.of(&nopar, "nope").send().await.expect(404);
            assert_eq!(missing.header("vary"), Some(VARY), "{way:?}");
        }
    }
    assert_eq!(upstream.count("/lodash"), 1);
}

/// gzip where it is offered, identity otherwise; what is malformed gets identity and never a 4xx.
#[tokio::test]
async fn accept_encoding_decides_the_encoding() {
    let (upstream, nopar) = with_lodash().await;
    for (offered, gzip) in [
        (None, false),
        (Some("gzip"), true),
        (Some("gzip,deflate"), true),
        (Some("zstd,gzip,deflate"), true),
        (Some("gzip, deflate, br, zstd"), true),
        (Some("gzip;q=0.5"), true),
        (Some("gzip;q=0"), false),
        (Some("gzip;q=0.000"), false),
        (Some("gzip/deflate"), false),
        (Some("deflate, br"), false),
        (Some("identity"), false),
        (Some(";;,=,"), false),
    ] {
        for want in [Want::Full, Want::Abbreviated, Want::Latest] {
            let way = WAYS.into_iter().find(|w| w.want == want && w.gzip == gzip);
            let way = way.expect("a way");
            // Asked without a header by the way itself.
            let plain = crate::asking::Way { want, gzip: false };
            let request = plain.of(&nopar, "lodash");
            let request = match offered {
                Some(offered) => request.header("Accept-Encoding", offered),
                None => request,
            };
            let answer = request.send().await;
            way.check(&answer, &upstream.packument("lodash"), &nopar.url());
        }
    }
    assert_eq!(upstream.count_all(), 1);
}

/// HEAD has the headers of GET and no body, for a cold and a warm packument; `Last-Modified` is
/// `time.modified` in whole seconds.
#[tokio::test]
async fn head_is_get_without_a_body() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for (number, way) in WAYS.into_iter().enumerate() {
        let name = format!("p{number}");
        let package = upstream.package(&name).version("1.0.0", |v| v);
        package.time("modified", "2024-02-29T23:59:58.999Z");
        let head = || way.of(&nopar, &name).method("HEAD").send();
        let cold = head().await.expect(200);
        let warm = head().await.expect(200);
        let get = way.of(&nopar, &name).send().await.expect(200);
        assert!(get.raw_len > 0);
        for head in [cold, warm] {
            assert_eq!(head.raw_len + head.surplus, 0, "{way:?}");
            assert_eq!(lasting_headers(&head), lasting_headers(&get), "{way:?}");
        }
        if way.want != Want::Latest {
            let modified = Some("Thu, 29 Feb 2024 23:59:58 GMT");
            assert_eq!(get.header("last-modified"), modified, "{way:?}");
        }
        assert_eq!(upstream.count(&format!("GET /{name}")), 1);
    }
    let missing = nopar.request("/nope").method("HEAD").send().await;
    assert_eq!((missing.status, missing.raw_len), (404, 0));
}
