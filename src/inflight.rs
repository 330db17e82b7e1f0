//! How much is going on: requests and fills that a stop waits for.
//! Knows nothing of what they are.

use std::sync::Arc;
use tokio::sync::watch;

/// Counts what is going on. Clones share the count.
#[derive(Clone, Debug)]
pub struct InFlight {
    count: Arc<watch::Sender<usize>>,
}

/// Counts as one until it is dropped.
#[derive(Debug)]
pub struct Working {
    count: Arc<watch::Sender<usize>>,
}

impl Default for InFlight {
    fn default() -> InFlight {
        InFlight { count: Arc::new(watch::Sender::new(0)) }
    }
}

impl InFlight {
    /// One more, until the returned value is dropped.
    pub fn begin(&self) -> Working {
        self.count.send_modify(|count| *count += 1);
        Working { count: Arc::clone(&self.count) }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// Waits until there are none.
    pub async fn idle(&self) {
        // The sender lives in `self`: waiting cannot fail.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.count.send_modify(|count| *count -= 1);
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
