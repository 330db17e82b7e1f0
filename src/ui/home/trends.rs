//! The last hour and the last day as lines.
//! Knows nothing of how they look, nor of how samples are taken.

use crate::history::{MINUTE, Point, QUARTER};
use crate::web::{Spark, Trend, bytes, count};
use std::time::{Duration, SystemTime};

/// Requests and those that waited for an upstream, by the minute.
pub(super) fn hour(points: &[Point], now: SystemTime) -> Trend {
    trend("Requests in the last hour", points, now, MINUTE, 60)
}

/// The same by the quarter of an hour.
pub(super) fn day(points: &[Point], now: SystemTime) -> Trend {
    trend("Requests in the last day", points, now, QUARTER, 96)
}

fn trend(name: &str, points: &[Point], now: SystemTime, step: Duration, slots: usize) -> Trend {
    let (mut requests, mut waited) = (vec![0; slots], vec![0; slots]);
    let (mut served, mut errors) = (0, 0);
    for point in points {
        let Some(slot) = slot(point.at, now, step, slots) else { continue };
        requests[slot] += point.did.requests;
        waited[slot] += point.did.misses;
        served += point.did.served;
        errors += point.did.errors;
    }
    let most = requests.iter().copied().max().unwrap_or_default();
    let sum: u64 = requests.iter().sum();
    let missed: u64 = waited.iter().sum();
    let words = format!(
        "{} requests, {} of them waited for an upstream, {} failed; {} served.",
        count(sum),
        count(missed),
        count(errors),
        bytes(served)
    );
    let second = Some(Spark::new(&waited, most));
    Trend { name: name.to_owned(), spark: Spark::new(&requests, most), second, words }
}

/// Where a point lies among so many that end now; `None` if it lies elsewhere.
fn slot(at: SystemTime, now: SystemTime, step: Duration, slots: usize) -> Option<usize> {
    // One that is later than now is of a clock that was set back.
    let age = now.duration_since(at).ok()?.as_secs() / step.as_secs();
    slots.checked_sub(1 + usize::try_from(age).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Did;
    use std::time::UNIX_EPOCH;

    fn point(minute: u64, requests: u64, misses: u64) -> Point {
        let at = UNIX_EPOCH + MINUTE * u32::try_from(minute).unwrap();
        Point { at, did: Did { requests, misses, errors: 1, served: 500, fetched: 0 } }
    }

    #[test]
    fn what_is_missing_is_nothing_and_what_is_old_or_to_come_is_left_out() {
        let now = UNIX_EPOCH + MINUTE * 1000 + Duration::from_secs(30);
        let points = [point(900, 7, 0), point(990, 8, 6), point(1000, 4, 0), point(1002, 9, 0)];
        let trend = hour(&points, now);
        assert_eq!(
            trend.words,
            "12 requests, 6 of them waited for an upstream, 2 failed; 1000 B served."
        );
        let line: Vec<&str> = trend.spark.line.split(' ').collect();
        assert_eq!((line.len(), line[49], line[59], line[0]), (60, "49,1.0", "59,10.0", "0,19.0"));
    }

    #[test]
    fn nothing_was_done_is_a_flat_line() {
        let trend = day(&[], UNIX_EPOCH);
        assert!(trend.spark.line.split(' ').all(|point| point.ends_with(",19.0")));
        assert!(trend.words.starts_with("0 requests"));
    }
}
