//! Many clients of one tarball while it comes in: each gets it whole, from one upstream request.
//! Knows nothing of digests.

mod answers;
mod limits;

use std::time::Instant;

use crate::asking::{afresh, eventually};
use crate::packument::entries;
use crate::support::client::{Connection, get_many};
use crate::support::deadline::DEADLINE;
use crate::support::nopar::TestNopar;
use crate::support::upstream::{FakeUpstream, Fault, Hold};

use super::path;

/// Much more than what is held back until it was judged.
const SIZE: usize = 1_500_000;
/// What the upstream sends before it waits.
const HALF: usize = 1_000_000;
/// What a reader has for certain when the upstream has sent that.
const SOME: usize = 500_000;

async fn with_tarball(size: usize) -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    upstream.package("big").version("1.0.0", |v| v.tarball_size(size));
    let nopar = TestNopar::with(&upstream).start().await;
    (upstream, nopar)
}

/// Sends a request and reads the head of its answer.
async fn begin(nopar: &TestNopar) -> Connection {
    let mut download = nopar.connect().await;
    download.send(&nopar.request(&path("big"))).await.expect("a request on its way");
    assert_eq!(download.receive_head().await.expect("a head").status, 200);
    download
}

/// A download of which so much was read, while its upstream is held in the middle.
async fn begun<'a>(upstream: &'a FakeUpstream, nopar: &TestNopar) -> (Hold<'a>, Connection, usize) {
    let hold = upstream.hold_body(&path("big"), HALF);
    let mut download = begin(nopar).await;
    hold.arrived(1).await;
    let first = download.receive_body(SOME).await.expect("its first bytes");
    check_part(upstream, &first, 0);
    (hold, download, first.len())
}

#[track_caller]
fn check_part(upstream: &FakeUpstream, part: &[u8], at: usize) {
    let whole = upstream.tarball("big", "1.0.0");
    assert!(part == &whole[at..at + part.len()], "other bytes from {at} on");
}

/// Reads the rest of a body, so much of which was read already.
async fn check_rest(upstream: &FakeUpstream, mut download: Connection, read: usize) {
    let rest = download.receive_body(usize::MAX).await.expect("a whole body");
    let whole = upstream.tarball("big", "1.0.0");
    assert!(rest == whole[read..], "{} of {} bytes", rest.len(), whole.len() - read);
}

/// The next requests are hits, and the upstream was asked no more.
async fn check_held(upstream: &FakeUpstream, nopar: &TestNopar) {
    let since = Instant::now();
    loop {
        let answer = nopar.get(&path("big")).await.expect(200);
        assert!(answer.body == upstream.tarball("big", "1.0.0"));
        assert_eq!(upstream.count_all(), 1);
        match answer.header("x-cache") {
            Some("hit") => break,
            // Its file has its name a moment before the index knows it: until then one reads along.
            state => assert!(since.elapsed() < DEADLINE, "still a {state:?}"),
        }
    }
}

/// Bytes reach the client as they come, not when they are all there.
#[tokio::test]
async fn bytes_reach_clients_as_they_come() {
    let (upstream, nopar) = with_tarball(SIZE).await;
    let trickle = upstream.trickle(&path("big"), 250_000);
    trickle.admit(2);
    let mut download = begin(&nopar).await;
    let mut read = 0;
    for step in 2..5 {
        trickle.arrived(step + 1).await;
        // What came before this stop; the last of it may wait in buffers for what follows.
        let wanted = step * 250_000 - 100_000;
        let part = download.receive_body(wanted - read).await.expect("bytes");
        check_part(&upstream, &part, read);
        read += part.len();
        assert!(read <= step * 250_000);
        trickle.admit(1);
    }
    trickle.release();
    check_rest(&upstream, download, read).await;
    check_held(&upstream, &nopar).await;
}

/// Who joins in the middle gets it from the first byte.
#[tokio::test]
async fn who_joins_in_the_middle_gets_it_from_the_first_byte() {
    let (upstream, nopar) = with_tarball(SIZE).await;
    let (hold, first, read) = begun(&upstream, &nopar).await;
    let mut second = begin(&nopar).await;
    let part = second.receive_body(SOME).await.expect("its first bytes");
    check_part(&upstream, &part, 0);
    hold.release();
    check_rest(&upstream, second, part.len()).await;
    check_rest(&upstream, first, read).await;
    check_held(&upstream, &nopar).await;
}

/// Forty join at once, in the middle: all get it whole.
#[tokio::test]
async fn a_crowd_that_joins_in_the_middle_gets_it_whole() {
    let (upstream, nopar) = with_tarball(SIZE).await;
    let (hold, first, read) = begun(&upstream, &nopar).await;
    let addr = nopar.addr();
    let crowd = tokio::spawn(async move { get_many(addr, 40, &path("big")).await });
    let mut joined = begin(&nopar).await;
    joined.receive_body(1).await.expect("a byte");
    hold.release();
    for answer in crowd.await.expect("answers") {
        assert!(answer.expect(200).body == upstream.tarball("big", "1.0.0"));
    }
    check_rest(&upstream, first, read).await;
    check_held(&upstream, &nopar).await;
}

