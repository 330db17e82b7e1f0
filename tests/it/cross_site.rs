//! Requests that pages of other sites have a browser send: those that would do something do nothing.
//! Knows nothing of what they would have done.

use crate::copies::{ask, holding, holding_at};
use crate::packument::entries;
use crate::support::client::{Request, Response};
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, refusal};
use crate::support::upstream::FakeUpstream;

/// What a page can have a browser send without a question.
const SENT: [(&str, &str); 2] = [("POST", "refresh"), ("POST", "delete")];

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

/// NOPAR's own pages, and the person at the browser, by an address that is this machine's.
#[tokio::test]
async fn pages_of_this_registry_do_what_they_ask_for() {
    for host in ["127.0.0.1:5984", "[::1]:5984", "localhost", "npm.localhost:5984"] {
        let (_upstream, nopar) = holding_at(host).await;
        let origin = format!("http://{host}");
        let own = [
            &[("Origin", origin.as_str())][..],
            &[("Origin", origin.as_str()), ("Sec-Fetch-Site", "same-origin")],
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
}

/// A name of somebody's that leads here by now: to the browser, the page below it is one of this registry's.
#[tokio::test]
async fn pages_of_a_name_that_was_led_here_do_nothing() {
    let (upstream, nopar) = holding_at("evil.example:5984").await;
    for version in ["1.0.0", "1.1.0"] {
        Publish::of("own", version).succeed(nopar.addr()).await;
    }
    let (files, document) = (entries(&nopar), nopar.get("/own").await.expect(200).body);
    upstream.clear();
    let from = |request: Request| {
        let request = request.header("Origin", "http://evil.example:5984");
        request.header("Sec-Fetch-Site", "same-origin")
    };
    let of_own = |method: &str, path: &str| nopar.request(path).method(method);
    let mut requests: Vec<Request> =
        SENT.iter().map(|(method, what)| ask(&nopar, method, "a", what)).collect();
    requests.extend([
        ask(&nopar, "POST", "own", "delete"),
        of_own("PUT", "/-/package/own/dist-tags/latest").body("\"1.0.0\""),
        of_own("DELETE", "/own/-rev/undefined"),
        of_own("PUT", "/own").body(Publish::of("own", "1.2.0").document().to_string()),
        of_own("PUT", "/-/user/org.couchdb.user:ann").body(r#"{"name":"ann","password":"x"}"#),
    ]);
    for request in requests {
        let what = format!("{request:?}").chars().take(200).collect::<String>();
        let answer = from(request).send().await;
        refused(&answer, "http://evil.example:5984", &what);
        let error = refusal(&answer, &[403], &what);
        assert!(error.contains("set NOPAR_BASE_URL"), "{what}: {error}");
    }
    assert_eq!(upstream.count_all(), 0, "{:?}", upstream.requests());
    assert_eq!(entries(&nopar), files);
    assert!(nopar.get("/own").await.expect(200).body == document, "it was changed");
    // Who is no browser is not asked by which name they came.
    of_own("PUT", "/-/package/own/dist-tags/latest").body("\"1.0.0\"").send().await.expect(201);
}

/// Behind a proxy a page is where the proxy says, and with a fixed base URL it is there and nowhere else.
#[tokio::test]
async fn the_origin_is_that_of_the_base_url() {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v);
    let behind = TestNopar::with(&upstream).env("NOPAR_TRUSTED_PROXIES", "127.0.0.1");
    let behind = behind.host("localhost").env("NOPAR_OPEN_ADMIN", "yes").start().await;
    let front = || ask(&behind, "POST", "a", "refresh").header("X-Forwarded-Proto", "https");
    front().header("Origin", "https://localhost").send().await.expect(200);
    let answer = front().header("Origin", "http://localhost").send().await;
    refused(&answer, "https://localhost", "the proxy's own way to NOPAR");

    let fixed = TestNopar::with(&upstream).env("NOPAR_BASE_URL", "https://npm.example/npm");
    let fixed = fixed.host("npm.test").env("NOPAR_OPEN_ADMIN", "yes").start().await;
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
    // By PUT a browser would have asked first.
    for method in ["POST", "PUT"] {
        let answer = tag(method).header("Origin", "http://other.test").send().await;
        refused(&answer, "http://npm.test", method);
    }
    let tags = nopar.get("/-/package/own/dist-tags").await.expect(200).json();
    assert_eq!(tags["latest"], "1.1.0");
    tag("POST").send().await.expect(201);
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
