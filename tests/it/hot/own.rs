//! Packages that are NOPAR's own, as hot as an upstream's: asked for until everything is in memory, and in all the
//! ways that clients ask.
//! Knows nothing of what is hot when: every answer has to be right.

use crate::support::client::{Connection, Request};
use crate::support::nopar::TestNopar;
use crate::support::publish::Publish;
use crate::support::upstream::{FakeUpstream, made_up, usual_path};

use super::next;

/// In memory as a whole; the least that is not; several pieces and a little more; too large for a tier of 8 MiB.
const SIZES: [usize; 4] = [256 << 10, (256 << 10) + 1, 900_001, 3 << 20];

fn publish_of(size: usize) -> Publish {
    Publish::of(&format!("x{size}"), "1.0.0").tarball(made_up(size as u64, size))
}

async fn nopar(upstream: &FakeUpstream) -> TestNopar {
    TestNopar::with(upstream).env("NOPAR_MEMORY_SIZE", "8MiB").start().await
}

/// On one connection that stays: whole, HEAD, what the client has, a part; and the next one after a publish, which
/// begins a new generation of the package.
#[tokio::test]
async fn tarballs_are_right_however_often_they_are_asked_for() {
    let upstream = FakeUpstream::start().await;
    let nopar = nopar(&upstream).await;
    let mut client = Connection::open_narrow(nopar.addr(), 16 << 10).await.expect("open");
    for size in SIZES {
        let publish = publish_of(size);
        publish.succeed(nopar.addr()).await;
        let path = usual_path(&format!("x{size}"), "1.0.0");
        for round in 0..8 {
            let request = || Request::get(nopar.addr(), &path);
            let whole = client.ask(request()).await.expect(200);
            assert!(whole.complete && whole.body == publish.bytes(), "{path} in round {round}");
            let etag = whole.header("etag").expect("an ETag").to_owned();
            let same = client.ask(request().header("If-None-Match", &etag)).await;
            assert_eq!((same.status, same.body.len()), (304, 0), "{path} in round {round}");
            let head = client.ask(Request::new(nopar.addr(), "HEAD", &path)).await.expect(200);
            assert_eq!(head.header("content-length"), Some(&*size.to_string()));
            let part = client.ask(request().header("Range", "bytes=100-199")).await;
            assert_eq!(part.status, 206);
            assert!(part.body == publish.bytes()[100..200], "{path} in round {round}");
            if round == 4 {
                Publish::of(&format!("x{size}"), "1.1.0").succeed(nopar.addr()).await;
            }
        }
    }
}

/// Requests in a row, of many at once.
#[tokio::test]
async fn a_crowd_gets_what_was_published() {
    let upstream = FakeUpstream::start().await;
    let nopar = nopar(&upstream).await;
    let publishes = SIZES.map(publish_of);
    for publish in &publishes {
        publish.succeed(nopar.addr()).await;
    }
    let mut reading = Vec::new();
    for _ in 0..8 {
        let mut client = Connection::open_narrow(nopar.addr(), 16 << 10).await.expect("open");
        for size in SIZES.into_iter().cycle().take(12) {
            let path = usual_path(&format!("x{size}"), "1.0.0");
            client.send(&Request::get(nopar.addr(), &path)).await.expect("sent");
        }
        reading.push(tokio::spawn(async move {
            let mut answers = Vec::new();
            for _ in 0..12 {
                answers.push(next(&mut client).await);
            }
            answers
        }));
    }
    for answers in reading {
        for (answer, publish) in
            answers.await.expect("answers").into_iter().zip(publishes.iter().cycle())
        {
            assert!(answer.complete && answer.expect(200).body == publish.bytes());
        }
    }
}
