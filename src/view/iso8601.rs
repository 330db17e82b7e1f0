//! The one form of time npm writes: `2024-02-29T23:59:58.999Z`.
//! Knows no other zone than UTC.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Reads such a time, dropping fractions of seconds. `None` for anything else.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time.split('.').next()?, ':')?;
    let in_range = (1970..10_000).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 61;
    if !in_range {
        return None;
    }
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Some(UNIX_EPOCH + Duration::from_secs(seconds))
}

fn numbers(text: &str, separator: char) -> Option<[u64; 3]> {
    let mut parts = text.split(separator).map(|part| part.parse().ok());
    let all = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(all)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar (H. Hinnant, "chrono-compatible
/// low-level date algorithms": years begin in March, so that the leap day comes last).
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_agree_with_known_dates() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00.000Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2026-11-22T01:02:03.456Z", 1_795_309_323),
        ] {
            assert_eq!(parse(text), Some(UNIX_EPOCH + Duration::from_secs(seconds)), "{text}");
        }
        for wrong in
            ["", "2024-02-29", "2024-13-01T00:00:00Z", "2024-01-01T00:00:00+01:00", "a-b-cTd:e:fZ"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
