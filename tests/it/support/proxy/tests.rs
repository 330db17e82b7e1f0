//! The fake proxy, tried: both ways through it, and its refusals.
//! Knows nothing of NOPAR.

use super::FakeProxy;
use crate::support::client::{Connection, Request};
use crate::support::upstream::FakeUpstream;

async fn upstream() -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v);
    upstream
}

#[tokio::test]
async fn absolute_form_is_passed_on_in_origin_form() {
    let (upstream, proxy) = (upstream().await, FakeProxy::start().await);
    proxy.place("registry.example:80", upstream.addr());
    let url = "http://registry.example/a?x=1";
    let request = Request::get(proxy.addr(), url).header("Proxy-Authorization", "Basic eDp5");
    let answer = request.host("registry.example").send().await.expect(200);
    assert_eq!(answer.json(), upstream.packument("a"));
    assert_eq!(proxy.requests()[0].path, url);
    assert_eq!(proxy.requests()[0].header("proxy-authorization"), Some("Basic eDp5"));
    let seen = &upstream.requests()[0];
    assert_eq!((seen.path.as_str(), seen.header("host")), ("/a?x=1", Some("registry.example")));
    assert_eq!(seen.header("proxy-authorization"), None);

    let url = format!("{}/a", upstream.url());
    Request::get(proxy.addr(), &url).send().await.expect(200);
    Request::get(proxy.addr(), "/a").send().await.expect(400);
    let unknown = Request::get(proxy.addr(), "http://nowhere.example/");
    unknown.send().await.expect(502);
    assert_eq!((proxy.count_all(), upstream.count_all()), (4, 2));
}

#[tokio::test]
async fn connect_opens_a_tunnel() {
    let (upstream, proxy) = (upstream().await, FakeProxy::start().await);
    let place = upstream.addr().to_string();
    let mut tunnel = Connection::open(proxy.addr()).await.expect("a connection");
    let request = Request::new(proxy.addr(), "CONNECT", &place);
    tunnel.send(&request).await.expect("sent");
    assert_eq!(tunnel.receive_head().await.expect("a head").status, 200);
    tunnel.get("/a").await.expect(200);
    tunnel.get("/b").await.expect(404);
    assert_eq!(upstream.connections(), 1);
    assert_eq!((proxy.requests()[0].method.as_str(), proxy.count_all()), ("CONNECT", 1));
    assert_eq!(proxy.requests()[0].path, place);
}

#[tokio::test]
async fn credentials_can_be_demanded() {
    let (upstream, proxy) = (upstream().await, FakeProxy::start().await);
    proxy.demand("Basic dXNlcjpwYXNz");
    let url = format!("{}/a", upstream.url());
    Request::get(proxy.addr(), &url).send().await.expect(407);
    let connect = Request::new(proxy.addr(), "CONNECT", &upstream.addr().to_string());
    connect.header("Proxy-Authorization", "Basic x").send().await.expect(407);
    let right =
        Request::get(proxy.addr(), &url).header("Proxy-Authorization", "Basic dXNlcjpwYXNz");
    right.send().await.expect(200);
    assert_eq!(upstream.count_all(), 1);
}
