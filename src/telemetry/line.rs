//! A line of either format: where it begins and where it ends.
//! Knows nothing of what is between, but a message.

use super::{LogFormat, head, json};
use log::{Level, Record};
use std::time::SystemTime;

/// Begins a line that is written now. In JSON, members may follow, each behind a comma.
pub(super) fn begin(out: &mut Vec<u8>, format: LogFormat, level: Level, target: &str) {
    let now = SystemTime::now();
    match format {
        LogFormat::Text => head::push(out, now, level, target),
        LogFormat::Json => head::push_json(out, now, level, target),
    }
}

/// Ends it.
pub(super) fn end(out: &mut Vec<u8>, format: LogFormat) {
    out.extend_from_slice(match format {
        LogFormat::Text => b"\n",
        LogFormat::Json => b"}\n",
    });
}

/// Appends a line with a message of one line.
pub(super) fn push(
    out: &mut Vec<u8>,
    format: LogFormat,
    level: Level,
    target: &str,
    message: &str,
) {
    begin(out, format, level, target);
    match format {
        LogFormat::Text => out.extend_from_slice(message.as_bytes()),
        LogFormat::Json => json::member(out, "message", message),
    }
    end(out, format);
}

/// What was logged, as a line of JSON.
pub(super) fn json(record: &Record<'_>) -> Vec<u8> {
    let mut line = Vec::new();
    let message = record.args().to_string();
    push(&mut line, LogFormat::Json, record.level(), record.target(), &message);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_long_as_its_message() {
        let mut out = Vec::new();
        push(&mut out, LogFormat::Text, Level::Info, "a", "said");
        push(&mut out, LogFormat::Json, Level::Info, "a", "said");
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.len() == 2 && lines[0].ends_with("Z INFO  a] said"), "{lines:?}");
        let expected = r#"Z","level":"INFO","target":"a","message":"said"}"#;
        assert!(lines[1].starts_with(r#"{"time":""#) && lines[1].ends_with(expected), "{lines:?}");
    }
}
