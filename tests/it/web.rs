//! Pages for people: what stands on them, who sees what, and that clients get what they always got.
//! Knows nothing of how pages are made.

mod account;
pub(crate) mod browser;
mod clients;
mod confirm;
mod errors;
mod files;
mod home;
mod list;
mod package;
mod raw;
mod session;
mod snapshots;
mod sniffing;
mod statics;
mod unseen;

use crate::support::client::Response;
use crate::support::deadline::within;
use crate::support::nopar::TestNopar;

/// What Firefox sends.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// All pages that there are in the open mode.
const PAGES: [&str; 6] = [
    "/",
    "/-/packages/all",
    "/-/packages/local",
    "/-/packages/proxied",
    "/-/package/@acme/ui",
    "/-/settings",
];

/// What a browser gets there.
async fn page(nopar: &TestNopar, path: &str) -> Response {
    nopar.request(path).header("Accept", BROWSER).send().await
}

/// The same, once this is on it: what was fetched is known of soon.
async fn page_with(nopar: &TestNopar, path: &str, part: &str) -> String {
    let looking = async {
        loop {
            let text = page(nopar, path).await.expect(200).text();
            if text.contains(part) {
                return text;
            }
            tokio::task::yield_now().await;
        }
    };
    within(format!("{part} on {path}"), looking).await
}

/// What the style and the script of a page are known by.
#[track_caller]
fn nonce_of(answer: &Response) -> String {
    let policy = answer.header("content-security-policy").expect("a policy");
    let (_, nonce) = policy.split_once("script-src 'nonce-").expect("a nonce");
    let nonce = nonce.split('\'').next().expect("its end");
    assert_eq!(nonce.len(), 22, "{policy}");
    nonce.to_owned()
}

/// A page without that, which differs from one to the next.
#[track_caller]
pub(crate) fn plain(answer: &Response) -> String {
    answer.text().replace(&nonce_of(answer), "NONCE")
}

/// Fails the test unless it is a page, and browsers are told what it may do.
#[track_caller]
fn assert_page(answer: &Response, status: u16, what: &str) {
    let text = answer.text();
    assert_eq!(answer.status, status, "{what}: {text}");
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{what}: {name}");
    }
    let policy = answer.header("content-security-policy").expect("a policy");
    for part in ["default-src 'none'", "frame-ancestors 'none'"] {
        assert!(policy.split("; ").any(|it| it == part), "{what}: {policy}");
    }
    // Nothing else of this registry is a style or a script: anybody may publish what looks like one.
    let nonce = nonce_of(answer);
    for kind in ["style-src", "script-src"] {
        let part = format!("{kind} 'nonce-{nonce}'");
        assert!(policy.split("; ").any(|it| it == part), "{what}: {policy}");
    }
    assert_eq!(text.matches(&format!(" nonce=\"{nonce}\"")).count(), 2, "{what}: {text}");
    assert!(
        text.starts_with("<!doctype html>") && text.trim_end().ends_with("</html>"),
        "{what}: {text}"
    );
    for (part, count) in [("<h1", 1), ("<main", 1), ("</main>", 1), ("<title>", 1)] {
        assert_eq!(text.matches(part).count(), count, "{what}: {part}");
    }
    // The policy would forbid them.
    for part in ["<style", " style=", " onclick=", " onload="] {
        assert!(!text.contains(part), "{what}: {part}");
    }
}
