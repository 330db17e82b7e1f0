//! Callers who send what no client sends, one row for each way: a clear answer, one line in the log,
//! nothing stored, nothing asked of the upstream, and everybody else served as before.
//! Knows nothing of callers who are slow or many: see the modules below.

mod bodies;
mod crowd;
mod framing;
mod heads;
mod keepalive;
mod pipelining;
mod readers;

use std::net::SocketAddr;

use crate::support::binary::Binary;
use crate::support::client::{Connection, Request, Response};
use crate::support::nopar::files_below;
use crate::support::upstream::FakeUpstream;

/// What is sent, and what comes of it.
struct Row {
    sent: Vec<u8>,
    status: u16,
    /// `METHOD PATH` in the log.
    logged: String,
    reason: &'static str,
}

/// A whole head, byte for byte.
fn raw(sent: impl AsRef<[u8]>, status: u16, logged: &str, reason: &'static str) -> Row {
    Row { sent: sent.as_ref().to_vec(), status, logged: logged.to_owned(), reason }
}

/// A GET of a path.
fn path(path: &str, status: u16, reason: &'static str) -> Row {
    let logged = format!("GET {path}");
    raw(format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n"), status, &logged, reason)
}

/// A GET with these header lines.
fn lines(lines: &str, status: u16, reason: &'static str) -> Row {
    raw(format!("GET /a HTTP/1.1\r\n{lines}\r\n"), status, "GET /a", reason)
}

/// Another method, with a body if there is one.
fn method(method: &str, path: &str, body: &str, status: u16, reason: &'static str) -> Row {
    let length = body.len();
    let sent = format!(
        "{method} {path} HTTP/1.1\r\nHost: a.test\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    raw(sent, status, &format!("{method} {path}"), reason)
}

fn bad_paths() -> Vec<Row> {
    let bad = |it: &str| path(it, 400, "bad_path");
    let long = "x".repeat(513);
    vec![
        bad("/.."),
        bad("/../etc/passwd"),
        bad("/a/../b"),
        bad("/%2e%2e/a"),
        bad("/a/%2E./b"),
        bad("/@s%2f..%2f..%2fb"),
        bad("/a/-/..%2f..%2fx.tgz"),
        bad("/."),
        bad("/a%00"),
        bad("/a%00.tgz"),
        bad("/a/-/a%00.tgz"),
        bad("/a%0d%0aX:%20y"),
        bad("/a\\b"),
        bad("/a%5cb"),
        bad("/a%5C..%5Cb"),
        bad("/a%"),
        bad("/a%2"),
        bad("/a%zz"),
        bad("/a%c3%28"),
        bad("/a%ff"),
        bad("//a"),
        bad("/a//1.0.0"),
        bad(&format!("/{long}")),
        bad(&format!("/@s%2f{long}")),
        bad(&format!("/a/-/{}.tgz", "x".repeat(600))),
        bad(&format!("/a/{}", "1".repeat(600))),
        path("/-/nothing", 404, "no such endpoint"),
        path("/-/npm/v1/nothing", 404, "no such endpoint"),
        path("/-/%2e", 400, "bad_path"),
        path("/_all_docs", 404, "no such endpoint"),
    ]
}

fn bad_heads() -> Vec<Row> {
    let host = |host: &str| lines(&format!("Host: {host}\r\n"), 400, "bad_host");
    let a = "Host: a.test\r\n";
    vec![
        lines("", 400, "bad_host"),
        host(""),
        host("a b"),
        host("\"><script>"),
        host("a/b"),
        host("user@a.test"),
        host("a.test:x"),
        lines("Host: a.test\r\nHost: b.test\r\n", 400, "bad_host"),
        raw(
            "GET http://u@a.test/a HTTP/1.1\r\nHost: a.test\r\n\r\n",
            400,
            "GET http://[redacted]@a.test/a",
            "bad_host",
        ),
        raw(
            "GET http://b.test/a HTTP/1.1\r\nHost: a.test\r\n\r\n",
            400,
            "GET http://b.test/a",
            "bad_host",
        ),
        raw("GET a HTTP/1.1\r\nHost: a.test\r\n\r\n", 400, "GET a", "bad_path"),
        lines(&format!("{a}X-Large: {}\r\n", "x".repeat(70_000)), 431, "head_too_large"),
        lines(&format!("{a}{}", "X-Many: x\r\n".repeat(300)), 431, "head_too_large"),
        lines(&format!("{a}X\u{1}: y\r\n"), 400, "bad_request"),
        lines(&format!("{a} folded\r\n"), 400, "bad_request"),
        lines(&format!("{a}X-Nul: a\0b\r\n"), 400, "bad_request"),
        lines(&format!("{a}Content-Length: x\r\n"), 400, "bad_length"),
        lines(&format!("{a}Content-Length: -1\r\n"), 400, "bad_length"),
        lines(&format!("{a}Content-Length: 1\r\nContent-Length: 2\r\n"), 400, "bad_length"),
        lines(&format!("{a}Transfer-Encoding: gzip\r\n"), 400, "bad_length"),
        lines(&format!("{a}Transfer-Encoding: chunked, x\r\n"), 400, "bad_length"),
        raw(b"GET /a\0 HTTP/1.1\r\nHost: a.test\r\n\r\n", 400, "GET /a%00", "bad_path"),
        raw(b"GET /\xff HTTP/1.1\r\nHost: a.test\r\n\r\n", 400, "GET /\u{fffd}", "bad_request"),
        raw("nonsense\r\n\r\n", 400, "- -", "bad_request"),
        raw("GET /a\r\n\r\n", 400, "GET /a", "bad_request"),
        raw("GET /a HTTP/2.0\r\nHost: a.test\r\n\r\n", 505, "GET /a", "http_version"),
        raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "PRI *", "http_version"),
        raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "- -", "tls_to_http"),
    ]
}

