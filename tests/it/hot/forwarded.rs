//! Behind a proxy that is trusted, answers are as ready as without one, and each has its own addresses.
//! Knows nothing of how what a proxy says is read.

use std::net::IpAddr;

use super::made::PEERS;
use super::{is_hot, tarball, upstream};
use crate::support::client::{Request, Response};
use crate::support::nopar::TestNopar;

const HOST: &str = "inside.test";
/// What proxies say, and the base URL that it leads to.
const SAID: [(&[(&str, &str)], &str); 4] = [
    (&[("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "front.test")], "https://front.test"),
    (&[("X-Forwarded-Proto", "https")], "https://inside.test"),
    (&[("X-Forwarded-Host", "front.test"), ("X-Forwarded-Port", "8080")], "http://front.test:8080"),
    (&[("Forwarded", "for=10.0.0.1;proto=https;host=front.test")], "https://front.test"),
];

async fn ask(nopar: &TestNopar, peer: IpAddr, path: &str, said: &[(&str, &str)]) -> Response {
    let request = Request::get(nopar.addr(), path).host(HOST).from(peer);
    let request = said.iter().fold(request, |request, (name, value)| request.header(name, value));
    request.send().await.expect(200)
}

/// The tarball's URL in the answer to who asks this way, once that is ready.
async fn url(nopar: &TestNopar, peer: IpAddr, said: &[(&str, &str)]) -> String {
    for _ in 0..3 {
        let answer = ask(nopar, peer, "/small", said).await;
        if is_hot(&answer.headers) {
            let json = answer.json();
            return json["versions"]["1.0.0"]["dist"]["tarball"]
                .as_str()
                .expect("a URL")
                .to_owned();
        }
    }
    panic!("{said:?} from {peer} is not hot");
}

/// What a trusted proxy says counts, and the same from others does not, whoever asked first.
#[tokio::test]
async fn what_proxies_say_is_ready_and_counts_from_the_trusted_only() {
    let upstream = upstream().await;
    let [other, proxy] = PEERS;
    let nopar = TestNopar::with(&upstream).env("NOPAR_TRUSTED_PROXIES", &proxy.to_string());
    let nopar = nopar.start().await;
    let path = tarball("small");
    for _ in 0..2 {
        for (said, base) in SAID {
            assert_eq!(url(&nopar, proxy, said).await, format!("{base}{path}"), "{said:?}");
            assert_eq!(url(&nopar, other, said).await, format!("http://{HOST}{path}"), "{said:?}");
        }
        assert_eq!(url(&nopar, proxy, &[]).await, format!("http://{HOST}{path}"));
    }
}

/// Below a prefix, tarballs are ready, too; and a prefix from who is not trusted is not there.
#[tokio::test]
async fn tarballs_below_a_prefix() {
    let upstream = upstream().await;
    let [other, proxy] = PEERS;
    let nopar = TestNopar::with(&upstream).env("NOPAR_TRUSTED_PROXIES", &proxy.to_string());
    let nopar = nopar.start().await;
    let (said, path) = ([("X-Forwarded-Prefix", "/npm")], format!("/npm{}", tarball("large")));
    for _ in 0..3 {
        ask(&nopar, proxy, &path, &said).await;
    }
    assert!(is_hot(&ask(&nopar, proxy, &path, &said).await.headers));
    let request = Request::get(nopar.addr(), &path).from(other).header(said[0].0, said[0].1);
    request.send().await.expect(404);
}
