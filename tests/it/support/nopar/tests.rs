//! The tests' own NOPAR, tried: start, refusal, clock, restart, stop.
//! Knows nothing of what NOPAR answers to packages.

use super::TestNopar;
use crate::support::upstream::FakeUpstream;

#[tokio::test]
async fn starts_stops_and_restarts_in_the_same_directories() {
    let upstream = FakeUpstream::start().await;
    let mut nopar = TestNopar::with(&upstream).host("npm.test").start().await;
    let home = nopar.home().to_owned();
    assert_eq!(nopar.url(), "http://npm.test");
    nopar.get("/-/ping").await.expect(200);
    nopar.get("http://npm.test/-/ping").await.expect(200);

    nopar.stop().await;
    nopar.restart().await;
    nopar.restart().await;
    nopar.get("/-/ping").await.expect(200);
    assert_eq!(nopar.home(), home);

    drop(nopar);
    assert!(!home.exists(), "the directory is removed");
}

#[tokio::test]
async fn says_why_it_does_not_start() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_META_TTL", "soon");
    let reason = nopar.try_start().await.err().expect("a refusal");
    assert!(reason.contains("NOPAR_META_TTL"), "{reason}");

    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let nopar = TestNopar::with(&upstream).env("NOPAR_PORT", &port);
    let reason = nopar.try_start().await.err().expect("a refusal");
    assert!(reason.contains(&port), "{reason}");
}
