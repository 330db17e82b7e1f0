//! The base URL of what NOPAR says, tarball URLs first: it follows the request, and only decent words.
//! Knows nothing of what else a packument holds.

mod junk;

use crate::support::client::{Request, Response};
use crate::support::nopar::{TestNopar, TestNoparBuilder};
use crate::support::upstream::FakeUpstream;

/// An upstream with one package in a scope: its tarball's URL has all the parts a URL can have.
async fn upstream() -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    upstream.package("@s/n").version("1.0.0", |v| v);
    upstream
}

/// What stands before `/@s/n/-/n-1.0.0.tgz` in the answer.
#[track_caller]
fn base_in(answer: Response) -> String {
    let url = &answer.expect(200).json()["versions"]["1.0.0"]["dist"]["tarball"];
    let url = url.as_str().expect("a URL");
    let base = url.strip_suffix("/@s/n/-/n-1.0.0.tgz");
    base.unwrap_or_else(|| panic!("not the canonical URL: {url}")).to_owned()
}

async fn base_for(request: Request) -> String {
    base_in(request.send().await)
}

fn behind(proxies: &str, upstream: &FakeUpstream) -> TestNoparBuilder {
    TestNopar::with(upstream).env("NOPAR_TRUSTED_PROXIES", proxies)
}

/// Tarball URLs carry the Host the client used, in its usual spelling, and never another client's.
#[tokio::test]
async fn tarball_urls_follow_the_host() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let hosts = [
        ("npm.example", "http://npm.example"),
        ("npm.example:80", "http://npm.example"),
        ("npm.example:8080", "http://npm.example:8080"),
        ("NPM.Example:8080", "http://npm.example:8080"),
        ("[::1]:5984", "http://[::1]:5984"),
        ("[::1]", "http://[::1]"),
        ("[2001:DB8::1]:81", "http://[2001:db8::1]:81"),
        ("127.0.0.1:5984", "http://127.0.0.1:5984"),
        ("my_registry:4873", "http://my_registry:4873"),
    ];
    // Twice, and with an unpacked body in between: cold, warm, prebuilt and derived views.
    for encoding in ["gzip", "identity", "gzip"] {
        for (host, base) in hosts {
            let request = Request::get(nopar.addr(), "/@s%2fn").host(host);
            let request = request.header("Accept-Encoding", encoding);
            assert_eq!(base_for(request).await, base, "{host} {encoding}");
        }
    }
    assert_eq!(upstream.count_all(), 1);
}

/// Two clients with two Hosts, asking in turn, never get each other's URLs or ETags.
#[tokio::test]
async fn hosts_do_not_mix_and_have_etags_of_their_own() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let ask = |host: &str| Request::get(nopar.addr(), "/@s/n").host(host);
    let etag = |answer: Response| answer.header("etag").expect("an ETag").to_owned();
    let (a, b) = (etag(ask("a:1").send().await), etag(ask("b:2").send().await));
    assert_ne!(a, b);
    for _ in 0..3 {
        ask("a:1").header("If-None-Match", &a).send().await.expect(304);
        let other = ask("b:2").header("If-None-Match", &a).send().await;
        assert_eq!(base_in(other), "http://b:2");
    }
}

/// A manifest names its tarball at the same place as the packument.
#[tokio::test]
async fn manifests_follow_the_host_too() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for host in ["a.test", "b.test:81"] {
        let request = Request::get(nopar.addr(), "/@s/n/latest").host(host);
        let url = request.send().await.expect(200).json()["dist"]["tarball"].clone();
        assert_eq!(url, format!("http://{host}/@s/n/-/n-1.0.0.tgz"));
    }
}

/// HTTP/1.0 needs no Host: the URLs then name the address the client connected to.
#[tokio::test]
async fn http_1_0_without_host_gets_the_address_it_connected_to() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let request = Request::get(nopar.addr(), "/@s%2fn").http10().without_host();
    assert_eq!(base_for(request).await, format!("http://{}", nopar.addr()));
    let request = Request::get(nopar.addr(), "/@s%2fn").http10().host("old.test");
    assert_eq!(base_for(request).await, "http://old.test");
}

/// An absolute request target names the host; a Host line that says otherwise is refused.
#[tokio::test]
async fn an_absolute_target_names_the_host() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let request = Request::get(nopar.addr(), "http://target.test:8000/@s%2fn");
    let same = request.clone().host("target.test:8000");
    assert_eq!(base_for(same).await, "http://target.test:8000");
    request.host("other.test").send().await.expect(400);
}

