//! A NOPAR whose upstream leads back to it: told as a loop, not waited for.
//! Knows nothing of configurations that are refused at the start.

use std::time::{Duration, Instant};

use super::{json_error, upstream};
use crate::support::nopar::TestNopar;
use crate::support::proxy::FakeProxy;

/// A request that carries this very NOPAR's mark came around: 508, and it goes no further.
#[tokio::test]
async fn a_request_with_its_own_mark_is_a_508() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    nopar.get("/a").await.expect(200);
    let mark = upstream.requests()[0].header("via").expect("a Via").to_owned();
    upstream.clear();
    for via in [mark.clone(), format!("1.0 other, {mark}"), format!("{mark}, 1.1 other")] {
        for path in ["/a", "/b", "/a/-/a-1.0.0.tgz"] {
            let request = nopar.request(path).header("Via", &via);
            json_error(request.send().await, 508, path);
        }
        let request = nopar.request("/a").header("Via", "1.1 other").header("Via", &via);
        json_error(request.send().await, 508, "two lines");
    }
    assert_eq!(upstream.count_all(), 0);
    // Another's mark is nothing to it.
    let request = nopar.request("/a").header("Via", "1.1 nopar-0123456789abcdef");
    request.send().await.expect(200);
}

/// Two NOPARs that are each other's upstream: whoever asks is told at once.
#[tokio::test]
async fn two_nopars_in_a_circle_find_out_at_once() {
    let proxy = FakeProxy::start().await;
    let second = TestNopar::forwarding_to("http://first.example").via(&proxy).start().await;
    let first = TestNopar::forwarding_to(&second.url()).start().await;
    proxy.place("first.example:80", first.addr());
    let since = Instant::now();
    for path in ["/a", "/a/-/a-1.0.0.tgz"] {
        let answer = first.get(path).await;
        assert!(matches!(answer.status, 502 | 508), "{path}: {}", answer.status);
        assert!(answer.json()["error"].is_string());
    }
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    // Asked once around, not in circles.
    assert!(proxy.count_all() <= 4, "{} requests in circles", proxy.count_all());
}
