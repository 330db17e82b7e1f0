//! Whether something was seen to: for good, or so that it is tried again after a while.
//! Knows nothing of what it is.

use crate::clock::{Clock, to_millis};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;

/// When what could not be done is tried again: not by each who asks, and without a restart once the disk has room again.
const RETRY: Duration = Duration::from_secs(600);

/// What stands for ever, in milliseconds since 1970.
const FOR_GOOD: u64 = u64::MAX;

/// Whether it was.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Until when it holds, in milliseconds since 1970.
    until: AtomicU64,
    /// Held by who sees to it.
    turn: Mutex<()>,
}

impl Settled {
    /// Whether there is nothing to do just now.
    pub(super) fn is(&self, clock: &Clock) -> bool {
        match self.until.load(Ordering::Acquire) {
            FOR_GOOD => true,
            until => until > to_millis(clock.now()),
        }
    }

    /// Does what is to be done, for all who ask for it: one does it, and the others wait. `work` says whether it is done
    /// for good.
    pub(super) async fn see_to(&self, clock: &Clock, work: impl Future<Output = bool>) {
        let _turn = self.turn.lock().await;
        if self.is(clock) {
            return;
        }
        let until = if work.await { FOR_GOOD } else { to_millis(clock.now() + RETRY) };
        self.until.store(until, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[tokio::test]
    async fn what_fails_is_tried_again_after_a_while_and_what_is_done_is_not() {
        let (settled, clock, count) = (Settled::default(), Clock::stopped(), AtomicUsize::new(0));
        let see_to = async |is_done| {
            let work = async {
                count.fetch_add(1, Ordering::Relaxed);
                is_done
            };
            settled.see_to(&clock, work).await;
            count.load(Ordering::Relaxed)
        };
        assert!(!settled.is(&clock));
        assert_eq!((see_to(false).await, see_to(false).await), (1, 1));
        assert!(settled.is(&clock));
        clock.advance(RETRY);
        assert!(!settled.is(&clock));
        assert_eq!(see_to(true).await, 2);
        clock.advance(RETRY * 1000);
        assert!(settled.is(&clock));
        assert_eq!(see_to(true).await, 2);
    }

    #[tokio::test]
    async fn who_comes_meanwhile_waits_for_who_is_at_it() {
        let (settled, clock) = (Settled::default(), Clock::stopped());
        let (go, wait) = tokio::sync::oneshot::channel();
        let first = settled.see_to(&clock, async { wait.await.is_ok() });
        let second = settled.see_to(&clock, async { panic!("it is done") });
        let third = async { go.send(()) };
        tokio::join!(first, second, third).2.unwrap();
        assert!(settled.is(&clock));
    }
}
