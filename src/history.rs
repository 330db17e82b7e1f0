//! What NOPAR did in the last hour and in the last day: the counters, sampled every minute.
//! Knows nothing of who asks, nor of when to sample.
//!
//! Two series of sums, of a minute and of a quarter of an hour each. What happened between two samples belongs to
//! where the first was taken. So long as NOPAR did not run, or the clock jumped over, there are no points.

mod series;

use crate::cache_state::CacheState;
use crate::counters::Snapshot;
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
    /// Requests that were answered.
    pub requests: u64,
    /// Those of them that were answered without waiting for an upstream, from what is held or NOPAR's own.
    pub hits: u64,
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

    /// Notes what was counted until `now`. To be called about every minute; more often does no harm.
    pub fn sample(&self, now: SystemTime, snapshot: &Snapshot) {
        let sum = Did::of(snapshot);
        let kept = &mut *self.kept.lock();
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
    fn of(snapshot: &Snapshot) -> Did {
        Did {
            requests: snapshot.requests_where(|_| true),
            hits: snapshot.requests_where(|row| row.status.class() < 5 && is_hit(row.cache)),
            errors: snapshot.requests_where(|row| matches!(row.status.class(), 0 | 5)),
            served: snapshot.served_where(|_| true),
            fetched: snapshot.upstream.fetched_bytes,
        }
    }

    fn since(self, before: Did) -> Did {
        Did {
            requests: self.requests.saturating_sub(before.requests),
            hits: self.hits.saturating_sub(before.hits),
            errors: self.errors.saturating_sub(before.errors),
            served: self.served.saturating_sub(before.served),
            fetched: self.fetched.saturating_sub(before.fetched),
        }
    }

    fn and(self, more: Did) -> Did {
        Did {
            requests: self.requests.saturating_add(more.requests),
            hits: self.hits.saturating_add(more.hits),
            errors: self.errors.saturating_add(more.errors),
            served: self.served.saturating_add(more.served),
            fetched: self.fetched.saturating_add(more.fetched),
        }
    }
}

/// Whether nobody waited for an upstream.
fn is_hit(state: CacheState) -> bool {
    match state {
        CacheState::Hit | CacheState::Updating | CacheState::Negative | CacheState::Hosted => true,
        CacheState::None | CacheState::Miss | CacheState::Revalidated | CacheState::Stale => false,
    }
}

#[cfg(test)]
mod tests;
