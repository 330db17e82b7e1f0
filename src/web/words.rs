//! Numbers and times as people read them.
//! Knows nothing of what they are of.

use std::time::Duration;

/// A moment: exact for programs and who looks closely, and how long ago it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// In UTC, as in `2026-01-31T12:00:00.000Z`.
    pub exact: String,
    /// As in `3 hours ago`.
    pub words: String,
}

/// What a unit is of the one before.
const STEP: u64 = 1024;

/// Units of bytes, as settings have them.
const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];

/// A number of bytes: `999 B`, `1.5 KiB`, `12 MiB`.
pub fn bytes(bytes: u64) -> String {
    if bytes < STEP {
        return format!("{bytes} B");
    }
    let (mut value, mut unit) = (bytes as f64 / STEP as f64, 0);
    // What would be written as 1024 is the next unit's 1.
    while value >= STEP as f64 - 0.5 && unit + 1 < UNITS.len() {
        value /= STEP as f64;
        unit += 1;
    }
    let digits = usize::from(value < 9.95);
    format!("{value:.digits$} {}", UNITS[unit])
}

/// A number with a comma between thousands.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A part of a whole in percent; a dash of nothing. 100 % is all, and 0 % none.
pub fn part(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let percent = 100.0 * part as f64 / whole as f64;
    match part {
        0 => "0 %".to_owned(),
        _ if part >= whole => "100 %".to_owned(),
        _ if percent < 0.1 => "< 0.1 %".to_owned(),
        _ if percent > 99.9 => "99.9 %".to_owned(),
        _ => format!("{percent:.1} %"),
    }
}

/// A time span in its largest unit: `1 second`, `5 minutes`, `3 days`.
pub fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let (number, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        86_400..31_536_000 => (seconds / 86_400, "day"),
        _ => (seconds / 31_536_000, "year"),
    };
    let many = if number == 1 { "" } else { "s" };
    format!("{} {unit}{many}", count(number))
}

/// How long ago something was.
pub fn ago(since: Duration) -> String {
    if since.as_secs() < 5 { "just now".to_owned() } else { format!("{} ago", span(since)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_in_the_units_of_settings() {
        for (number, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (10_180, "9.9 KiB"),
            (10_239, "10 KiB"),
            (1_048_063, "1023 KiB"),
            (1_048_064, "1.0 MiB"),
            (10 << 30, "10 GiB"),
            (u64::MAX, "16384 PiB"),
        ] {
            assert_eq!(bytes(number), expected, "{number}");
        }
    }

    #[test]
    fn numbers_have_commas() {
        for (number, expected) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")]
        {
            assert_eq!(count(number), expected);
        }
    }

    #[test]
    fn only_all_is_all_and_only_nothing_nothing() {
        for (one, all, expected) in [
            (0, 0, "–"),
            (0, 7, "0 %"),
            (7, 7, "100 %"),
            (9, 7, "100 %"),
            (1, 3, "33.3 %"),
            (99_999, 100_000, "99.9 %"),
            (1, 100_000, "< 0.1 %"),
        ] {
            assert_eq!(part(one, all), expected, "{one}/{all}");
        }
    }

    #[test]
    fn time_is_told_in_its_largest_unit() {
        for (seconds, expected) in [
            (0, "just now"),
            (5, "5 seconds ago"),
            (60, "1 minute ago"),
            (3599, "59 minutes ago"),
            (7200, "2 hours ago"),
            (86_400, "1 day ago"),
            (31_536_000 * 1200, "1,200 years ago"),
        ] {
            assert_eq!(ago(Duration::from_secs(seconds)), expected);
        }
    }
}
