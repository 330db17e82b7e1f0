//! What the fake was asked, in order.
//! Knows nothing of what was answered.

use tokio::sync::watch;

use super::pattern::Pattern;
use crate::support::deadline::within;
use crate::support::headers::Headers;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// The request target exactly as sent, query included.
    pub(crate) path: String,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
    /// The number of the connection it came over, from 0.
    pub(crate) connection: usize,
}

impl Seen {
    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }
}

/// All requests since the start or the last [`Log::clear`].
#[derive(Debug)]
pub(crate) struct Log(watch::Sender<Vec<Seen>>);

impl Log {
    /// An empty log.
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Vec::new()))
    }

    /// Adds a request. It is in the log before it is answered.
    pub(crate) fn push(&self, seen: Seen) {
        self.0.send_modify(|all| all.push(seen));
    }

    /// A copy of everything seen.
    pub(crate) fn all(&self) -> Vec<Seen> {
        self.0.borrow().clone()
    }

    /// How many requests match the pattern.
    pub(crate) fn count(&self, pattern: &str) -> usize {
        count(&self.0.borrow(), &Pattern::parse(pattern))
    }

    /// How many requests came at all.
    pub(crate) fn count_all(&self) -> usize {
        self.0.borrow().len()
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.0.send_modify(Vec::clear);
    }

    /// Waits until `n` requests match the pattern.
    #[track_caller]
    pub(crate) fn wait_for(&self, n: usize, pattern: &str) -> impl Future<Output = ()> {
        let mut log = self.0.subscribe();
        let wanted = Pattern::parse(pattern);
        let what = format!("{n} upstream requests of {pattern}");
        within(what, async move {
            let came = log.wait_for(|all| count(all, &wanted) >= n).await;
            assert!(came.is_ok(), "the fake went away while it was waited for");
        })
    }
}

fn count(all: &[Seen], pattern: &Pattern) -> usize {
    all.iter().filter(|seen| pattern.matches(&seen.method, &seen.path)).count()
}
