//! The body of a request: read with a limit and a least rate, or left to be drained.
//! Knows nothing of what is in it.

use super::failure::Failure;
use crate::connection::{self, Pace, Patience};
use bytes::{Bytes, BytesMut};
use http::{StatusCode, header};
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

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Failure {
        let (status, reason) = match error {
            BodyError::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            BodyError::TooSlow => (StatusCode::REQUEST_TIMEOUT, "slow_body"),
            BodyError::Broken => (StatusCode::BAD_REQUEST, "bad_body"),
        };
        Failure::new(status, error.to_string(), reason)
    }
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
    if is_asking(session) && !session.is_body_done() {
        session.write_continue_response().await.map_err(|_| BodyError::Broken)?;
    }
    let mut body = BytesMut::new();
    let (mut end, mut moved) = (Instant::now() + pace.window, 0);
    while let Some(piece) = next(session, pace, &mut end, &mut moved).await? {
        if (body.len() + piece.len()) as u64 > limit {
            return Err(BodyError::TooLarge { limit });
        }
        moved += piece.len() as u64;
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}

/// The next piece; measures windows until it is there.
async fn next(
    session: &mut ServerSession,
    pace: Pace,
    end: &mut Instant,
    moved: &mut u64,
) -> Result<Option<Bytes>, BodyError> {
    let mut reading = pin!(session.read_request_body());
    loop {
        tokio::select! {
            biased;
            read = &mut reading => return read.map_err(|error| unreadable(&error)),
            () = sleep_until(*end) => {
                if *moved < pace.least {
                    return Err(BodyError::TooSlow);
                }
                (*end, *moved) = (Instant::now() + pace.window, 0);
            }
        }
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

fn is_asking(session: &ServerSession) -> bool {
    let expects = session.get_header(header::EXPECT);
    expects.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

#[cfg(test)]
mod tests;
