//! How much is going on: requests and fills that a stop waits for.
//! Knows nothing of what they are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

/// Counts what is going on. Clones share the count.
#[derive(Clone, Debug, Default)]
pub struct InFlight {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    count: AtomicUsize,
    none: Notify,
}

/// Counts as one until it is dropped.
#[derive(Debug)]
pub struct Working {
    shared: Arc<Shared>,
}

impl InFlight {
    /// One more, until the returned value is dropped.
    pub fn begin(&self) -> Working {
        self.shared.count.fetch_add(1, Ordering::Relaxed);
        Working { shared: Arc::clone(&self.shared) }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.shared.count.load(Ordering::Acquire)
    }

    /// Waits until there are none.
    pub async fn idle(&self) {
        loop {
            let none = self.shared.none.notified();
            if self.count() == 0 {
                return;
            }
            none.await;
        }
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        // Whoever waits registered before it looked: it sees this, or is told.
        if self.shared.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.none.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_idle_when_the_last_one_is_dropped() {
        let in_flight = InFlight::default();
        let (one, two) = (in_flight.begin(), in_flight.begin());
        drop(one);
        assert_eq!(in_flight.count(), 1);
        let waiting = tokio::spawn({
            let in_flight = in_flight.clone();
            async move { in_flight.idle().await }
        });
        drop(two);
        waiting.await.unwrap();
    }
}
