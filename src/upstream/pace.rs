//! How many requests go to one upstream within a second.
//! Knows nothing of what they ask for, nor of how many are there at once (`slots`).

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// Any second, and not those of a clock: at no time may more have gone within the last one.
const SECOND: Duration = Duration::from_secs(1);

/// When the last requests went, of which there may be so many in the window.
pub(super) struct Pace {
    /// `None`: any number.
    most: Option<NonZeroUsize>,
    window: Duration,
    /// Whoever has it is the next; the others wait in the order in which they came, and who leaves takes no turn.
    went: Mutex<VecDeque<Instant>>,
}

impl Pace {
    /// So many in a second, if that is limited.
    pub(super) fn new(most: Option<NonZeroUsize>) -> Pace {
        Pace { most, window: SECOND, went: Mutex::default() }
    }

    /// Waits for a turn.
    pub(super) async fn turn(&self) {
        let Some(most) = self.most else { return };
        let mut went = self.went.lock().await;
        if went.len() >= most.get()
            && let Some(first) = went.front()
        {
            sleep_until(*first + self.window).await;
            went.pop_front();
        }
        went.push_back(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;

    fn pace(most: usize, window: Duration) -> Pace {
        Pace { window, ..Pace::new(NonZeroUsize::new(most)) }
    }

    #[tokio::test]
    async fn without_a_limit_nobody_waits() {
        let pace = pace(0, Duration::from_secs(3600));
        for _ in 0..1000 {
            pace.turn().await;
        }
        assert!(pace.went.lock().await.is_empty());
    }

    /// However many come at once, between one and the next but two is a window.
    #[tokio::test]
    async fn no_more_go_within_any_window() {
        let window = Duration::from_millis(30);
        let pace = pace(3, window);
        let turn = || async {
            pace.turn().await;
            Instant::now()
        };
        let went = join_all((0..10).map(|_| turn())).await;
        assert!(went.windows(4).all(|four| four[3] - four[0] >= window), "{went:?}");
        assert!(went[2] - went[0] < window, "three are not spread: {went:?}");
    }

    /// Who does not wait for their turn takes none.
    #[tokio::test]
    async fn who_leaves_takes_no_turn() {
        let pace = pace(1, Duration::from_secs(3600));
        pace.turn().await;
        for _ in 0..10 {
            let turn = tokio::time::timeout(Duration::ZERO, pace.turn()).await;
            assert!(turn.is_err());
        }
        assert_eq!(pace.went.lock().await.len(), 1);
    }
}
