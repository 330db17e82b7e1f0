//! The one deadline of the tests: waiting longer than this is a failure, not patience.
//! Knows nothing of what is waited for.

use std::time::Duration;

use tokio::time::MissedTickBehavior;

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

/// Asks once a tick until it is so, for what no event tells of; fails the test with what was last found instead.
#[track_caller]
pub(crate) fn once<T>(
    what: &str,
    ask: impl AsyncFn() -> Result<T, String>,
) -> impl Future<Output = T> {
    let caller = std::panic::Location::caller();
    async move {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut found = String::new();
        for _ in 0..DEADLINE.as_millis() / TICK.as_millis() {
            ticks.tick().await;
            match ask().await {
                Ok(value) => return value,
                Err(instead) => found = instead,
            }
        }
        panic!("{what}: still {found} (asked at {caller})")
    }
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
