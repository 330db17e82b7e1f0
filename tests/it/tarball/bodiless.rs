//! Requests for a tarball that want no body, or not all of it.
//! Knows nothing of packuments.

use super::{SIZES, path, with_tarballs};
use crate::asking::lasting_headers;
use crate::support::nopar::TestNopar;
use crate::support::upstream::{FakeUpstream, made_up};

/// HEAD has the headers of GET and no body, cold and warm, small and large.
#[tokio::test]
async fn head_is_get_without_a_body() {
    for (name, _) in SIZES {
        let (_upstream, cold) = with_tarballs().await;
        let (upstream, nopar) = with_tarballs().await;
        let head = |nopar: &TestNopar| nopar.request(&path(name)).method("HEAD").send();
        let cold_head = head(&cold).await.expect(200);
        let cold_get = nopar.get(&path(name)).await.expect(200);
        assert!(cold_get.body == upstream.tarball(name, "1.0.0"));
        let warm_get = nopar.get(&path(name)).await.expect(200);
        let warm_head = head(&nopar).await.expect(200);
        let expected = lasting_headers(&cold_get);
        for (what, answer) in
            [("HEAD, cold", &cold_head), ("GET, warm", &warm_get), ("HEAD, warm", &warm_head)]
        {
            assert_eq!(lasting_headers(answer), expected, "{name}: {what}");
        }
        for head in [cold_head, warm_head] {
            assert_eq!(head.raw_len + head.surplus, 0, "{name}");
        }
    }
}

/// Twenty packages, each with a tarball whose head arrives well before its body.
async fn with_slow_bodies() -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    for number in 0..20 {
        let package = upstream.package(&format!("p{number}"));
        let size = if number % 2 == 0 { 10_000 } else { 1 << 20 };
        package.version("1.0.0", |v| v.tarball(made_up(number, size)));
    }
    let nopar = TestNopar::with(&upstream).start().await;
    (upstream, nopar)
}

/// After a HEAD of a cold tarball a GET gets it whole at once: what was begun for the HEAD stands
/// in nobody's way.
#[tokio::test]
async fn a_get_after_a_cold_head_gets_it_whole() {
    let (upstream, nopar) = with_slow_bodies().await;
    for number in 0..20 {
        let name = format!("p{number}");
        let head = nopar.request(&path(&name)).method("HEAD").send().await;
        assert_eq!((head.status, head.raw_len), (200, 0));
        let get = nopar.get(&path(&name)).await.expect(200);
        assert!(get.body == upstream.tarball(&name, "1.0.0"), "{name}");
        assert!(upstream.count(&path(&name)) <= 2, "{name}");
    }
}

/// A client that has a tarball which NOPAR lost gets a 304, and the next one gets it whole.
#[tokio::test]
async fn a_get_after_a_cold_304_gets_it_whole() {
    let (upstream, nopar) = with_slow_bodies().await;
    for number in 0..20 {
        let name = format!("p{number}");
        let theirs = crate::support::client::get(upstream.addr(), &path(&name)).await;
        let etag = theirs.header("etag").expect("an ETag");
        let conditional = nopar.request(&path(&name)).header("If-None-Match", etag);
        let answer = conditional.send().await;
        assert!(matches!(answer.status, 200 | 304), "{}", answer.status);
        assert!(answer.complete);
        let get = nopar.get(&path(&name)).await.expect(200);
        assert!(get.body == theirs.body, "{name}");
        assert!(upstream.count(&path(&name)) <= 3, "{name}");
    }
}

/// A range of a cold tarball is that range, or the whole; and the next client gets it whole.
#[tokio::test]
async fn a_get_after_a_cold_range_gets_it_whole() {
    let (upstream, nopar) = with_slow_bodies().await;
    for number in 0..20 {
        let name = format!("p{number}");
        let whole = upstream.tarball(&name, "1.0.0");
        let range = nopar.request(&path(&name)).header("Range", "bytes=10-99");
        let range = range.send().await;
        match range.status {
            206 => assert!(range.content() == whole[10..100], "{name}"),
            _ => assert!(range.expect(200).body == whole, "{name}"),
        }
        let get = nopar.get(&path(&name)).await.expect(200);
        assert!(get.body == whole, "{name}");
        assert!(upstream.count(&path(&name)) <= 2, "{name}");
    }
}

/// Parts of a held tarball: ranges are answered from what is held.
#[tokio::test]
async fn ranges_of_a_held_tarball_are_answered() {
    let (upstream, nopar) = with_tarballs().await;
    for (name, size) in SIZES {
        nopar.get(&path(name)).await.expect(200);
        let whole = upstream.tarball(name, "1.0.0");
        for (range, from, to) in
            [("bytes=0-99", 0, 100), ("bytes=9000-", 9000, size), ("bytes=-5", size - 5, size)]
        {
            let answer = nopar.request(&path(name)).header("Range", range);
            let answer = answer.send().await.expect(206);
            assert!(answer.body == whole[from..to], "{name} {range}");
            let stated = format!("bytes {from}-{}/{size}", to - 1);
            assert_eq!(answer.header("content-range"), Some(&*stated));
        }
    }
    assert_eq!(upstream.count_all(), SIZES.len());
}

/// A client that breaks off in the middle of a cold tarball does not hurt the next one, nor one
/// that waits already.
#[tokio::test]
async fn a_get_after_an_aborted_one_gets_it_whole() {
    let (upstream, nopar) = with_slow_bodies().await;
    for number in (1..20).step_by(2) {
        let name = format!("p{number}");
        let hold = upstream.hold_body(&path(&name), 100_000);
        let mut aborted = nopar.connect().await;
        let request = nopar.request(&path(&name));
        aborted.send(&request).await.expect("a request sent");
        aborted.receive_head().await.expect("a head");
        aborted.receive_body(1000).await.expect("a beginning");
        let waiting = tokio::spawn(nopar.request(&path(&name)).send());
        match number % 4 {
            1 => aborted.reset(),
            _ => drop(aborted),
        }
        hold.release();
        let whole = upstream.tarball(&name, "1.0.0");
        let waited = waiting.await.expect("an answer").expect(200);
        assert!(waited.body == whole, "{name}");
        let get = nopar.get(&path(&name)).await.expect(200);
        assert!(get.body == whole, "{name}");
        assert!(upstream.count(&path(&name)) <= 2, "{name}");
    }
}
