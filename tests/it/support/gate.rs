//! A gate that work waits at until a test opens it: latency without sleeping.
//! Knows nothing of what passes through.

use std::fmt;

use tokio::sync::{Semaphore, watch};

use super::deadline::within;

/// Starts closed. Once opened it stays open.
pub(crate) struct Gate {
    passes: Semaphore,
    arrived: watch::Sender<usize>,
}

impl Gate {
    /// A closed gate.
    pub(crate) fn closed() -> Self {
        Self { passes: Semaphore::new(0), arrived: watch::Sender::new(0) }
    }

    /// Waits until there is a pass or the gate is open.
    pub(crate) async fn pass(&self) {
        self.arrived.send_modify(|n| *n += 1);
        // A closed semaphore is an open gate.
        if let Ok(permit) = self.passes.acquire().await {
            permit.forget();
        }
    }

    /// Lets `n` waiters (now or later) through.
    pub(crate) fn admit(&self, n: usize) {
        if !self.passes.is_closed() {
            self.passes.add_permits(n);
        }
    }

    /// Lets everyone through, now and later.
    pub(crate) fn open(&self) {
        self.passes.close();
    }

    /// How many came to the gate so far, let through or not.
    pub(crate) fn arrivals(&self) -> usize {
        *self.arrived.borrow()
    }

    /// Waits until `n` have come to the gate.
    #[track_caller]
    pub(crate) fn arrived(&self, n: usize) -> impl Future<Output = ()> {
        let mut arrived = self.arrived.subscribe();
        let what = format!("arrival {n} at a gate");
        within(what, async move {
            let came = arrived.wait_for(|count| *count >= n).await;
            assert!(came.is_ok(), "the gate went away while it was waited for");
        })
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = self.passes.is_closed();
        let arrivals = self.arrivals();
        f.debug_struct("Gate").field("open", &open).field("arrivals", &arrivals).finish()
    }
}