/// What a trusted proxy says of scheme, host, port and prefix is used; of a list, its first element.
#[tokio::test]
async fn a_trusted_proxy_is_believed() {
    let upstream = upstream().await;
    let nopar = behind("10.0.0.0/8, 127.0.0.1", &upstream).start().await;
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[("X-Forwarded-Proto", "https")], "https://inner.test"),
        (&[("X-Forwarded-Host", "npm.example")], "http://npm.example"),
        (
            &[("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "npm.example, inner2.test")],
            "https://npm.example",
        ),
        (
            &[("X-Forwarded-Proto", "https"), ("X-Forwarded-Port", "8443")],
            "https://inner.test:8443",
        ),
        (
            &[("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "NPM.example:443")],
            "https://npm.example",
        ),
        (&[("X-Forwarded-Prefix", "/npm/")], "http://inner.test/npm"),
        (
            &[("Forwarded", "for=1.2.3.4;proto=https;host=\"npm.example:8443\"")],
            "https://npm.example:8443",
        ),
    ];
    for (headers, base) in cases {
        let mut request = Request::get(nopar.addr(), "/@s%2fn").host("inner.test");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        assert_eq!(base_for(request).await, base, "{headers:?}");
    }
    assert_eq!(upstream.count_all(), 1);
}

/// A prefix that a trusted proxy names may still be on the path, or be cut off already.
#[tokio::test]
async fn a_forwarded_prefix_is_answered_with_and_without() {
    let upstream = upstream().await;
    let nopar = behind("127.0.0.1", &upstream).start().await;
    for path in ["/npm/@s%2fn", "/@s%2fn"] {
        let request = Request::get(nopar.addr(), path).host("h.test");
        let request = request.header("X-Forwarded-Prefix", "/npm");
        assert_eq!(base_for(request).await, "http://h.test/npm", "{path}");
    }
}

/// What anybody else says in these headers is not read at all.
#[tokio::test]
async fn an_untrusted_peer_is_not_believed() {
    let upstream = upstream().await;
    for trusted in ["", "10.0.0.0/8, ::1"] {
        let nopar = behind(trusted, &upstream).start().await;
        let request = Request::get(nopar.addr(), "/@s%2fn")
            .host("h.test")
            .header("X-Forwarded-Proto", "https")
            .header("X-Forwarded-Host", "evil.example")
            .header("X-Forwarded-Port", "\"")
            .header("X-Forwarded-Prefix", "/../evil")
            .header("Forwarded", "host=evil.example;proto=https");
        assert_eq!(base_for(request).await, "http://h.test");
    }
}

/// A configured base URL goes before everything a request says.
#[tokio::test]
async fn a_configured_base_url_is_always_right() {
    let upstream = upstream().await;
    let nopar = behind("127.0.0.1", &upstream).env("NOPAR_BASE_URL", "https://NPM.example:443/");
    let nopar = nopar.start().await;
    let request = Request::get(nopar.addr(), "/@s%2fn").host("h.test:81");
    assert_eq!(base_for(request).await, "https://npm.example");
    let request = Request::get(nopar.addr(), "/@s%2fn").header("X-Forwarded-Host", "x.example");
    assert_eq!(base_for(request).await, "https://npm.example");
}

/// Below a configured path, everything is answered with the path and without it.
#[tokio::test]
async fn a_configured_path_is_answered_with_and_without() {
    let upstream = upstream().await;
    let bytes = upstream.tarball("@s/n", "1.0.0");
    let nopar = TestNopar::with(&upstream).env("NOPAR_BASE_URL", "http://npm.example/a/registry/");
    let nopar = nopar.start().await;
    for prefix in ["", "/a/registry"] {
        let packument = nopar.get(&format!("{prefix}/@s%2fn")).await;
        assert_eq!(base_in(packument), "http://npm.example/a/registry");
        let tarball = nopar.get(&format!("{prefix}/@s/n/-/n-1.0.0.tgz")).await;
        assert_eq!(tarball.expect(200).body, bytes);
        nopar.get(&format!("{prefix}/-/ping")).await.expect(200);
        nopar.get(&format!("{prefix}/@s/n/1.0.0")).await.expect(200);
        nopar.get(&format!("{prefix}/-/package/@s%2fn/dist-tags")).await.expect(200);
        nopar.get(&format!("{prefix}/-/nothing")).await.expect(404);
    }
    assert_eq!(upstream.count_all(), 2);
}
