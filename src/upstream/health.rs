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

/// What became of the last request.
#[derive(Debug, Default)]
pub(super) struct Health {
    failed: Mutex<Option<Instant>>,
}

impl Health {
    /// A request got through, or did not.
    pub(super) fn note(&self, reached: bool) {
        *self.failed.lock() = (!reached).then(Instant::now);
    }

    /// Whether the last one did not, not long ago.
    pub(super) fn is_down(&self) -> bool {
        self.failed.lock().is_some_and(|failed| failed.elapsed() < SPEAKS_FOR)
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
}