fn bad_methods() -> Vec<Row> {
    let not = "method_not_allowed";
    vec![
        method("BREW", "/a", "", 405, not),
        method("POST", "/a", "{}", 405, not),
        method("POST", "/a/-/a-1.0.0.tgz", "x", 405, not),
        method("DELETE", "/a", "", 405, not),
        method("TRACE", "/a", "", 405, not),
        method("PATCH", "/-/ping", "", 405, not),
        method("POST", "/-/nothing", "x", 404, "no such endpoint"),
        raw("CONNECT a.test:80 HTTP/1.1\r\nHost: a.test:80\r\n\r\n", 405, "CONNECT a.test:80", not),
        raw("G(T /a HTTP/1.1\r\nHost: a.test\r\n\r\n", 400, "G(T /a", "bad_request"),
        method("GET", "/a", "a body", 400, "bad_body"),
        raw(
            "GET /a HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
            400,
            "GET /a",
            "bad_body",
        ),
    ]
}

/// Sends it all and reads the answer; what comes behind it is none.
async fn answer_to(addr: SocketAddr, row: &Row) -> Response {
    let mut connection = Connection::open(addr).await.expect("a connection");
    connection.send_bytes(&row.sent).await.expect("sent");
    let answer = connection.receive().await;
    answer.unwrap_or_else(|error| panic!("{}: {error}", row.logged))
}

fn check(row: &Row, answer: &Response) {
    let what = String::from_utf8_lossy(&row.sent[..row.sent.len().min(200)]).into_owned();
    assert_eq!(answer.status, row.status, "{what}: {}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"), "{what}");
    let told = answer.json();
    assert!(told["error"].as_str().is_some_and(|error| !error.is_empty()), "{what}: {told}");
    assert_eq!(told["reason"], row.reason, "{what}: {told}");
    assert_eq!(answer.surplus, 0, "{what}");
    if row.status == 405 {
        assert!(answer.header("allow").is_some(), "{what}");
    }
}

/// The words of an access line that stay the same: method, path, status.
fn logged(line: &str) -> &str {
    let (_, line) = line.split_once("access] ").expect("an access line");
    let end = line.match_indices(' ').nth(2).map_or(line.len(), |(at, _)| at);
    &line[..end]
}

