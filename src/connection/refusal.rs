//! What is wrong with a head that Pingora does not take for a request.
//! Knows nothing of connections; reads the head again, since Pingora keeps its reasons to itself.

use super::Patience;
use super::head::{Cut, Head};
use crate::reply::Reply;
use http::StatusCode;
use http::header;

/// Lines that Pingora reads of a head.
const MOST_LINES: usize = 256;

/// A status, a sentence for a person, a word for programs.
pub(super) type Refusal = (StatusCode, String, &'static str);

/// What is said of `head`. `None`: nobody is there to be told.
pub(super) fn of_head(head: &Head, cut: Option<Cut>, patience: &Patience) -> Option<Refusal> {
    match cut {
        Some(Cut::Gone) => None,
        Some(Cut::LargeHead) => {
            let error = format!("the request's head is larger than {} bytes", patience.head_size);
            Some((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, error, "head_too_large"))
        }
        _ if head.swallowed.is_empty() => {
            let error = "the request's head was not finished in time".to_owned();
            Some((StatusCode::REQUEST_TIMEOUT, error, "slow_head"))
        }
        _ => Some(malformed(&head.bytes, &head.swallowed)),
    }
}

/// The refusal of whoever finds all connections in use.
pub(super) fn no_room() -> Reply {
    let error = "NOPAR has too many connections; try again later";
    Reply::error(StatusCode::SERVICE_UNAVAILABLE, error, "too_many_connections")
        .with(header::RETRY_AFTER, "5")
}

/// The refusal of whoever comes from an address that has as many as it may.
pub(super) fn too_many_of_address() -> Reply {
    let error =
        "there are too many connections from your address to NOPAR; close some, or try again later";
    Reply::error(StatusCode::TOO_MANY_REQUESTS, error, "too_many_connections")
        .with(header::RETRY_AFTER, "5")
}

fn malformed(head: &[u8], swallowed: &[u8]) -> Refusal {
    let bad = StatusCode::BAD_REQUEST;
    let refusal = |status, error: &str, reason| (status, error.to_owned(), reason);
    // A ClientHello. Whoever sent it cannot read the answer; the log can be read.
    if head.starts_with(&[0x16, 3]) {
        return refusal(bad, "this port speaks HTTP, not HTTPS", "tls_to_http");
    }
    if swallowed.starts_with(b"HTTP/1.1 405") {
        let error = "this method is not allowed here";
        return refusal(StatusCode::METHOD_NOT_ALLOWED, error, "method_not_allowed");
    }
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let first = lines.by_ref().find(|line| !line.is_empty()).unwrap_or_default();
    let fields: Vec<&[u8]> = lines.take_while(|line| !line.is_empty()).collect();
    if speaks_another_version(first) {
        let error = "only HTTP/1.0 and HTTP/1.1 are spoken here";
        return refusal(StatusCode::HTTP_VERSION_NOT_SUPPORTED, error, "http_version");
    }
    if fields.len() > MOST_LINES {
        let error = "the request has more than 256 header lines";
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return refusal(status, error, "head_too_large");
    }
    if fields.iter().any(|line| !is_field(line)) || target(first).is_none() {
        return refusal(bad, "the request's head is malformed", "bad_request");
    }
    let named = |name: &str| fields.iter().filter(move |line| has_name(line, name)).count();
    if named("host") > 1 {
        return refusal(bad, "the request has more than one Host header", "bad_host");
    }
    let host = fields.iter().find(|line| has_name(line, "host"));
    let absolute = target(first).is_some_and(|target| !target.starts_with(b"/"));
    if absolute || host.is_some_and(|line| line.contains(&b'@')) {
        let error = "the request's Host is malformed, or contradicts the request's target";
        return refusal(bad, error, "bad_host");
    }
    if named("content-length") + named("transfer-encoding") > 0 {
        return refusal(bad, "the length of the request's body is not clear", "bad_length");
    }
    refusal(bad, "the request's head is malformed", "bad_request")
}

/// The method and the target of a request, `-` where they are none.
pub(super) fn named(head: &[u8]) -> (String, String) {
    let first = head.split(|byte| matches!(byte, b'\r' | b'\n')).find(|line| !line.is_empty());
    let first = first.unwrap_or_default();
    let (Some(method), Some(target)) = (method(first), target(first)) else {
        return ("-".to_owned(), "-".to_owned());
    };
    (method.to_owned(), String::from_utf8_lossy(target).into_owned())
}

fn method(line: &[u8]) -> Option<&str> {
    let word = line.split(|byte| *byte == b' ').next()?;
    let decent = word.len() <= 20 && word.iter().all(u8::is_ascii_graphic) && !word.is_empty();
    std::str::from_utf8(word).ok().filter(|_| decent)
}

fn target(line: &[u8]) -> Option<&[u8]> {
    line.split(|byte| *byte == b' ').nth(1).filter(|target| !target.is_empty())
}

fn speaks_another_version(line: &[u8]) -> bool {
    let version = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    version.starts_with(b"HTTP/") && !matches!(version, b"HTTP/1.0" | b"HTTP/1.1")
}

fn is_field(line: &[u8]) -> bool {
    line.iter().position(|byte| *byte == b':').is_some_and(|at| at > 0)
}

fn has_name(line: &[u8], name: &str) -> bool {
    let at = line.iter().position(|byte| *byte == b':').unwrap_or_default();
    line[..at].eq_ignore_ascii_case(name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &str, status: u16, reason: &str) {
        let (found, _, word) = malformed(head.as_bytes(), b"HTTP/1.1 400 Bad Request");
        assert_eq!((found.as_u16(), word), (status, reason), "{head:?}");
    }

    #[test]
    fn each_fault_has_its_word() {
        check("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", 400, "bad_host");
        check("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, "bad_host");
        check("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_host");
        check("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "http_version");
        check("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http_version");
        check("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400, "bad_length");
        check("GET / HTTP/1.1\r\nHost\r\n\r\n", 400, "bad_request");
        check("nonsense\r\n\r\n", 400, "bad_request");
        check("\u{16}\u{3}\u{1}\u{0}", 400, "tls_to_http");
        check(&format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(257)), 431, "head_too_large");
    }

    #[test]
    fn what_can_be_named_is_named() {
        let names = |head: &str| named(head.as_bytes());
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(names("GET /a HTTP/1.1\r\nHost"), pair("GET", "/a"));
        assert_eq!(names("\r\nPUT /a"), pair("PUT", "/a"));
        assert_eq!(names("G\u{1}T /a HTTP/1.1"), pair("-", "-"));
        assert_eq!(names("nonsense"), pair("-", "-"));
        assert_eq!(names(""), pair("-", "-"));
    }
}
