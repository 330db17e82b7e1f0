//! Several requests in one write, and one request in several.
//! Knows nothing of what a client does after a close.

use super::{is_hot, next, ready, tarball, upstream};
use crate::support::client::{Connection, NoResponse, Request};
use crate::support::nopar::TestNopar;

/// A plain request, in bytes.
fn plain(nopar: &TestNopar, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {}\r\nAccept: */*\r\n\r\n", nopar.addr())
}

/// Ready answers to requests in one write come in order, one after the other.
#[tokio::test]
async fn ready_answers_come_in_order() {
    let upstream = upstream().await;
    let nopar = ready(&upstream, &["/small", &tarball("small"), &tarball("large")]).await;
    let paths = ["/small", &tarball("large"), "/small", &tarball("small"), &tarball("large")];
    let requests: Vec<_> = (0..30)
        .map(|at| {
            let method = if at % 7 == 3 { "HEAD" } else { "GET" };
            Request::new(nopar.addr(), method, paths[at % paths.len()])
        })
        .collect();
    let mut connection = nopar.connect().await;
    connection.send_pipelined(&requests).await.expect("sent");
    let packument = nopar.get("/small").await.body;
    for at in 0..requests.len() {
        let answer = next(&mut connection).await.expect(200);
        let expected = match paths[at % paths.len()] {
            "/small" => packument.clone(),
            path => upstream.file_bytes(path).to_vec(),
        };
        assert!(is_hot(&answer.headers), "{at}");
        let expected = if at % 7 == 3 { Vec::new() } else { expected };
        assert!(answer.body == expected, "{at}");
    }
    connection.get("/small").await.expect(200);
}

/// Where one in the middle is for Pingora, all are answered, in order, if that is a plain one; else those
/// up to it, and then the connection is closed.
#[tokio::test]
async fn one_in_the_middle_is_for_pingora() {
    let upstream = upstream().await;
    let nopar = ready(&upstream, &["/small"]).await;
    let get = |path: &str| Request::get(nopar.addr(), path);
    let cold = "/large/-/large-1.0.0.tgz";
    for (middle, status, is_plain) in [
        (get(cold), 200, true),
        (get("/@s%2fn"), 200, true),
        (get("/-/ping"), 200, true),
        (get("/none"), 404, true),
        (get("/small").header("Cache-Control", "no-cache"), 200, false),
        (Request::new(nopar.addr(), "POST", "/small").body("{}"), 405, false),
    ] {
        let mut connection = nopar.connect().await;
        let all = [get("/small"), get("/small"), middle, get("/small"), get("/small")];
        connection.send_pipelined(&all).await.expect("sent");
        for _ in 0..2 {
            assert!(is_hot(&next(&mut connection).await.expect(200).headers));
        }
        next(&mut connection).await.expect(status);
        for _ in 3..all.len() {
            match connection.receive().await {
                Ok(answer) => assert!(is_hot(&answer.expect(200).headers), "{:?}", all[2]),
                Err(NoResponse::Closed) if !is_plain => break,
                Err(error) => panic!("{:?}: {error}", all[2]),
            }
        }
    }
    assert!(nopar.get(cold).await.expect(200).body == upstream.tarball("large", "1.0.0"));
}

/// A head may come in two parts, cut anywhere. The first comes with the request before, whose answer
/// says that it was read.
#[tokio::test]
async fn a_head_may_be_cut_anywhere() {
    let upstream = upstream().await;
    let nopar = ready(&upstream, &["/small"]).await;
    let good = plain(&nopar, "/small");
    for path in ["/small", "/-/ping"] {
        let second = plain(&nopar, path);
        let mut connection = nopar.connect().await;
        for at in 1..second.len() {
            let sent = format!("{good}{}", &second[..at]);
            connection.send_bytes(sent.as_bytes()).await.expect("sent");
            let first = next(&mut connection).await.expect(200);
            assert!(is_hot(&first.headers), "{path} cut at {at}");
            let sent = format!("{}{good}", &second[at..]);
            connection.send_bytes(sent.as_bytes()).await.expect("sent");
            let answer = next(&mut connection).await.expect(200);
            assert_eq!(is_hot(&answer.headers), path == "/small", "{path} cut at {at}");
            assert!(is_hot(&next(&mut connection).await.expect(200).headers));
        }
    }
}

/// Many requests in one write, more than is read at once: heads lie across the ends of what is read.
#[tokio::test]
async fn more_requests_than_are_read_at_once() {
    let upstream = upstream().await;
    let nopar = ready(&upstream, &["/small"]).await;
    let mut connection: Connection = nopar.connect().await;
    let all = plain(&nopar, "/small").repeat(300);
    connection.send_bytes(all.as_bytes()).await.expect("sent");
    let body = nopar.get("/small").await.body;
    for at in 0..300 {
        let answer = next(&mut connection).await.expect(200);
        assert!(is_hot(&answer.headers) && answer.body == body, "{at}");
    }
}

/// A body that comes together with its head is read to its end wherever reads happen to end, and nothing
/// of it is taken for the next request.
#[tokio::test]
async fn a_body_that_comes_with_a_head_of_any_length_is_no_request() {
    let upstream = upstream().await;
    let nopar = ready(&upstream, &["/small"]).await;
    let (good, ping) = (plain(&nopar, "/small"), plain(&nopar, "/-/ping"));
    // What a NOPAR that lost its place would answer.
    let body = ping.repeat(20_000 / ping.len());
    for long in (0..13_000).step_by(250) {
        let mut connection = nopar.connect().await;
        let put = format!(
            "{good}POST /small HTTP/1.1\r\nHost: a\r\nX: {}\r\nContent-Length: {}\r\n\r\n{body}",
            "x".repeat(long),
            body.len()
        );
        connection.send_bytes(put.as_bytes()).await.expect("sent");
        assert!(is_hot(&next(&mut connection).await.expect(200).headers), "{long}");
        next(&mut connection).await.expect(405);
        connection.send(&nopar.request("/small")).await.expect("sent");
        let behind = connection.receive().await;
        let behind = behind.unwrap_or_else(|error| panic!("{long}: {error}")).expect(200);
        assert!(is_hot(&behind.headers), "{long}");
    }
}