/// Each row: its answer, its one line, nothing stored, and the server as before.
#[tokio::test]
async fn hostile_requests_are_refused_told_and_logged() {
    let upstream = FakeUpstream::start().await;
    let (binary, addr) = Binary::serving(&upstream.url(), &[]).await;
    let cache = binary.folder().join("cache");
    let (mut seen, files) = (0, files_below(&cache));
    for row in bad_paths().into_iter().chain(bad_heads()).chain(bad_methods()) {
        let answer = answer_to(addr, &row).await;
        check(&row, &answer);
        seen += 1;
        let lines = binary.says_times(seen, "access] ").await;
        assert_eq!(lines.len(), seen, "{lines:#?}");
        let expected = format!("{} {}", row.logged.escape_debug(), row.status);
        assert_eq!(logged(&lines[seen - 1]), expected.replace("\\\\", "\\"));
    }
    Request::get(addr, "/-/ping").send().await.expect(200);
    let lines = binary.says_times(seen + 1, "access] ").await;
    assert_eq!(lines.len(), seen + 1, "a line too many: {lines:#?}");
    assert_eq!(upstream.count_all(), 0);
    assert_eq!(files_below(&cache), files);
    let complaints = binary.stderr();
    let complaints = complaints.lines().filter(|line| !line.contains(" INFO "));
    assert_eq!(complaints.collect::<Vec<_>>(), [""; 0]);
}

/// A client that leaves in the middle of a head has its line too, and no complaint of Pingora's.
#[tokio::test]
async fn a_client_that_leaves_in_the_middle_of_a_head_is_logged() {
    let (binary, addr) = Binary::serving("http://registry.example", &[]).await;
    for leave in ["end", "reset"] {
        let mut connection = Connection::open(addr).await.expect("a connection");
        let head = format!("GET /{leave} HTTP/1.1\r\nHost: a");
        connection.send_bytes(head.as_bytes()).await.expect("sent");
        match leave {
            "end" => drop(connection),
            _ => connection.reset(),
        }
    }
    let lines = binary.says_times(2, "error=client_gone").await;
    assert!(lines.iter().all(|line| logged(line).ends_with(" 0")), "{lines:#?}");
    let complaints = binary.stderr();
    let complaints = complaints.lines().filter(|line| !line.contains(" INFO "));
    assert_eq!(complaints.collect::<Vec<_>>(), [""; 0]);
}

/// A refused HEAD has no body either.
#[tokio::test]
async fn a_refused_head_request_has_no_body() {
    let (_binary, addr) = Binary::serving("http://registry.example", &[]).await;
    for hosts in [&["a.test", "b.test"][..], &["u@a.test"], &["a b"]] {
        let request = Request::new(addr, "HEAD", "/a");
        let request = hosts.iter().fold(request, |request, host| request.host(host));
        let answer = request.send().await.expect(400);
        assert_eq!((answer.body.len(), answer.surplus), (0, 0), "{hosts:?}");
        assert!(answer.header("content-length").is_some_and(|length| length != "0"));
    }
}

/// A range that is none is no range; one that is not there is said not to be there.
#[tokio::test]
async fn bad_ranges_are_no_ranges() {
    let upstream = FakeUpstream::start().await;
    for (name, size) in [("small", 10_000), ("large", 1 << 20)] {
        upstream.package(name).version("1.0.0", |v| v.tarball_size(size));
    }
    let (_binary, addr) = Binary::serving(&upstream.url(), &[]).await;
    let many = format!("bytes={}0-1", "0-1,".repeat(300));
    for name in ["small", "large"] {
        let path = format!("/{name}/-/{name}-1.0.0.tgz");
        let whole = upstream.tarball(name, "1.0.0");
        for range in ["", "bytes", "bytes=x-y", "bits=0-1", "bytes=0-1,-0", &many] {
            let answer = Request::get(addr, &path).header("Range", range).send().await;
            assert!(answer.expect(200).body == whole, "{name} {range:?}");
        }
        for range in ["bytes=2000000-", "bytes=2000000-3000000", "bytes=5-1", "bytes=", "bytes=-0"]
        {
            let answer = Request::get(addr, &path).header("Range", range).send().await;
            let answer = answer.expect(416);
            let stated = format!("bytes */{}", whole.len());
            assert_eq!(answer.header("content-range"), Some(&*stated), "{name} {range}");
            assert_eq!(answer.json()["reason"], "bad_range", "{name} {range}");
            assert_eq!(answer.header("cache-control"), Some("no-cache"), "{name} {range}");
        }
        assert!(Request::get(addr, &path).send().await.expect(200).body == whole, "{name}");
    }
    assert_eq!(upstream.count_all(), 2);
}
