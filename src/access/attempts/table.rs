//! Failures counted by whoever they are of, and how long these wait then.
//! Knows nothing of users or addresses.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, SystemTime};

/// When nothing has failed for so long, what failed before is forgotten.
pub(super) const FORGOTTEN: Duration = Duration::from_secs(15 * 60);
/// How long who has just failed too often waits at first; twice as long each time.
pub(super) const FIRST_WAIT: Duration = Duration::from_secs(1);
/// And at most.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

/// How much may fail.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    /// After so many failures, who fails waits.
    pub(super) free: u32,
    /// So many are remembered.
    pub(super) most: usize,
}

impl Limit {
    /// How long who has failed so often waits; `None` for not at all.
    fn wait(self, failures: u32) -> Option<Duration> {
        let doubled = failures.checked_sub(self.free)?;
        let factor = 1_u32.checked_shl(doubled).unwrap_or(u32::MAX);
        Some(FIRST_WAIT.saturating_mul(factor).min(LONGEST_WAIT))
    }
}

/// Failures of one.
struct Failures {
    times: u32,
    last: SystemTime,
}

/// Failures of many.
pub(super) struct Table<K> {
    limit: Limit,
    rows: HashMap<K, Failures>,
}

impl<K: Hash + Eq + Clone> Table<K> {
    pub(super) fn new(limit: Limit) -> Table<K> {
        Table { limit, rows: HashMap::new() }
    }

    /// How long this one still has to wait; `None` for not at all.
    pub(super) fn wait(&mut self, key: &K, now: SystemTime) -> Option<Duration> {
        let failures = self.rows.get_mut(key)?;
        if is_forgotten(failures, now) {
            self.rows.remove(key);
            return None;
        }
        if failures.last > now {
            // The clock was set back: waiting begins anew, and does not take as long as that.
            failures.last = now;
        }
        let waited = now.duration_since(failures.last).unwrap_or_default();
        let left = self.limit.wait(failures.times)?.checked_sub(waited)?;
        (!left.is_zero()).then_some(left)
    }

    /// Counts one more.
    pub(super) fn count(&mut self, key: K, now: SystemTime) {
        if !self.rows.contains_key(&key) {
            self.make_room(now);
        }
        let failures = self.rows.entry(key).or_insert(Failures { times: 0, last: now });
        failures.times = failures.times.saturating_add(1);
        failures.last = now;
    }

    /// What was counted last was none.
    pub(super) fn take_back(&mut self, key: &K) {
        let Some(failures) = self.rows.get_mut(key) else { return };
        failures.times = failures.times.saturating_sub(1);
        if failures.times == 0 {
            self.rows.remove(key);
        }
    }

    /// What was counted last is of now. How many there are, and how long this one waits from now on, if it does.
    pub(super) fn touch(&mut self, key: &K, now: SystemTime) -> Option<(u32, Duration)> {
        let failures = self.rows.get_mut(key)?;
        failures.last = now;
        Some((failures.times, self.limit.wait(failures.times)?))
    }

    /// Nothing has failed.
    pub(super) fn forget(&mut self, key: &K) {
        self.rows.remove(key);
    }

    /// Room for one more. To look through all of them takes less time than the hash that comes of each attempt.
    fn make_room(&mut self, now: SystemTime) {
        if self.rows.len() < self.limit.most {
            return;
        }
        self.rows.retain(|_, failures| !is_forgotten(failures, now));
        while self.rows.len() >= self.limit.most {
            let least = self.rows.iter().min_by_key(|(_, it)| (it.times, it.last));
            let Some(key) = least.map(|(key, _)| key.clone()) else { return };
            self.rows.remove(&key);
        }
    }

    /// How many are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
}

fn is_forgotten(failures: &Failures, now: SystemTime) -> bool {
    now.duration_since(failures.last).is_ok_and(|since| since >= FORGOTTEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit { free: 5, most: 3 };

    fn after(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
    }

    #[test]
    fn who_fails_waits_twice_as_long_each_time_up_to_the_longest() {
        let waits: Vec<_> =
            (0..18).map(|times| LIMIT.wait(times).map_or(0, |wait| wait.as_secs())).collect();
        let expected = [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300];
        assert_eq!(waits, expected);
        assert_eq!(LIMIT.wait(u32::MAX), Some(LONGEST_WAIT));
    }

    #[test]
    fn what_failed_is_forgotten_in_the_end() {
        let mut table = Table::new(LIMIT);
        for _ in 0..6 {
            table.count("a", after(0));
        }
        assert_eq!(table.wait(&"a", after(0)), Some(Duration::from_secs(2)));
        assert_eq!(table.wait(&"a", after(2)), None);
        assert_eq!(table.touch(&"a", after(2)), Some((6, Duration::from_secs(2))));
        let end = 2 + FORGOTTEN.as_secs();
        assert_eq!(table.wait(&"a", after(end - 1)), None);
        assert_eq!(table.len(), 1);
        assert_eq!((table.wait(&"a", after(end)), table.len()), (None, 0));
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nobody_wait_longer() {
        let mut table = Table::new(LIMIT);
        for _ in 0..5 {
            table.count("a", after(100_000));
        }
        assert_eq!(table.wait(&"a", after(0)), Some(Duration::from_secs(1)));
        assert_eq!(table.wait(&"a", after(1)), None);
    }

    #[test]
    fn those_who_failed_most_are_remembered_when_there_are_too_many() {
        let mut table = Table::new(LIMIT);
        for (key, times, at) in [("a", 6, 0), ("b", 1, 5), ("c", 1, 9), ("d", 1, 10), ("e", 1, 11)]
        {
            for _ in 0..times {
                table.count(key, after(at));
            }
            assert!(table.len() <= LIMIT.most);
        }
        let left = |key: &str| table.rows.contains_key(key);
        assert!(left("a") && left("d") && left("e"), "{:?}", table.rows.keys());
        // What is forgotten goes before anything that is not.
        let late = after(10 + FORGOTTEN.as_secs());
        table.count("f", late);
        let mut keys: Vec<_> = table.rows.keys().copied().collect();
        keys.sort_unstable();
        assert_eq!(keys, ["e", "f"]);
    }
}
