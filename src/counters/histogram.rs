//! How long things took: counts of durations in fixed buckets, each ending a seventh to a quarter above
//! where it begins, so that an estimate is wrong by that much at the most.
//! Knows nothing of what took so long.

use serde::Serialize;
use std::time::Duration;

/// Upper bounds of all buckets but the last, in microseconds, inclusive as Prometheus's `le`: 16, then
/// four steps to each power of two (20, 24, 28, 32, 40, …) up to 2^26, which is 67 seconds. Each fourth
/// is a power of two, which is fine enough where buckets are dear.
pub const BOUNDS: [u64; 89] = bounds();
/// The last bucket takes what is longer.
pub(super) const BUCKETS: usize = BOUNDS.len() + 1;

/// The first bound is two to the power of this.
const FIRST_POWER: u32 = 4;
const STEPS: usize = 4;

const fn bounds() -> [u64; 89] {
    let mut bounds = [0; 89];
    bounds[0] = 1 << FIRST_POWER;
    let mut at = 1;
    while at < bounds.len() {
        let power = FIRST_POWER + ((at - 1) / STEPS) as u32;
        let step = ((at - 1) % STEPS + 1) as u64;
        bounds[at] = (1 << power) + (step << power) / STEPS as u64;
        at += 1;
    }
    bounds
}

/// A duration in nanoseconds; 584 years are the most.
pub(super) fn nanoseconds(duration: Duration) -> u64 {
    let seconds = duration.as_secs().saturating_mul(1_000_000_000);
    seconds.saturating_add(u64::from(duration.subsec_nanos()))
}

/// Which bucket takes so many nanoseconds.
#[inline]
pub(super) fn bucket_of(nanoseconds: u64) -> usize {
    // Bounds are inclusive: exactly 20 µs go where 19.5 µs go.
    let below = nanoseconds.saturating_sub(1) / 1000;
    if below < 1 << FIRST_POWER {
        return 0;
    }
    let power = below.ilog2();
    let step = (below >> (power - 2)) as usize % STEPS;
    let bucket = 1 + (power - FIRST_POWER) as usize * STEPS + step;
    bucket.min(BUCKETS - 1)
}

/// How many durations there were, by length.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Histogram {
    /// How many fell into each bucket (not into it and those below); see [`BOUNDS`].
    pub buckets: Vec<u64>,
    /// The sum of all durations, in nanoseconds.
    pub sum_ns: u64,
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram { buckets: vec![0; BUCKETS], sum_ns: 0 }
    }
}

impl Histogram {
    /// There was one more.
    pub fn add(&mut self, duration: Duration) {
        let nanoseconds = nanoseconds(duration);
        if let Some(bucket) = self.buckets.get_mut(bucket_of(nanoseconds)) {
            *bucket += 1;
        }
        self.sum_ns = self.sum_ns.saturating_add(nanoseconds);
    }

    /// How many durations there were.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Their mean; `None` when there were none.
    pub fn mean(&self) -> Option<Duration> {
        self.sum_ns.checked_div(self.count()).map(Duration::from_nanos)
    }

