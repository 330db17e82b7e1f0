//! How many requests go to one upstream at once.
//! Knows nothing of what they ask for, but whether it may take long.
//!
//! A tarball keeps its place until its last byte, and that may be a while: its upstream is slow, or it
//! is not kept and its readers are. Documents must come through all the same, so tarballs take three of
//! four places at the most. A question is thought about for seconds, and no installation waits for what is
//! said: questions take one of eight.

use super::open::Wanted;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places of one upstream.
pub(super) struct Slots {
    all: Arc<Semaphore>,
    for_tarballs: Arc<Semaphore>,
    for_questions: Arc<Semaphore>,
}

/// One place, until it is dropped.
pub(super) struct Permit {
    _one: OwnedSemaphorePermit,
    _of_kind: Option<OwnedSemaphorePermit>,
}

impl Slots {
    /// So many places.
    pub(super) fn new(count: usize) -> Slots {
        let of = |count: usize| Arc::new(Semaphore::new(count.max(1)));
        Slots { all: of(count), for_tarballs: of(count * 3 / 4), for_questions: of(count / 8) }
    }

    /// Waits for a place.
    pub(super) async fn permit(&self, wanted: Wanted) -> Permit {
        let _of_kind = match wanted {
            Wanted::Document => None,
            Wanted::Tarball => Some(acquire(&self.for_tarballs).await),
            Wanted::Opinion => Some(acquire(&self.for_questions).await),
        };
        Permit { _one: acquire(&self.all).await, _of_kind }
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

    async fn is_free(slots: &Slots, wanted: Wanted) -> bool {
        tokio::time::timeout(Duration::ZERO, slots.permit(wanted)).await.is_ok()
    }

    #[tokio::test]
    async fn tarballs_leave_places_for_documents() {
        let slots = Slots::new(4);
        let mut tarballs = Vec::new();
        for _ in 0..3 {
            tarballs.push(slots.permit(Wanted::Tarball).await);
        }
        assert!(!is_free(&slots, Wanted::Tarball).await);
        let document = slots.permit(Wanted::Document).await;
        assert!(!is_free(&slots, Wanted::Document).await);
        drop(document);
        assert!(is_free(&slots, Wanted::Document).await);
    }

    /// Sixty-four audits of a slow upstream kept every package waiting.
    #[tokio::test]
    async fn questions_leave_places_for_all_others() {
        let slots = Slots::new(64);
        let mut questions = Vec::new();
        for _ in 0..8 {
            questions.push(slots.permit(Wanted::Opinion).await);
        }
        assert!(!is_free(&slots, Wanted::Opinion).await);
        let mut tarballs = Vec::new();
        for _ in 0..48 {
            tarballs.push(slots.permit(Wanted::Tarball).await);
        }
        assert!(is_free(&slots, Wanted::Document).await);
    }

    #[tokio::test]
    async fn one_place_is_for_everything() {
        for wanted in [Wanted::Document, Wanted::Tarball, Wanted::Opinion] {
            assert!(is_free(&Slots::new(1), wanted).await, "{wanted:?}");
        }
    }
}
