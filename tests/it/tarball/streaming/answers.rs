//! What else can be asked of a tarball that is coming in: its head, parts of it, whether it changed.
//! Knows nothing of crowds.

use super::{begun, check_held, check_rest, with_tarball};
use crate::support::client::Response;
use crate::support::nopar::TestNopar;
use crate::support::upstream::{BodyForm, FakeUpstream};
use crate::tarball::path;

use super::SIZE;

async fn head(nopar: &TestNopar) -> Response {
    nopar.request(&path("big")).method("HEAD").send().await.expect(200)
}

/// A HEAD is answered at once, as it is for a tarball that is held, and harms no one.
#[tokio::test]
async fn a_head_is_answered_while_it_comes_in() {
    let (upstream, nopar) = with_tarball(SIZE).await;
    let (hold, first, read) = begun(&upstream, &nopar).await;
    let growing = head(&nopar).await;
    assert_eq!(growing.raw_len, 0);
    assert_eq!(growing.header("content-length"), Some(&*SIZE.to_string()));
    hold.release();
    check_rest(&upstream, first, read).await;
    check_held(&upstream, &nopar).await;
    let held = head(&nopar).await;
    for name in ["content-length", "content-type", "etag", "cache-control"] {
        assert_eq!(growing.header(name), held.header(name), "{name}");
    }
}

/// A HEAD may come first: it begins what a GET then reads along.
#[tokio::test]
async fn a_head_may_come_first() {
    let (upstream, nopar) = with_tarball(SIZE).await;
    let hold = upstream.hold_body(&path("big"), super::HALF);
    head(&nopar).await;
    let second = super::begin(&nopar).await;
    hold.release();
    check_rest(&upstream, second, 0).await;
    check_held(&upstream, &nopar).await;
}

/// Who has it already is told so while it comes in.
#[tokio::test]
async fn a_conditional_request_is_a_304_while_it_comes_in() {
    let (upstream, nopar) = with_tarball(SIZE).await;
    let (hold, _first, _) = begun(&upstream, &nopar).await;
    let etag = head(&nopar).await.header("etag").expect("an ETag").to_owned();
    for (tag, status) in [(&*etag, 304), ("\"another\"", 200)] {
        let request = nopar.request(&path("big")).header("If-None-Match", tag).method("HEAD");
        assert_eq!(request.send().await.status, status, "{tag}");
    }
    let request = nopar.request(&path("big")).header("If-None-Match", &etag);
    assert_eq!(request.send().await.expect(304).raw_len, 0);
    hold.release();
    let request = nopar.request(&path("big")).header("If-None-Match", "\"another\"");
    let whole = request.send().await.expect(200);
    assert!(whole.body == upstream.tarball("big", "1.0.0"));
    check_held(&upstream, &nopar).await;
}

/// A part that is asked for while it comes in is that part, or the whole; never anything else.
#[tokio::test]
async fn a_range_is_the_part_or_the_whole_while_it_comes_in() {
    let (upstream, nopar) = with_tarball(SIZE).await;
    let (hold, _first, _) = begun(&upstream, &nopar).await;
    let ranges = [(0, 99), (100_000, 200_000), (SIZE - 100, SIZE - 1)];
    let asked = ranges.map(|(from, to)| {
        let request = nopar.request(&path("big")).header("Range", format!("bytes={from}-{to}"));
        tokio::spawn(request.send())
    });
    hold.release();
    for ((from, to), answer) in ranges.into_iter().zip(asked) {
        check_part(&upstream, &answer.await.expect("an answer"), from, to);
    }
    check_held(&upstream, &nopar).await;
}

#[track_caller]
fn check_part(upstream: &FakeUpstream, answer: &Response, from: usize, to: usize) {
    let whole = upstream.tarball("big", "1.0.0");
    assert!(answer.complete, "{:?}", answer.headers);
    match answer.status {
        206 => assert!(answer.body == whole[from..=to], "{from}-{to}"),
        status => assert!(status == 200 && answer.body == whole, "{from}-{to}: {status}"),
    }
}

/// A client of HTTP/1.0 knows no chunks (RFC 9112, 6.1): it would take them for the tarball's bytes.
#[tokio::test]
async fn a_client_of_http_1_0_gets_no_chunks() {
    for form in [BodyForm::Length, BodyForm::Chunked, BodyForm::UntilClose] {
        let (upstream, nopar) = with_tarball(SIZE).await;
        upstream.manners(|m| m.body_form = form);
        for _ in 0..2 {
            let answer = nopar.request(&path("big")).http10().send().await.expect(200);
            assert!(answer.body == upstream.tarball("big", "1.0.0"), "{form:?}");
            assert_eq!(answer.header("transfer-encoding"), None, "{form:?}");
        }
    }
}
