//! Many clients at once for one tarball: one upstream request, whole bodies.
//! Knows nothing of packuments.

use crate::support::client::send_all;
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

/// A hundred clients ask for one cold tarball of 1 MB: one upstream request, identical bodies.
#[tokio::test]
async fn many_asking_for_a_cold_tarball_cost_one_request() {
    let upstream = FakeUpstream::start().await;
    let package = upstream.package("big");
    package.version("1.0.0", |v| v.tarball_size(1 << 20));
    let nopar = TestNopar::with(&upstream).start().await;
    let path = "/big/-/big-1.0.0.tgz";
    let requests: Vec<_> = (0..100).map(|_| nopar.request(path)).collect();
    // Held in the middle of the body, when most have come.
    let hold = upstream.hold_body(path, 300_000);
    let answers = tokio::spawn(send_all(requests));
    hold.arrived(1).await;
    hold.release();
    let bytes = upstream.tarball("big", "1.0.0");
    for answer in answers.await.expect("answers") {
        assert_eq!(answer.status, 200);
        assert!(answer.content() == bytes, "{:?}", answer.headers);
        assert_eq!(answer.header("content-length"), Some("1048576"));
    }
    assert_eq!(upstream.count_all(), 1);
}

/// The same for a tarball that has to be found by its packument first.
#[tokio::test]
async fn many_asking_for_an_odd_tarball_cost_one_search() {
    let upstream = FakeUpstream::start().await;
    let package = upstream.package("odd");
    package.version("1.0.0", |v| v.tarball_size(300_000).tarball_path("/d/odd"));
    let nopar = TestNopar::with(&upstream).start().await;
    let path = "/odd/-/odd-1.0.0.tgz";
    let requests: Vec<_> = (0..100).map(|_| nopar.request(path)).collect();
    let hold = upstream.hold("/odd");
    let answers = tokio::spawn(send_all(requests));
    hold.arrived(1).await;
    hold.release();
    for answer in answers.await.expect("answers") {
        assert!(answer.expect(200).body == upstream.file_bytes("/d/odd"));
    }
    assert_eq!(upstream.count("/odd"), 1);
    assert_eq!(upstream.count("/d/odd"), 1);
}

/// Packuments and tarballs of many packages at once, all cold: each is asked for once.
#[tokio::test]
async fn a_whole_installation_at_once_asks_for_each_thing_once() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let mut requests = Vec::new();
    for number in 0..30 {
        let name = format!("p{number}");
        upstream.package(&name).version("1.0.0", |v| v);
        for _ in 0..3 {
            requests.push(nopar.request(&format!("/{name}")));
            requests.push(nopar.request(&super::path(&name)));
        }
    }
    for answer in send_all(requests).await {
        answer.expect(200);
    }
    for number in 0..30 {
        let name = format!("p{number}");
        assert_eq!(upstream.count(&format!("/{name}")), 1, "{name}");
        assert_eq!(upstream.count(&super::path(&name)), 1, "{name}");
    }
}
