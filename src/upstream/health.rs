//! Whether the upstream could be reached of late, what it answered, and how fast.
//! Knows nothing of what was asked.
//!
//! When an upstream is gone without a word, each request to it waits for a timeout. Whoever holds a
//! copy, of whatever age, should not wait for what just failed for another. One that answers, if only with errors, is not
//! gone: that is for who looks after the registry to know.

use crate::counters::Histogram;
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

#[derive(Clone, Debug, Default)]
struct Noted {
    reached: Option<Instant>,
    failed: Option<Instant>,
    failures: u64,
    /// Whether the last request got through, or there was none.
    is_well: Option<bool>,
    /// The last answer that was an error: when it came, and its status.
    erred: Option<(Instant, u16)>,
    errors: u64,
    /// Whether the last answer was one.
    is_erring: bool,
    latency: Histogram,
}

/// How an upstream does, for who is told of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// Since the last request that got through, if any did.
    pub reached: Option<Duration>,
    /// Since the last that did not, if any did not.
    pub failed: Option<Duration>,
    /// How many did not.
    pub failures: u64,
    /// Whether the last one did not, not long ago.
    pub is_down: bool,
    /// Since the last answer that was an error, and its status, if any was: 5xx, and what turns NOPAR away.
    pub erred: Option<(Duration, u16)>,
    /// How many were.
    pub errors: u64,
    /// Whether the last one was.
    pub is_erring: bool,
    /// How long it took to answer.
    pub latency: Histogram,
}

impl Health {
    /// A request got through, or did not.
    pub(super) fn note(&self, reached: bool) {
        self.noted.lock().note(reached);
    }

    /// A request got through, and was answered with this status after so long.
    pub(super) fn note_answer(&self, status: u16, took: Duration) {
        let noted = &mut *self.noted.lock();
        noted.note(true);
        noted.latency.add(took);
        noted.is_erring = is_error(status);
        if noted.is_erring {
            noted.errors += 1;
            noted.erred = Some((Instant::now(), status));
        }
    }

    /// Whether the last one did not, not long ago.
    pub(super) fn is_down(&self) -> bool {
        self.noted.lock().is_down()
    }

    /// What is told of it.
    pub(super) fn contact(&self) -> Contact {
        let noted = self.noted.lock().clone();
        let ago = |when: Option<Instant>| when.map(|when| when.elapsed());
        Contact {
            reached: ago(noted.reached),
            failed: ago(noted.failed),
            failures: noted.failures,
            is_down: noted.is_down(),
            erred: noted.erred.map(|(when, status)| (when.elapsed(), status)),
            errors: noted.errors,
            is_erring: noted.is_erring,
            latency: noted.latency,
        }
    }
}

/// Whether a status says that the upstream does not do what it is there for, whatever it is asked for: it is broken, or
/// wants no more of NOPAR's requests, or none of them.
fn is_error(status: u16) -> bool {
    matches!(status, 401 | 403 | 429 | 500..)
}

impl Noted {
    fn note(&mut self, reached: bool) {
        let now = Some(Instant::now());
        self.is_well = Some(reached);
        if reached {
            self.reached = now;
        } else {
            self.failed = now;
            self.failures += 1;
        }
    }

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

    #[test]
    fn who_answers_with_errors_is_reached_and_does_not_well() {
        let health = Health::default();
        for (status, errors, is_erring) in [
            (200, 0, false),
            (404, 0, false),
            (429, 1, true),
            (304, 1, false),
            (401, 2, true),
            (403, 3, true),
            (500, 4, true),
            (451, 4, false),
            (599, 5, true),
        ] {
            health.note_answer(status, Duration::from_millis(20));
            let contact = health.contact();
            assert_eq!((contact.errors, contact.is_erring), (errors, is_erring), "{status}");
            assert!(contact.reached.is_some() && !contact.is_down && contact.failures == 0);
        }
        let contact = health.contact();
        assert_eq!(contact.erred.map(|(_, status)| status), Some(599));
        assert_eq!(contact.latency.count(), 9);
        assert!(contact.latency.quantile(0.5).is_some_and(|half| half > Duration::from_millis(15)));
    }
}
