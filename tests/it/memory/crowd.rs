//! How much memory two hundred concurrent cold packuments of 3 MB take, measured on the real binary.
//! Knows nothing of where in the process it goes.

use super::{MB, Process, huge};
use crate::asking::INSTALL;
use crate::support::client::{Request, send_all};
use crate::support::upstream::FakeUpstream;

const CLIENTS: usize = 200;
const VERSIONS: usize = 640;

async fn started(names: &[String]) -> (FakeUpstream, Process) {
    let upstream = FakeUpstream::start().await;
    let text = huge(VERSIONS).to_string();
    assert!(text.len() as u64 >= 3 * MB, "{} bytes", text.len());
    for name in names {
        let own = text.replace("\"huge\"", &format!("\"{name}\""));
        upstream.document(name, own);
    }
    upstream.package("small").version("1.0.0", |v| v);
    let nopar = Process::start(&upstream);
    // What every first request costs is not the crowd's.
    for _ in 0..3 {
        nopar.ask("/small", INSTALL, "gzip").await;
    }
    upstream.clear();
    (upstream, nopar)
}

async fn measure(what: &str, names: &[String], encoding: &str) -> u64 {
    let (upstream, nopar) = started(names).await;
    let before = nopar.peak();
    let asked = names.iter().cycle().take(CLIENTS).map(|name| {
        let request = Request::get(nopar.addr, &format!("/{name}"));
        request.header("Accept", INSTALL).header("Accept-Encoding", encoding)
    });
    for answer in send_all(asked).await {
        answer.expect(200);
    }
    let taken = nopar.peak() - before;
    eprintln!("{what} {encoding}: {} MB at the peak, {} requests", taken / MB, upstream.count_all());
    taken
}

/// Two hundred clients of one cold packument of 3 MB take less than 64 MB.
#[tokio::test]
async fn a_crowd_for_one_cold_packument_takes_bounded_memory() {
    let names = ["huge".to_owned()];
    for encoding in ["gzip", "identity"] {
        let taken = measure("one packument", &names, encoding).await;
        assert!(taken < 64 * MB, "{encoding}: {} MB at the peak", taken / MB);
    }
}

/// Two hundred clients of as many cold packuments of 3 MB take less than 64 MB.
#[tokio::test]
async fn a_crowd_for_many_cold_packuments_takes_bounded_memory() {
    let names: Vec<String> = (0..CLIENTS).map(|number| format!("huge{number}")).collect();
    let taken = measure("many packuments", &names, "gzip").await;
    assert!(taken < 64 * MB, "{} MB at the peak", taken / MB);
}
