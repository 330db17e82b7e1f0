//! How often a package was asked for in the last hour, and when last: counted by all threads at once, without a lock.
//! Knows nothing of what was asked for, nor of who did.

use crate::clock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// A quarter of an hour, in milliseconds.
const QUARTER_MS: u64 = 15 * 60 * 1000;
/// How many there are of them.
const COUNT: u64 = 4;
/// The number of a quarter stands above its count.
const SHIFT: u32 = 32;

/// Requests for one package, whichever its generation.
#[derive(Debug, Default)]
pub(super) struct Requests {
    /// Of each quarter its number since 1970 and its count; it lies where its number says, in place of that an hour before.
    quarters: [AtomicU64; COUNT as usize],
    /// When the last one came, in seconds since 1970; 0 for never.
    last: AtomicU64,
}

impl Requests {
    /// One was answered. Two threads that note one at once may count one, as with copies: a locked instruction for each costs
    /// more than that is worth.
    pub(super) fn note(&self, now: SystemTime) {
        let now = clock::to_millis(now);
        let number = number(now);
        if let Some(quarter) = self.quarters.get((number % COUNT) as usize) {
            let counted = quarter.load(Ordering::Relaxed);
            let before = if counted >> SHIFT == number { counted } else { number << SHIFT };
            quarter.store(before + 1, Ordering::Relaxed);
        }
        let now = now / 1000;
        if self.last.load(Ordering::Relaxed) < now {
            self.last.store(now, Ordering::Relaxed);
        }
    }

    /// How many there were in the last hour, less up to a quarter, as with copies.
    pub(super) fn count(&self, now: SystemTime) -> u32 {
        let number = number(clock::to_millis(now));
        let counted = self.quarters.iter().map(|quarter| quarter.load(Ordering::Relaxed));
        // What is ahead was counted by a clock that was wrong.
        let recent =
            counted.filter(|quarter| (0..COUNT).contains(&number.wrapping_sub(quarter >> SHIFT)));
        recent.fold(0, |sum: u32, quarter| sum.saturating_add(quarter as u32))
    }

    /// When the last one came.
    pub(super) fn last(&self) -> Option<SystemTime> {
        let last = self.last.load(Ordering::Relaxed);
        (last > 0).then(|| clock::of_millis(last.saturating_mul(1000)))
    }
}

/// Which quarter since 1970 a time is in.
fn number(millis: u64) -> u64 {
    millis / QUARTER_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_than_an_hour_does_not_count() {
        let minute = |minute: u64| clock::of_millis((1005 * 15 + minute) * 60 * 1000);
        let requests = Requests::default();
        assert_eq!((requests.count(minute(0)), requests.last()), (0, None));
        let note = |at, count: u32| (0..count).for_each(|_| requests.note(minute(at)));
        note(0, 1);
        note(14, 2);
        note(20, 4);
        note(46, 8);
        assert_eq!(requests.last(), Some(minute(46)));
        for (at, expected) in [(59, 15), (60, 12), (75, 8), (104, 8), (105, 0)] {
            assert_eq!(requests.count(minute(at)), expected, "{at}");
        }
        // In the place of the first one; and a clock that is set back sees nothing of what is ahead.
        note(60, 16);
        assert_eq!(requests.count(minute(60)), 28);
        assert_eq!(requests.count(minute(30)), 4);
        note(3, 1);
        assert_eq!(requests.last(), Some(minute(60)));
    }
}
