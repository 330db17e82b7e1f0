//! Logs are rotated by whoever likes to: NOPAR opens its log file again when it is told to.
//! Knows nothing of what a line says.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::log_output::file_with;
use crate::support::binary::Binary;
use crate::support::client::get;
use crate::support::deadline::within;
use crate::support::upstream::FakeUpstream;

/// A NOPAR that logs to a file.
async fn logging(upstream: &str) -> (Binary, SocketAddr, PathBuf) {
    let env = [
        ("NOPAR_HOSTNAME", "127.0.0.1"),
        ("NOPAR_PORT", "0"),
        ("NOPAR_LOGFILE", "log"),
        ("NOPAR_FORWARDER_URL", upstream),
    ];
    let folder = tempfile::tempdir().expect("a directory");
    let log = folder.path().join("log");
    let binary = Binary::start_in(folder, &[], &env);
    let start = file_with(&log, "listening on http://").await;
    let (_, addr) = start.split_once("http://").expect("it was looked for");
    let addr = addr.lines().next().unwrap_or_default().trim_end_matches('/');
    (binary, addr.parse().expect("an address"), log)
}

/// Waits until there is such a file.
async fn begun(log: &Path) {
    let opening = async {
        while !log.exists() {
            tokio::task::yield_now().await;
        }
    };
    within("a new file in its place".to_owned(), opening).await;
}

#[tokio::test]
async fn a_log_that_was_moved_is_begun_anew_and_no_line_is_lost() {
    let upstream = FakeUpstream::start().await;
    let (binary, addr, log) = logging(&upstream.url()).await;
    let moved = |n: usize| log.with_extension(n.to_string());
    for round in 0..5 {
        for n in 0..20 {
            get(addr, &format!("/-/log-{round}-{n}")).await.expect(404);
            if n == 10 {
                fs::rename(&log, moved(round)).expect("the log is moved");
                binary.signal("USR1");
            }
        }
        // What waits to be written by then goes to the file of before, and what comes after it to the new one.
        begun(&log).await;
        get(addr, &format!("/-/new-{round}")).await.expect(404);
        file_with(&log, &format!("/-/new-{round} ")).await;
    }
    binary.signal("TERM");
    assert!(binary.ended().await.success);
    let read = |path: &PathBuf| fs::read_to_string(path).expect("text");
    let all: String = (0..5).map(|n| read(&moved(n))).chain([read(&log)]).collect();
    for (round, n) in (0..5).flat_map(|round| (0..20).map(move |n| (round, n))) {
        let line = format!("GET /-/log-{round}-{n} 404 ");
        assert_eq!(all.matches(&line).count(), 1, "{line}: {all}");
    }
}

/// Lines go on to the file of before, which is told there.
#[tokio::test]
async fn a_log_that_cannot_be_opened_again_goes_on_as_it_was() {
    let upstream = FakeUpstream::start().await;
    let (binary, addr, log) = logging(&upstream.url()).await;
    let moved = log.with_extension("old");
    fs::rename(&log, &moved).expect("the log is moved");
    fs::create_dir(&log).expect("a directory in its place");
    binary.signal("USR1");
    file_with(&moved, "lines go where they went before").await;
    get(addr, "/-/on").await.expect(404);
    file_with(&moved, "GET /-/on 404 ").await;
    fs::remove_dir(&log).expect("it is empty");
    binary.signal("USR1");
    begun(&log).await;
    get(addr, "/-/again").await.expect(404);
    file_with(&log, "GET /-/again 404 ").await;
    binary.signal("TERM");
    assert!(binary.ended().await.success);
}
