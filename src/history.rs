//! What NOPAR did in the last hour and in the last day: the counters, sampled every minute.
//! Knows nothing of who asks, nor of when to sample.
//!
//! Two series of sums, of a minute and of a quarter of an hour each. What happened between two samples belongs to
//! where the first was taken. So long as NOPAR did not run, or the clock jumped over, there are no points.

mod series;

use crate::counters::{Requests, Snapshot};
use parking_lot::Mutex;
use series::Series;
use std::time::{Duration, SystemTime};

/// How long a point of the hour is.
pub const MINUTE: Duration = Duration::from_secs(60);
/// How long a point of the day is.
pub const QUARTER: Duration = Duration::from_secs(15 * 60);

/// What was done in some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// When the time begins: a multiple of its length since 1970.
    pub at: SystemTime,
    /// What was done in it.
    pub did: Did,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Did {
    /// Requests of clients that were answered: who looks at pages is not counted.
    pub requests: u64,
    /// Those of them that waited for an upstream.
    pub misses: u64,
    /// Those of them that failed: 5xx, or no answer.
    pub errors: u64,
    /// Bytes of bodies that were served.
    pub served: u64,
    /// Bytes of bodies that came from upstreams.
    pub fetched: u64,
}

/// The samples of an hour and of a day.
pub struct History {
    kept: Mutex<Kept>,
}

struct Kept {
    /// When the last sample was taken, and what had been done then.
    last: (SystemTime, Did),
    hour: Series,
    day: Series,
}

impl History {
    /// Nothing was done before `now`.
    pub fn new(now: SystemTime) -> History {
        let (hour, day) = (Series::new(MINUTE, 60), Series::new(QUARTER, 96));
        History { kept: Mutex::new(Kept { last: (now, Did::default()), hour, day }) }
    }

    /// Notes what was counted until `now`. To be called about every minute, and by who is about to tell of it; more often
    /// does no harm.
    pub fn sample(&self, now: SystemTime, snapshot: &Snapshot) {
        let kept = &mut *self.kept.lock();
        // Of two who sample at once, the one who has counted first may come last: nothing is counted twice for that.
        let sum = Did::of(snapshot).or_more(kept.last.1);
        let (since, before) = std::mem::replace(&mut kept.last, (now, sum));
        let did = sum.since(before);
        for series in [&mut kept.hour, &mut kept.day] {
            // A clock that was set back goes through the same time again.
            series.add(since.min(now), did);
            series.forget_before(now);
        }
    }

    /// The minutes of the last hour, oldest first, as far as they have been sampled.
    pub fn hour(&self) -> Vec<Point> {
        self.kept.lock().hour.points()
    }

    /// The quarters of the last day, oldest first; the last of them grows with each sample.
    pub fn day(&self) -> Vec<Point> {
        self.kept.lock().day.points()
    }
}

impl Did {
    /// All that was counted.
    pub fn of(snapshot: &Snapshot) -> Did {
        let requests_where = |of: fn(&Requests) -> bool| {
            snapshot.requests_where(|row| !row.kind.is_of_pages() && of(row))
        };
        Did {
            requests: requests_where(|_| true),
            misses: requests_where(|row| row.cache.is_miss()),
            errors: requests_where(|row| matches!(row.status.class(), 0 | 5)),
            served: snapshot.served_where(|row| !row.kind.is_of_pages()),
            fetched: snapshot.upstream.fetched_bytes,
        }
    }

    fn since(self, before: Did) -> Did {
        self.with(before, u64::saturating_sub)
    }

    fn and(self, more: Did) -> Did {
        self.with(more, u64::saturating_add)
    }

    fn or_more(self, other: Did) -> Did {
        self.with(other, u64::max)
    }

    fn with(self, other: Did, combine: fn(u64, u64) -> u64) -> Did {
        Did {
            requests: combine(self.requests, other.requests),
            misses: combine(self.misses, other.misses),
            errors: combine(self.errors, other.errors),
            served: combine(self.served, other.served),
            fetched: combine(self.fetched, other.fetched),
        }
    }
}

#[cfg(test)]
mod tests;
