//! How much memory two hundred clients of one cold packument of 3 MB take, measured on the real
//! binary.
//! Knows nothing of where in the process it goes.

use super::{MB, Process, answer_to, huge};
use crate::asking::JSON;
use crate::support::client::{Request, send_all};
use crate::support::upstream::FakeUpstream;
use std::net::SocketAddr;

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
        let taken = nopar.risen_since(before);
        super::check(&answers[0], &packument, "http://npm.test");
        for answer in &answers {
            assert!(answer.status == 200 && answer.body == answers[0].body, "{encoding}");
        }
        assert_eq!(upstream.count_all(), 1, "{encoding}");
        assert!(taken < 64 * MB, "{encoding}: {} MB at the peak", taken / MB);
    }
}

/// Clients of as many different cold packuments of 3 MB: sources wait with their upstream until there
/// is room for them. NOPAR_TEST_LONG says how many; fewer than two hundred take less time to make.
#[tokio::test]
async fn clients_of_different_cold_packuments_take_bounded_memory() {
    let many = if std::env::var_os("NOPAR_TEST_LONG").is_some() { 200 } else { 60 };
    let upstream = FakeUpstream::start().await;
    let text = huge(VERSIONS).to_string();
    for number in 0..many {
        let name = format!("huge{number}");
        upstream.document(&name, text.replace("\"huge\"", &format!("{name:?}")));
    }
    upstream.package("small").version("1.0.0", |v| v);
    let nopar = Process::start_holding(&upstream, "16MiB");
    nopar.ask("/small", JSON, "gzip").await;
    let before = nopar.peak();
    let asked: Vec<_> = (0..many).map(|n| tokio::spawn(whole(nopar.addr, n))).collect();
    for answer in asked {
        let answer = answer.await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let taken = nopar.risen_since(before);
    println!("{many} documents: {} MB at the peak", taken / MB);
    assert!(taken < 64 * MB, "{} MB at the peak", taken / MB);
}

/// The head of an answer.
async fn whole(addr: SocketAddr, number: usize) -> String {
    let request = format!(
        "GET /huge{number} HTTP/1.1\r\nHost: npm.test\r\nAccept: {JSON}\r\n\
         Accept-Encoding: gzip\r\nConnection: close\r\n\r\n"
    );
    let answer = answer_to(addr, request).await;
    answer.chars().take(500).collect()
}
