//! The heads of ready answers, as HTTP/1.1 has them.
//! Knows nothing of what is sent or why; takes the headers from where the usual way takes them.

use super::due::Due;
use crate::cache::Entry;
use crate::proxy::ctx::CacheState;
use crate::proxy::{private, tarball, write};
use crate::view::{Heads, View};
use http::header::AGE;
use pingora::Result;
use pingora::http::ResponseHeader;
use std::time::Duration;

/// The head of a view, but for its age, or of a 304 in its place.
pub(super) fn of_view(view: &View, due: Due, state: CacheState) -> Option<&[u8]> {
    made(&view.heads, due, || view_header(view, state))
}

fn view_header(view: &View, state: CacheState) -> Result<ResponseHeader> {
    let mut header = write::view_header(view, state, Duration::ZERO)?;
    header.remove_header(&AGE);
    Ok(header)
}

/// Appends the head of a tarball, or of a 304 in its place.
pub(super) fn append_tarball(
    to: &mut Vec<u8>,
    entry: &Entry,
    heads: &Heads,
    due: Due,
    age: Duration,
) -> Option<()> {
    let lines = made(heads, due, || {
        let mut header = ResponseHeader::clone(entry.header());
        tarball::dress(&mut header, CacheState::Hit)?;
        Ok(header)
    })?;
    append(to, lines, age);
    Some(())
}

/// Appends the head of a hosted tarball, or of a 304 in its place.
pub(super) fn append_hosted(
    to: &mut Vec<u8>,
    len: u64,
    etag: Option<&str>,
    heads: &Heads,
    due: Due,
) -> Option<()> {
    let lines = made(heads, due, || write::tarball_header(len, etag))?;
    to.extend_from_slice(lines);
    Some(())
}

/// Appends `lines` and an Age.
pub(super) fn append(to: &mut Vec<u8>, lines: &[u8], age: Duration) {
    to.extend_from_slice(lines);
    to.extend_from_slice(b"Age: ");
    append_number(to, age.as_secs());
    to.extend_from_slice(b"\r\n");
}

fn append_number(to: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    to.extend_from_slice(&digits[at..]);
}

/// A head, made of that of the whole answer to everybody if it is the first of its kind.
fn made(heads: &Heads, due: Due, make: impl FnOnce() -> Result<ResponseHeader>) -> Option<&[u8]> {
    let place = due.place(heads);
    if let Some(lines) = place.get() {
        return Some(lines);
    }
    let mut header = make().ok()?;
    if !due.is_whole {
        write::not_modified(&mut header);
    }
    if due.is_private {
        private::dress(&mut header).ok()?;
    }
    let lines = lines(&header).into_boxed_slice();
    Some(place.get_or_init(|| lines))
}

fn lines(header: &ResponseHeader) -> Vec<u8> {
    let reason = header.get_reason_phrase().unwrap_or_default();
    let mut lines = format!("HTTP/1.1 {} {reason}\r\n", header.status.as_str()).into_bytes();
    header.header_to_h1_wire(&mut lines);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_usual() {
        for number in [0, 9, 10, 3600, u64::MAX] {
            let mut text = Vec::new();
            append_number(&mut text, number);
            assert_eq!(text, number.to_string().into_bytes());
        }
    }

    #[test]
    fn a_head_is_a_status_line_and_lines() {
        let mut header = ResponseHeader::build(304, None).unwrap();
        header.insert_header("etag", "\"a\"").unwrap();
        assert_eq!(lines(&header), b"HTTP/1.1 304 Not Modified\r\netag: \"a\"\r\n");
    }
}
