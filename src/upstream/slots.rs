//! How many requests go to one upstream at once.
//! Knows nothing of what they ask for, but whether it may take long.
//!
//! A tarball keeps its place until its last byte, and that may be a while: its upstream is slow, or it
//! is not kept and its readers are. Documents must come through all the same, so tarballs take three of
//! four places at the most.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places of one upstream.
pub(super) struct Slots {
    all: Arc<Semaphore>,
    for_tarballs: Arc<Semaphore>,
}

/// One place, until it is dropped.
pub(super) struct Permit {
    _one: OwnedSemaphorePermit,
    _for_tarball: Option<OwnedSemaphorePermit>,
}

impl Slots {
    /// So many places.
    pub(super) fn new(count: usize) -> Slots {
        let for_tarballs = (count * 3 / 4).max(1);
        Slots {
            all: Arc::new(Semaphore::new(count)),
            for_tarballs: Arc::new(Semaphore::new(for_tarballs)),
        }
    }

    /// Waits for a place.
    pub(super) async fn permit(&self, tarball: bool) -> Permit {
        let _for_tarball = match tarball {
            true => Some(acquire(&self.for_tarballs).await),
            false => None,
        };
        Permit { _one: acquire(&self.all).await, _for_tarball }
    }
}

async fn acquire(semaphore: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    let permit = Arc::clone(semaphore).acquire_owned().await;
    permit.expect("nothing closes the semaphore")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    async fn is_free(slots: &Slots, tarball: bool) -> bool {
        tokio::time::timeout(Duration::ZERO, slots.permit(tarball)).await.is_ok()
    }

    #[tokio::test]
    async fn tarballs_leave_places_for_documents() {
        let slots = Slots::new(4);
        let mut tarballs = Vec::new();
        for _ in 0..3 {
            tarballs.push(slots.permit(true).await);
        }
        assert!(!is_free(&slots, true).await);
        let document = slots.permit(false).await;
        assert!(!is_free(&slots, false).await);
        drop(document);
        assert!(is_free(&slots, false).await);
        let one = Slots::new(1);
        assert!(is_free(&one, true).await && is_free(&one, false).await);
    }
}