/// The client who asked first leaves: the others get it whole, and it is kept.
#[tokio::test]
async fn the_first_client_leaves_and_the_others_get_it_whole() {
    let (upstream, nopar) = with_tarball(SIZE).await;
    let (hold, first, _) = begun(&upstream, &nopar).await;
    let second = begin(&nopar).await;
    first.reset();
    hold.release();
    check_rest(&upstream, second, 0).await;
    check_held(&upstream, &nopar).await;
}

/// All leave: it comes in all the same, and the next one finds it.
#[tokio::test]
async fn all_clients_leave_and_it_is_kept() {
    for early in [false, true] {
        let (upstream, nopar) = with_tarball(SIZE).await;
        if early {
            // Before a byte of it came.
            let hold = upstream.hold(&path("big"));
            let mut asking = nopar.connect().await;
            asking.send(&nopar.request(&path("big"))).await.expect("sent");
            hold.arrived(1).await;
            asking.reset();
            hold.release();
        } else {
            let (hold, first, _) = begun(&upstream, &nopar).await;
            let second = begin(&nopar).await;
            first.reset();
            second.reset();
            hold.release();
        }
        let kept = || entries(&nopar).len() == 1;
        eventually(&nopar, "a tarball nobody waits for", kept).await;
        check_held(&upstream, &nopar).await;
    }
}

/// Downloads that are broken off, early and late, do not hurt later ones.
#[tokio::test]
async fn aborted_downloads_do_not_hurt_later_ones() {
    let (upstream, nopar) = with_tarball(SIZE).await;
    for read in [0, 1, 1_000, 70_000, 500_000, SIZE - 1] {
        let mut download = begin(&nopar).await;
        download.receive_body(read).await.expect("bytes");
        match read % 2 {
            0 => download.reset(),
            _ => drop(download),
        }
        let whole = nopar.get(&path("big")).await.expect(200);
        assert!(whole.body == upstream.tarball("big", "1.0.0"), "after {read} bytes");
    }
    check_held(&upstream, &nopar).await;
}

/// A client that reads nothing does not slow down the others.
#[tokio::test]
async fn a_client_that_reads_nothing_does_not_slow_down_the_others() {
    // More than fits into the buffers between two sockets.
    let (upstream, nopar) = with_tarball(16 << 20).await;
    let stalled = begin(&nopar).await;
    for answer in get_many(nopar.addr(), 3, &path("big")).await {
        assert!(answer.expect(200).body == upstream.tarball("big", "1.0.0"));
    }
    check_held(&upstream, &nopar).await;
    check_rest(&upstream, stalled, 0).await;
}

/// Eight clients ask for one cold tarball of 30 MB: one upstream request, eight identical bodies.
#[tokio::test]
async fn eight_clients_of_a_cold_tarball_of_30_mb_cost_one_request() {
    let (upstream, nopar) = with_tarball(30_000_000).await;
    for answer in get_many(nopar.addr(), 8, &path("big")).await {
        assert!(answer.expect(200).body == upstream.tarball("big", "1.0.0"));
    }
    check_held(&upstream, &nopar).await;
}

/// The upstream breaks off in the middle: nobody takes what came for the whole, and the next one
/// asks again.
#[tokio::test]
async fn an_upstream_that_breaks_off_breaks_it_off_for_all() {
    for fault in [Fault::CutBody(HALF + 200_000), Fault::ResetBody(HALF + 200_000)] {
        let (upstream, nopar) = with_tarball(SIZE).await;
        upstream.next(&path("big"), fault.clone());
        let (hold, first, _) = begun(&upstream, &nopar).await;
        let mut downloads = vec![first];
        for _ in 0..5 {
            downloads.push(begin(&nopar).await);
        }
        hold.release();
        for mut download in downloads {
            let body = download.receive_body(usize::MAX).await;
            assert!(body.is_err(), "{fault:?}: {} bytes", body.unwrap_or_default().len());
        }
        assert_eq!(entries(&nopar), [""; 0], "{fault:?}");
        assert_eq!(upstream.count_all(), 1, "{fault:?}");
        upstream.clear();
        afresh(&nopar, &path("big")).await.expect(200);
        check_held(&upstream, &nopar).await;
    }
}

/// A stop waits for a tarball that is coming in, whoever still reads it: they get it whole, and it is
/// held after the next start.
#[tokio::test]
async fn a_stop_waits_for_a_tarball_that_is_coming_in() {
    for leave in [false, true] {
        let (upstream, mut nopar) = with_tarball(SIZE).await;
        let (hold, first, _) = begun(&upstream, &nopar).await;
        let second = begin(&nopar).await;
        let rest = async {
            first.reset();
            if leave {
                second.reset();
                hold.release();
            } else {
                hold.release();
                check_rest(&upstream, second, 0).await;
            }
        };
        // It is told to stop first, and has ended when both are done.
        tokio::join!(nopar.stop(), rest);
        nopar.restart().await;
        assert_eq!(entries(&nopar).len(), 1, "all left: {leave}");
        check_held(&upstream, &nopar).await;
    }
}
