//! The least that must move while one side waits for the other.
//! Knows nothing of directions.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// A least rate, measured over a window: momentary pauses do no harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long is measured.
    pub window: Duration,
    /// Bytes that must move in that time.
    pub least: u64,
}

/// Measures what moves while it is waited for; time in which nobody waits does not count.
#[derive(Debug)]
pub(super) struct Meter {
    measure: Measure,
    timer: Option<Pin<Box<Sleep>>>,
    /// When the window ends.
    end: Instant,
    /// What was queued when it was last looked at, while memory is short.
    seen: u64,
}

/// Who begins to wait while memory is short, and takes nothing at all for so long, is cut.
const HURRY: Duration = Duration::from_secs(2);

/// The numbers of it.
#[derive(Debug)]
struct Measure {
    pace: Pace,
    moved: u64,
    /// Bytes that lay between the sides when the window began.
    queued: u64,
    waited: Duration,
    /// When the wait began that is going on.
    since: Option<Instant>,
}

impl Meter {
    pub(super) fn new(pace: Pace) -> Meter {
        Meter { measure: Measure::new(pace), timer: None, end: Instant::now(), seen: 0 }
    }

    /// So many bytes moved: the wait, if there was one, is over.
    pub(super) fn moved(&mut self, bytes: usize) {
        self.measure.moved(bytes, Instant::now);
    }

    /// Nothing moves now. Ready once that has been too slow. `queued` tells how many of the bytes that moved the
    /// other side has not got yet: it may take many of them before more can move. `is_short`: whether what waits
    /// lies in memory that is wanted for others.
    pub(super) fn poll_too_slow(
        &mut self,
        queued: impl Fn() -> u64,
        is_short: impl Fn() -> bool,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        loop {
            if let Some(end) = self.measure.wait(&queued, Instant::now) {
                self.end = end;
                self.look_again(&queued, &is_short);
            }
            let Some(timer) = &mut self.timer else { return Poll::Pending };
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            if timer.deadline() < self.end {
                if is_short() && queued() == self.seen {
                    return Poll::Ready(());
                }
                self.look_again(&queued, &is_short);
            } else if self.measure.window_ends(queued()) {
                return Poll::Ready(());
            }
        }
    }

    /// Sets the timer: to the end of the window, or earlier while memory is short. Only then, as each look asks the
    /// system, and wakes who has given its piece back and would read it again.
    fn look_again(&mut self, queued: impl Fn() -> u64, is_short: impl Fn() -> bool) {
        let mut time = self.end;
        if is_short() {
            self.seen = queued();
            time = time.min(Instant::now() + HURRY);
        }
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(time),
            None => self.timer = Some(Box::pin(sleep_until(time))),
        }
    }
}

impl Measure {
    fn new(pace: Pace) -> Measure {
        Measure { pace, moved: 0, queued: 0, waited: Duration::ZERO, since: None }
    }

    fn moved(&mut self, bytes: usize, now: impl FnOnce() -> Instant) {
        if let Some(since) = self.since.take() {
            self.waited += now() - since;
        }
        if !self.waited.is_zero() {
            self.moved += bytes as u64;
        }
    }

    /// Begins a wait, if none is going on: the time at which the window will end.
    fn wait(
        &mut self,
        queued: impl FnOnce() -> u64,
        now: impl FnOnce() -> Instant,
    ) -> Option<Instant> {
        if self.since.is_some() {
            return None;
        }
        if self.waited.is_zero() {
            self.queued = queued();
        }
        let now = now();
        self.since = Some(now);
        Some(now + self.pace.window.saturating_sub(self.waited))
    }

    /// Ends a window; whether too little reached the other side in it.
    fn window_ends(&mut self, queued: u64) -> bool {
        let arrived = (self.queued + self.moved).saturating_sub(queued);
        let too_slow = arrived < self.pace.least;
        (self.moved, self.waited, self.since) = (0, Duration::ZERO, None);
        too_slow
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    const PACE: Pace = Pace { window: Duration::from_secs(60), least: 600 };

    /// Waits again and again for `pause`, `bytes` moving after each and `rest` going by before the
    /// next; whether a hundred of them are too slow.
    fn is_too_slow(pause: u64, bytes: usize, rest: u64) -> bool {
        let (pause, rest) = (Duration::from_secs(pause), Duration::from_secs(rest));
        let (mut measure, mut now) = (Measure::new(PACE), Instant::now());
        for _ in 0..100 {
            let moves = now + pause;
            while let Some(end) = measure.wait(|| 0, || now).filter(|end| *end <= moves) {
                if measure.window_ends(0) {
                    return true;
                }
                now = end;
            }
            measure.moved(bytes, || moves);
            now = moves + rest;
        }
        false
    }

    #[test]
    fn what_is_too_slow() {
        assert!(is_too_slow(61, 0, 0), "a stall");
        assert!(is_too_slow(50, 1, 0), "a byte now and then");
        assert!(is_too_slow(1, 9, 0), "a little less than the least");
        assert!(!is_too_slow(1, 11, 0), "a little more");
        assert!(!is_too_slow(50, 1000, 0), "large steps");
        assert!(is_too_slow(1, 9, 3600), "slow whenever it is waited for");
        assert!(!is_too_slow(0, 1, 3600), "never waited for");
    }

    #[test]
    fn what_the_other_side_takes_from_the_queue_counts() {
        let now = Instant::now();
        let mut measure = Measure::new(PACE);
        measure.wait(|| 5000, || now);
        assert!(!measure.window_ends(4400), "it took the least");
        measure.wait(|| 4400, || now);
        assert!(measure.window_ends(3801), "it took a little less");
        measure.wait(|| 1000, || now);
        measure.moved(700, || now + Duration::from_secs(1));
        measure.wait(|| 1700, || now + Duration::from_secs(1));
        assert!(measure.window_ends(1600), "what only went into the queue does not");
    }

    #[tokio::test]
    async fn the_timer_ends_windows() {
        let window = Duration::from_millis(20);
        let begun = Instant::now();
        let mut meter = Meter::new(Pace { window, least: 10 });
        poll_fn(|context| meter.poll_too_slow(|| 0, || false, context)).await;
        assert!(begun.elapsed() >= window);
        let begun = Instant::now();
        poll_fn(|context| Poll::Ready(meter.poll_too_slow(|| 0, || false, context)))
            .await
            .is_pending()
            .then_some(())
            .unwrap();
        meter.moved(10);
        poll_fn(|context| meter.poll_too_slow(|| 0, || false, context)).await;
        assert!(begun.elapsed() >= 2 * window, "the first window was good");
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_is_cut_early_while_memory_is_short() {
        let begun = Instant::now();
        let mut meter = Meter::new(PACE);
        poll_fn(|context| meter.poll_too_slow(|| 9, || true, context)).await;
        assert_eq!(begun.elapsed(), HURRY);
        let (begun, mut meter) = (Instant::now(), Meter::new(PACE));
        poll_fn(|context| meter.poll_too_slow(|| 9, || false, context)).await;
        assert_eq!(begun.elapsed(), PACE.window);
        // Whoever takes a little each time is judged by the least, as ever.
        let (begun, mut meter) = (Instant::now(), Meter::new(PACE));
        let queued = || 1000 - begun.elapsed().as_secs();
        poll_fn(|context| meter.poll_too_slow(queued, || true, context)).await;
        assert_eq!(begun.elapsed(), PACE.window);
    }
}
