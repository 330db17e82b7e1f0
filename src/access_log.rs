//! One line per request.
//! Knows nothing of what was decided, nor of connections; holds no token and no body.

mod path;

use crate::telemetry;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

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
    /// The client's address.
    pub client: Option<SocketAddr>,
    /// Why it went wrong, in a word.
    pub error: Option<&'a str>,
}

/// What may be shown of a target, in one line.
pub fn shown(target: &str) -> String {
    let mut out = Vec::new();
    path::push(&mut out, target);
    String::from_utf8_lossy(&out).into_owned()
}

impl Line<'_> {
    /// Writes the line:
    /// `METHOD PATH STATUS BYTESb DURATIONms CACHE upstream=DURATIONms|- CLIENT[ error=WORD]`.
    pub fn write(&self) {
        telemetry::access(|out| self.push(out));
    }

    /// Piece by piece: by `write!`, a line costs 0.4 to 0.7 µs, and so 0.2 (2026-11-23,
    /// `benches/access_log.rs`).
    fn push(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.method.as_bytes());
        out.push(b' ');
        path::push(out, self.target);
        out.push(b' ');
        push_number(out, self.status.into());
        out.push(b' ');
        push_number(out, self.bytes as u64);
        out.extend_from_slice(b"b ");
        push_ms(out, self.duration);
        out.push(b' ');
        out.extend_from_slice(self.cache.as_bytes());
        out.extend_from_slice(b" upstream=");
        match self.upstream {
            Some(time) => push_ms(out, time),
            None => out.push(b'-'),
        }
        out.push(b' ');
        push_client(out, self.client);
        if let Some(error) = self.error {
            out.extend_from_slice(b" error=");
            out.extend_from_slice(error.as_bytes());
        }
    }
}

fn push_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Milliseconds with one digit behind the point.
fn push_ms(out: &mut Vec<u8>, time: Duration) {
    let tenths = u64::try_from((time.as_nanos() + 50_000) / 100_000).unwrap_or(u64::MAX);
    push_number(out, tenths / 10);
    out.extend_from_slice(&[b'.', b'0' + (tenths % 10) as u8]);
    out.extend_from_slice(b"ms");
}

fn push_client(out: &mut Vec<u8>, client: Option<SocketAddr>) {
    match client {
        Some(SocketAddr::V4(client)) => {
            for (n, octet) in client.ip().octets().into_iter().enumerate() {
                if n > 0 {
                    out.push(b'.');
                }
                push_number(out, octet.into());
            }
            out.push(b':');
            push_number(out, client.port().into());
        }
        Some(client) => write!(out, "{client}").expect("a Vec takes all"),
        None => out.push(b'-'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: Line<'_> = Line {
        method: "GET",
        target: "/@a%2fb?x=1",
        status: 200,
        bytes: 0,
        duration: Duration::ZERO,
        cache: "-",
        upstream: None,
        client: None,
        error: None,
    };

    #[track_caller]
    fn check(line: &Line<'_>, expected: &str) {
        let mut out = Vec::new();
        line.push(&mut out);
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn lines_look_as_documented() {
        check(&LINE, "GET /@a%2fb 200 0b 0.0ms - upstream=- -");
        let (cache, error, client) = ("miss", Some("cut"), "[::1]:65535".parse().ok());
        let (duration, upstream) = (Duration::from_micros(12_349), Some(Duration::from_secs(100)));
        check(
            &Line { bytes: 293_000, duration, cache, upstream, client, error, ..LINE },
            "GET /@a%2fb 200 293000b 12.3ms miss upstream=100000.0ms [::1]:65535 error=cut",
        );
        let (duration, client) = (Duration::from_micros(950), "10.0.255.1:80".parse().ok());
        check(
            &Line { duration, client, status: 304, ..LINE },
            "GET /@a%2fb 304 0b 1.0ms - upstream=- 10.0.255.1:80",
        );
    }
}
