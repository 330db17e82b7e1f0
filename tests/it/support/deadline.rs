//! The one deadline of the tests: waiting longer than this is a failure, not patience.
//! Knows nothing of what is waited for.

use std::time::Duration;

/// Far above what any step takes on a busy machine, far below what a person waits. Of two cores with twelve
/// who want them, thirty answers of 5 MB each took more than 10 seconds (2026-11-28).
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Awaits `work`, or fails the test naming `what` did not come.
#[track_caller]
pub(crate) fn within<F: Future>(what: String, work: F) -> impl Future<Output = F::Output> {
    let caller = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(DEADLINE, work).await {
            Ok(value) => value,
            Err(_) => panic!("{what}: nothing within {DEADLINE:?} (asked at {caller})"),
        }
    }
}
