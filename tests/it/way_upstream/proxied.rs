//! A corporate proxy on the way: absolute-form in the clear, CONNECT for TLS, and its refusals.
//! Knows nothing of upstreams reached directly.

use std::net::SocketAddr;
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::tls_front::TlsFront;
use super::{failed_in_time, upstream};
use crate::support::nopar::{TestNopar, TestNoparBuilder};
use crate::support::proxy::FakeProxy;

const PATHS: [&str; 2] = ["/a", "/a/-/a-1.0.0.tgz"];
/// `us:er` is no user's name, but `p@s/s:word` is a password: both are percent-encoded in the URL.
const USERINFO: &str = "user:p%40s%2Fs%3Aword";
/// `user:p@s/s:word`
const BASIC: &str = "Basic dXNlcjpwQHMvczp3b3Jk";

fn with_credentials(builder: TestNoparBuilder, proxy: SocketAddr) -> TestNoparBuilder {
    builder.env("NOPAR_PROXY_URL", &format!("http://{USERINFO}@{proxy}"))
}

/// An http upstream is asked in absolute-form, with the proxy's credentials and the upstream's Host.
#[tokio::test]
async fn an_http_upstream_is_asked_in_absolute_form() {
    let (upstream, proxy) = (upstream().await, FakeProxy::start().await);
    proxy.place("registry.example:80", upstream.addr());
    proxy.demand(BASIC);
    let nopar =
        with_credentials(TestNopar::forwarding_to("http://registry.example/"), proxy.addr());
    let nopar = nopar.env("NOPAR_FORWARDER_TOKEN", "npm_token").start().await;
    // The tarball first: at the usual path, so at the upstream's own name.
    for path in ["/a/-/a-1.0.0.tgz", "/a"] {
        nopar.get(path).await.expect(200);
    }
    let seen = proxy.requests();
    assert_eq!(seen[0].path, "http://registry.example/a/-/a-1.0.0.tgz");
    assert_eq!(seen[1].path, "http://registry.example/a");
    for seen in seen {
        assert_eq!(seen.header("proxy-authorization"), Some(BASIC));
        assert_eq!(seen.header("host"), Some("registry.example"));
    }
    assert_eq!(upstream.requests()[0].header("authorization"), Some("Bearer npm_token"));
    assert_eq!(upstream.count_all(), 2);
    assert_eq!(proxy.count_all(), 2);
}

/// An https upstream is reached by CONNECT; its credentials and paths stay inside the tunnel.
#[tokio::test]
async fn an_https_upstream_is_reached_by_connect() {
    let (upstream, proxy) = (upstream().await, FakeProxy::start().await);
    let front = TlsFront::start(upstream.addr(), &["registry.example"]).await;
    proxy.place("registry.example:443", front.addr());
    proxy.demand(BASIC);
    let nopar =
        with_credentials(TestNopar::forwarding_to("https://registry.example"), proxy.addr());
    let nopar =
        nopar.env("NOPAR_CA_FILE", &front.ca_file()).env("NOPAR_FORWARDER_TOKEN", "npm_token");
    let nopar = nopar.start().await;
    // The tarball first: at the usual path, so at the upstream's own name.
    for path in ["/a/-/a-1.0.0.tgz", "/a"] {
        nopar.get(path).await.expect(200);
    }
    for seen in proxy.requests() {
        assert_eq!((seen.method.as_str(), seen.path.as_str()), ("CONNECT", "registry.example:443"));
        assert_eq!(seen.header("proxy-authorization"), Some(BASIC));
        assert_eq!(seen.header("host"), Some("registry.example:443"));
        assert_eq!(seen.header("authorization"), None);
    }
    for seen in upstream.requests() {
        assert!(seen.path.starts_with("/a"), "{}", seen.path);
        assert_eq!(seen.header("proxy-authorization"), None);
        assert_eq!(seen.header("authorization"), Some("Bearer npm_token"));
    }
    assert_eq!(upstream.count_all(), 2);
}

/// A tunnel changes nothing about certificates: an unknown authority is refused in it.
#[tokio::test]
async fn certificates_are_checked_inside_a_tunnel() {
    let (upstream, proxy) = (upstream().await, FakeProxy::start().await);
    for (names, trusted) in [("registry.example", false), ("other.example", true)] {
        let front = TlsFront::start(upstream.addr(), &[names]).await;
        proxy.place("registry.example:443", front.addr());
        let mut nopar = TestNopar::forwarding_to("https://registry.example").via(&proxy);
        if trusted {
            nopar = nopar.env("NOPAR_CA_FILE", &front.ca_file());
        }
        let nopar = nopar.start().await;
        for path in PATHS {
            let since = Instant::now();
            failed_in_time(nopar.get(path).await, 502, since, 5);
        }
    }
    assert_eq!(upstream.count_all(), 0);
}

