//! Replies and views onto a session.
//! Knows nothing of why they are sent.

use super::ctx::CacheState;
use super::failure::Failure;
use super::tarball::TARBALL_CONTROL;
use super::{trouble, wanted};
use crate::connection::STREAM_PIECE;
use crate::hosted::{HostedTarball, Large};
use crate::negotiate::Encoding;
use crate::reply::Reply;
use crate::store::{CHUNK, Tarball};
use crate::view::View;
use bytes::Bytes;
use http::header::{self, HeaderName};
use http::{Method, StatusCode};
use log::error;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::http::conditional_filter;
use pingora::{Error, ErrorType, Result};
use pingora_proxy::{RangeType, Session, range_header_filter};
use std::ops::Range;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Says where an answer came from.
pub(super) const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// What is sent with everything: it is what its type says, whatever it looks like. So no page has a browser run what
/// somebody has published.
pub(super) const NOSNIFF: &str = "nosniff";

/// So many ranges of a hosted tarball are not answered as such, but with the whole: nobody asks a registry for several.
const RANGES: usize = 2;

/// So many clients at once have whole pieces of hosted tarballs in memory.
static WHOLE: Semaphore = Semaphore::const_new(128);
/// What the others have there, in bytes.
const PIECE: usize = 32 << 10;

/// How proxied packuments may be cached by clients: kept, but asked for each time. Clients revalidate
/// with a 304 that costs them a few hundred bytes, and see a new version as soon as NOPAR does.
const PACKUMENT_CONTROL: &str = "public, no-cache";

/// Sends a reply; an error as a page, where that is wanted.
pub(super) async fn reply(session: &mut Session, reply: &Reply, state: CacheState) -> Result<()> {
    trouble::note(session, reply);
    let page = wanted::page(session, reply);
    let reply = page.as_ref().unwrap_or(reply);
    let header = reply_header(reply, state)?;
    finish(session, header, reply.body.clone()).await
}

/// The header of a reply.
pub(super) fn reply_header(reply: &Reply, state: CacheState) -> Result<ResponseHeader> {
    let mut header = ResponseHeader::build(reply.status, Some(reply.headers.len() + 5))?;
    for (name, value) in &reply.headers {
        header.append_header(name, value)?;
    }
    header.insert_header(header::CONTENT_LENGTH, reply.body.len())?;
    header.insert_header(header::VARY, "Accept, Accept-Encoding")?;
    header.insert_header(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF)?;
    if state != CacheState::None {
        header.insert_header(X_CACHE, state.as_str())?;
    }
    Ok(header)
}

/// Sends a view, or a 304 when the client has it.
pub(super) async fn view(
    session: &mut Session,
    view: &View,
    state: CacheState,
    age: Duration,
) -> Result<()> {
    let mut header = view_header(view, state, age)?;
    let request = session.req_header();
    if may_be_held(request, state) && conditional_filter::not_modified_filter(request, &header) {
        not_modified(&mut header);
    }
    finish(session, header, view.body.bytes()).await
}

/// Whether what a client has may be told by its validators. Of NOPAR's own packages not by a date alone: it is of a
/// second, in which there may have been two publishes, and who published the second one is to see it. Of an upstream's
/// a copy may be older than that anyway.
fn may_be_held(request: &RequestHeader, state: CacheState) -> bool {
    state != CacheState::Hosted || request.headers.contains_key(header::IF_NONE_MATCH)
}

/// Sends a hosted tarball, or as much of it as is asked for.
pub(super) async fn tarball(session: &mut Session, tarball: &HostedTarball) -> Result<()> {
    let (len, etag) = match tarball {
        HostedTarball::Small(small) => (small.bytes.len() as u64, &small.etag),
        HostedTarball::Large(large, _) => (large.len(), &large.etag),
    };
    let mut header = tarball_header(len, etag.as_deref())?;
    if conditional_filter::not_modified_filter(session.req_header(), &header) {
        not_modified(&mut header);
        return finish(session, header, Bytes::new()).await;
    }
    let (start, end) = match range(session.req_header(), &mut header, RANGES) {
        RangeType::Single(range) => (range.start as u64, range.end as u64),
        RangeType::Invalid => {
            let bad = Failure::bad_range().reply();
            let bad = bad.with(header::CONTENT_RANGE, format!("bytes */{len}"));
            return reply(session, &bad, CacheState::Hosted).await;
        }
        _ => (0, len),
    };
    match tarball {
        HostedTarball::Small(small) => {
            // Within the length of what is in memory.
            let part = small.bytes.bytes().slice(start as usize..end as usize);
            finish(session, header, part).await
        }
        HostedTarball::Large(large, content) => {
            send_part(session, header, large, content, start..end).await
        }
    }
}

