//! What ends the waits of a connection: time, and, between requests, a stop.
//! Knows nothing of requests.

use pingora::server::ShutdownWatch;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// How long a connection has for its first word, also when there is a stop: who has just been let in is not sent away
/// unheard.
pub(super) const FIRST_WORD: Duration = Duration::from_millis(250);

/// Ends with a stop, but not before a connection that began then could say something.
pub(super) async fn stopped(mut shutdown: ShutdownWatch, begun: Instant) {
    if shutdown.wait_for(|stopping| *stopping).await.is_err() {
        // Nobody is left to stop it.
        std::future::pending::<()>().await;
    }
    if begun.elapsed() < FIRST_WORD {
        sleep_until(begun + FIRST_WORD).await;
    }
}

/// One connection's waits. A timer that is set for each of them would cost more than a request: there
/// is one, and when it goes off it is set again for what is left.
pub(super) struct Waits {
    since: Instant,
    timer: Option<Pin<Box<Sleep>>>,
    stop: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Waits {
    pub(super) fn new(shutdown: &ShutdownWatch) -> Waits {
        let since = Instant::now();
        Waits { since, timer: None, stop: Box::pin(stopped(shutdown.clone(), since)) }
    }

    /// A wait begins, now.
    pub(super) fn begin(&mut self, now: Instant) {
        self.since = now;
    }

    /// Ready when the wait has been longer than `limit`, if there is one, or there is a stop.
    pub(super) fn poll_over(
        &mut self,
        limit: Option<Duration>,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        if self.stop.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        limit.map_or(Poll::Pending, |limit| self.poll_longer(limit, context))
    }

    /// Ready when the wait has been longer than `limit`.
    pub(super) fn poll_longer(&mut self, limit: Duration, context: &mut Context<'_>) -> Poll<()> {
        let end = self.since + limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(end)));
        if timer.deadline() > end {
            timer.as_mut().reset(end);
        }
        while timer.as_mut().poll(context).is_ready() {
            if Instant::now() >= end {
                return Poll::Ready(());
            }
            timer.as_mut().reset(end);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use tokio::sync::watch;

    #[tokio::test]
    async fn silence_ends_a_wait_and_each_wait_is_measured_anew() {
        let (_stop, shutdown) = watch::channel(false);
        let limit = Duration::from_millis(40);
        let mut waits = Waits::new(&shutdown);
        let begun = Instant::now();
        poll_fn(|context| Poll::Ready(waits.poll_over(Some(limit), context))).await.is_pending();
        while begun.elapsed() < limit / 2 {
            tokio::task::yield_now().await;
        }
        waits.begin(Instant::now());
        let again = Instant::now();
        poll_fn(|context| waits.poll_over(Some(limit), context)).await;
        assert!(again.elapsed() >= limit, "{:?}", again.elapsed());
    }

    #[tokio::test]
    async fn a_short_wait_does_not_wait_for_the_end_of_a_long_one() {
        let (_stop, shutdown) = watch::channel(false);
        let mut waits = Waits::new(&shutdown);
        let long = Some(Duration::from_secs(3600));
        assert!(poll_fn(|context| Poll::Ready(waits.poll_over(long, context))).await.is_pending());
        let limit = Duration::from_millis(20);
        waits.begin(Instant::now());
        let begun = Instant::now();
        poll_fn(|context| waits.poll_longer(limit, context)).await;
        assert!(begun.elapsed() >= limit && begun.elapsed() < Duration::from_secs(60));
    }

    #[tokio::test]
    async fn a_stop_ends_a_wait() {
        let (stop, shutdown) = watch::channel(false);
        let mut waits = Waits::new(&shutdown);
        let limit = Duration::from_secs(3600);
        let first = poll_fn(|context| Poll::Ready(waits.poll_over(Some(limit), context))).await;
        assert!(first.is_pending());
        stop.send(true).unwrap();
        poll_fn(|context| waits.poll_over(None, context)).await;
        // It had its time before.
        let begun = Instant::now() - FIRST_WORD;
        stopped(shutdown.clone(), begun).await;
        assert!(waits.since.elapsed() >= FIRST_WORD && begun.elapsed() < limit);
    }
}
