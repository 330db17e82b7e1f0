//! How often each of many may do something: a bucket for each that did it of late.
//! Knows nothing of who they are.
//!
//! A bucket is one time, as in the generic cell rate algorithm (ITU-T I.371): that at which it is full again. Each turn
//! takes a share of the period out of it; as many turns as the rate has can be taken at once out of a full one.

use crate::config::Rate;
use quick_cache::sync::Cache;
use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// So many have a bucket, each of which takes some hundred bytes; with more at once, who was not seen for the longest
/// time begins anew with a full one.
const MOST: usize = 65_536;

/// The buckets.
pub(super) struct Buckets<K> {
    /// When each is full again, in nanoseconds since 1970. Made when somebody is first counted.
    full: OnceLock<Cache<K, Arc<AtomicU64>>>,
    most: usize,
}

impl<K> Default for Buckets<K> {
    fn default() -> Buckets<K> {
        Buckets { full: OnceLock::new(), most: MOST }
    }
}

impl<K> fmt::Debug for Buckets<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Buckets(…)")
    }
}

impl<K: Copy + Eq + Hash> Buckets<K> {
    /// Takes a turn; who has had too many hears how long to wait for the next, and has taken none.
    pub(super) fn take(&self, key: K, rate: Rate, now: SystemTime) -> Result<(), Duration> {
        let now = nanoseconds(now.duration_since(UNIX_EPOCH).unwrap_or_default());
        let period = nanoseconds(rate.period);
        let share = period / u64::from(rate.count.get());
        let full = self.full.get_or_init(|| Cache::new(self.most));
        let made = || Ok::<_, std::convert::Infallible>(Arc::default());
        let Ok(full) = full.get_or_insert_with(&key, made);
        let mut is_full = full.load(Ordering::Relaxed);
        loop {
            // Not after more than a period: then the clock was set back, or the period was longer before.
            let next = is_full.clamp(now, now + period) + share;
            if next > now + period {
                return Err(Duration::from_nanos(next - now - period));
            }
            let taken =
                full.compare_exchange_weak(is_full, next, Ordering::Relaxed, Ordering::Relaxed);
            match taken {
                Ok(_) => return Ok(()),
                Err(other) => is_full = other,
            }
        }
    }

    /// How many have one.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.full.get().map_or(0, Cache::len)
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    fn rate(count: u32, seconds: u64) -> Rate {
        let count = NonZeroU32::new(count).unwrap();
        Rate { count, period: Duration::from_secs(seconds) }
    }

    fn turns(buckets: &Buckets<u32>, rate: Rate, now: SystemTime) -> u32 {
        (0..).take_while(|_| buckets.take(7, rate, now).is_ok()).count() as u32
    }

    #[test]
    fn as_many_at_once_as_the_rate_and_then_one_for_each_share_of_the_period() {
        let (buckets, start) = (Buckets::default(), SystemTime::now());
        let ten = rate(10, 60);
        assert_eq!(turns(&buckets, ten, start), 10);
        assert_eq!(buckets.take(7, ten, start), Err(Duration::from_secs(6)));
        let early = start + Duration::from_millis(5999);
        assert_eq!(buckets.take(7, ten, early), Err(Duration::from_millis(1)));
        assert_eq!(turns(&buckets, ten, start + Duration::from_secs(6)), 1);
        assert_eq!(turns(&buckets, ten, start + Duration::from_secs(36)), 5);
        assert_eq!(turns(&buckets, ten, start + Duration::from_secs(1000)), 10, "and no more");
        assert!(buckets.take(8, ten, start).is_ok(), "another one");
    }

    #[test]
    fn who_waits_as_long_as_told_gets_a_turn() {
        for rate in [rate(1, 1), rate(3, 1), rate(7, 60), rate(999_999, 3600)] {
            let (buckets, mut now) = (Buckets::default(), SystemTime::now());
            turns(&buckets, rate, now);
            for _ in 0..100 {
                let wait = buckets.take(7, rate, now).unwrap_err();
                assert!(wait > Duration::ZERO && wait <= rate.period);
                now += wait;
                buckets.take(7, rate, now).unwrap();
            }
        }
    }

    /// A clock that was an hour ahead, or a period that was one: nobody waits for an hour.
    #[test]
    fn nobody_waits_for_longer_than_a_period() {
        let (buckets, now) = (Buckets::default(), SystemTime::now());
        turns(&buckets, rate(5, 1), now + Duration::from_secs(3600));
        assert_eq!(buckets.take(7, rate(5, 1), now), Err(Duration::from_millis(200)));
        turns(&buckets, rate(5, 3600), now);
        assert_eq!(buckets.take(7, rate(5, 1), now), Err(Duration::from_millis(200)));
    }

    #[test]
    fn threads_take_no_turn_twice() {
        let (buckets, now) = (Buckets::default(), SystemTime::now());
        let had: u32 = std::thread::scope(|scope| {
            let take = || turns(&buckets, rate(10_000, 60), now);
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(had, 10_000);
    }

    #[test]
    fn it_holds_so_many_whoever_comes() {
        let buckets = Buckets { most: 100, ..Buckets::default() };
        let now = SystemTime::now();
        for key in 0..10_000_u32 {
            buckets.take(key, rate(1, 60), now).unwrap();
            assert!(buckets.len() <= 100, "{key}: {}", buckets.len());
        }
        assert!(buckets.take(9_999, rate(1, 60), now).is_err(), "the last one is among them");
    }
}
