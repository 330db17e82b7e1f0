//! How much memory two hundred clients of one cold packument of 3 MB take, measured on the real
//! binary.
//! Knows nothing of where in the process it goes.

use super::{MB, Process, huge};
use crate::asking::JSON;
use crate::support::client::{Request, send_all};
use crate::support::upstream::FakeUpstream;

const CLIENTS: usize = 200;
const VERSIONS: usize = 720;

/// Two hundred clients of one cold packument of 3 MB take less than 64 MB: they share one document
/// and one view of it.
#[tokio::test]
async fn two_hundred_clients_of_a_cold_packument_take_bounded_memory() {
    let upstream = FakeUpstream::start().await;
    let packument = huge(VERSIONS);
    let text = packument.to_string();
    assert!(text.len() as u64 >= 3 * MB, "{} bytes", text.len());
    for encoding in ["gzip", "identity"] {
        upstream.document("huge", text.clone());
        upstream.package("small").version("1.0.0", |v| v);
        let nopar = Process::start_holding(&upstream, "16MiB");
        // What every first request costs is not the crowd's.
        nopar.ask("/small", JSON, "gzip").await;
        upstream.clear();
        let before = nopar.peak();
        let asked = (0..CLIENTS).map(|_| {
            let request = Request::get(nopar.addr, "/huge").host("npm.test");
            request.header("Accept", JSON).header("Accept-Encoding", encoding)
        });
        let answers = send_all(asked).await;
        let taken = nopar.peak() - before;
        super::check(&answers[0], &packument, "http://npm.test");
        for answer in &answers {
            assert!(answer.status == 200 && answer.body == answers[0].body, "{encoding}");
        }
        assert_eq!(upstream.count_all(), 1, "{encoding}");
        assert!(taken < 64 * MB, "{encoding}: {} MB at the peak", taken / MB);
    }
}
