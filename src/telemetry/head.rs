//! The head of a line, as env_logger writes it, `[2026-11-22T10:00:00.123Z INFO  access] `, or as JSON.
//! Knows nothing of what follows it.

use super::json;
use jiff::Timestamp;
use log::Level;
use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

/// `2026-11-22T10:00:00`
type ToSecond = [u8; 19];

thread_local! {
    /// The last second that was written out, since 1970: many lines have it in common.
    static SECOND: Cell<(u64, ToSecond)> = const { Cell::new((0, *b"1970-01-01T00:00:00")) };
}

/// Appends the head of a line that is written `now`.
pub(super) fn push(out: &mut Vec<u8>, now: SystemTime, level: Level, target: &str) {
    out.push(b'[');
    push_time(out, now);
    out.extend_from_slice(match level {
        Level::Error => b" ERROR ",
        Level::Warn => b" WARN  ",
        Level::Info => b" INFO  ",
        Level::Debug => b" DEBUG ",
        Level::Trace => b" TRACE ",
    });
    out.extend_from_slice(target.as_bytes());
    out.extend_from_slice(b"] ");
}

/// Appends the beginning of an object, with the same in it.
pub(super) fn push_json(out: &mut Vec<u8>, now: SystemTime, level: Level, target: &str) {
    out.extend_from_slice(b"{\"time\":\"");
    push_time(out, now);
    out.extend_from_slice(b"\",\"level\":\"");
    out.extend_from_slice(level.as_str().as_bytes());
    out.push(b'"');
    json::member(out, "target", target);
}

/// As RFC 3339 has it, with milliseconds.
fn push_time(out: &mut Vec<u8>, now: SystemTime) {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let ms = since.subsec_millis();
    let digit = |n: u32| b'0' + (n % 10) as u8;
    out.extend_from_slice(&to_second(since.as_secs()));
    out.extend_from_slice(&[b'.', digit(ms / 100), digit(ms / 10), digit(ms), b'Z']);
}

fn to_second(second: u64) -> ToSecond {
    let (last, text) = SECOND.get();
    if last == second {
        return text;
    }
    let text = date(second);
    SECOND.set((second, text));
    text
}

/// The date and time of a second since 1970; of the first one for those past year 9999.
fn date(second: u64) -> ToSecond {
    let time = i64::try_from(second).ok().and_then(|second| Timestamp::from_second(second).ok());
    let text = format!("{:.0}", time.unwrap_or_default());
    let mut date = *b"1970-01-01T00:00:00";
    let length = date.len();
    // All that jiff can hold has four digits of a year, unless it was before 0.
    if let Some(text) = text.as_bytes().get(..length) {
        date.copy_from_slice(text);
    }
    date
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[track_caller]
    fn check(ms: u64, level: Level, expected: &str) {
        let mut out = Vec::new();
        push(&mut out, UNIX_EPOCH + Duration::from_millis(ms), level, "access");
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn heads_look_as_env_logger_writes_them() {
        check(1_795_309_323_456, Level::Info, "[2026-11-22T01:02:03.456Z INFO  access] ");
        check(1_795_309_323_007, Level::Warn, "[2026-11-22T01:02:03.007Z WARN  access] ");
        check(1_795_309_324_000, Level::Error, "[2026-11-22T01:02:04.000Z ERROR access] ");
        check(951_825_600_090, Level::Debug, "[2000-02-29T12:00:00.090Z DEBUG access] ");
        check(0, Level::Trace, "[1970-01-01T00:00:00.000Z TRACE access] ");
        check(u64::MAX, Level::Info, "[1970-01-01T00:00:00.615Z INFO  access] ");
    }

    #[test]
    fn an_object_begins_with_the_same() {
        let mut out = Vec::new();
        let now = UNIX_EPOCH + Duration::from_millis(1_795_309_323_456);
        push_json(&mut out, now, Level::Warn, "nopar::app");
        let expected = r#"{"time":"2026-11-22T01:02:03.456Z","level":"WARN","target":"nopar::app""#;
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }
}
