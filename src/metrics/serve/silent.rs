//! Connections that have said nothing yet, the oldest first: who says something gets the place of one that does not.
//! Knows nothing of what any of them says.

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Notify;

/// Those that have said nothing. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Silent(Arc<Mutex<VecDeque<Arc<Notify>>>>);

/// One of them, until this is dropped.
pub(super) struct Quiet {
    all: Silent,
    leave: Arc<Notify>,
}

impl Silent {
    /// One more.
    pub(super) fn enter(&self) -> Quiet {
        let leave = Arc::new(Notify::new());
        self.0.lock().push_back(Arc::clone(&leave));
        Quiet { all: self.clone(), leave }
    }

    /// Has the oldest leave, if there is any.
    pub(super) fn dismiss_oldest(&self) {
        if let Some(oldest) = self.0.lock().pop_front() {
            oldest.notify_one();
        }
    }
}

impl Quiet {
    /// Waits until another needs its place.
    pub(super) async fn dismissed(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        self.all.0.lock().retain(|one| !Arc::ptr_eq(one, &self.leave));
    }
}
