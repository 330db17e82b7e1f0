//! How much memory many small answers from one large packument take, measured on the real binary.
//! Knows nothing of where in the process it goes.

use serde_json::Value;

use super::{MB, Process, check, huge};
use crate::asking::{INSTALL, JSON, canonical};
use crate::support::client::{Request, send_all};
use crate::support::upstream::FakeUpstream;

const VERSIONS: usize = 1_250;
const LIMIT: u64 = 200 * MB;

/// A NOPAR that has answered once, its upstream with the large packument, and that.
async fn started() -> (FakeUpstream, Process, Value) {
    let upstream = FakeUpstream::start().await;
    let packument = huge(VERSIONS);
    let text = packument.to_string();
    assert!(text.len() as u64 >= 5 * MB, "{} bytes", text.len());
    upstream.document("huge", text);
    upstream.package("small").version("1.0.0", |v| v);
    let nopar = Process::start(&upstream);
    nopar.ask("/small", INSTALL, "gzip").await;
    upstream.clear();
    (upstream, nopar, packument)
}

/// Sixty clients who each want another version at once, cold and then held, get them in bounded
/// memory.
#[tokio::test]
async fn many_versions_of_a_large_packument_take_bounded_memory() {
    let (upstream, nopar, packument) = started().await;
    let before = nopar.peak();
    let base = format!("http://{}", nopar.addr);
    for round in 0..2 {
        let versions: Vec<_> = (0..60).map(|n| format!("1.{}.{}", n / 6, n + round)).collect();
        let asked = versions.iter().map(|v| Request::get(nopar.addr, &format!("/huge/{v}")));
        for (version, answer) in versions.iter().zip(send_all(asked).await) {
            let mut expected = packument["versions"][version].clone();
            expected["dist"]["tarball"] = canonical(&base, "huge", version).into();
            assert!(answer.expect(200).json() == expected, "{version}");
        }
    }
    assert_eq!(upstream.count_all(), 1);
    let taken = nopar.risen_since(before);
    assert!(taken <= LIMIT, "{} MB at the peak", taken / MB);
}

/// Thirty clients who know NOPAR by thirty names get a large packument with their own addresses,
/// in bounded memory.
#[tokio::test]
async fn many_hosts_of_a_large_packument_take_bounded_memory() {
    let (upstream, nopar, packument) = started().await;
    let before = nopar.peak();
    let hosts: Vec<_> = (10..40).map(|n| format!("npm{n}.test:8{n}")).collect();
    let asked = hosts.iter().map(|host| {
        let request = Request::get(nopar.addr, "/huge").host(host).header("Accept", JSON);
        request.header("Accept-Encoding", "gzip")
    });
    let answers = send_all(asked).await;
    check(&answers[0], &packument, &format!("http://{}", hosts[0]));
    let first = answers[0].text();
    for (host, answer) in hosts.iter().zip(answers) {
        let expected = first.replace(&hosts[0], host);
        assert!(answer.expect(200).text() == expected, "{host}");
    }
    assert_eq!(upstream.count_all(), 1);
    let taken = nopar.risen_since(before);
    assert!(taken <= LIMIT, "{} MB at the peak", taken / MB);
}