/// Sends a tarball that waits to be published, whole: no cache may keep it.
pub(super) async fn staged(session: &mut Session, large: &Large, content: &Tarball) -> Result<()> {
    let mut header = ResponseHeader::build(StatusCode::OK, Some(4))?;
    header.insert_header(header::CONTENT_TYPE, "application/octet-stream")?;
    header.insert_header(header::CONTENT_LENGTH, large.len())?;
    header.insert_header(header::CACHE_CONTROL, "no-store")?;
    header.insert_header(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF)?;
    send_part(session, header, large, content, 0..large.len()).await
}

async fn send_part(
    session: &mut Session,
    header: ResponseHeader,
    large: &Large,
    content: &Tarball,
    range: Range<u64>,
) -> Result<()> {
    let bodiless = session.req_header().method == Method::HEAD || range.is_empty();
    session.write_response_header(Box::new(header), bodiless).await?;
    let mut at = if bodiless { range.end } else { range.start };
    while at < range.end {
        // All of a piece is read, and compared, for whatever part of it.
        let (number, from) = (at / CHUNK, at % CHUNK);
        let bytes = large.read(content, number).await.map_err(|error| {
            error!("{} of {} was broken off: {error}", large.kept, large.name);
            Error::explain(ErrorType::FileReadError, "a hosted tarball")
        })?;
        let wanted = bytes.slice(from as usize..(range.end - number * CHUNK).min(CHUNK) as usize);
        let place = WHOLE.try_acquire().ok();
        let part = match place {
            Some(_) => wanted,
            None => Bytes::copy_from_slice(&wanted[..wanted.len().min(PIECE)]),
        };
        at += part.len() as u64;
        write_body(session, part, at >= range.end).await?;
    }
    Ok(())
}

/// Sends a part of a body, or all of it.
async fn write_body(session: &mut Session, mut part: Bytes, is_last: bool) -> Result<()> {
    // How slow a client of HTTP/2 may be is measured by piece.
    while session.is_http2() && part.len() > STREAM_PIECE {
        session.write_response_body(Some(part.split_to(STREAM_PIECE)), false).await?;
    }
    session.write_response_body(Some(part), is_last).await
}

/// The header of a hosted tarball.
pub(super) fn tarball_header(len: u64, etag: Option<&str>) -> Result<ResponseHeader> {
    let mut header = ResponseHeader::build(StatusCode::OK, Some(8))?;
    header.insert_header(header::CONTENT_TYPE, "application/octet-stream")?;
    header.insert_header(header::CONTENT_LENGTH, len)?;
    if let Some(etag) = etag {
        header.insert_header(header::ETAG, etag)?;
    }
    header.insert_header(header::CACHE_CONTROL, TARBALL_CONTROL)?;
    header.insert_header(header::ACCEPT_RANGES, "bytes")?;
    header.insert_header(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF)?;
    header.insert_header(X_CACHE, CacheState::Hosted.as_str())?;
    Ok(header)
}

/// The header of a view.
pub(super) fn view_header(view: &View, state: CacheState, age: Duration) -> Result<ResponseHeader> {
    let mut header = ResponseHeader::build(StatusCode::OK, Some(11))?;
    header.insert_header(header::CONTENT_TYPE, view.content_type)?;
    header.insert_header(header::CONTENT_LENGTH, view.body.len())?;
    if view.encoding == Encoding::Gzip {
        header.insert_header(header::CONTENT_ENCODING, "gzip")?;
    }
    header.insert_header(header::ETAG, &view.etag)?;
    if let Some(date) = &view.last_modified {
        header.insert_header(header::LAST_MODIFIED, date)?;
    }
    header.insert_header(header::CACHE_CONTROL, PACKUMENT_CONTROL)?;
    header.insert_header(header::VARY, "Accept, Accept-Encoding")?;
    header.insert_header(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF)?;
    header.insert_header(header::AGE, age.as_secs())?;
    header.insert_header(X_CACHE, state.as_str())?;
    Ok(header)
}

