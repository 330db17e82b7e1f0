//! What a session and its context, or a ready answer, say for the access log.
//! Knows nothing of how a line looks.

use super::ctx::Ctx;
use super::hot::Sent;
use super::{Door, request_id, trouble};
use crate::access_log::Line;
use crate::connection::{self, Caller, End, Plain};
use http::header::USER_AGENT;
use pingora::Error;
use pingora_proxy::Session;

/// Writes the line of a finished request.
pub(super) fn write(session: &Session, error: Option<&Error>, ctx: &Ctx) {
    let request = session.req_header();
    let cut = connection::of(session).and_then(connection::Watched::cut_reason);
    let mut agents = request.headers.get_all(USER_AGENT).iter();
    let agent = agents.next().filter(|_| agents.next().is_none());
    Line {
        method: request.method.as_str(),
        target: &String::from_utf8_lossy(request.raw_path()),
        status: session.response_written().map_or(0, |header| header.status.as_u16()),
        bytes: session.body_bytes_sent(),
        duration: ctx.started.elapsed(),
        cache: ctx.cache_state.as_str(),
        upstream: ctx.upstream_time.or_else(|| ctx.upstream_since.map(|since| since.elapsed())),
        client: session.client_addr().and_then(|client| client.as_inet().copied()),
        error: cut.or(error.map(|error| error.etype().as_str())).or(trouble::of(session)),
        kind: ctx.kind.as_str(),
        id: &request_id::of(session),
        caller: ctx.caller.as_deref(),
        agent: agent.map(|agent| agent.as_bytes()),
    }
    .write();
}

impl Door {
    /// Writes the line of a request that had a ready answer. What else is in its head is looked for only now, so that
    /// it costs nothing where nobody logs.
    pub(super) fn log_ready(&self, request: &Plain<'_>, caller: &Caller, sent: &Sent, end: End) {
        Line {
            method: if request.is_head { "HEAD" } else { "GET" },
            target: request.target,
            status: sent.status.as_u16(),
            bytes: end.bytes,
            duration: end.duration,
            cache: sent.state.as_str(),
            upstream: None,
            client: caller.address,
            error: end.error,
            kind: sent.kind.as_str(),
            id: &self.name_of_ready(request, caller),
            caller: sent.reader.as_ref().and_then(|reader| reader.user()),
            agent: request.line(USER_AGENT.as_str()),
        }
        .write();
    }
}
