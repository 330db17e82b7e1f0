//! What is told of a limit: once, and then once in a while, as who floods is not to flood the log as well.
//! Knows nothing of the limits.

use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// In so long, once.
const EVERY: Duration = Duration::from_secs(60);

/// When it was last told.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<Option<Instant>>);

impl Told {
    /// Whether it is to be told now, which it is then.
    pub(super) fn is_due(&self) -> bool {
        self.is_due_at(Instant::now())
    }

    fn is_due_at(&self, now: Instant) -> bool {
        let mut last = self.0.lock();
        let is_due = last.is_none_or(|last| now.saturating_duration_since(last) >= EVERY);
        if is_due {
            *last = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_once_a_minute() {
        let (told, start) = (Told::default(), Instant::now());
        let is_due = |seconds| told.is_due_at(start + Duration::from_secs(seconds));
        let due: Vec<u64> =
            [0, 0, 59, 60, 61, 119, 120].into_iter().filter(|s| is_due(*s)).collect();
        assert_eq!(due, [0, 60, 120]);
    }
}
