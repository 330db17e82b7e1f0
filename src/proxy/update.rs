//! Confirming in the background what was just served past its time.
//! Knows nothing of requests.
//!
//! Pingora could do this by a subrequest of its own, which goes through all phases once more; but it
//! looks the entry up again while it holds the entry's lock, and waits for itself when the entry has
//! gone meanwhile (evicted, damaged, withdrawn).

use super::Door;
use super::behalf::Behalf;
use super::ctx::CacheState;
use super::obtain::Obtained;
use crate::cache::Key;
use crate::clock::Clock;
use crate::view::Ask;
use log::info;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// How long a failed update is not tried again: a dead upstream is not asked at the rate of requests.
const PATIENCE: Duration = Duration::from_secs(5);
/// More remembered failures than this are cleared of those that are over.
const MANY: usize = 10_000;

/// Which packuments are being updated, and which failed just now.
pub(super) struct Updates {
    states: Mutex<HashMap<String, State>>,
    clock: Clock,
}

enum State {
    Running,
    FailedUntil(SystemTime),
}

impl Updates {
    pub(super) fn new(clock: Clock) -> Updates {
        Updates { states: Mutex::default(), clock }
    }

    /// Whether the caller is the one to update `key` now.
    fn begin(&self, key: &Key) -> bool {
        let now = self.clock.now();
        let mut states = self.states.lock();
        match states.get(key.as_str()) {
            Some(State::Running) => return false,
            Some(State::FailedUntil(until)) if *until > now => return false,
            _ => {}
        }
        if states.len() > MANY {
            states.retain(|_, state| match state {
                State::Running => true,
                State::FailedUntil(until) => *until > now,
            });
        }
        states.insert(key.as_str().to_owned(), State::Running);
        true
    }

    /// Whether `key` is being updated.
    pub(super) fn is_running(&self, key: &Key) -> bool {
        matches!(self.states.lock().get(key.as_str()), Some(State::Running))
    }

    fn end(&self, key: &Key, updated: bool) {
        let mut states = self.states.lock();
        if updated {
            states.remove(key.as_str());
        } else {
            let until = self.clock.now() + PATIENCE;
            states.insert(key.as_str().to_owned(), State::FailedUntil(until));
        }
    }
}

/// Ends an update that is dropped before its end, as a stop may do, as failed.
struct Running<'a> {
    updates: &'a Updates,
    key: Key,
    updated: bool,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.updates.end(&self.key, self.updated);
    }
}

impl Door {
    /// Has the upstream confirm the packument of `ask.name`, if it is stale or `confirm` says so, unless
    /// that is going on already. Returns at once; a stop waits for the update.
    pub(super) fn update(self: &Arc<Self>, ask: &Ask, confirm: bool) {
        let key = self.packument_key(&ask.name);
        if !self.updates.begin(&key) {
            return;
        }
        let (door, ask) = (Arc::clone(self), ask.clone());
        let working = self.in_flight.begin();
        tokio::spawn(async move {
            let since = Instant::now();
            let mut running = Running { updates: &door.updates, key, updated: false };
            let ticket = door.cache.ticket();
            let behalf = Behalf { ticket, hurry: false, via: None };
            let obtained = door.obtain(&ask.name, &ask.base, confirm, &behalf).await;
            // A failure has been logged where it happened. "It is gone" is an answer.
            running.updated =
                !matches!(&obtained, Err(failure) if failure.status.is_server_error());
            if door.current.logs() {
                let state = state_of(&obtained);
                let took = since.elapsed().as_secs_f64() * 1e3;
                info!(target: "access", "UPDATE {} {state} {took:.1}ms background", ask.name);
            }
            drop(running);
            drop(working);
        });
    }
}

fn state_of(obtained: &Result<Obtained, super::failure::Failure>) -> String {
    match obtained {
        Ok(Obtained::Held(_, state)) => state.as_str().to_owned(),
        Ok(Obtained::Sent(_)) => CacheState::Miss.as_str().to_owned(),
        Err(failure) => failure.status.as_u16().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_not_soon_after_a_failure() {
        let clock = Clock::system();
        let updates = Updates::new(clock.clone());
        let key = Key::packument("https://registry.example", &"lodash".parse().unwrap());
        assert!(!updates.is_running(&key));
        assert!(updates.begin(&key));
        assert!(!updates.begin(&key));
        assert!(updates.is_running(&key));
        updates.end(&key, true);
        assert!(!updates.is_running(&key));
        assert!(updates.begin(&key));
        updates.end(&key, false);
        assert!(!updates.begin(&key));
        clock.advance(PATIENCE);
        assert!(updates.begin(&key));
    }
}
