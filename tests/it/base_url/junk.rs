//! Hosts, prefixes and paths that are no such thing: refused, and never echoed where they could act.
//! Knows nothing of decent ones.

use super::{behind, upstream};
use crate::support::client::{Request, Response};
use crate::support::nopar::TestNopar;

const SCRIPT: &str = "\"><script>alert(1)</script>";

/// A refusal in JSON that does not hold what was sent.
#[track_caller]
fn refused(answer: Response, sent: &str) {
    let answer = answer.expect(400);
    assert_eq!(answer.header("content-type"), Some("application/json"), "{sent}");
    assert!(answer.json()["error"].is_string(), "{sent}");
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(!body.contains(sent), "{body}");
    for (name, value) in answer.headers.iter() {
        assert!(!value.contains(sent), "{name}: {value}");
    }
}

/// What is no host is refused, on every path, before anything is fetched.
#[tokio::test]
async fn a_host_that_is_none_is_refused() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let hosts = [
        SCRIPT,
        "a b",
        "a/b",
        "u@a",
        "a,b",
        "a\\b",
        "a?b",
        "a#b",
        "a\"b",
        "a<b",
        "a%41",
        "..",
        "a..b",
        ":80",
        "a:x",
        "a:0",
        "a:65536",
        "a:-1",
        "[::1",
        "::1",
        "[::g]",
        "[::1]x",
        "1.2.3",
        "999.1.1.1",
    ];
    for host in hosts {
        for path in ["/@s%2fn", "/@s/n/-/n-1.0.0.tgz", "/"] {
            let answer = Request::get(nopar.addr(), path).host(host).send().await;
            refused(answer, host);
        }
    }
    for host in [&b"\xff.test"[..], b"caf\xc3\xa9.test"] {
        let answer = Request::get(nopar.addr(), "/@s%2fn").host(host).send().await;
        refused(answer, "test");
    }
    assert_eq!(upstream.count_all(), 0);
}

/// Two Host lines are how requests are smuggled: refused, even when both say the same.
#[tokio::test]
async fn two_hosts_are_refused() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for second in ["b.test", "a.test"] {
        let request = Request::get(nopar.addr(), "/@s%2fn").host("a.test").host(second);
        refused(request.send().await, second);
    }
    assert_eq!(upstream.count_all(), 0);
}

/// HTTP/1.1 without Host is refused (RFC 9112 §3.2).
#[tokio::test]
async fn http_1_1_without_host_is_refused() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    let request = Request::get(nopar.addr(), "/@s%2fn").without_host();
    refused(request.send().await, "@s");
    assert_eq!(upstream.count_all(), 0);
}

/// A trusted proxy's words are checked like everybody's.
#[tokio::test]
async fn forwarded_words_that_are_junk_are_refused() {
    let upstream = upstream().await;
    let nopar = behind("127.0.0.1", &upstream).start().await;
    let lines = [
        ("X-Forwarded-Host", SCRIPT),
        ("X-Forwarded-Proto", "javascript"),
        ("X-Forwarded-Port", "80/x"),
        ("X-Forwarded-Prefix", "/a/../b"),
        ("X-Forwarded-Prefix", "/a\"b"),
        ("X-Forwarded-Prefix", "//evil.example"),
        ("X-Forwarded-Prefix", "evil"),
        ("Forwarded", "host=\"a b\""),
        ("Forwarded", "proto=javascript"),
    ];
    for (name, value) in lines {
        let request = Request::get(nopar.addr(), "/@s%2fn").header(name, value);
        refused(request.send().await, value);
    }
    assert_eq!(upstream.count_all(), 0);
}

/// What an answer repeats of a path it repeats in JSON, said to be JSON.
#[tokio::test]
async fn paths_are_not_echoed_where_they_could_act() {
    let upstream = upstream().await;
    let nopar = TestNopar::with(&upstream).start().await;
    for path in [
        "/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "/@s%2fn/%22%3E%3Cscript%3E",
        "/-/%3Cscript%3E",
        "/@s/n/-/%3Cscript%3E.tgz",
        "/%22%7D",
    ] {
        let answer = nopar.get(path).await;
        assert!(matches!(answer.status, 400 | 404), "{path}: {}", answer.status);
        assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
        let error = answer.json();
        assert!(error["error"].is_string() && error["reason"].is_string(), "{path}: {error}");
        for (name, value) in answer.headers.iter() {
            assert!(!value.contains("script"), "{path}: {name}: {value}");
        }
    }
}
