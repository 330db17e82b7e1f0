//! Large bodies that are sent from the pages they lie in: the same bytes, in the same order, to everybody.
//! Knows nothing of which way costs less.

use super::readers::LARGE;
use super::{is_hot, next, tarball, warm};
use crate::support::binary::Binary;
use crate::support::client::{Connection, Request};
use crate::support::nopar::TestNopar;
use crate::support::upstream::{FakeUpstream, made_up};

/// In one piece, and in several.
const SIZES: [(&str, usize); 3] = [("short", 40_000), ("one", 200_000), ("several", 900_000)];
/// The receive buffer of a client that takes little at once.
const NARROW: u32 = 16 << 10;

async fn upstream() -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    for (name, size) in SIZES {
        // A readme that does not pack makes the packument as large as the tarball.
        let readme: String =
            made_up(7, size / 2).iter().map(|byte| format!("{byte:02x}")).collect();
        upstream.package(name).readme(&readme).version("1.0.0", |v| v.tarball_size(size));
    }
    upstream
}

/// What is asked for: each tarball and each packument.
fn paths() -> Vec<String> {
    SIZES.iter().flat_map(|(name, _)| [tarball(name), format!("/{name}")]).collect()
}

/// Requests in a row, on one connection, of a client that takes little at once: heads and bodies come in
/// order and whole, among them those of HEAD requests, and of what the client has already.
#[tokio::test]
async fn answers_in_a_row_are_whole_and_in_order() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let mut right = Vec::new();
    for path in paths() {
        right.push(warm(nopar.addr(), &path).await);
    }
    let mut client = Connection::open_narrow(nopar.addr(), NARROW).await.expect("a connection");
    for _ in 0..3 {
        for (path, right) in paths().iter().zip(&right) {
            let etag = right.header("etag").unwrap_or("\"none\"");
            let request = || Request::get(nopar.addr(), path);
            for (request, is_head) in [
                (request(), false),
                (Request::new(nopar.addr(), "HEAD", path), true),
                (request().header("If-None-Match", "\"another\""), false),
                (request().header("If-None-Match", etag), false),
            ] {
                client.send(&request).await.expect("sent");
                let answer = next(&mut client).await;
                if answer.status == 200 && !is_head {
                    assert!(answer.complete && answer.body == right.body, "{path}");
                }
                assert_eq!(answer.body.is_empty(), is_head || answer.status == 304, "{path}");
            }
        }
    }
}

/// Clients that leave in the middle take nothing with them from the others.
#[tokio::test]
async fn who_leaves_spoils_nothing_for_others() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for path in paths() {
        let right = warm(nopar.addr(), &path).await.body;
        for taken in [0, 1, 10_000, 39_000] {
            let mut client = Connection::open_narrow(nopar.addr(), NARROW).await.expect("open");
            client.send(&Request::get(nopar.addr(), &path)).await.expect("sent");
            client.receive_head().await.expect("a head");
            client.receive_body(taken).await.expect("a beginning");
            drop(client);
            let answer = Request::get(nopar.addr(), &path).send().await.expect(200);
            assert!(is_hot(&answer.headers) && answer.body == right, "{path} after {taken}");
        }
    }
}

/// What leaves memory while it is being sent arrives whole all the same.
#[tokio::test]
async fn what_leaves_memory_meanwhile_arrives_whole() {
    let upstream = FakeUpstream::start().await;
    upstream.package("large").version("1.0.0", |v| v.tarball_size(LARGE));
    for number in 0..40 {
        let package = upstream.package(&format!("other-{number}"));
        package.version("1.0.0", |v| v.tarball_size(250_000));
    }
    let nopar = TestNopar::with(&upstream).env("NOPAR_MEMORY_SIZE", "8MiB").start().await;
    let right = warm(nopar.addr(), &tarball("large")).await.body;
    let mut client = Connection::open_narrow(nopar.addr(), NARROW).await.expect("a connection");
    client.send(&Request::get(nopar.addr(), &tarball("large"))).await.expect("sent");
    client.receive_head().await.expect("a head");
    for number in 0..40 {
        for _ in 0..3 {
            nopar.get(&tarball(&format!("other-{number}"))).await.expect(200);
        }
    }
    assert!(client.receive_body(usize::MAX).await.expect("a whole body") == right);
}

/// `no` makes no such file, and `yes` does: seen from outside.
#[tokio::test]
async fn the_setting_is_followed() {
    let upstream = upstream().await;
    for (setting, expected) in [("no", false), ("yes", true)] {
        let env = [("NOPAR_SENDFILE", setting)];
        let (binary, addr) = Binary::serving(&upstream.url(), &env).await;
        warm(addr, &tarball("one")).await;
        let open = std::fs::read_dir(format!("/proc/{}/fd", binary.pid())).expect("its files");
        let files = open.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
        let is_there = files.into_iter().any(|file| file.to_string_lossy().contains("memfd:nopar"));
        assert_eq!(is_there, expected, "{setting}");
    }
}
