//! Two URLs for one NOPAR: each client sees its own, and never the other's.
//! Knows nothing of configured base URLs and trusted proxies.

use crate::asking::{LONG, WAYS};
use crate::support::client::send_all;
use crate::support::nopar::TestNopar;
use crate::support::upstream::FakeUpstream;

const HOSTS: [&str; 2] = ["a:1", "b:2"];

async fn with_packages() -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    for name in ["plain", "@s/n"] {
        let package = upstream.package(name);
        package
            .version("1.0.0", |v| v.script("install", "x"))
            .version("1.1.0", |v| v.tarball_path(&format!("/odd/{name}?x=1")));
    }
    upstream
}

/// Asks in every way, alternating between the hosts, and checks every answer.
async fn alternate(nopar: &TestNopar, upstream: &FakeUpstream, name: &str) {
    let packument = upstream.packument(name);
    for way in WAYS {
        for host in HOSTS {
            let answer = way.at(nopar, host, name).send().await;
            way.check(&answer, &packument, &format!("http://{host}"));
        }
    }
}

/// Hosts asked alternately are never mixed, in any form and encoding, cold and warm, and one
/// upstream request serves them all.
#[tokio::test]
async fn alternating_hosts_are_never_mixed() {
    let upstream = with_packages().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for name in ["plain", "@s/n"] {
        alternate(&nopar, &upstream, name).await;
        alternate(&nopar, &upstream, name).await;
        assert_eq!(upstream.count(&format!("/{name}")), 1);
    }
}

/// The same whichever host and way comes first on a cold cache.
#[tokio::test]
async fn whichever_host_and_way_comes_first_hosts_are_not_mixed() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for (number, first) in WAYS.into_iter().enumerate() {
        for host in HOSTS {
            let name = format!("p{number}{}", &host[..1]);
            upstream.package(&name).version("1.0.0", |v| v);
            let answer = first.at(&nopar, host, &name).send().await;
            let packument = upstream.packument(&name);
            first.check(&answer, &packument, &format!("http://{host}"));
            alternate(&nopar, &upstream, &name).await;
            assert_eq!(upstream.count(&format!("/{name}")), 1);
        }
    }
}

/// The same after a restart, when nothing is in memory, without an upstream request.
#[tokio::test]
async fn hosts_are_not_mixed_after_a_restart() {
    let upstream = with_packages().await;
    let mut nopar = TestNopar::with(&upstream).start().await;
    alternate(&nopar, &upstream, "plain").await;
    nopar.restart().await;
    upstream.clear();
    alternate(&nopar, &upstream, "plain").await;
    assert_eq!(upstream.count_all(), 0);
}

/// The same after the upstream changed, when the second host is the first to ask.
#[tokio::test]
async fn hosts_are_not_mixed_after_a_change() {
    let upstream = with_packages().await;
    let nopar = TestNopar::with(&upstream).start().await;
    alternate(&nopar, &upstream, "plain").await;
    upstream.package("plain").version("2.0.0", |v| v);
    nopar.advance(LONG);
    let way = WAYS[1];
    let answer = way.at(&nopar, HOSTS[1], "plain").send().await;
    way.check(&answer, &upstream.packument("plain"), "http://b:2");
    alternate(&nopar, &upstream, "plain").await;
    assert_eq!(upstream.count("/plain"), 2);
}

/// The same when all ask at once, and still one upstream request serves them all.
#[tokio::test]
async fn hosts_asking_at_once_are_not_mixed() {
    let upstream = with_packages().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let asked: Vec<_> =
        (0..48).map(|n| (WAYS[n % WAYS.len()], HOSTS[n / WAYS.len() % 2])).collect();
    let requests: Vec<_> = asked.iter().map(|(way, host)| way.at(&nopar, host, "@s/n")).collect();
    let hold = upstream.hold("/@s/n");
    let answers = tokio::spawn(send_all(requests));
    hold.arrived(1).await;
    hold.release();
    let packument = upstream.packument("@s/n");
    let answers = answers.await.expect("answers");
    for ((way, host), answer) in asked.into_iter().zip(&answers) {
        way.check(answer, &packument, &format!("http://{host}"));
    }
    assert_eq!(upstream.count_all(), 1);
}
