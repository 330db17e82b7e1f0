//! One line per request, as text or as JSON.
//! Knows nothing of what was decided, nor of connections; holds no token and no body.

mod id;
mod json;
mod path;
mod shown;
mod text;

#[cfg(test)]
mod tests;

pub use id::RequestId;

use crate::telemetry::{self, LogFormat};
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

/// Longest method that is written out, in bytes: those there are have half of that.
const METHOD_SHOWN: usize = 20;

/// What is told of a finished request.
pub struct Line<'a> {
    /// Its method; `-` when none was understood.
    pub method: &'a str,
    /// Its target as received, query included; what is secret is left out when written.
    pub target: &'a str,
    /// The answer's status; 0 when none was sent.
    pub status: u16,
    /// Bytes of the answer's body.
    pub bytes: usize,
    /// From the request to the end of the answer.
    pub duration: Duration,
    /// Where the answer came from; `-` when that is no question.
    pub cache: &'a str,
    /// How long the upstream took, if it was asked.
    pub upstream: Option<Duration>,
    /// The client's address; it has none if it came by a unix socket.
    pub client: Option<SocketAddr>,
    /// Why it went wrong, in a word.
    pub error: Option<&'a str>,
    /// What it is counted as.
    pub kind: &'a str,
    /// What it is called.
    pub id: &'a RequestId,
    /// The user who asked, if it mattered who that is.
    pub caller: Option<&'a str>,
    /// What the client says that it is, which may be anything.
    pub agent: Option<&'a [u8]>,
}

/// What may be shown of a target, in one line.
pub fn shown(target: &str) -> String {
    let mut out = Vec::new();
    path::push(&mut out, target);
    String::from_utf8_lossy(&out).into_owned()
}

impl Line<'_> {
    /// Writes the line; docs/log.md says how it looks.
    pub fn write(&self) {
        telemetry::access(|out, format| match format {
            LogFormat::Text => text::push(out, self),
            LogFormat::Json => json::push(out, self),
        });
    }

    /// Its method, in decent length.
    fn method(&self) -> &str {
        &self.method[..self.method.floor_char_boundary(METHOD_SHOWN)]
    }
}

/// What stands for a client by a unix socket, which has no address.
const UNIX: &[u8] = b"unix";

fn push_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Milliseconds with one digit behind the point.
fn push_ms(out: &mut Vec<u8>, time: Duration) {
    let tenths = u64::try_from((time.as_nanos() + 50_000) / 100_000).unwrap_or(u64::MAX);
    push_number(out, tenths / 10);
    out.extend_from_slice(&[b'.', b'0' + (tenths % 10) as u8]);
}

fn push_client(out: &mut Vec<u8>, client: SocketAddr) {
    match client {
        SocketAddr::V4(client) => {
            for (n, octet) in client.ip().octets().into_iter().enumerate() {
                if n > 0 {
                    out.push(b'.');
                }
                push_number(out, octet.into());
            }
            out.push(b':');
            push_number(out, client.port().into());
        }
        SocketAddr::V6(_) => write!(out, "{client}").expect("a Vec takes all"),
    }
}
