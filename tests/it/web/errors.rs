//! Errors are pages for who prefers to read pages, with the status and headers that they have.
//! Knows nothing of other pages.

use super::{BROWSER, assert_page, page};
use crate::support::client::Request;
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, refusal};
use crate::support::upstream::{Answer, FakeUpstream};

/// Whichever way they go out: answered at once, after the upstream was asked, or in place of a copy.
#[tokio::test]
async fn browsers_get_errors_as_pages() {
    let upstream = FakeUpstream::start().await;
    upstream.package("far").version("1.0.0", |version| version);
    upstream.always("GET /broken", Answer::new(500));
    let nopar = TestNopar::with(&upstream).start().await;
    for (path, status, part) in [
        ("/-/nothing", 404, "no such endpoint"),
        ("/nobody", 404, "No package of this name is here"),
        ("/-/package/nobody", 404, "No package of this name is held here"),
        ("/far/9.9.9", 404, "version not found: 9.9.9"),
        ("/far/9.9.9", 404, "version not found: 9.9.9"),
        ("/far/-/far-9.9.9.tgz", 404, "tarball not found"),
        ("/broken", 502, "The upstream registry does not answer as it should"),
        ("/..", 400, "makes no sense"),
        ("/-/login", 404, "NOPAR_AUTH=open"),
        ("/-/package/a/files/1.0.0", 404, "No package"),
    ] {
        let answer = page(&nopar, path).await;
        assert_page(&answer, status, path);
        assert!(answer.text().contains(part), "{path}: {}", answer.text());
    }
    let answer = nopar.request("/lodash").method("POST").header("Accept", BROWSER).send().await;
    assert_page(&answer, 405, "POST");
    assert_eq!(answer.header("allow"), Some("GET, HEAD, PUT, PURGE"));
}

/// A directory that is gone says nothing of what was in it.
#[tokio::test]
async fn a_store_that_cannot_be_read_is_a_page_for_browsers_and_json_for_clients() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    Publish::of("own", "1.0.0").succeed(nopar.addr()).await;
    assert_page(&page(&nopar, "/-/package/own").await, 200, "own");
    let (registry, away) = (nopar.registry_path(), nopar.registry_path().with_extension("away"));
    std::fs::rename(registry, &away).expect("a directory");
    for path in ["/-/package/own", "/-/package/own/files/1.0.0", "/own"] {
        let answer = page(&nopar, path).await;
        assert_page(&answer, 500, path);
        let text = answer.text();
        assert!(text.contains("its log says why"), "{path}: {text}");
        assert!(!text.contains(&*away.to_string_lossy()), "{path}: {text}");
        assert!(!text.contains(&*registry.to_string_lossy()), "{path}: {text}");
    }
    let answer = nopar.get("/own").await;
    assert_eq!((answer.status, answer.json()["reason"].as_str()), (500, Some("store_error")));
    std::fs::rename(&away, registry).expect("a directory");
    assert_page(&page(&nopar, "/-/package/own").await, 200, "it is back");
}

/// What is in an address or a Host is text, or not told at all.
#[tokio::test]
async fn what_is_asked_for_is_text_on_an_error() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for path in [
        "/far/%3Cscript%3Ealert(1)%3C%2fscript%3E",
        "/-/%3Cscript%3Ealert(1)%3C",
        "/%3Cscript%3E",
        "/-/package/%3Cscript%3E",
        "/-/package/a/files/1.0.0/%3Cscript%3E",
    ] {
        let answer = page(&nopar, path).await;
        assert!(answer.status >= 400, "{path}");
        assert!(!answer.text().contains("<script>"), "{path}: {}", answer.text());
    }
    let evil = Request::get(nopar.addr(), "/").host("a\"><script>").header("Accept", BROWSER);
    refusal(&evil.send().await, &[400], "Host");
}
