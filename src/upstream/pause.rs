//! A pause that an upstream has asked for: 429, with `Retry-After`.
//! Knows nothing of what is served meanwhile.
//!
//! It holds for all packages: who asks on for others would be told the same for each, and turned away for longer.

use crate::clock::Clock;
use http::header::{self, HeaderMap};
use log::warn;
use parking_lot::Mutex;
use std::time::{Duration, SystemTime};

/// The longest that is kept to: who wants more is asked once more then.
const LONGEST: Duration = Duration::from_secs(60);

/// Until when one upstream is left alone.
pub(super) struct Pause {
    until: Mutex<Option<SystemTime>>,
    clock: Clock,
}

impl Pause {
    /// None.
    pub(super) fn new(clock: Clock) -> Pause {
        Pause { until: Mutex::default(), clock }
    }

    /// How much is left of it, if any is.
    pub(super) fn left(&self) -> Option<Duration> {
        let until = *self.until.lock();
        let left = until?.duration_since(self.clock.now()).ok()?;
        // More than was noted: the clock was set back.
        (!left.is_zero() && left <= LONGEST).then_some(left)
    }

    /// The upstream at `root` wants fewer requests: these are the headers that it says so with.
    pub(super) fn wanted(&self, root: &str, headers: &HeaderMap) {
        let Some(seconds) = retry_after(headers).filter(|seconds| *seconds > 0) else { return };
        let pause = Duration::from_secs(seconds).min(LONGEST);
        if self.left().is_none() {
            let seconds = pause.as_secs();
            warn!("{root} wants fewer requests (429): it is asked for no package for {seconds} s");
        }
        *self.until.lock() = Some(self.clock.now() + pause);
    }
}

/// The seconds of a `Retry-After`, which may be a date (RFC 9110 §10.2.3). `None` for anything else.
pub fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let after = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !after.is_empty() && after.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(after.parse().unwrap_or(u64::MAX));
    }
    let date = httpdate::parse_http_date(after).ok()?;
    Some(date.duration_since(SystemTime::now()).map_or(0, |left| left.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(after: &str) -> HeaderMap {
        let value = HeaderValue::from_str(after).unwrap();
        [(header::RETRY_AFTER, value)].into_iter().collect()
    }

    #[test]
    fn a_pause_lasts_as_long_as_it_was_asked_for_and_a_minute_at_most() {
        for (after, lasts) in [("7", 7), ("3600", 60), ("99999999999999999999", 60)] {
            let (clock, seconds) = (Clock::stopped(), Duration::from_secs);
            let pause = Pause::new(clock.clone());
            assert_eq!(pause.left(), None);
            pause.wanted("https://registry.example", &headers(after));
            assert_eq!(pause.left(), Some(seconds(lasts)), "{after}");
            clock.advance(seconds(lasts - 1));
            assert_eq!(pause.left(), Some(seconds(1)), "{after}");
            clock.advance(seconds(1));
            assert_eq!(pause.left(), None, "{after}");
        }
    }

    #[test]
    fn who_does_not_say_for_how_long_is_not_left_alone() {
        let pause = Pause::new(Clock::stopped());
        pause.wanted("https://registry.example", &HeaderMap::new());
        for after in ["0", "soon", "-5", "", "Wed, 21 Oct 2015 07:28:00 GMT"] {
            pause.wanted("https://registry.example", &headers(after));
        }
        assert_eq!(pause.left(), None);
    }

    #[test]
    fn it_is_a_number_or_a_date() {
        let seconds = |after| retry_after(&headers(after));
        assert_eq!(seconds(" 120 "), Some(120));
        assert_eq!(seconds("99999999999999999999"), Some(u64::MAX));
        assert_eq!(seconds("Wed, 21 Oct 2015 07:28:00 GMT"), Some(0));
        for wrong in ["", "-5", "abc", "1.5", "+3"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_date_is_as_far_as_it_is_ahead() {
        let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3600));
        let seconds = retry_after(&headers(&date)).unwrap();
        assert!((3590..=3600).contains(&seconds), "{seconds}");
    }
}
