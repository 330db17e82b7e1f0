//! How much is going on: requests and fills that a stop waits for, and connections that may still hold
//! the end of an answer.
//! Knows nothing of what they are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

/// Counts what is going on. Clones share the count.
#[derive(Clone, Debug, Default)]
pub struct InFlight {
    shared: Arc<Shared>,
    /// What is waited for but is no request.
    behind: Arc<Shared>,
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
        Working::of(&self.shared)
    }

    /// Something that is to be waited for as well, but counts as no request: until the returned value
    /// is dropped.
    pub fn begin_behind(&self) -> Working {
        Working::of(&self.behind)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.shared.count.load(Ordering::Acquire)
    }

    /// Waits until there are none, and nothing behind them.
    pub async fn idle(&self) {
        loop {
            self.shared.idle().await;
            self.behind.idle().await;
            // What was waited for may have begun something.
            if self.count() == 0 {
                return;
            }
        }
    }
}

impl Shared {
    async fn idle(&self) {
        loop {
            let none = self.none.notified();
            if self.count.load(Ordering::Acquire) == 0 {
                return;
            }
            none.await;
        }
    }
}

impl Working {
    fn of(shared: &Arc<Shared>) -> Working {
        shared.count.fetch_add(1, Ordering::Relaxed);
        Working { shared: Arc::clone(shared) }
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

    #[tokio::test]
    async fn what_is_behind_is_waited_for_and_not_counted() {
        let in_flight = InFlight::default();
        let behind = in_flight.begin_behind();
        assert_eq!(in_flight.count(), 0);
        let mut waiting = Box::pin(in_flight.idle());
        std::future::poll_fn(|context| {
            assert!(waiting.as_mut().poll(context).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        drop(behind);
        waiting.await;
    }
}
