//! Upstreams that speak otherwise than most: they work as well.
//! Knows nothing of upstreams that misbehave.

use crate::asking::{LONG, WAYS};
use crate::support::nopar::TestNopar;
use crate::support::upstream::{BodyForm, Etag, FakeUpstream, Manners};

/// Cold, warm, confirmed or fetched again after its time, and changed: every way is right.
async fn works_with(manners: impl FnOnce(&mut Manners), confirmed: bool) {
    let upstream = FakeUpstream::start().await;
    upstream.manners(manners);
    let package = upstream.package("@s/n").readme("# n");
    package.version("1.0.0", |v| v.script("install", "x"));
    let nopar = TestNopar::with(&upstream).start().await;
    let all_right = async || {
        let packument = upstream.packument("@s/n");
        for way in WAYS {
            let answer = way.of(&nopar, "@s/n").send().await;
            way.check(&answer, &packument, &nopar.url());
        }
    };
    all_right().await;
    assert_eq!(upstream.count_all(), 1);

    nopar.advance(LONG);
    let again = nopar.get("/@s%2fn").await.expect(200);
    let state = if confirmed { "revalidated" } else { "miss" };
    assert_eq!(again.header("x-cache"), Some(state));
    all_right().await;
    assert_eq!(upstream.count_all(), 2);

    upstream.package("@s/n").version("1.1.0", |v| v);
    nopar.advance(LONG);
    all_right().await;
    assert_eq!(upstream.count_all(), 3);
}

/// An upstream as most are, asked with its own validator when the time has come.
#[tokio::test]
async fn an_upstream_with_strong_etags_works() {
    works_with(|_| {}, true).await;
}

/// Weak validators are as good as strong ones for asking "has it changed?".
#[tokio::test]
async fn an_upstream_with_weak_etags_works() {
    works_with(|m| m.etag = Etag::Weak, true).await;
}

/// Without any validator the document is fetched again.
#[tokio::test]
async fn an_upstream_without_validators_works() {
    works_with(|m| m.etag = Etag::Absent, false).await;
}

/// Without ETag but with Last-Modified, that date is the validator.
#[tokio::test]
async fn an_upstream_with_last_modified_only_is_asked_by_date() {
    let upstream = FakeUpstream::start().await;
    let date = "Wed, 21 Oct 2015 07:28:00 GMT";
    upstream.manners(|m| {
        m.etag = Etag::Absent;
        m.last_modified = Some(date.to_owned());
    });
    upstream.package("a").version("1.0.0", |v| v);
    let nopar = TestNopar::with(&upstream).start().await;
    nopar.get("/a").await.expect(200);
    nopar.advance(LONG);
    let again = nopar.get("/a").await.expect(200);
    assert_eq!(again.header("x-cache"), Some("revalidated"));
    let asked = upstream.requests();
    let since: Vec<_> = asked.iter().map(|r| r.header("if-modified-since")).collect();
    assert_eq!(since, [None, Some(date)]);
}

/// The upstream hears its own validator, never one of NOPAR's.
#[tokio::test]
async fn the_upstream_hears_its_own_validator() {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v);
    let nopar = TestNopar::with(&upstream).start().await;
    let ours = nopar.get("/a").await.expect(200);
    let theirs = crate::support::client::get(upstream.addr(), "/a").await;
    upstream.clear();
    nopar.advance(LONG);
    let etag = ours.header("etag").expect("an ETag");
    let conditional = nopar.request("/a").header("If-None-Match", etag);
    conditional.send().await.expect(304);
    let asked = upstream.requests();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].header("if-none-match"), theirs.header("etag"));
    assert_eq!(asked[0].headers.all("if-none-match").count(), 1);
}

/// An upstream that sends documents unpacked, whatever is asked.
#[tokio::test]
async fn an_upstream_without_gzip_works() {
    works_with(|m| m.gzip = false, true).await;
}

/// An upstream that knows only the full form.
#[tokio::test]
async fn an_upstream_without_the_abbreviated_form_works() {
    works_with(|m| m.abbreviated = false, true).await;
}

/// Chunked bodies.
#[tokio::test]
async fn an_upstream_that_sends_chunks_works() {
    works_with(|m| m.body_form = BodyForm::Chunked, true).await;
}

/// Bodies whose length nobody states, that end with the connection.
#[tokio::test]
async fn an_upstream_without_content_length_works() {
    works_with(|m| m.body_form = BodyForm::UntilClose, true).await;
}

/// An upstream that closes the connection after each answer.
#[tokio::test]
async fn an_upstream_without_keep_alive_works() {
    works_with(|m| m.keep_alive = false, true).await;
}

/// All of it at once.
#[tokio::test]
async fn the_plainest_upstream_works() {
    let plain = |m: &mut Manners| {
        m.etag = Etag::Absent;
        (m.gzip, m.abbreviated, m.keep_alive) = (false, false, false);
        m.body_form = BodyForm::UntilClose;
    };
    works_with(plain, false).await;
}

/// An upstream below a path, and what it says of caching is not NOPAR's to pass on.
#[tokio::test]
async fn an_upstream_below_a_path_works() {
    let upstream = FakeUpstream::start_under("/npm").await;
    upstream.manners(|m| {
        let header = ("Cache-Control".to_owned(), "private, no-store".to_owned());
        m.document_headers.push(header);
        let cookie = ("Set-Cookie".to_owned(), "a=b".to_owned());
        m.document_headers.push(cookie);
    });
    upstream.package("@s/n").version("1.0.0", |v| v);
    let nopar = TestNopar::with(&upstream).start().await;
    for way in WAYS {
        let answer = way.of(&nopar, "@s/n").send().await;
        way.check(&answer, &upstream.packument("@s/n"), &nopar.url());
        assert_eq!(answer.header("set-cookie"), None);
        assert_eq!(answer.header("cache-control"), Some("public, no-cache"));
    }
    assert_eq!(upstream.requests()[0].path, "/npm/@s%2fn");
    assert_eq!(upstream.count_all(), 1);
}
