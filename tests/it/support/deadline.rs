//! The one deadline of the tests: waiting longer than this is a failure, not patience.
//! Knows nothing of what is waited for.

use std::time::Duration;

/// Far above what any step takes on a busy machine, far below what a person waits. Of two cores with twelve
/// who want them, thirty answers of 5 MB each took more than 10 seconds (2026-11-28).
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// How often it is looked at.
const TICK: Duration = Duration::from_millis(100);

/// The deadline is over.
#[derive(Debug)]
pub(crate) struct Elapsed;

/// Awaits `work` until the deadline. A machine that stands still for a while, as virtual ones do (20 seconds of one were
/// seen, 2026-11-28), takes no more than a tick of it.
pub(crate) async fn in_time<F: Future>(work: F) -> Result<F::Output, Elapsed> {
    let mut work = std::pin::pin!(work);
    for _ in 0..DEADLINE.as_millis() / TICK.as_millis() {
        if let Ok(value) = tokio::time::timeout(TICK, &mut work).await {
            return Ok(value);
        }
    }
    Err(Elapsed)
}

/// Awaits `work`, or fails the test naming `what` did not come.
#[track_caller]
pub(crate) fn within<F: Future>(what: String, work: F) -> impl Future<Output = F::Output> {
    let caller = std::panic::Location::caller();
    async move {
        match in_time(work).await {
            Ok(value) => value,
            Err(_) => panic!("{what}: nothing within {DEADLINE:?} (asked at {caller})"),
        }
    }
}
