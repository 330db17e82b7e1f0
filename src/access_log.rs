//! One line per request.
//! Knows nothing of what was decided, nor of connections; holds no token and no body.

use log::info;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::time::Duration;

/// Paths whose last part is a secret: `npm logout` deletes a token by naming it.
const SECRET_BEHIND: [&str; 2] = ["/-/user/token/", "/-/npm/v1/tokens/token/"];

/// Longest path that is written out, in bytes; no name, version and file together are as long.
const PATH_SHOWN: usize = 1024;

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
    pub client: Option<String>,
    /// Why it went wrong, in a word.
    pub error: Option<&'a str>,
}

impl Line<'_> {
    /// Writes the line:
    /// `METHOD PATH STATUS BYTESb DURATIONms CACHE upstream=DURATIONms|- CLIENT[ error=WORD]`.
    pub fn write(&self) {
        let upstream = self.upstream.map_or("-".into(), |time| format!("{:.1}ms", ms(time)));
        info!(
            target: "access",
            "{} {} {} {}b {:.1}ms {} upstream={upstream} {}{}",
            self.method,
            printable(&shortened(&redacted(self.target))),
            self.status,
            self.bytes,
            ms(self.duration),
            self.cache,
            self.client.as_deref().unwrap_or("-"),
            self.error.map(|error| format!(" error={error}")).unwrap_or_default(),
        );
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
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

/// Whoever sends long paths must not fill the disk with them.
fn shortened(path: &str) -> Cow<'_, str> {
    if path.len() <= PATH_SHOWN {
        return Cow::Borrowed(path);
    }
    Cow::Owned(format!("{}[{} bytes]", &path[..path.floor_char_boundary(PATH_SHOWN)], path.len()))
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

    #[test]
    fn long_paths_are_cut() {
        assert_eq!(shortened("/lodash"), "/lodash");
        let long = format!("/a{}", "é".repeat(PATH_SHOWN));
        let shown = shortened(&long);
        assert!(shown.len() < PATH_SHOWN + 20 && shown.ends_with("[2050 bytes]"), "{shown}");
    }
}
