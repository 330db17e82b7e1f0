//! What a NOPAR that has its files somewhere says of itself to one that would have them.
//! Knows nothing of what it serves.

use super::control::Order;
use super::order::{OrderError, order};
use std::fmt;
use std::path::Path;

/// What it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) pid: u32,
    pub(super) is_stopping: bool,
}

/// What was seen of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// It says so.
    State(State),
    /// It does not know that question, or may not be asked: it runs.
    Runs,
    /// Nobody says anything: it has not begun, or is about to be gone.
    Silent,
}

impl State {
    /// That of this process.
    pub(super) fn own(is_stopping: bool) -> State {
        State { pid: std::process::id(), is_stopping }
    }

    fn parse(text: &str) -> Option<State> {
        let (word, pid) = text.split_once(' ')?;
        Some(State { pid: pid.parse().ok()?, is_stopping: word == STOPPING })
    }
}

const STOPPING: &str = "stopping";

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", if self.is_stopping { STOPPING } else { "serving" }, self.pid)
    }
}

/// Asks the one that has its files there. Blocks, for a second at most.
pub(super) fn look(folder: &Path) -> Seen {
    match order(&[folder.to_owned()], &Order::Look, &mut |_| {}) {
        Ok(told) => State::parse(&told).map_or(Seen::Runs, Seen::State),
        Err(OrderError::Nobody(_) | OrderError::Silent | OrderError::BrokenOff(_)) => Seen::Silent,
        Err(_) => Seen::Runs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_understood() {
        for is_stopping in [true, false] {
            let state = State::own(is_stopping);
            assert_eq!(State::parse(&state.to_string()), Some(state));
        }
        assert_eq!(State::own(true).to_string(), format!("stopping {}", std::process::id()));
        assert_eq!(State::parse("serving well"), None);
    }

    #[test]
    fn who_is_not_there_is_silent() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(look(folder.path()), Seen::Silent);
    }
}
