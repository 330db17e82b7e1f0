//! What a session and its context say for the access log.
//! Knows nothing of how a line looks.

use super::ctx::Ctx;
use crate::access_log::Line;
use crate::connection;
use pingora::Error;
use pingora_proxy::Session;

/// Writes the line of a finished request.
pub(super) fn write(session: &Session, error: Option<&Error>, ctx: &Ctx) {
    let request = session.req_header();
    let cut = connection::of(session).and_then(connection::Watched::cut_reason);
    Line {
        method: request.method.as_str(),
        target: &String::from_utf8_lossy(request.raw_path()),
        status: session.response_written().map_or(0, |header| header.status.as_u16()),
        bytes: session.body_bytes_sent(),
        duration: ctx.started.elapsed(),
        cache: ctx.cache_state.as_str(),
        upstream: ctx.upstream_time.or_else(|| ctx.upstream_since.map(|since| since.elapsed())),
        client: session.client_addr().and_then(|client| client.as_inet().copied()),
        error: cut.or(error.map(|error| error.etype().as_str())),
    }
    .write();
}
