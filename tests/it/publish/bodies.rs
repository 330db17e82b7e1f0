//! How the body of a publish comes: whole, in chunks, after a 100, packed, too large, or not to its end.
//! Knows nothing of what is in it; that is right here.

use std::time::Duration;

use serde_json::json;

use super::{alone, check_tarball, nothing_stored, stored, tidied, unfinished};
use crate::asking::eventually;
use crate::support::client::{Connection, Request, get};
use crate::support::deadline::DEADLINE;
use crate::support::nopar::TestNopar;
use crate::support::publish::{Publish, refusal};
use crate::support::upstream::{FakeUpstream, made_up};

/// A NOPAR that takes bodies of up to 64 KiB.
async fn narrow() -> (FakeUpstream, TestNopar) {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_MAX_BODY", "64KiB").start().await;
    (upstream, nopar)
}

/// The head of a publish of `x`, with these lines besides.
fn head(lines: &str) -> Vec<u8> {
    let usual = "PUT /x HTTP/1.1\r\nHost: npm.test\r\nContent-Type: application/json\r\n";
    format!("{usual}{lines}\r\n").into_bytes()
}

/// The body in chunks of this many bytes.
fn in_chunks(body: &[u8], size: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for chunk in body.chunks(size) {
        out.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n\r\n");
    out
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(bytes).expect("writing to memory");
    packer.finish().expect("writing to memory")
}

/// In chunks, of any size, it is the same publish.
#[tokio::test]
async fn a_body_comes_in_chunks() {
    let (_upstream, nopar) = alone().await;
    for (number, size) in [7, 1000, 65_536].into_iter().enumerate() {
        let version = format!("1.0.{number}");
        let publish = Publish::of("x", &version).tarball(made_up(size as u64, 50_000));
        let body = in_chunks(publish.document().to_string().as_bytes(), size);
        let request =
            Request::new(nopar.addr(), "PUT", "/x").header("Transfer-Encoding", "chunked");
        request.body(body).send().await.expect(201);
        check_tarball(nopar.addr(), "x", &version, &publish.bytes()).await;
    }
}

/// Byte by byte over a connection that stays open, the next request on it is understood.
#[tokio::test]
async fn a_connection_goes_on_after_a_publish() {
    let (_upstream, nopar) = alone().await;
    let mut connection = nopar.connect().await;
    let publish = Publish::of("x", "1.0.0");
    let body = publish.document().to_string();
    connection.deliver(&head(&format!("Content-Length: {}\r\n", body.len()))).await;
    for piece in body.as_bytes().chunks(100) {
        connection.deliver(piece).await;
    }
    assert_eq!(connection.receive().await.expect("an answer").expect(201).surplus, 0);
    let read = connection.get("/x").await.expect(200).json();
    assert_eq!(read["dist-tags"]["latest"], "1.0.0");
    connection.ask(Publish::of("x", "1.1.0").to(nopar.addr())).await.expect(201);
}

/// A client that waits for a 100 gets it, and sends the body then.
#[tokio::test]
async fn a_client_is_told_to_go_on() {
    let (_upstream, nopar) = alone().await;
    let publish = Publish::of("x", "1.0.0");
    let body = publish.document().to_string();
    let mut connection = nopar.connect().await;
    let lines = format!("Expect: 100-continue\r\nContent-Length: {}\r\n", body.len());
    connection.deliver(&head(&lines)).await;
    assert!(connection.says_within(DEADLINE).await, "no 100");
    connection.deliver(body.as_bytes()).await;
    let heads = connection.receive_heads().await;
    let statuses: Vec<u16> = heads.iter().map(|head| head.status).collect();
    assert_eq!(statuses, [100, 201]);
    check_tarball(nopar.addr(), "x", "1.0.0", &publish.bytes()).await;
}

/// One of HTTP/1.0 knows no 100, and would take it for the answer.
#[tokio::test]
async fn a_client_of_old_is_not_told_to_go_on() {
    let (_upstream, nopar) = alone().await;
    let body = Publish::of("x", "1.0.0").document().to_string();
    let mut connection = nopar.connect().await;
    let lines = format!("Expect: 100-continue\r\nContent-Length: {}\r\n\r\n", body.len());
    let head = format!("PUT /x HTTP/1.0\r\nHost: npm.test\r\n{lines}");
    connection.deliver(head.as_bytes()).await;
    connection.deliver(body.as_bytes()).await;
    let heads = connection.receive_heads().await;
    assert_eq!(heads.iter().map(|head| head.status).collect::<Vec<_>>(), [201]);
}

/// A client that waits for a 100 and may not publish, or not so much, is told so instead.
#[tokio::test]
async fn a_client_is_not_told_to_go_on_in_vain() {
    let (_upstream, nopar) = narrow().await;
    for (lines, status) in [
        ("Content-Length: 1000000\r\n", 413),
        ("Content-Length: 1000\r\nAuthorization: Bearer npm_nobodys\r\n", 401),
    ] {
        let mut connection = nopar.connect().await;
        connection.deliver(&head(&format!("Expect: 100-continue\r\n{lines}"))).await;
        let heads = connection.receive_heads().await;
        let statuses: Vec<u16> = heads.iter().map(|head| head.status).collect();
        assert_eq!(statuses, [status], "{lines}");
    }
    nothing_stored(&nopar, "after a refusal").await;
}

/// What is too large is refused as soon as that is known: by its stated length before any of it has come.
#[tokio::test]
async fn a_body_that_is_too_large_is_refused_at_once() {
    let (_upstream, nopar) = narrow().await;
    let mut connection = nopar.connect().await;
    connection.deliver(&head("Content-Length: 65537\r\n")).await;
    let answer = connection.receive().await.expect("an answer to a head alone");
    refusal(&answer, &[413], "stated");
    let huge = "Content-Length: 99999999999999999999\r\n";
    let mut connection = nopar.connect().await;
    connection.deliver(&head(huge)).await;
    let answer = connection.receive().await.expect("an answer to a head alone");
    assert!(matches!(answer.status, 400 | 413), "{}", answer.status);
    nothing_stored(&nopar, "too large").await;
}

/// So is what turns out too large, sent whole or in chunks; a client that sends on hears it all the same.
#[tokio::test]
async fn a_body_that_turns_out_too_large_is_refused() {
    let (_upstream, nopar) = narrow().await;
    let publish = Publish::of("x", "1.0.0").tarball(made_up(1, 300_000));
    refusal(&publish.to(nopar.addr()).send().await, &[413], "whole");
    nothing_stored(&nopar, "whole").await;
    let chunks = in_chunks(publish.document().to_string().as_bytes(), 5000);
    let request = Request::new(nopar.addr(), "PUT", "/x").header("Transfer-Encoding", "chunked");
    refusal(&request.body(chunks).send().await, &[413], "in chunks");
    nothing_stored(&nopar, "in chunks").await;
    // What fits is welcome.
    Publish::of("x", "1.0.0").tarball(made_up(1, 40_000)).succeed(nopar.addr()).await;
}

/// The limit is one of every body, not only of a publish's.
#[tokio::test]
async fn every_body_has_the_limit() {
    let (_upstream, nopar) = narrow().await;
    Publish::of("x", "1.0.0").succeed(nopar.addr()).await;
    let long = json!("1".repeat(100_000)).to_string();
    for (method, path) in [
        ("PUT", "/-/package/x/dist-tags/beta"),
        ("PUT", "/-/user/org.couchdb.user:me"),
        ("PUT", "/x/-rev/1-0"),
        ("POST", "/-/package/x/access"),
    ] {
        let request = Request::new(nopar.addr(), method, path).body(long.clone());
        let answer = request.header("Content-Type", "application/json").send().await;
        refusal(&answer, &[413], path);
    }
}

/// A body in gzip is read or refused as such; nobody takes the packed bytes for the document.
#[tokio::test]
async fn a_packed_body_is_unpacked_or_refused() {
    let (_upstream, nopar) = alone().await;
    let publish = Publish::of("x", "1.0.0").tarball(made_up(9, 50_000));
    let body = gzip(publish.document().to_string().as_bytes());
    let request = |coding: &str| {
        let request = Request::new(nopar.addr(), "PUT", "/x").header("Content-Encoding", coding);
        request.body(body.clone()).send()
    };
    for coding in ["br", "zstd", "odd"] {
        refusal(&request(coding).await, &[415], coding);
        nothing_stored(&nopar, coding).await;
    }
    let answer = request("gzip").await;
    if answer.status == 201 {
        check_tarball(nopar.addr(), "x", "1.0.0", &publish.bytes()).await;
    } else {
        refusal(&answer, &[415], "gzip");
        nothing_stored(&nopar, "gzip").await;
    }
}

/// What inflates beyond the limit is refused, however short it came.
#[tokio::test]
async fn a_packed_body_is_measured_unpacked() {
    let (_upstream, nopar) = narrow().await;
    let body = gzip(&vec![b' '; 10_000_000]);
    assert!(body.len() < 65_536, "{} bytes", body.len());
    let request = Request::new(nopar.addr(), "PUT", "/x").header("Content-Encoding", "gzip");
    refusal(&request.body(body).send().await, &[413, 415], "a bomb");
    nothing_stored(&nopar, "a bomb").await;
}

/// The type of the body may have parameters, and is not needed to understand it.
#[tokio::test]
async fn the_content_type_may_have_parameters() {
    let (_upstream, nopar) = alone().await;
    for (number, kind) in
        ["application/json; charset=utf-8", "application/json", "application/JSON;charset=UTF-8"]
            .into_iter()
            .enumerate()
    {
        let body = Publish::of("x", &format!("1.0.{number}")).document().to_string();
        let request = Request::new(nopar.addr(), "PUT", "/x").header("Content-Type", kind);
        assert_eq!(request.body(body).send().await.status, 201, "{kind}");
    }
}

/// A publisher that breaks off leaves nothing: no document, no tarball, no file without a name.
#[tokio::test]
async fn a_publisher_that_breaks_off_leaves_nothing() {
    let (_upstream, nopar) = alone().await;
    let publish = Publish::of("x", "1.0.0").tarball(made_up(1, 4_000_000));
    let body = publish.document().to_string();
    let whole = head(&format!("Content-Length: {}\r\n", body.len()));
    for ending in ["a reset", "a close"] {
        let mut connection = Connection::open(nopar.addr()).await.expect("a connection");
        connection.deliver(&whole).await;
        connection.deliver(&body.as_bytes()[..body.len() - 1000]).await;
        let begun = || !unfinished(nopar.registry_path()).is_empty();
        eventually(&nopar, "the beginning of an upload", begun).await;
        match ending {
            "a reset" => connection.reset(),
            _ => drop(connection),
        }
        tidied(&nopar).await;
        assert_eq!(stored(nopar.registry_path()), [""; 0], "{ending}");
        assert_eq!(get(nopar.addr(), "/x").await.status, 404, "{ending}");
    }
    publish.succeed(nopar.addr()).await;
}

/// A publisher that stalls is told so after a while, and leaves nothing.
#[tokio::test]
async fn a_publisher_that_stalls_is_cut_off() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream)
        .patience(|patience| patience.sending.window = Duration::from_millis(200))
        .start()
        .await;
    let body = Publish::of("x", "1.0.0").tarball(made_up(1, 1_000_000)).document().to_string();
    let mut connection = nopar.connect().await;
    connection.deliver(&head(&format!("Content-Length: {}\r\n", body.len()))).await;
    connection.deliver(&body.as_bytes()[..body.len() - 1000]).await;
    let answer = connection.receive().await.expect("an answer to half a body");
    refusal(&answer, &[408], "stalled");
    nothing_stored(&nopar, "stalled").await;
}

/// A publish that is under way when NOPAR stops is answered, and there after the next start.
#[tokio::test]
async fn a_running_publish_comes_to_its_end() {
    let upstream = FakeUpstream::start().await;
    let nopar = TestNopar::with(&upstream).env("NOPAR_STOP_TIMEOUT", "20s");
    let mut nopar = nopar.start().await;
    let publish = Publish::of("x", "1.0.0").tarball(made_up(1, 4_000_000));
    let body = publish.document().to_string();
    let (first, rest) = body.as_bytes().split_at(body.len() - 1000);
    let mut connection = nopar.connect().await;
    connection.deliver(&head(&format!("Content-Length: {}\r\n", body.len()))).await;
    connection.deliver(first).await;
    let begun = || !unfinished(nopar.registry_path()).is_empty();
    eventually(&nopar, "the beginning of an upload", begun).await;
    nopar.begin_stop();
    connection.deliver(rest).await;
    connection.receive().await.expect("an answer").expect(201);
    nopar.stop().await;
    nopar.restart().await;
    check_tarball(nopar.addr(), "x", "1.0.0", &publish.bytes()).await;
}
