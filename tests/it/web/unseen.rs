//! Names that are hidden from who looks, or kept for this registry: on pages, they are as any that is not held.
//! Knows nothing of what clients are told.

use super::browser::Browser;
use super::nonce_of;
use crate::support::client::Response;
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, path_of, send};
use crate::support::upstream::FakeUpstream;
use crate::users::{PASSWORD, log_in, user};

const RULES: &str =
    "[[rule]]\npackages = [\"@acme/*\", \"hid-*\"]\nread = [\"ann\"]\ncreate = [\"ann\"]\n";

/// All that pages have of a name.
const PAGES: [&str; 8] = [
    "",
    "?version=1.0.0",
    "/files/1.0.0",
    "/files/1.0.0/package.json",
    "/raw",
    "/raw/1.0.0",
    "/refresh",
    "/delete",
];

/// An answer without what differs from one to the next, and without the name.
fn said(answer: &Response, name: &str) -> (u16, Vec<(String, String)>, String) {
    let is_page = answer.header("content-security-policy").is_some();
    let nonce = if is_page { nonce_of(answer) } else { "-".to_owned() };
    let encoded = name.replace('@', "%40").replace('/', "%2F");
    let plain = |text: &str| {
        let text = if is_page { text.replace(&nonce, "NONCE") } else { text.to_owned() };
        let location =
            path_of(name).trim_start_matches('/').replace('%', "%25").replace('@', "%40");
        [name, &encoded, &location, path_of(name).trim_start_matches('/')]
            .iter()
            .fold(text, |text, spelt| text.replace(spelt, "NAME"))
    };
    let headers = answer.headers.iter().map(|(name, value)| (name.to_owned(), plain(value)));
    let kept = headers.filter(|(name, _)| {
        !["date", "content-length", "x-request-id"].iter().any(|it| name.eq_ignore_ascii_case(it))
    });
    (answer.status, kept.collect(), plain(&answer.text()))
}

/// Hidden and there, hidden and not there, claimed and not there: all as a name of nobody's.
#[tokio::test]
async fn what_is_hidden_or_kept_is_as_what_is_not_held() {
    let upstream = FakeUpstream::start().await;
    upstream.package("hid-far").version("1.0.0", |v| v);
    let nopar = TestNopar::with(&upstream).env("NOPAR_AUTH", "users").file(RULES);
    let nopar = nopar.env("NOPAR_LOCAL_PACKAGES", "kept-*").start().await;
    for name in ["ann", "bob"] {
        user(nopar.registry_path(), &format!("add {name}"), PASSWORD).await;
    }
    let ann = log_in(&nopar, "ann", PASSWORD).await;
    let document = Publish::of("@acme/ui", "1.0.0").document();
    let put = send(nopar.addr(), "PUT", &path_of("@acme/ui"), &document);
    put.header("Authorization", &ann).send().await.expect(201);
    nopar.request("/hid-far").header("Authorization", &ann).send().await.expect(200);
    upstream.clear();
    let (bob, nobody) = (Browser::of(&nopar, "bob").await, Browser::at(nopar.addr()));
    for browser in [&bob, &nobody] {
        for page in PAGES {
            for accept in ["text/html", "application/json"] {
                let asking = async |name: &str| {
                    let mut request = browser.request("GET", &format!("/-/package/{name}{page}"));
                    if accept != "text/html" {
                        request = crate::support::client::Request::get(
                            nopar.addr(),
                            &format!("/-/package/{name}{page}"),
                        );
                    }
                    said(&request.send().await, name)
                };
                let unknown = asking("nobody").await;
                let expected = match (page, accept) {
                    ("/refresh" | "/delete", "application/json") => 405,
                    ("/refresh" | "/delete", _) if browser.cookie.is_none() => 303,
                    ("/refresh" | "/delete", _) => 403,
                    _ => 404,
                };
                assert_eq!(unknown.0, expected, "{page} {accept}");
                for name in ["@acme/ui", "@acme/zz", "hid-far", "hid-none", "kept-name"] {
                    assert_eq!(asking(name).await, unknown, "{name}{page} {accept}");
                }
            }
        }
    }
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
}
