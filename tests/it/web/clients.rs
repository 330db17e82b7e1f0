//! Clients read JSON where browsers see pages, as before.
//! Knows nothing of what is on pages.

use serde_json::Value;

use super::{BROWSER, assert_page, page};
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, refusal};
use crate::support::upstream::FakeUpstream;

/// npm, pnpm, yarn 1, yarn 4, bun, curl.
const CLIENTS: [&str; 5] = [
    "application/json",
    "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*",
    "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.9, */*;q=0.5",
    "application/json, */*",
    "*/*",
];

/// The root, errors of all kinds, and what acts by GET.
#[tokio::test]
async fn clients_never_get_html() {
    let upstream = FakeUpstream::start().await;
    upstream.package("far").version("1.0.0", |version| version);
    let nopar = TestNopar::with(&upstream).start().await;
    Publish::of("@acme/ui", "1.0.0").succeed(nopar.addr()).await;
    for accept in CLIENTS.map(Some).into_iter().chain([None]) {
        let ask = |method: &str, path: &str| {
            let request = nopar.request(path).method(method);
            match accept {
                Some(accept) => request.header("Accept", accept),
                None => request,
            }
        };
        let root = ask("GET", "/").send().await.expect(200);
        assert_eq!(root.json()["db_name"], "registry", "{accept:?}");
        assert_eq!(root.header("content-type"), Some("application/json"));
        for (method, path, status) in [
            ("GET", "/-/nothing", 404),
            ("GET", "/nobody", 404),
            ("GET", "/far/9.9.9", 404),
            ("GET", "/@acme/ui/9.9.9", 404),
            ("GET", "/..", 400),
            ("POST", "/", 405),
            ("GET", "/-/package/@acme/ui/delete", 405),
            ("GET", "/-/package/@acme/ui/refresh", 405),
            ("POST", "/-/package/@acme/ui/refresh", 409),
            ("GET", "/-/package/nobody", 404),
            ("GET", "/-/static/nothing.css", 404),
            ("GET", "/-/login", 404),
            ("GET", "/-/account", 404),
            ("POST", "/-/logout", 404),
        ] {
            let answer = ask(method, path).send().await;
            refusal(&answer, &[status], &format!("{method} {path} {accept:?}"));
        }
        let packument = ask("GET", "/@acme%2fui").send().await.expect(200);
        assert!(packument.json()["versions"]["1.0.0"].is_object(), "{accept:?}");
        let refreshed: Value =
            ask("POST", "/-/package/far/refresh").send().await.expect(200).json();
        assert!(refreshed.is_object(), "{accept:?}");
    }
}

/// What browsers read of packages is JSON as well: only what is about nothing else is a page.
#[tokio::test]
async fn browsers_get_documents_as_they_are_and_pages_for_questions() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    Publish::of("@acme/ui", "1.0.0").succeed(nopar.addr()).await;
    // Which was asked whether the name is its own.
    upstream.clear();
    let document = page(&nopar, "/@acme%2fui").await.expect(200);
    assert_eq!(document.header("content-type"), Some("application/json"));
    // Of what is this registry's own there is nothing to refresh.
    for (what, status) in [("delete", 200), ("refresh", 409)] {
        let path = format!("/-/package/@acme/ui/{what}");
        for method in ["GET", "HEAD"] {
            let asking = nopar.request(&path).method(method).header("Accept", BROWSER);
            let answer = asking.send().await.expect(status);
            assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{what}");
        }
        assert_page(&page(&nopar, &path).await, status, what);
    }
    // Looking does nothing.
    nopar.get("/@acme%2fui").await.expect(200);
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
}
