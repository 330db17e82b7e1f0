//! Certificates of upstreams: refused when unknown, trusted by NOPAR_CA_FILE, ignored when told so.
//! Knows nothing of proxies.

use std::time::Instant;

use super::tls_front::TlsFront;
use super::{failed_in_time, upstream};
use crate::support::binary::Binary;
use crate::support::client::get;
use crate::support::nopar::TestNopar;

const PATHS: [&str; 2] = ["/a", "/a/-/a-1.0.0.tgz"];
/// By name and by address: the two are checked in different ways.
const HOSTS: [&str; 2] = ["localhost", "127.0.0.1"];

/// A certificate of an unknown authority is refused, and the upstream sees no request.
#[tokio::test]
async fn an_unknown_authority_is_refused() {
    let upstream = upstream().await;
    let front = TlsFront::start(upstream.addr(), &HOSTS).await;
    for host in HOSTS {
        let url = format!("https://{host}:{}", front.port());
        let nopar = TestNopar::forwarding_to(&url).start().await;
        for path in PATHS {
            let since = Instant::now();
            failed_in_time(nopar.get(path).await, 502, since, 5);
        }
    }
    assert_eq!(upstream.count_all(), 0);
}

/// The log says so in words, and the line of the request says that it failed.
#[tokio::test]
async fn an_unknown_authority_is_told_of_in_plain_words() {
    let upstream = upstream().await;
    let front = TlsFront::start(upstream.addr(), &HOSTS).await;
    let url = format!("https://localhost:{}", front.port());
    let (nopar, addr) = Binary::serving(&url, &[]).await;
    get(addr, "/a").await.expect(502);
    nopar
        .says("could not be fetched: its certificate is not trusted (UnknownIssuer): NOPAR_CA_FILE")
        .await;
    let line = nopar.says("GET /a 502").await;
    assert!(line.contains(" error=upstream_unreachable "), "{line}");
}

/// So it does where nobody listens.
#[tokio::test]
async fn an_upstream_that_refuses_connections_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let nobody = listener.local_addr().expect("an address");
    drop(listener);
    let (nopar, addr) = Binary::serving(&format!("http://{nobody}"), &[]).await;
    get(addr, "/a").await.expect(502);
    nopar.says(&format!("could not be fetched: connection refused by {nobody}")).await;
}

/// With the authority in NOPAR_CA_FILE it is trusted, by name and by address.
#[tokio::test]
async fn a_configured_authority_is_trusted() {
    let upstream = upstream().await;
    let front = TlsFront::start(upstream.addr(), &HOSTS).await;
    for host in HOSTS {
        let url = format!("https://{host}:{}", front.port());
        let nopar = TestNopar::forwarding_to(&url).env("NOPAR_CA_FILE", &front.ca_file());
        let nopar = nopar.start().await;
        for path in PATHS {
            let answer = nopar.get(path).await;
            assert_eq!(answer.status, 200, "{host}: {path}");
        }
    }
    assert_eq!(upstream.count_all(), 4);
}

/// A trusted authority's certificate for another name or address is refused all the same.
#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let upstream = upstream().await;
    for (names, host) in [
        (["registry.example", "127.0.0.1"], "localhost"),
        (["registry.example", "localhost"], "127.0.0.1"),
        (["127.0.0.2", "localhost"], "127.0.0.1"),
    ] {
        let front = TlsFront::start(upstream.addr(), &names).await;
        let url = format!("https://{host}:{}", front.port());
        let nopar = TestNopar::forwarding_to(&url).env("NOPAR_CA_FILE", &front.ca_file());
        let nopar = nopar.start().await;
        for path in PATHS {
            let answer = nopar.get(path).await;
            assert_eq!(answer.status, 502, "{host} with a certificate for {names:?}: {path}");
        }
    }
    assert_eq!(upstream.count_all(), 0);
}

/// With NOPAR_IGNORE_CERT any certificate will do.
#[tokio::test]
async fn any_certificate_will_do_when_told_so() {
    let upstream = upstream().await;
    let front = TlsFront::start(upstream.addr(), &["registry.example"]).await;
    for host in HOSTS {
        let url = format!("https://{host}:{}", front.port());
        let nopar = TestNopar::forwarding_to(&url).env("NOPAR_IGNORE_CERT", "yes");
        let nopar = nopar.start().await;
        for path in PATHS {
            let answer = nopar.get(path).await;
            assert_eq!(answer.status, 200, "{host}: {path}");
        }
    }
    assert_eq!(upstream.count_all(), 4);
}

/// The tarball URLs of an upstream with TLS are rewritten to NOPAR's own scheme.
#[tokio::test]
async fn tarball_urls_have_nopars_scheme() {
    let upstream = upstream().await;
    let front = TlsFront::start(upstream.addr(), &HOSTS).await;
    let url = format!("https://127.0.0.1:{}", front.port());
    let nopar = TestNopar::forwarding_to(&url).env("NOPAR_CA_FILE", &front.ca_file());
    let nopar = nopar.host("npm.test").start().await;
    let packument = nopar.get("/a").await.expect(200).json();
    let tarball = &packument["versions"]["1.0.0"]["dist"]["tarball"];
    assert_eq!(tarball, "http://npm.test/a/-/a-1.0.0.tgz");
}
