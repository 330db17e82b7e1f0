//! Tarballs whose files are not what was published: never sent, not even in part.
//! Knows nothing of how that is noticed.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{binary_over, check_tarball};
use crate::support::client::{Connection, Request, Response, get, get_many};
use crate::support::publish::{Publish, refusal};
use crate::support::upstream::{made_up, usual_path};

/// On both sides of what is kept in memory.
const SIZES: [usize; 3] = [3_000, 256 * 1024, 900_001];

fn publish_of(size: usize) -> Publish {
    Publish::of(&format!("x{size}"), "1.0.0").tarball(made_up(size as u64, size))
}

fn file_of(registry: &Path, size: usize) -> PathBuf {
    registry.join(format!("x{size}/x{size}-1.0.0.tgz"))
}

/// Fails the test unless nobody gets a byte of it, in whichever way.
async fn check_refused(addr: std::net::SocketAddr, size: usize, what: &str) {
    let path = usual_path(&format!("x{size}"), "1.0.0");
    let part = Request::get(addr, &path).header("Range", "bytes=0-99");
    let fresh = Request::get(addr, &path).header("Cache-Control", "no-cache");
    let mut answers: Vec<Response> = get_many(addr, 4, &path).await;
    answers.push(part.send().await);
    answers.push(fresh.send().await);
    for answer in answers {
        let said = refusal(&answer, &[500], what);
        assert!(said.contains("log"), "{what}: {said}");
    }
    let head = Request::new(addr, "HEAD", &path).send().await;
    assert_eq!(head.status, 500, "{what}");
}

/// A byte that changed, bytes that are missing, bytes more, other bytes; while NOPAR runs or while it did not; and
/// the right ones again, which are sent at once.
#[tokio::test]
async fn a_damaged_tarball_is_not_sent() {
    let registry = TempDir::new().expect("a directory");
    let (_upstream, binary, addr) = binary_over(registry.path()).await;
    for size in SIZES {
        publish_of(size).succeed(addr).await;
    }
    binary.signal("TERM");
    binary.ended().await;
    for size in SIZES {
        let right = publish_of(size).bytes().to_vec();
        let mut changed = right.clone();
        changed[size / 2] ^= 1;
        let mut last = right.clone();
        last[size - 1] ^= 1;
        let longer = [&right[..], b"x"].concat();
        let file = file_of(registry.path(), size);
        for (what, wrong) in [
            ("changed in the middle", &changed[..]),
            ("changed at the end", &last),
            ("cut", &right[..size - 1]),
            ("longer", &longer),
            ("empty", b""),
        ] {
            let what = format!("{size} bytes, {what}");
            std::fs::write(&file, wrong).expect("a file");
            let (_upstream, binary, addr) = binary_over(registry.path()).await;
            check_refused(addr, size, &what).await;
            let said = binary.says("is damaged").await;
            assert!(said.contains(&format!("x{size}-1.0.0.tgz")), "{said}");
            // Put back by hand.
            std::fs::write(&file, &right).expect("a file");
            check_tarball(addr, &format!("x{size}"), "1.0.0", &right).await;
        }
    }
}

/// A large one that was sent before is looked at again when its file was written to.
#[tokio::test]
async fn a_tarball_that_is_damaged_later_is_not_sent() {
    let registry = TempDir::new().expect("a directory");
    let (_upstream, _binary, addr) = binary_over(registry.path()).await;
    let size = SIZES[2];
    let publish = publish_of(size);
    publish.succeed(addr).await;
    let name = format!("x{size}");
    for round in 0..3 {
        check_tarball(addr, &name, "1.0.0", &publish.bytes()).await;
        let mut wrong = publish.bytes().to_vec();
        wrong[round] ^= 1;
        std::fs::write(file_of(registry.path(), size), wrong).expect("a file");
        check_refused(addr, size, "written to").await;
        std::fs::write(file_of(registry.path(), size), publish.bytes()).expect("a file");
    }
    get(addr, &format!("/{name}")).await.expect(200);
}

/// One whose file is written to while it is sent is broken off, or right: whoever is the first to ask, asks for a part,
/// or gets it from memory.
#[tokio::test]
async fn a_tarball_that_is_damaged_while_it_is_sent_is_broken_off() {
    const LONG: usize = 12 << 20;
    let registry = TempDir::new().expect("a directory");
    let (_upstream, _binary, addr) = binary_over(registry.path()).await;
    let publish = publish_of(LONG);
    publish.succeed(addr).await;
    let (path, right) = (usual_path(&format!("x{LONG}"), "1.0.0"), publish.bytes());
    let mut wrong = right.to_vec();
    wrong[LONG - 10] ^= 1;
    let (mut broken, mut whole) = (0, 0);
    for range in [None, None, Some(7), None, None, Some(9)] {
        let request = Request::get(addr, &path);
        let request = match range {
            Some(from) => request.header("Range", format!("bytes={from}-")),
            None => request,
        };
        let mut client = Connection::open_narrow(addr, 16 << 10).await.expect("a connection");
        client.send(&request).await.expect("sent");
        let head = client.receive_head().await.expect("a head");
        assert_eq!(head.status, if range.is_some() { 206 } else { 200 });
        let mut got = client.receive_body(100_000).await.expect("a beginning");
        std::fs::write(file_of(registry.path(), LONG), &wrong).expect("a file");
        match client.receive_body(LONG).await {
            Ok(rest) => {
                got.extend_from_slice(&rest);
                assert!(got == right[range.unwrap_or(0)..], "wrong bytes, as if they were right");
                whole += 1;
            }
            Err(_) => broken += 1,
        }
        std::fs::write(file_of(registry.path(), LONG), &right).expect("a file");
        check_tarball(addr, &format!("x{LONG}"), "1.0.0", &right).await;
    }
    assert!(
        broken >= 2,
        "the first one and the parts are read as they are sent: {broken}, {whole}"
    );
}

/// Who has begun to get a version gets all of it, though it is unpublished meanwhile, however often it was asked for.
#[tokio::test]
async fn a_tarball_that_is_unpublished_while_it_is_sent_comes_to_its_end() {
    const LONG: usize = 12 << 20;
    let registry = TempDir::new().expect("a directory");
    let (_upstream, _binary, addr) = binary_over(registry.path()).await;
    for asked in 0..3 {
        let name = format!("gone{asked}");
        let publish = Publish::of(&name, "1.0.0").tarball(made_up(asked as u64, LONG));
        publish.succeed(addr).await;
        let path = usual_path(&name, "1.0.0");
        for _ in 0..asked {
            get(addr, &path).await.expect(200);
        }
        let mut client = Connection::open_narrow(addr, 16 << 10).await.expect("a connection");
        client.send(&Request::get(addr, &path)).await.expect("sent");
        client.receive_head().await.expect("a head");
        let mut got = client.receive_body(100_000).await.expect("a beginning");
        let delete = format!("/-/package/{name}/delete");
        Request::new(addr, "POST", &delete).send().await.expect(201);
        got.extend(client.receive_body(LONG).await.expect("all of it"));
        assert!(got == publish.bytes(), "after {asked}");
    }
}
