//! NOPAR's own token for its upstream: shown to the upstream's origin, and to nobody else.
//! Knows nothing of callers' tokens.

use crate::support::nopar::{TestNopar, TestNoparBuilder};
use crate::support::upstream::{FakeUpstream, Fault};

const TOKEN: &str = "npm_upstream-token";
const BEARER: &str = "Bearer npm_upstream-token";

fn with_token(upstream: &FakeUpstream) -> TestNoparBuilder {
    TestNopar::with(upstream).env("NOPAR_FORWARDER_TOKEN", TOKEN)
}

/// Each request's path and Authorization.
fn shown(upstream: &FakeUpstream) -> Vec<(String, Option<String>)> {
    let shown = |seen: crate::support::upstream::Seen| {
        let authorization = seen.header("authorization").map(str::to_owned);
        (seen.path, authorization)
    };
    upstream.requests().into_iter().map(shown).collect()
}

/// The upstream sees NOPAR's token with every request, and never a caller's.
#[tokio::test]
async fn the_upstream_sees_nopars_token_not_the_callers() {
    let upstream = FakeUpstream::start_under("/npm").await;
    upstream.package("a").version("1.0.0", |v| v);
    let nopar = with_token(&upstream).start().await;
    for path in ["/a", "/a/-/a-1.0.0.tgz"] {
        let request = nopar.request(path).header("Authorization", "Bearer caller");
        let answer = request.send().await.expect(200);
        for (name, value) in answer.headers.iter() {
            assert!(!value.contains(TOKEN), "{name}: {value}");
        }
    }
    let bearer = Some(BEARER.to_owned());
    let expected =
        [("/npm/a".to_owned(), bearer.clone()), ("/npm/a/-/a-1.0.0.tgz".to_owned(), bearer)];
    assert_eq!(shown(&upstream), expected);
}

/// The token may come from a file, whose last line ends as files' lines do.
#[tokio::test]
async fn the_token_may_be_in_a_file() {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v);
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("token");
    std::fs::write(&path, format!("{TOKEN}\n")).expect("a file");
    let path = path.to_str().expect("a path in UTF-8");
    let nopar = TestNopar::with(&upstream).env("NOPAR_FORWARDER_TOKEN_FILE", path);
    let nopar = nopar.start().await;
    nopar.get("/a").await.expect(200);
    assert_eq!(shown(&upstream), [("/a".to_owned(), Some(BEARER.to_owned()))]);
}

/// A tarball on another origin (another port is one) is fetched without the token.
#[tokio::test]
async fn another_origins_tarball_is_fetched_without_the_token() {
    let (upstream, cdn) = (FakeUpstream::start().await, FakeUpstream::start().await);
    cdn.file("/files/a.tgz?sig=1", "bytes of a");
    let url = format!("{}/files/a.tgz?sig=1", cdn.url());
    upstream.package("a").version("1.0.0", |v| v.tarball("bytes of a").tarball_url(&url));
    let nopar = with_token(&upstream).start().await;
    nopar.get("/a").await.expect(200);
    let tarball = nopar.get("/a/-/a-1.0.0.tgz").await.expect(200);
    assert_eq!(tarball.body, b"bytes of a");
    assert_eq!(shown(&cdn), [("/files/a.tgz?sig=1".to_owned(), None)]);
    assert_eq!(upstream.count_all(), 1);
}

/// A redirect to another origin is followed without the token; back home it is shown again.
#[tokio::test]
async fn a_redirect_elsewhere_is_followed_without_the_token() {
    let (upstream, other) = (FakeUpstream::start().await, FakeUpstream::start().await);
    upstream.package("a").version("1.0.0", |v| v);
    other.document("a", serde_json::to_vec(&upstream.packument("a")).expect("JSON"));
    let tarball = upstream.tarball("a", "1.0.0");
    other.file("/moved.tgz", tarball.clone());
    upstream.next("GET /a", Fault::redirect(&format!("{}/a", other.url())));
    upstream.next("GET /a/-/a-1.0.0.tgz", Fault::redirect(&format!("{}/moved.tgz", other.url())));
    let nopar = with_token(&upstream).start().await;
    nopar.get("/a").await.expect(200);
    assert_eq!(nopar.get("/a/-/a-1.0.0.tgz").await.expect(200).body, tarball);
    assert_eq!(shown(&other), [("/a".to_owned(), None), ("/moved.tgz".to_owned(), None)]);
    let all_with = |seen: &[(String, Option<String>)]| {
        seen.iter().all(|(_, authorization)| authorization.as_deref() == Some(BEARER))
    };
    assert!(all_with(&shown(&upstream)), "{:?}", shown(&upstream));

    upstream.package("b").version("1.0.0", |v| v);
    upstream.clear();
    upstream.next("GET /b", Fault::redirect("/b?again"));
    nopar.get("/b").await.expect(200);
    assert_eq!(upstream.count_all(), 2);
    assert!(all_with(&shown(&upstream)), "{:?}", shown(&upstream));
}

/// An upstream that refuses the token is NOPAR's trouble: a 502 that does not show it.
#[tokio::test]
async fn a_refused_token_is_a_502_that_does_not_show_it() {
    let upstream = FakeUpstream::start().await;
    let nopar = with_token(&upstream).start().await;
    for status in [401, 403] {
        upstream.always("*", status);
        for path in ["/a", "/a/-/a-1.0.0.tgz"] {
            let answer = nopar.get(path).await.expect(502);
            let text = answer.text();
            assert!(text.contains("NOPAR_FORWARDER_TOKEN") && !text.contains(TOKEN), "{text}");
        }
    }
}
