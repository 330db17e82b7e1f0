//! How often something happened in the last hour, in sixteen bytes.
//! Knows nothing of what.

/// A quarter of an hour, in milliseconds.
const QUARTER_MS: u64 = 15 * 60 * 1000;
/// How many there are of them.
const COUNT: usize = 4;

/// Counts of this quarter of an hour, and of the three before it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Quarters {
    /// The number of this quarter, since 1970.
    last: u32,
    counts: [u32; COUNT],
}

impl Quarters {
    /// It happened so often, just now: in milliseconds since 1970. A clock that was set back changes nothing of what
    /// was counted.
    pub(super) fn add(&mut self, now: u64, count: u64) {
        self.go_on(now);
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.counts[0] = self.counts[0].saturating_add(count);
    }

    /// How often it happened in the last hour, less up to a quarter.
    pub(super) fn sum(mut self, now: u64) -> u32 {
        self.go_on(now);
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    fn go_on(&mut self, now: u64) {
        let quarter = u32::try_from(now / QUARTER_MS).unwrap_or(u32::MAX);
        let gone = quarter.saturating_sub(self.last) as usize;
        let gone = gone.min(COUNT);
        self.counts.rotate_right(gone % COUNT);
        self.counts[..gone].fill(0);
        self.last = self.last.max(quarter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_than_an_hour_does_not_count() {
        let minute = |minute: u64| (1000 * 60 + minute) * 60 * 1000;
        let mut quarters = Quarters::default();
        quarters.add(minute(0), 1);
        quarters.add(minute(14), 2);
        quarters.add(minute(20), 4);
        quarters.add(minute(46), 8);
        assert_eq!(quarters.sum(minute(59)), 15);
        assert_eq!(quarters.sum(minute(60)), 12);
        assert_eq!(quarters.sum(minute(75)), 8);
        assert_eq!(quarters.sum(minute(104)), 8);
        assert_eq!(quarters.sum(minute(105)), 0);
        // The clock is set back, and goes on.
        quarters.add(minute(3), 16);
        assert_eq!(quarters.sum(minute(50)), 31);
        quarters.add(minute(10_000), 1);
        assert_eq!(quarters.sum(minute(10_001)), 1);
        quarters.add(minute(10_001), u64::MAX);
        assert_eq!(quarters.sum(u64::MAX), 0);
    }
}
