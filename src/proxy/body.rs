//! The body of a request: read with a limit and a least rate, or left to be drained.
//! Knows nothing of what is in it.

mod unpacked;

pub(super) use unpacked::{Packing, Unpacked};

use super::failure::Failure;
use crate::connection::{self, Pace, Patience};
use bytes::{Bytes, BytesMut};
use http::{StatusCode, Version, header};
use pingora::protocols::http::ServerSession;
use pingora::{Error, ErrorType};
use std::pin::pin;
use tokio::time::{Instant, sleep_until, timeout};

/// A body that nobody wants and that is no longer than this is read to its end, for the sake of the
/// connection; a longer one costs more than a new connection does.
const SHORT: u64 = 64 << 10;

/// Why a body cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    /// It is too long.
    #[error("the request's body is larger than {limit} bytes")]
    TooLarge {
        /// What is allowed.
        limit: u64,
    },
    /// It comes too slowly.
    #[error("the request's body came too slowly")]
    TooSlow,
    /// It breaks off, or its framing is none.
    #[error("the request's body could not be read")]
    Broken,
}

impl BodyError {
    /// The status it is told with, and a word for programs.
    pub(super) fn told(&self) -> (StatusCode, &'static str) {
        match self {
            BodyError::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            BodyError::TooSlow => (StatusCode::REQUEST_TIMEOUT, "slow_body"),
            BodyError::Broken => (StatusCode::BAD_REQUEST, "bad_body"),
        }
    }
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Failure {
        let (status, reason) = error.told();
        Failure::new(status, error.to_string(), reason)
    }
}

/// The least rate at which a body has to come over this connection.
pub(super) fn pace(session: &ServerSession) -> Pace {
    let connection = connection::of(session);
    connection.map_or_else(|| Patience::default().sending, |it| it.patience().sending)
}

/// Reads the whole body, which may have `limit` bytes.
///
/// A client that asks (`Expect: 100-continue`) is told to go on, unless the length it states is too
/// much already.
///
/// # Errors
/// When there is no whole body of that size at this pace.
pub(super) async fn read(
    session: &mut ServerSession,
    limit: u64,
    pace: Pace,
) -> Result<Bytes, BodyError> {
    if stated_length(session).is_some_and(|length| length > limit) {
        return Err(BodyError::TooLarge { limit });
    }
    let mut incoming = Incoming::of(session, pace);
    let mut body = BytesMut::new();
    while let Some(piece) = incoming.next().await? {
        if (body.len() + piece.len()) as u64 > limit {
            return Err(BodyError::TooLarge { limit });
        }
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}

/// A body that is read piece by piece.
pub(super) struct Incoming<'a> {
    session: &'a mut ServerSession,
    pace: Pace,
    /// When the window ends that is measured.
    end: Instant,
    /// When the last piece was handed out.
    since: Instant,
    /// Bytes that came in it.
    moved: u64,
    /// Bytes that came in all.
    came: u64,
    /// Whether the client waits to be told to go on.
    is_asking: bool,
}

impl<'a> Incoming<'a> {
    /// The body of a request, at no less than this pace.
    pub(super) fn of(session: &'a mut ServerSession, pace: Pace) -> Incoming<'a> {
        let is_asking = is_asking(session) && !session.is_body_done();
        let since = Instant::now();
        Incoming { session, pace, end: since + pace.window, since, moved: 0, came: 0, is_asking }
    }

    /// Its length, as the client says it.
    pub(super) fn stated_length(&self) -> Option<u64> {
        stated_length(self.session)
    }

    /// The next piece; `None` at the end. A client that asks (`Expect: 100-continue`) is told to go on before the
    /// first.
    ///
    /// # Errors
    /// When it breaks off, or comes too slowly.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        if std::mem::take(&mut self.is_asking) {
            self.session.write_continue_response().await.map_err(|_| BodyError::Broken)?;
        }
        // What was done meanwhile is not the client's time.
        self.end += self.since.elapsed();
        let piece = self.next_in_time().await;
        self.since = Instant::now();
        if matches!(piece, Err(BodyError::Broken)) {
            end_connection(self.session);
        }
        piece
    }

    async fn next_in_time(&mut self) -> Result<Option<Bytes>, BodyError> {
        let mut reading = pin!(self.session.read_request_body());
        loop {
            tokio::select! {
                biased;
                read = &mut reading => {
                    let piece = read.map_err(|error| unreadable(&error))?;
                    let len = piece.as_ref().map_or(0, |piece| piece.len() as u64);
                    self.moved += len;
                    self.came += len;
                    return Ok(piece);
                }
                () = sleep_until(self.end) => {
                    if self.moved < self.pace.least {
                        return Err(BodyError::TooSlow);
                    }
                    (self.end, self.moved) = (Instant::now() + self.pace.window, 0);
                }
            }
        }
    }
}

/// Has the connection closed after the answer, which says so. Where a body ends whose framing is none nobody knows, and
/// Pingora takes it for done: what comes behind would be the next request, of which a proxy in front knows nothing.
fn end_connection(session: &mut ServerSession) {
    session.set_keepalive(None);
    if let Some(connection) = connection::of(session) {
        connection.body_breaks();
    }
}

fn unreadable(error: &Error) -> BodyError {
    match error.etype() {
        ErrorType::ReadTimedout => BodyError::TooSlow,
        _ => BodyError::Broken,
    }
}

/// For a request whose body nobody wants: keeps the connection if the body is short. A client that
/// asks first may send it or not, and nobody could tell the next request from it.
pub(super) fn keep_connection_if_short(session: &mut ServerSession) {
    let short = stated_length(session).is_some_and(|length| length <= SHORT);
    if short && !is_asking(session) {
        session.set_close_on_response_before_downstream_finish(false);
    }
}

/// After the answer: reads what is left of a short body; whether all of it was read.
pub(super) async fn drain(session: &mut ServerSession) -> bool {
    if session.is_body_done() {
        return true;
    }
    if session.get_keepalive().is_none() {
        // Whoever closes the connection drains it then.
        return false;
    }
    let limit =
        connection::of(session).map_or(Patience::default().linger, |it| it.patience().linger);
    let drained = matches!(timeout(limit, session.drain_request_body()).await, Ok(Ok(())));
    if !drained {
        session.set_keepalive(None);
    }
    drained
}

fn stated_length(session: &ServerSession) -> Option<u64> {
    session.get_header(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

/// Whether the client asks before it sends. One of HTTP/1.0 does not, whatever a proxy passed on of another's request:
/// it would take a 100 for the answer (RFC 9110 §10.1.1).
fn is_asking(session: &ServerSession) -> bool {
    let expects = session.get_header(header::EXPECT);
    session.req_header().version > Version::HTTP_10
        && expects.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

#[cfg(test)]
mod tests;
