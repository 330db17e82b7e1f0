//! How often something may be done: `100/s`, `6000/min`, `100000/h`, `off`.
//! Knows nothing of what is done.

use super::wrong::Wrong;
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

/// More than this is no limit: at a million in a second, each would have a microsecond.
const MOST: u32 = 1_000_000;

const ALLOWED: &str =
    "off, or a number from 1 to 1000000 with /s, /min or /h, such as 100/s, is allowed";

/// So many times in so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many times.
    pub count: NonZeroU32,
    /// In how long.
    pub period: Duration,
}

/// As in a sentence: `100 in a second`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let period = match self.period.as_secs() {
            1 => "a second",
            60 => "a minute",
            _ => "an hour",
        };
        write!(f, "{} in {period}", self.count)
    }
}

/// Reads a rate; `off` is none.
pub(super) fn parse(text: &str) -> Result<Option<Rate>, Wrong> {
    if text == "0" || text.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    let wrong = || Wrong::new("is not a rate", ALLOWED);
    let (number, unit) = text.split_once('/').ok_or_else(wrong)?;
    let seconds = match unit.trim().to_ascii_lowercase().as_str() {
        "s" => 1,
        "min" | "m" => 60,
        "h" => 3600,
        _ => return Err(wrong()),
    };
    let count = number.trim().parse().ok().filter(|count| *count <= MOST);
    let count = count.and_then(NonZeroU32::new).ok_or_else(wrong)?;
    Ok(Some(Rate { count, period: Duration::from_secs(seconds) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_in_a_time() {
        for (text, told) in [
            ("100/s", Some("100 in a second")),
            ("6000/min", Some("6000 in a minute")),
            ("1 / M", Some("1 in a minute")),
            ("1000000/h", Some("1000000 in an hour")),
            ("off", None),
            ("OFF", None),
            ("0", None),
        ] {
            let rate = parse(text).unwrap_or_else(|_| panic!("{text} is a rate"));
            assert_eq!(rate.map(|rate| rate.to_string()).as_deref(), told, "{text}");
        }
        for text in ["", "100", "0/s", "-1/s", "1.5/s", "100/d", "100/", "/s", "1000001/s", "on"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
