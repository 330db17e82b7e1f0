//! One line per request.
//! Knows nothing of what was decided beyond what the request carries; holds no token and no body.

use super::ctx::Ctx;
use log::info;
use percent_encoding::percent_decode_str;
use pingora::Error;
use pingora_proxy::Session;
use std::borrow::Cow;

/// Paths whose last part is a secret: `npm logout` deletes a token by naming it.
const SECRET_BEHIND: [&str; 2] = ["/-/user/token/", "/-/npm/v1/tokens/token/"];

/// Writes the line of a finished request:
/// `METHOD PATH STATUS BYTESb DURATIONms CACHE upstream=DURATIONms|- CLIENT`.
pub(super) fn write(session: &Session, error: Option<&Error>, ctx: &Ctx) {
    let request = session.req_header();
    let path = String::from_utf8_lossy(request.raw_path());
    let status = session.response_written().map_or(0, |header| header.status.as_u16());
    let upstream = ctx.upstream_time.or_else(|| ctx.upstream_since.map(|since| since.elapsed()));
    let upstream = upstream.map_or("-".into(), |time| format!("{:.1}ms", time.as_secs_f64() * 1e3));
    let client = match session.client_addr() {
        Some(address) => address.to_string(),
        None => "-".to_owned(),
    };
    info!(
        target: "access",
        "{} {} {status} {}b {:.1}ms {} upstream={upstream} {client}{}",
        request.method,
        printable(&redacted(&path)),
        session.body_bytes_sent(),
        ctx.started.elapsed().as_secs_f64() * 1e3,
        ctx.cache_state.as_str(),
        error.map(|error| format!(" error={}", error.etype().as_str())).unwrap_or_default(),
    );
}

/// The path without its query, and without what a secret is behind, however it is encoded.
fn redacted(target: &str) -> Cow<'_, str> {
    let path = target.split('?').next().unwrap_or_default();
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let secret = SECRET_BEHIND.iter().find_map(|prefix| Some(decoded.find(prefix)? + prefix.len()));
    match secret {
        Some(at) => Cow::Owned(format!("{}[redacted]", &decoded[..at])),
        None => Cow::Borrowed(path),
    }
}

/// Escapes what could make one line look like two, or move a terminal's cursor.
fn printable(path: &str) -> Cow<'_, str> {
    if path.chars().any(|c| c.is_control() || c == '\u{2028}' || c == '\u{2029}') {
        return Cow::Owned(path.escape_debug().to_string());
    }
    Cow::Borrowed(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_in_paths_are_not_logged() {
        assert_eq!(redacted("/-/user/token/npm_abc"), "/-/user/token/[redacted]");
        assert_eq!(redacted("/npm/%2d/user%2Ftoken/npm_abc?x=1"), "/npm/-/user/token/[redacted]");
        assert_eq!(redacted("/lodash?token=x"), "/lodash");
        assert_eq!(printable("/a\u{1b}[2Jb"), "/a\\u{1b}[2Jb");
    }
}
