//! What one request carries from phase to phase.
//! Knows nothing of how phases use it.

use super::behalf::Behalf;
use super::cors::Reach;
use crate::access::Caller;
use crate::cache::{Entry, Found, Key};
pub(super) use crate::cache_state::CacheState;
use crate::counters::Kind;
use crate::inflight::Working;
use crate::reply::Reply;
use crate::view::{Ask, View};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What `request_filter` decided; later phases carry it out.
pub(super) enum Plan {
    /// Answered already, or not yet decided.
    Answered,
    /// A view of a packument.
    Packument(PackumentPlan),
    /// A tarball.
    Tarball(TarballPlan),
}

/// A view to be sent, and how the entry behind it comes about.
pub(super) struct PackumentPlan {
    pub(super) ask: Ask,
    /// The entry it is about, from now on: another upstream may be asked before it is looked up.
    pub(super) key: Key,
    /// The upstream has to confirm what is held, whatever its age.
    pub(super) confirm: bool,
    /// The entry found by pingora-cache's lookup, stale ones included.
    pub(super) entry: Option<Arc<Entry>>,
    /// What is sent in its place.
    pub(super) answer: Option<Answer>,
}

/// What stands in for an entry's body.
pub(super) enum Answer {
    View(Arc<View>),
    Reply(Reply),
}

/// A tarball to be sent.
pub(super) struct TarballPlan {
    pub(super) key: Key,
    /// Its body, open.
    pub(super) found: Found,
    /// How it came about.
    pub(super) state: CacheState,
}

/// One request.
pub struct Ctx {
    pub(super) plan: Plan,
    pub(super) started: Instant,
    /// What requests to the upstream take along from this one.
    pub(super) behalf: Behalf,
    pub(super) cache_state: CacheState,
    /// What is asked for.
    pub(super) kind: Kind,
    /// The user who asks, once it was looked at who that is.
    pub(super) caller: Option<String>,
    /// Whose pages may read the answer.
    pub(super) reach: Reach,
    /// Whether the answer is for who asked only.
    pub(super) is_private: bool,
    /// When the upstream was first asked on behalf of this request.
    pub(super) upstream_since: Option<Instant>,
    /// How long that took.
    pub(super) upstream_time: Option<Duration>,
    /// Keeps a stop waiting until the request is done.
    pub(super) _working: Working,
}

impl Ctx {
    pub(super) fn new(ticket: u64, working: Working) -> Ctx {
        Ctx {
            plan: Plan::Answered,
            started: Instant::now(),
            behalf: Behalf { ticket, hurry: false, via: None },
            cache_state: CacheState::None,
            kind: Kind::Other,
            caller: None,
            reach: Reach::default(),
            is_private: false,
            upstream_since: None,
            upstream_time: None,
            _working: working,
        }
    }

    /// It was looked at who asks.
    pub(super) fn called_by(&mut self, caller: &Caller) {
        self.caller = caller.user().map(str::to_owned);
    }

    pub(super) fn asking_upstream(&mut self) {
        self.upstream_since.get_or_insert_with(Instant::now);
    }

    pub(super) fn upstream_answered(&mut self) {
        self.upstream_time = self.upstream_since.map(|since| since.elapsed());
    }
}
