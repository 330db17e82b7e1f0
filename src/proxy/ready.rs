//! `/-/ready`: whether NOPAR can do all that it is there for, which is to keep and to publish, beside answering.
//! Knows nothing of why it cannot, but to tell it to the log: whoever asks hears no path and no address.
//!
//! An upstream that is down makes nobody unready: what is held is served meanwhile, and no other NOPAR would reach it.

#[cfg(test)]
mod tests;

use super::{Door, Proxy};
use crate::cache::DiskCache;
use crate::clock::Clock;
use crate::reply::Reply;
use crate::store;
use crate::ui::{Running, UpstreamState};
use http::{StatusCode, header};
use log::{info, warn};
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};
use tokio::sync::{Mutex, watch};
use tokio::task::{JoinHandle, spawn_blocking};

/// How long what was found is believed, so that who asks costs the disk next to nothing.
const BELIEVED: Duration = Duration::from_secs(1);
/// How long a disk may take: balancers ask again after a few seconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tries something out; the error is for the log. Blocks.
type Try = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// What was found when it was last looked, shared by all who ask.
pub(super) struct Readiness {
    last: Mutex<Last>,
    clock: Clock,
    patience: Duration,
    /// True once NOPAR is about to end.
    ending: OnceLock<watch::Receiver<bool>>,
}

struct Last {
    at: Option<SystemTime>,
    cache: Part,
    store: Part,
}

/// Something that is needed.
struct Part {
    /// What it is called.
    what: &'static str,
    work: Try,
    /// A try that has not ended: another one would only wait as well, for a thread that others need.
    pending: Option<JoinHandle<Result<(), String>>>,
    state: State,
}

/// What came of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Works,
    Fails,
    Hangs,
}

impl State {
    /// In words: `ok` where all is well.
    pub(super) fn word(self) -> &'static str {
        match self {
            State::Works => "ok",
            State::Fails => "cannot be written",
            State::Hangs => "does not answer",
        }
    }
}

impl Readiness {
    /// That of these two.
    pub(super) fn of(
        cache: &'static DiskCache,
        store: Arc<dyn store::Store>,
        clock: Clock,
    ) -> Readiness {
        let cache = move || cache.probe().map_err(|error| error.to_string());
        let store = move || store.probe().map_err(|error| error.to_string());
        Readiness::new(Arc::new(cache), Arc::new(store), clock, PATIENCE)
    }

    fn new(cache: Try, store: Try, clock: Clock, patience: Duration) -> Readiness {
        let (cache, store) = (Part::new("the cache", cache), Part::new("the store", store));
        let last = Mutex::new(Last { at: None, cache, store });
        Readiness { last, clock, patience, ending: OnceLock::new() }
    }

    /// Whether NOPAR is about to end.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.get().is_some_and(|ending| *ending.borrow())
    }

    /// How the cache and the store do: of all who ask within a second, one looks.
    async fn look(&self) -> (State, State) {
        let Last { at, cache, store } = &mut *self.last.lock().await;
        let now = self.clock.now();
        let is_fresh = |at: SystemTime| now.duration_since(at).is_ok_and(|age| age < BELIEVED);
        if !at.is_some_and(is_fresh) {
            tokio::join!(cache.look(self.patience), store.look(self.patience));
            // From the end of it: a disk that hangs is not waited for by one after the other.
            *at = Some(self.clock.now());
        }
        (cache.state, store.state)
    }

    /// The same, each with what it is called.
    pub(super) async fn parts(&self) -> [(&'static str, State); 2] {
        let (cache, store) = self.look().await;
        [("cache", cache), ("store", store)]
    }
}

impl Part {
    fn new(what: &'static str, work: Try) -> Part {
        Part { what, work, pending: None, state: State::Works }
    }

    async fn look(&mut self, patience: Duration) {
        let patience = if self.pending.is_some() { Duration::ZERO } else { patience };
        let work = Arc::clone(&self.work);
        // Kept where it is found by the next one, should whoever asks now not wait for it.
        let pending = self.pending.get_or_insert_with(|| spawn_blocking(move || work()));
        let done = tokio::time::timeout(patience, pending).await;
        if done.is_ok() {
            self.pending = None;
        }
        self.found(match done {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(why))) => Err((State::Fails, why)),
            Ok(Err(panic)) => Err((State::Fails, panic.to_string())),
            Err(_) => Err((State::Hangs, "a file is not written in time".to_owned())),
        });
    }

    /// Notes what came of it, and tells it if it is another thing than before.
    fn found(&mut self, found: Result<(), (State, String)>) {
        let (what, before) = (self.what, self.state);
        self.state = found.as_ref().map_or_else(|(state, _)| *state, |()| State::Works);
        match found {
            _ if self.state == before => {}
            Ok(()) => info!("ready: {what} can be written again"),
            Err((state, why)) => warn!("not ready: {what} {}: {why}", state.word()),
        }
    }
}

impl Door {
    /// The answer to who asks whether it is ready.
    pub(super) async fn ready(&self) -> Reply {
        if self.readiness.is_ending() {
            return draining();
        }
        let (cache, store) = self.readiness.look().await;
        reply(cache, store, &self.upstreams())
    }
}

impl Proxy {
    /// Has it say that it is not ready any more once that becomes true.
    pub fn ends_by(&self, ending: watch::Receiver<bool>) {
        // It is told once.
        let _ = self.door.readiness.ending.set(ending);
    }
}

/// Who asks is on one of the connections that are left, and gets no new one here.
fn draining() -> Reply {
    let error = "not ready: this NOPAR is about to end, and finishes what is going on";
    let body = json!({"status": "draining", "error": error, "reason": "draining"});
    Reply::json(StatusCode::SERVICE_UNAVAILABLE, &body).with(header::CACHE_CONTROL, "no-store")
}

fn reply(cache: State, store: State, upstreams: &[UpstreamState]) -> Reply {
    let parts = [("cache", cache), ("store", store)];
    let wrong: Vec<String> = parts
        .iter()
        .filter(|(_, state)| *state != State::Works)
        .map(|(what, state)| format!("the {what} {}", state.word()))
        .collect();
    let (status, mut body) = match wrong.is_empty() {
        true => (StatusCode::OK, json!({"status": "ready"})),
        false => {
            let error = format!("not ready: {}; the log says why", wrong.join(", "));
            let body = json!({"status": "not ready", "error": error, "reason": "not_ready"});
            (StatusCode::SERVICE_UNAVAILABLE, body)
        }
    };
    for (what, state) in parts {
        body[what] = state.word().into();
    }
    body["upstreams"] = counted(upstreams);
    Reply::json(status, &body).with(header::CACHE_CONTROL, "no-store")
}

/// How many upstreams there are of each sort: what they are called is not for everybody.
fn counted(upstreams: &[UpstreamState]) -> Value {
    let count = |is: fn(&UpstreamState) -> bool| upstreams.iter().filter(|it| is(it)).count();
    json!({
        "up": count(|it| it.is_asked && !it.is_down),
        "down": count(|it| it.is_asked && it.is_down),
        "not_asked": count(|it| !it.is_asked),
    })
}
