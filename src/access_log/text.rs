//! The line as text:
//! `METHOD PATH STATUS BYTESb DURATIONms CACHE upstream=DURATIONms|- CLIENT|-[ error=WORD] kind=WORD id=ID caller="USER"|-
//! agent="TEXT"|-`.
//! Knows nothing of what is secret in it.

use super::shown::{AGENT_SHOWN, cut, quoted};
use super::{Line, UNIX, path, push_client, push_ms, push_number};

/// Piece by piece: by `write!`, a line costs 0.4 to 0.7 µs, and so 0.2 (2026-11-23,
/// `benches/access_log.rs`).
pub(super) fn push(out: &mut Vec<u8>, line: &Line<'_>) {
    out.extend_from_slice(line.method().as_bytes());
    out.push(b' ');
    path::push(out, line.target);
    out.push(b' ');
    push_number(out, line.status.into());
    out.push(b' ');
    push_number(out, line.bytes as u64);
    out.extend_from_slice(b"b ");
    push_ms(out, line.duration);
    out.extend_from_slice(b"ms ");
    out.extend_from_slice(line.cache.as_bytes());
    out.extend_from_slice(b" upstream=");
    match line.upstream {
        Some(time) => {
            push_ms(out, time);
            out.extend_from_slice(b"ms ");
        }
        None => out.extend_from_slice(b"- "),
    }
    match line.client {
        Some(client) => push_client(out, client),
        None => out.extend_from_slice(UNIX),
    }
    if let Some(error) = line.error {
        out.extend_from_slice(b" error=");
        out.extend_from_slice(error.as_bytes());
    }
    out.extend_from_slice(b" kind=");
    out.extend_from_slice(line.kind.as_bytes());
    out.extend_from_slice(b" id=");
    line.id.push(out);
    out.extend_from_slice(b" caller=");
    match line.caller {
        Some(caller) => quoted(out, caller.as_bytes()),
        None => out.push(b'-'),
    }
    out.extend_from_slice(b" agent=");
    match line.agent {
        Some(agent) => quoted(out, cut(agent, AGENT_SHOWN)),
        None => out.push(b'-'),
    }
}