/// Makes a 304 of a 200: what describes the body goes, the validators stay (RFC 9110 §15.4.5).
pub(super) fn not_modified(header: &mut ResponseHeader) {
    // 304 is a valid status.
    let _ = header.set_status(StatusCode::NOT_MODIFIED);
    let of_body = [
        header::CONTENT_LENGTH,
        header::CONTENT_TYPE,
        header::CONTENT_ENCODING,
        header::ACCEPT_RANGES,
    ];
    for name in of_body {
        header.remove_header(&name);
    }
}

/// What part of a tarball is asked for, if it is less than `most` parts; `header` becomes that of the answer.
///
/// The last none of its bytes cannot be had (`bytes=-0`, RFC 9110 §14.1.2); Pingora would send them.
pub(super) fn range(
    request: &RequestHeader,
    header: &mut ResponseHeader,
    most: usize,
) -> RangeType {
    if !request.headers.contains_key(header::RANGE) {
        return range_header_filter(request, header, Some(most));
    }
    let whole = header.clone();
    match range_header_filter(request, header, Some(most)) {
        RangeType::Single(range) if range.is_empty() => {
            // 416 is a valid status, and a number a valid value.
            let _ = header.set_status(StatusCode::RANGE_NOT_SATISFIABLE);
            let _ = header.insert_header(header::CONTENT_RANGE, format!("bytes */{}", range.end));
            header.remove_header(&header::CONTENT_TYPE);
            RangeType::Invalid
        }
        RangeType::Multi(parts) if parts.ranges.iter().any(|range| range.is_empty()) => {
            // With the whole, as if one part were too many.
            *header = whole;
            range_header_filter(request, header, Some(1))
        }
        asked => asked,
    }
}

/// Sends header and body; no body to HEAD, nor with a 304.
pub(super) async fn finish(
    session: &mut Session,
    header: ResponseHeader,
    body: Bytes,
) -> Result<()> {
    let bodiless = session.req_header().method == Method::HEAD
        || header.status == StatusCode::NOT_MODIFIED
        || body.is_empty();
    session.write_response_header(Box::new(header), bodiless).await?;
    if bodiless {
        return Ok(());
    }
    write_body(session, body, true).await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is made of a `Range`, and the answer's header.
    fn asked(asked: &str) -> (RangeType, ResponseHeader) {
        let mut request = RequestHeader::build("GET", b"/", None).unwrap();
        request.insert_header(header::RANGE, asked).unwrap();
        let mut header = tarball_header(1289, None).unwrap();
        (range(&request, &mut header, 200), header)
    }

    fn text(header: &ResponseHeader, name: HeaderName) -> Option<&str> {
        header.headers.get(name).map(|value| value.to_str().unwrap())
    }

    #[test]
    fn the_last_none_of_the_bytes_cannot_be_had() {
        for none in ["bytes=-0", "bytes=-00", "bytes=1289-", "bytes="] {
            let (range, header) = asked(none);
            assert_eq!(range, RangeType::Invalid, "{none}");
            assert_eq!(header.status, StatusCode::RANGE_NOT_SATISFIABLE, "{none}");
            assert_eq!(text(&header, header::CONTENT_RANGE), Some("bytes */1289"), "{none}");
            assert_eq!(text(&header, header::CONTENT_LENGTH), Some("0"), "{none}");
        }
        let (range, header) = asked("bytes=-1");
        assert_eq!(range, RangeType::Single(1288..1289));
        assert_eq!(text(&header, header::CONTENT_RANGE), Some("bytes 1288-1288/1289"));
    }

    #[test]
    fn beside_another_range_it_is_no_range() {
        let (range, header) = asked("bytes=0-1,-0");
        assert_eq!((range, header.status), (RangeType::None, StatusCode::OK));
        assert_eq!(text(&header, header::CONTENT_LENGTH), Some("1289"));
        assert_eq!(text(&header, header::CONTENT_RANGE), None);
        assert!(matches!(asked("bytes=0-1,-1").0, RangeType::Multi(_)));
    }
}
