//! Tarballs whose files are not what was published: never sent, not even in part.
//! Knows nothing of how that is noticed.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{binary_over, check_tarball};
use crate::support::client::{Request, Response, get, get_many};
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