/// A proxy that refuses, demands other credentials or is down: a 502 in JSON that shows no secret.
#[tokio::test]
async fn a_proxy_that_refuses_is_a_502() {
    let proxy = FakeProxy::start().await;
    let nopar =
        with_credentials(TestNopar::forwarding_to("https://registry.example"), proxy.addr());
    let nopar = nopar.start().await;
    let ask = async || {
        for path in PATHS {
            let since = Instant::now();
            let answer = nopar.get(path).await;
            assert!(!answer.text().contains("p@s/s:word"), "{}", answer.text());
            failed_in_time(answer, 502, since, 5);
        }
    };
    // It knows no such place.
    ask().await;
    proxy.demand("Basic other");
    ask().await;
    proxy.stop().await;
    ask().await;
}

/// The same of a proxy asked in the clear: its 407 is NOPAR's trouble, not the client's.
#[tokio::test]
async fn a_407_in_the_clear_is_a_502() {
    let proxy = FakeProxy::start().await;
    proxy.demand("Basic other");
    let nopar = with_credentials(TestNopar::forwarding_to("http://registry.example"), proxy.addr());
    let nopar = nopar.start().await;
    for path in PATHS {
        let since = Instant::now();
        let answer = nopar.get(path).await;
        assert!(!answer.headers.has("proxy-authenticate"), "{path}");
        failed_in_time(answer, 502, since, 5);
    }
}

/// A proxy that answers CONNECT with nonsense, nothing, or without end is an error in time.
#[tokio::test]
async fn a_proxy_that_talks_nonsense_is_an_error_in_time() {
    for (said, status) in [
        (Said::Text("HTTP/1.1 200 OK\r\n"), 502),
        (Said::Text(""), 502),
        (Said::Text("SSH-2.0-OpenSSH_9.9\r\n\r\n"), 502),
        (Said::Endless, 502),
        (Said::Nothing, 504),
    ] {
        let proxy = nonsense(said).await;
        let nopar = TestNopar::forwarding_to("https://registry.example");
        let nopar = nopar.env("NOPAR_PROXY_URL", &format!("http://{proxy}"));
        let nopar = nopar.env("NOPAR_CONNECT_TIMEOUT", "500ms").start().await;
        for path in PATHS {
            let since = Instant::now();
            failed_in_time(nopar.get(path).await, status, since, 4);
        }
    }
}

/// What NO_PROXY covers is reached directly, in either spelling; all else is not.
#[tokio::test]
async fn no_proxy_is_honoured() {
    let (upstream, proxy) = (upstream().await, FakeProxy::start().await);
    for (name, value) in
        [("NO_PROXY", "other.example, 127.0.0.0/8"), ("no_proxy", "127.0.0.1"), ("NO_PROXY", "*")]
    {
        let nopar = TestNopar::with(&upstream).via(&proxy).env(name, value).start().await;
        for path in PATHS {
            nopar.get(path).await.expect(200);
        }
    }
    assert_eq!((proxy.count_all(), upstream.count_all()), (0, 6));
    let nopar = TestNopar::with(&upstream).via(&proxy).env("NO_PROXY", "10.0.0.0/8,example");
    nopar.start().await.get("/a").await.expect(200);
    assert_eq!((proxy.count_all(), upstream.count_all()), (1, 7));
    for seen in upstream.requests() {
        assert!(seen.path.starts_with("/a"), "origin-form: {}", seen.path);
        assert_eq!(seen.header("proxy-authorization"), None);
    }
}

#[derive(Clone, Copy)]
enum Said {
    /// This, and then a close.
    Text(&'static str),
    /// A head that goes on until the other side hangs up.
    Endless,
    /// Nothing, and no close.
    Nothing,
}

/// A proxy that reads what it is asked and says that; it ends with the test's runtime.
async fn nonsense(said: Said) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addr = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                match said {
                    Said::Text(text) => drop(stream.write_all(text.as_bytes()).await),
                    Said::Endless => {
                        let line = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(1000));
                        while stream.write_all(line.as_bytes()).await.is_ok() {}
                    }
                    Said::Nothing => std::future::pending().await,
                }
            });
        }
    });
    addr
}
