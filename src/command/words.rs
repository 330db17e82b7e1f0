//! Names, sizes and times as they are shown.
//! Knows nothing of what they are of.

use indicatif::BinaryBytes;
use jiff::Timestamp;
use std::fmt::Display;

/// A text whose control characters, and those that turn others around, do nothing to a terminal.
pub(super) fn printable(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = |c: char| match c.is_control() || turns(c) {
        true => c.escape_default().to_string(),
        false => c.into(),
    };
    text.chars().map(shown).collect()
}

/// The same of a text that may have several lines.
pub(super) fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// So many bytes: `1.20 MiB`.
pub(super) fn size(bytes: u64) -> String {
    BinaryBytes(bytes).to_string()
}

/// Seconds since 1970 as ISO 8601 has them; `None` for times that it has not.
pub(super) fn date(seconds: u64) -> Option<String> {
    let time = i64::try_from(seconds).ok().and_then(|it| Timestamp::from_second(it).ok())?;
    Some(time.to_string())
}

/// So many things of a kind: `1 package`, `2 packages`, `3 entries`, `4 misses`.
pub(super) fn count<N: Display + PartialEq + From<u8>>(number: N, one: &str) -> String {
    if number == N::from(1) {
        return format!("{number} {one}");
    }
    match one.strip_suffix("y") {
        Some(stem) if !one.ends_with("ey") => format!("{number} {stem}ies"),
        _ if one.ends_with("ss") => format!("{number} {one}es"),
        _ => format!("{number} {one}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_nothing_to_a_terminal_and_sizes_and_times_are_written_in_one_way() {
        assert_eq!(printable("ü\u{1b}[2J\n\u{202e}"), "ü\\u{1b}[2J\\n\\u{202e}");
        assert_eq!(printable_lines("a\u{7}\nb"), "a\\u{7}\nb");
        for (bytes, expected) in
            [(0, "0 B"), (1023, "1023 B"), (1536, "1.50 KiB"), (5 << 20, "5.00 MiB")]
        {
            assert_eq!(size(bytes), expected);
        }
        assert_eq!(date(0).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(date(u64::MAX), None);
        assert_eq!([count(1_u64, "entry"), count(2_u64, "entry")], ["1 entry", "2 entries"]);
        assert_eq!([count(0_usize, "key"), count(1_usize, "key")], ["0 keys", "1 key"]);
        assert_eq!([count(0_u64, "entry"), count(2_u64, "miss")], ["0 entries", "2 misses"]);
    }
}
