//! The line as members of an object, always the same ones; null is what is not known, or was not.
//! Knows nothing of what is secret in it.

use super::shown::{AGENT_SHOWN, cut};
use super::{Line, UNIX, path, push_client, push_ms, push_number};
use crate::telemetry::json::{member, string};

/// Piece by piece, as text is.
pub(super) fn push(out: &mut Vec<u8>, line: &Line<'_>) {
    member(out, "method", line.method());
    out.extend_from_slice(b",\"path\":");
    string(out, |out| path::push(out, line.target));
    out.extend_from_slice(b",\"status\":");
    push_number(out, line.status.into());
    out.extend_from_slice(b",\"bytes\":");
    push_number(out, line.bytes as u64);
    out.extend_from_slice(b",\"duration_ms\":");
    push_ms(out, line.duration);
    member(out, "cache", line.cache);
    out.extend_from_slice(b",\"upstream_ms\":");
    or_null(out, line.upstream, push_ms);
    out.extend_from_slice(b",\"client\":");
    string(out, |out| match line.client {
        Some(client) => push_client(out, client),
        None => out.extend_from_slice(UNIX),
    });
    out.extend_from_slice(b",\"error\":");
    or_null(out, line.error, |out, word| string(out, |out| out.extend_from_slice(word.as_bytes())));
    member(out, "kind", line.kind);
    out.extend_from_slice(b",\"id\":");
    string(out, |out| line.id.push(out));
    out.extend_from_slice(b",\"caller\":");
    or_null(out, line.caller, |out, user| {
        string(out, |out| out.extend_from_slice(user.as_bytes()))
    });
    out.extend_from_slice(b",\"agent\":");
    or_null(out, line.agent, |out, agent| {
        string(out, |out| out.extend_from_slice(cut(agent, AGENT_SHOWN)));
    });
}

fn or_null<T>(out: &mut Vec<u8>, value: Option<T>, push: impl FnOnce(&mut Vec<u8>, T)) {
    match value {
        Some(value) => push(out, value),
        None => out.extend_from_slice(b"null"),
    }
}
