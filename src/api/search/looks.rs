//! When searches have the directory looked at again, for what other processes did there.
//! Knows nothing of what is seen.

use crate::clock::Clock;
use crate::hosted::{Hosted, HostedError};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How old a look may be. One at 50,000 packages takes a stat of each.
const OFTEN_ENOUGH: Duration = Duration::from_secs(5);

/// When the last look was begun.
pub(super) struct Looks {
    clock: Clock,
    /// `None` until there was one, and after one that failed.
    last: Arc<Mutex<Option<SystemTime>>>,
}

/// What a search does before it begins.
#[derive(Debug, PartialEq, Eq)]
enum Due {
    /// All has to be seen first.
    First,
    /// A look is taken meanwhile.
    Beside,
    Nothing,
}

impl Looks {
    pub(super) fn new(clock: Clock) -> Looks {
        Looks { clock, last: Arc::default() }
    }

    /// Returns when all has been seen once. If that is a while ago, another look begins, for later searches.
    ///
    /// # Errors
    /// When the directory cannot be read, or could not when it was last tried: nobody may be told of packages then.
    pub(super) async fn seen(&self, hosted: &Arc<Hosted>) -> Result<(), HostedError> {
        let now = self.clock.now();
        match self.due(now) {
            Due::First => {
                // All who come until it is over share it.
                hosted.look_again().await?;
                self.last.lock().get_or_insert(now);
            }
            Due::Beside => {
                let (hosted, last) = (Arc::clone(hosted), Arc::clone(&self.last));
                tokio::spawn(async move {
                    if hosted.look_again().await.is_err() {
                        // The next search tries for itself, and tells of it.
                        *last.lock() = None;
                    }
                });
            }
            Due::Nothing => {}
        }
        Ok(())
    }

    fn due(&self, now: SystemTime) -> Due {
        let mut last = self.last.lock();
        let Some(before) = *last else { return Due::First };
        // One that was begun later than now is of a clock that was set back.
        if now.duration_since(before).is_ok_and(|age| age < OFTEN_ENOUGH) {
            return Due::Nothing;
        }
        *last = Some(now);
        Due::Beside
    }
}

#[test]
fn a_look_is_due_once_when_the_last_one_is_old() {
    let clock = Clock::stopped();
    let looks = Looks::new(clock.clone());
    let due = || looks.due(clock.now());
    assert_eq!((due(), due()), (Due::First, Due::First));
    *looks.last.lock() = Some(clock.now());
    assert_eq!(due(), Due::Nothing);
    clock.advance(OFTEN_ENOUGH);
    assert_eq!((due(), due()), (Due::Beside, Due::Nothing));
    *looks.last.lock() = Some(clock.now() + OFTEN_ENOUGH);
    assert_eq!((due(), due()), (Due::Beside, Due::Nothing));
}
