//! The time freshness is judged by: the system's clock, plus what a test adds to it.
//! Knows nothing of entries or TTLs; it only tells the time.

use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A clock that can be set forward, so that tests age entries instead of sleeping.
///
/// Clones share one setting. In production nothing sets it, and [`Clock::now`] is the system's time.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    ahead_ms: Arc<AtomicU64>,
    /// What it shows but for what is added, if it stands still.
    stopped: Option<SystemTime>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Clock {
        Clock::default()
    }

    /// A clock that stands still until it is set forward: however slow a machine is, what a test does
    /// between takes no time.
    pub fn stopped() -> Clock {
        Clock { stopped: Some(SystemTime::now()), ..Clock::default() }
    }

    /// Now, by this clock.
    pub fn now(&self) -> SystemTime {
        self.stopped.unwrap_or_else(SystemTime::now) + self.ahead()
    }

    /// Sets this clock, and all its clones, forward.
    pub fn advance(&self, by: Duration) {
        let ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.ahead_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// The system's time at which this clock shows `time`.
    ///
    /// pingora-cache reads the system's clock by itself; times handed to it go through here.
    pub fn to_system(&self, time: SystemTime) -> SystemTime {
        time.checked_sub(self.ahead()).unwrap_or(UNIX_EPOCH)
    }

    /// The reverse of [`Clock::to_system`].
    pub fn of_system(&self, time: SystemTime) -> SystemTime {
        time + self.ahead()
    }

    fn ahead(&self) -> Duration {
        Duration::from_millis(self.ahead_ms.load(Ordering::SeqCst))
    }
}

/// Milliseconds since 1970, the form times have on disk; times before it are 0.
pub fn to_millis(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// The time that is `millis` milliseconds after 1970.
pub fn of_millis(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis)
}

/// A time as npm writes it: in UTC, with milliseconds.
pub fn iso(time: SystemTime) -> String {
    let time = Timestamp::try_from(time).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The time that a text means: ISO 8601 with a date, a time and an offset, from 1970 to the year 9999. `None`: it is no
/// such text.
pub fn of_iso(text: &str) -> Option<SystemTime> {
    let time: Timestamp = text.parse().ok()?;
    (time >= Timestamp::UNIX_EPOCH).then(|| time.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_times_only_if_they_name_one() {
        for (text, expected) in [
            ("2025-11-28T11:59:59.007Z", Some("2025-11-28T11:59:59.007Z")),
            ("2025-11-28T11:59:59Z", Some("2025-11-28T11:59:59.000Z")),
            ("2025-11-28T11:59:59.0079+02:00", Some("2025-11-28T09:59:59.007Z")),
            ("9999999-evil", None),
            ("0 <script>", None),
            ("2025-11-28", None),
            ("2025-11-28T11:59:59", None),
            ("2025-13-28T11:59:59Z", None),
            ("99999-11-28T11:59:59Z", None),
            ("1969-12-31T23:59:59Z", None),
            ("2025-11-28T11:59:59Z\u{1b}[31m", None),
            ("", None),
        ] {
            assert_eq!(of_iso(text).map(iso).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn times_are_written_as_npm_does() {
        assert_eq!(iso(UNIX_EPOCH), "1970-01-01T00:00:00.000Z");
        let time = UNIX_EPOCH + Duration::from_micros(1_764_331_199_007_900);
        assert_eq!(iso(time), "2025-11-28T11:59:59.007Z");
    }

    #[test]
    fn a_stopped_clock_moves_only_when_it_is_set_forward() {
        let clock = Clock::stopped();
        let shown = clock.now();
        while SystemTime::now() <= shown {}
        assert_eq!(clock.now(), shown);
        clock.clone().advance(Duration::from_secs(1));
        assert_eq!(clock.now(), shown + Duration::from_secs(1));
    }

    #[test]
    fn an_advanced_clock_is_ahead_of_the_system_and_translates_back() {
        let clock = Clock::system();
        clock.clone().advance(Duration::from_secs(3600));
        let shown = clock.now();
        assert!(shown > SystemTime::now() + Duration::from_secs(3599));
        assert!(clock.to_system(shown) <= SystemTime::now());
        assert_eq!(clock.of_system(clock.to_system(shown)), shown);
    }
}
