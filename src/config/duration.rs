//! Lengths of time: `30`, `30s`, `500ms`, `5m`, `6h`, `1d`.

use super::wrong::Wrong;
use std::time::Duration;

const ALLOWED: &str = "seconds, or a number with ms, s, m, h or d, is allowed";
/// A century: longer is a slip, and would overflow dates.
const LONGEST: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

/// Reads a length of time; a bare number is seconds.
pub(super) fn parse(text: &str) -> Result<Duration, Wrong> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let wrong = || Wrong::new("is not a length of time", ALLOWED);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let milliseconds = match unit.trim() {
        "ms" => 1,
        "" | "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    let length = number.checked_mul(milliseconds).map(Duration::from_millis);
    length.filter(|length| *length <= LONGEST).ok_or_else(wrong)
}

/// The same, but not nothing.
pub(super) fn positive(text: &str) -> Result<Duration, Wrong> {
    match parse(text)? {
        Duration::ZERO => Err(Wrong::new("is no time at all", ALLOWED)),
        length => Ok(length),
    }
}
