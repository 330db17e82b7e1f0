//! What becomes of a large tarball that is served hot when its file is damaged, removed or replaced.
//! Knows nothing of small ones, which are in memory.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use super::{is_hot, tarball, warm};
use crate::packument::entries;
use crate::support::client::Connection;
use crate::support::nopar::TestNopar;
use crate::support::upstream::{FakeUpstream, made_up};
use nopar::connection::Patience;
use nopar::counters::Broken;

/// Several chunks of 256 KiB.
const SIZE: usize = 3 << 20;

/// A NOPAR that serves the tarball hot, from its file if there is `little` memory, and the file.
async fn serving(little: bool) -> (FakeUpstream, TestNopar, PathBuf) {
    serving_with(little, Patience::default()).await
}

async fn serving_with(little: bool, patience: Patience) -> (FakeUpstream, TestNopar, PathBuf) {
    let upstream = FakeUpstream::start().await;
    upstream.package("a").version("1.0.0", |v| v.tarball_size(SIZE));
    let memory = if little { "4MiB" } else { "256MiB" };
    let nopar = TestNopar::with(&upstream).env("NOPAR_MEMORY_SIZE", memory);
    let nopar = nopar.patience(|usual| *usual = patience).start().await;
    for _ in 0..3 {
        warm(nopar.addr(), &tarball("a")).await;
    }
    let files = entries(&nopar);
    let [file] = &files[..] else { panic!("{files:?}") };
    let file = nopar.cache_path().join(file);
    upstream.clear();
    (upstream, nopar, file)
}

/// Flips a byte of the body where it lies in the file.
fn damage(file: &PathBuf, body: &[u8], at: usize) {
    let bytes = fs::read(file).expect("the file");
    let begin = bytes.windows(64).position(|piece| piece == &body[..64]).expect("the body");
    let file = File::options().write(true).open(file).expect("the file");
    file.write_all_at(&[body[at] ^ 0x55], (begin + at) as u64).expect("damaging it");
}

async fn right(upstream: &FakeUpstream, nopar: &TestNopar) {
    for _ in 0..3 {
        let answer = nopar.get(&tarball("a")).await.expect(200);
        assert!(answer.body == upstream.tarball("a", "1.0.0"));
    }
}

/// Damage that is found before anything was sent is healed within the request.
#[tokio::test]
async fn damage_at_the_beginning_is_healed_at_once() {
    let (upstream, nopar, file) = serving(true).await;
    damage(&file, &upstream.tarball("a", "1.0.0"), 1000);
    right(&upstream, &nopar).await;
    assert_eq!(upstream.count_all(), 1);
}

/// Damage that is found later breaks the answer off; the next one is right.
#[tokio::test]
async fn damage_further_on_breaks_the_answer_off() {
    let (upstream, nopar, file) = serving(true).await;
    let whole = upstream.tarball("a", "1.0.0");
    damage(&file, &whole, SIZE / 2);
    let broken = nopar.get(&tarball("a")).await;
    assert!(is_hot(&broken.headers) && !broken.complete);
    assert!(broken.raw_len <= SIZE / 2 && broken.body == whole[..broken.raw_len]);
    assert_eq!(nopar.broken().await, Broken { by_clients: 0, for_lack: 1 });
    right(&upstream, &nopar).await;
    assert_eq!(upstream.count_all(), 1);
}

/// A piece that was given back because its reader did not take it is checked again.
#[tokio::test]
async fn damage_to_a_piece_that_is_read_again_breaks_the_answer_off() {
    let patience = Patience { stalled_pieces: 0, ..Patience::default() };
    let (upstream, nopar, file) = serving_with(true, patience).await;
    let mut client = Connection::open_narrow(nopar.addr(), 2 << 10).await.expect("a connection");
    client.send(&nopar.request(&tarball("a"))).await.expect("sent");
    assert!(is_hot(&client.receive_head().await.expect("a head").headers));
    // In the first piece, which was read and found right; more of it than the socket takes is left.
    damage(&file, &upstream.tarball("a", "1.0.0"), 1000);
    let got = client.receive_body(usize::MAX).await;
    assert!(got.is_err(), "{:?} bytes", got.map(|bytes| bytes.len()));
    right(&upstream, &nopar).await;
    assert_eq!(upstream.count_all(), 1);
}

/// A file that is deleted is right as long as it is open, or fetched again.
#[tokio::test]
async fn a_deleted_file_does_no_harm() {
    for little in [true, false] {
        let (upstream, nopar, file) = serving(little).await;
        fs::remove_file(file).expect("deleting it");
        right(&upstream, &nopar).await;
        assert!(upstream.count_all() <= 1);
    }
}

/// A file cut short under a hot tarball is noticed before anything is sent.
#[tokio::test]
async fn a_file_cut_short_is_fetched_again() {
    let (upstream, nopar, file) = serving(true).await;
    let opened = File::options().write(true).open(file).expect("the file");
    opened.set_len(SIZE as u64 / 2).expect("cutting it");
    right(&upstream, &nopar).await;
    assert_eq!(upstream.count_all(), 1);
}

/// Pieces in memory are of one generation: what was published anew is not mixed with what was before,
/// and what the packument speaks against is not sent.
#[tokio::test]
async fn pieces_of_what_was_replaced_are_not_sent() {
    for little in [true, false] {
        let (upstream, nopar, _) = serving(little).await;
        nopar.get("/a").await.expect(200);
        warm(nopar.addr(), &tarball("a")).await;
        let other = made_up(9, SIZE);
        let published = other.clone();
        upstream.package("a").version("1.0.0", |v| v.tarball(published));
        let confirm = nopar.request("/a").header("Cache-Control", "no-cache");
        confirm.send().await.expect(200);
        for number in 0..4 {
            let answer = nopar.get(&tarball("a")).await.expect(200);
            assert!(answer.body == other, "little: {little}, {number}");
            assert_eq!(answer.header("x-cache") == Some("miss"), number == 0);
        }
        assert!(warm(nopar.addr(), &tarball("a")).await.body == other);
        assert_eq!(upstream.count(&tarball("a")), 1);
    }
}
