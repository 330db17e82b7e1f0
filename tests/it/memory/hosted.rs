//! How much memory crowds take that read and change one large hosted package, measured on the real binary.
//! Knows nothing of where in the process it goes.

use std::fs;

use tempfile::TempDir;

use super::{MB, Process, answer_to, huge};
use crate::asking::JSON;
use crate::support::upstream::FakeUpstream;

const VERSIONS: usize = 1_250;
const LIMIT: u64 = 200 * MB;

/// A NOPAR that has answered once, and holds the large package; its upstream, and the directory.
async fn started() -> (FakeUpstream, Process, TempDir) {
    let registry = TempDir::new().expect("a directory");
    let text = huge(VERSIONS).to_string();
    assert!(text.len() as u64 >= 5 * MB, "{} bytes", text.len());
    fs::create_dir(registry.path().join("huge")).expect("a folder");
    fs::write(registry.path().join("huge/huge.json"), text).expect("a document");
    let upstream = FakeUpstream::start().await;
    upstream.package("small").version("1.0.0", |v| v);
    let path = registry.path().to_str().expect("a path in UTF-8");
    let env = [("NOPAR_MEMORY_SIZE", "64MiB"), ("NOPAR_REGISTRY_PATH", path)];
    let nopar = Process::start_with(&upstream, &env);
    // What every first request costs is not the crowd's.
    nopar.ask("/small", JSON, "gzip").await;
    upstream.clear();
    (upstream, nopar, registry)
}

/// Sends all of these at once; the answers in their order.
async fn all(nopar: &Process, requests: impl IntoIterator<Item = String>) -> Vec<String> {
    let asking = |request| tokio::spawn(answer_to(nopar.addr, request));
    let asked: Vec<_> = requests.into_iter().map(asking).collect();
    let mut answers = Vec::new();
    for answer in asked {
        answers.push(answer.await.expect("an answer"));
    }
    answers
}

fn get(version: &str) -> String {
    format!(
        "GET /huge/{version} HTTP/1.1\r\nHost: npm.test\r\nAccept: {JSON}\r\n\
         Connection: close\r\n\r\n"
    )
}

/// Sets a dist-tag.
fn put(tag: &str, version: &str) -> String {
    let body = format!("\"{version}\"");
    format!(
        "PUT /-/package/huge/dist-tags/{tag} HTTP/1.1\r\nHost: npm.test\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Forty clients who each want another version, of a document that was changed a moment ago.
#[tokio::test]
async fn many_versions_of_a_large_hosted_package_take_bounded_memory() {
    let (upstream, nopar, _registry) = started().await;
    let before = nopar.peak();
    let changed = all(&nopar, [put("odd", "1.0.0")]).await;
    assert!(changed[0].starts_with("HTTP/1.1 201"), "{}", changed[0]);
    let versions: Vec<_> = (0..40).map(|n| format!("1.{}.{n}", n / 6)).collect();
    let answers = all(&nopar, versions.iter().map(|version| get(version))).await;
    for (version, answer) in versions.iter().zip(answers) {
        assert!(answer.starts_with("HTTP/1.1 200"), "{version}: {answer}");
        assert!(answer.contains(&format!("\"version\":\"{version}\"")), "{version}");
    }
    let taken = nopar.risen_since(before);
    assert!(taken <= LIMIT, "{} MB at the peak", taken / MB);
    assert_eq!(upstream.count_all(), 0);
}

/// Twelve who each set another dist-tag at once: all get ahead of each other, and all are made.
#[tokio::test]
async fn changes_of_a_large_hosted_package_take_bounded_memory() {
    let (_upstream, nopar, _registry) = started().await;
    let before = nopar.peak();
    let changes = (0..12).map(|n| put(&format!("odd{n}"), &format!("1.{n}.0")));
    for (number, answer) in all(&nopar, changes).await.iter().enumerate() {
        assert!(answer.starts_with("HTTP/1.1 201"), "{number}: {answer}");
    }
    let taken = nopar.risen_since(before);
    assert!(taken <= LIMIT, "{} MB at the peak", taken / MB);
    let tags = nopar.ask("/-/package/huge/dist-tags", JSON, "identity").await.json();
    for n in 0..12 {
        assert_eq!(tags[format!("odd{n}")], format!("1.{n}.0"));
    }
}
