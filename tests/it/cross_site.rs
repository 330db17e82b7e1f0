//! Requests that pages of other sites have a browser send: those that would do something do nothing.
//! Knows nothing of what they would have done.

use crate::copies::{ask, holding};
use crate::packument::entries;
use crate::support::client::Response;
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, refusal};
use crate::support::upstream::FakeUpstream;

/// What a page can have a browser send without a question.
const SENT: [(&str, &str); 3] = [("GET", "refresh"), ("POST", "refresh"), ("POST", "delete")];

/// Fails the test unless the request was refused for where it came from, and says what NOPAR's own address is.
#[track_caller]
fn refused(answer: &Response, base: &str, what: &str) {
    let error = refusal(answer, &[403], what);
    assert!(error.contains(&format!("{base}/")), "{what}: {error}");
    assert_eq!(answer.json()["reason"], "cross_site", "{what}");
}

/// By an image, a form or a script of another site, or of another name or port of the same one.
#[tokio::test]
async fn pages_of_other_sites_do_nothing() {
    let (upstream, nopar) = holding().await;
    let files = entries(&nopar);
    for (method, what) in SENT {
        for (name, value) in [
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
            ("Origin", "http://other.test"),
            ("Origin", "https://npm.test"),
            ("Origin", "http://npm.test:8080"),
            ("Origin", "http://www.npm.test"),
            ("Origin", "null"),
        ] {
            let answer = ask(&nopar, method, "a", what).header(name, value).send().await;
            refused(&answer, "http://npm.test", &format!("{method} {what} {name}: {value}"));
        }
    }
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
    assert_eq!(entries(&nopar), files);
}

/// NOPAR's own pages, and the person at the browser.
#[tokio::test]
async fn pages_of_this_registry_do_what_they_ask_for() {
    let (_upstream, nopar) = holding().await;
    let own = [
        &[("Origin", "http://npm.test")][..],
        &[("Origin", "http://npm.test"), ("Sec-Fetch-Site", "same-origin")],
        &[("Sec-Fetch-Site", "same-origin")],
        &[("Sec-Fetch-Site", "none")],
        &[],
    ];
    for lines in own {
        for (method, what) in SENT {
            nopar.get("/a").await.expect(200);
            let mut request = ask(&nopar, method, "a", what);
            for (name, value) in lines {
                request = request.header(name, value);
            }
            request.send().await.expect(200);
        }
    }
}

/// Behind a proxy a page is where the proxy says, and with a fixed base URL it is there and nowhere else.
#[tokio::test]
async fn the_origin_is_that_of_the_base_url() {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v);
    let behind = TestNopar::with(&upstream).env("NOPAR_TRUSTED_PROXIES", "127.0.0.1");
    let behind = behind.host("npm.test").start().await;
    let front = || ask(&behind, "POST", "a", "refresh").header("X-Forwarded-Proto", "https");
    front().header("Origin", "https://npm.test").send().await.expect(200);
    let answer = front().header("Origin", "http://npm.test").send().await;
    refused(&answer, "https://npm.test", "the proxy's own way to NOPAR");

    let fixed = TestNopar::with(&upstream).env("NOPAR_BASE_URL", "https://npm.example/npm");
    let fixed = fixed.host("npm.test").start().await;
    let post = || ask(&fixed, "POST", "a", "refresh");
    post().header("Origin", "https://npm.example").send().await.expect(200);
    let below = fixed.request("/npm/-/package/a/refresh").method("POST");
    below.header("Origin", "https://npm.example").send().await.expect(200);
    let answer = post().header("Origin", "http://npm.test").send().await;
    refused(&answer, "https://npm.example/npm", "another name of it");
}

/// A script can send any body without a question, as long as it is by POST and called text.
#[tokio::test]
async fn pages_of_other_sites_set_no_tag() {
    let (_upstream, nopar) = holding().await;
    for version in ["1.0.0", "1.1.0"] {
        Publish::of("own", version).succeed(nopar.addr()).await;
    }
    let tag = |method| {
        let request = nopar.request("/-/package/own/dist-tags/latest").method(method);
        request.header("Content-Type", "text/plain").body("\"1.0.0\"")
    };
    let answer = tag("POST").header("Origin", "http://other.test").send().await;
    refused(&answer, "http://npm.test", "a tag");
    let tags = nopar.get("/-/package/own/dist-tags").await.expect(200).json();
    assert_eq!(tags["latest"], "1.1.0");
    tag("POST").send().await.expect(201);
    // By PUT a browser would have asked first.
    tag("PUT").header("Origin", "http://other.test").send().await.expect(201);
}

/// A browser that asks whether a page of another site may send something is not told that it may.
#[tokio::test]
async fn no_other_site_is_let_in() {
    let (_upstream, nopar) = holding().await;
    for (path, method) in [
        ("/a", "PUT"),
        ("/a/-rev/1", "DELETE"),
        ("/-/package/a/dist-tags/beta", "PUT"),
        ("/-/package/a/delete", "POST"),
        ("/-/user/org.couchdb.user:ann", "PUT"),
    ] {
        let question = nopar.request(path).method("OPTIONS").header("Origin", "http://other.test");
        let question = question.header("Access-Control-Request-Method", method);
        let answer = question.send().await.expect(204);
        for (name, _) in answer.headers.iter() {
            let name = name.to_ascii_lowercase();
            assert!(!name.starts_with("access-control-"), "{path}: {:?}", answer.headers);
        }
    }
}
