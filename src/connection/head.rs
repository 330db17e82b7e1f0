//! The head of a request on its way, and why a connection may be cut.
//! Knows nothing of what a head means.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// More than a head usually has; what a larger one took is given back.
const USUAL_HEAD: usize = 4096;

/// Why a connection was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// A head took too long.
    SlowHead,
    /// A head is too large.
    LargeHead,
    /// The client left in the middle of a head.
    Gone,
    /// The client does not take its answer.
    SlowReader,
}

impl Cut {
    pub(super) fn word(self) -> &'static str {
        match self {
            Cut::SlowHead => "slow_head",
            Cut::LargeHead => "large_head",
            Cut::Gone => "client_gone",
            Cut::SlowReader => "slow_reader",
        }
    }
}

/// The head of a request, as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// What was read, which may go on behind its end.
    pub(super) bytes: Vec<u8>,
    /// When the first byte came.
    since: Option<Instant>,
    deadline: Option<Pin<Box<Sleep>>>,
    /// Whether it begins once more, for another reader, and its time with it not.
    pub(super) is_read_again: bool,
    /// What Pingora would have answered.
    pub(super) swallowed: Vec<u8>,
}

impl Head {
    pub(super) fn begin(&mut self) {
        self.bytes.clear();
        if !std::mem::take(&mut self.is_read_again) {
            self.since = Some(Instant::now());
            self.deadline = None;
        }
    }

    /// Its bytes are wanted no more; what an unusual one took is given back.
    pub(super) fn let_go(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(USUAL_HEAD);
    }

    /// When its first byte came; now, if none did.
    pub(super) fn since(&self) -> Instant {
        self.since.unwrap_or_else(Instant::now)
    }

    /// How long ago it began.
    pub(super) fn age(&self) -> Duration {
        self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Ready when it has taken too long.
    pub(super) fn poll_late(&mut self, limit: Duration, context: &mut Context<'_>) -> Poll<()> {
        let Some(since) = self.since else { return Poll::Pending };
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep_until(since + limit)));
        deadline.as_mut().poll(context)
    }
}