    /// About the duration that this part of all (0.5: half of them) did not exceed, in a straight line
    /// between the bounds of its bucket. What is longer than the last bound counts as that. `None` when
    /// there were none.
    pub fn quantile(&self, part: f64) -> Option<Duration> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let rank = (part.clamp(0.0, 1.0) * count as f64).max(1.0);
        let (mut below, mut lower) = (0, 0);
        for (bound, here) in BOUNDS.iter().zip(&self.buckets) {
            if *here > 0 && (below + here) as f64 >= rank {
                let within = (rank - below as f64) / *here as f64;
                let micros = lower as f64 + within * (bound - lower) as f64;
                return Some(Duration::from_nanos((micros * 1e3) as u64));
            }
            (below, lower) = (below + here, *bound);
        }
        Some(Duration::from_micros(lower))
    }

    /// How many durations each bound (in microseconds) was enough for, as Prometheus wants it; `None`
    /// is without bound, and comes last.
    pub fn cumulative(&self) -> impl Iterator<Item = (Option<u64>, u64)> {
        let bounds = BOUNDS.iter().copied().map(Some).chain([None]);
        let sums = self.buckets.iter().scan(0, |sum, here| {
            *sum += here;
            Some(*sum)
        });
        bounds.zip(sums)
    }

    /// Both together.
    pub fn and(&self, other: &Histogram) -> Histogram {
        self.with(other, u64::wrapping_add)
    }

    /// What came to this one after `earlier`.
    pub(super) fn since(&self, earlier: &Histogram) -> Histogram {
        self.with(earlier, u64::saturating_sub)
    }

    fn with(&self, other: &Histogram, combine: fn(u64, u64) -> u64) -> Histogram {
        let pairs = self.buckets.iter().zip(&other.buckets);
        Histogram {
            buckets: pairs.map(|(one, other)| combine(*one, *other)).collect(),
            sum_ns: combine(self.sum_ns, other.sum_ns),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(durations: impl IntoIterator<Item = Duration>) -> Histogram {
        let mut histogram = Histogram::default();
        durations.into_iter().for_each(|duration| histogram.add(duration));
        histogram
    }

    #[test]
    fn bounds_are_four_steps_to_a_power_of_two() {
        assert_eq!(BOUNDS[..10], [16, 20, 24, 28, 32, 40, 48, 56, 64, 80]);
        assert_eq!(BOUNDS[88], 1 << 26);
        assert!(BOUNDS.windows(2).all(|pair| pair[0] < pair[1] && pair[1] * 4 <= pair[0] * 5));
        assert!(BOUNDS.iter().step_by(4).all(|bound| bound.is_power_of_two()));
    }

    #[test]
    fn a_bound_belongs_to_the_bucket_below_it() {
        for (number, bound) in BOUNDS.iter().enumerate() {
            assert_eq!(bucket_of(bound * 1000 - 1), number, "{bound} µs but a bit");
            assert_eq!(bucket_of(bound * 1000), number, "{bound} µs");
            assert_eq!(bucket_of(bound * 1000 + 1), number + 1, "{bound} µs and a bit");
        }
        assert_eq!(bucket_of(0), 0);
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
        assert_eq!(bucket_of(nanoseconds(Duration::MAX)), BUCKETS - 1);
    }

    #[test]
    fn nothing_has_no_quantile() {
        let none = Histogram::default();
        assert_eq!((none.count(), none.mean(), none.quantile(0.5)), (0, None, None));
    }

    #[test]
    fn quantiles_lie_between_the_bounds() {
        let hundred = of((1..=100).map(|n| Duration::from_micros(n * 100)));
        assert_eq!(hundred.count(), 100);
        assert_eq!(hundred.mean(), Some(Duration::from_micros(5050)));
        for (part, right) in [(0.0, 100), (0.01, 100), (0.5, 5000), (0.99, 9900), (1.0, 10_000)] {
            let estimate = hundred.quantile(part).unwrap().as_micros() as f64;
            let wrong = (estimate - f64::from(right)).abs() / f64::from(right);
            assert!(wrong <= 0.25, "{part}: {estimate} µs for {right}");
        }
        let endless = of([Duration::from_secs(3600)]);
        assert_eq!(endless.quantile(0.5), Some(Duration::from_micros(1 << 26)));
    }

    #[test]
    fn prometheus_counts_what_is_below_too() {
        let three = of([1, 16, 17, 90_000_000].map(Duration::from_micros));
        let cumulative: Vec<_> = three.cumulative().collect();
        assert_eq!(cumulative.len(), BUCKETS);
        assert_eq!(cumulative[..2], [(Some(16), 2), (Some(20), 3)]);
        assert_eq!(cumulative[88..], [(Some(1 << 26), 3), (None, 4)]);
    }

    proptest! {
        #[test]
        fn an_estimate_is_wrong_by_a_quarter_at_the_most(
            mut micros in prop::collection::vec(16_u64..60_000_000, 1..200),
            part in 0.0_f64..=1.0,
        ) {
            let histogram = of(micros.iter().copied().map(Duration::from_micros));
            micros.sort_unstable();
            let rank = (part * micros.len() as f64).ceil().max(1.0) as usize;
            let right = micros[rank - 1] as f64;
            let estimate = histogram.quantile(part).unwrap().as_nanos() as f64 / 1e3;
            prop_assert!(estimate <= right * 1.26 && right <= estimate * 1.26 + 16.0, "{estimate} {right}");
        }

        #[test]
        fn the_difference_of_two_is_what_came_between(
            first in prop::collection::vec(0..u64::MAX / 1000, 0..50),
            then in prop::collection::vec(0..u64::MAX / 1000, 0..50),
        ) {
            let micros = |all: &[u64]| of(all.iter().map(|n| Duration::from_nanos(n % (1 << 40))));
            let both = micros(&first).and(&micros(&then));
            prop_assert_eq!(both.since(&micros(&first)), micros(&then));
        }
    }
}
