//! Whether the upstream could be reached of late.
//! Knows nothing of what was asked.
//!
//! When an upstream is gone without a word, each request to it waits for a timeout. Whoever holds a
//! copy, of whatever age, should not wait for what just failed for another.

use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// How long one failure speaks for all requests. Those that are sent in the background meanwhile
/// end it earlier, as soon as one gets through.
const SPEAKS_FOR: Duration = Duration::from_secs(30);

/// What became of requests.
#[derive(Debug, Default)]
pub(super) struct Health {
    noted: Mutex<Noted>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Noted {
    reached: Option<Instant>,
    failed: Option<Instant>,
    failures: u64,
    /// Whether the last request got through, or there was none.
    is_well: Option<bool>,
}

/// How long ago an upstream was spoken to, for who is told of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// Since the last request that got through, if any did.
    pub reached: Option<Duration>,
    /// Since the last that did not, if any did not.
    pub failed: Option<Duration>,
    /// How many did not.
    pub failures: u64,
    /// Whether the last one did not, not long ago.
    pub is_down: bool,
}

impl Health {
    /// A request got through, or did not.
    pub(super) fn note(&self, reached: bool) {
        let (noted, now) = (&mut *self.noted.lock(), Some(Instant::now()));
        noted.is_well = Some(reached);
        if reached {
            noted.reached = now;
        } else {
            noted.failed = now;
            noted.failures += 1;
        }
    }

    /// Whether the last one did not, not long ago.
    pub(super) fn is_down(&self) -> bool {
        self.noted.lock().is_down()
    }

    /// What is told of it.
    pub(super) fn contact(&self) -> Contact {
        let noted = *self.noted.lock();
        let ago = |when: Option<Instant>| when.map(|when| when.elapsed());
        let (reached, failed) = (ago(noted.reached), ago(noted.failed));
        Contact { reached, failed, failures: noted.failures, is_down: noted.is_down() }
    }
}

impl Noted {
    fn is_down(&self) -> bool {
        self.is_well == Some(false)
            && self.failed.is_some_and(|failed| failed.elapsed() < SPEAKS_FOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_request_counts() {
        let health = Health::default();
        assert!(!health.is_down());
        health.note(false);
        assert!(health.is_down());
        health.note(true);
        assert!(!health.is_down());
    }

    #[test]
    fn what_is_told_is_what_became_of_requests() {
        let health = Health::default();
        assert_eq!(health.contact(), Contact::default());
        health.note(false);
        health.note(false);
        let contact = health.contact();
        assert!(contact.is_down && contact.reached.is_none() && contact.failed.is_some());
        health.note(true);
        let contact = health.contact();
        assert!(!contact.is_down && contact.reached.is_some());
        assert_eq!(contact.failures, 2);
    }
}
