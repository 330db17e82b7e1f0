//! Files on their way into the directory, or out of it, by what this process does: what the directory shows and what
//! the index has differ for a moment.
//! Knows nothing of why they go.
//!
//! Whoever looks through the directory takes what the index does not have for what another process wrote, and must not
//! do so with these. What was removed is remembered until nobody looks who may have listed it before.

use crate::cache::name::FileName;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};

/// Those files, by their generations.
#[derive(Debug, Default)]
pub(in crate::cache) struct Moving(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// They get their names, and are put into the index behind that.
    arriving: HashSet<u64>,
    /// They have left the index; `true`: the directory as well.
    leaving: HashMap<u64, bool>,
    /// How many look through the directory.
    looks: usize,
}

/// A file comes, as long as this lives.
#[derive(Debug)]
pub(in crate::cache) struct Arriving<'a> {
    moving: &'a Moving,
    id: u64,
}

/// Somebody looks through the directory, as long as this lives.
#[derive(Debug)]
pub(super) struct Looking<'a>(&'a Moving);

impl Moving {
    /// A file is about to get its name. What this returns is to live until the index has it.
    pub(in crate::cache) fn arrive(&self, id: u64) -> Arriving<'_> {
        self.0.lock().arriving.insert(id);
        Arriving { moving: self, id }
    }

    /// Files have left the index, and are about to be removed. To be told of while the accounts are locked.
    pub(super) fn leave(&self, names: &[FileName]) {
        if !names.is_empty() {
            self.0.lock().leaving.extend(names.iter().map(|name| (name.id, false)));
        }
    }

    /// It was tried to remove a file. One that is there all the same is found by the next look.
    pub(super) fn removed(&self, id: u64) {
        let mut state = self.0.lock();
        if state.looks == 0 {
            state.leaving.remove(&id);
        } else {
            state.leaving.insert(id, true);
        }
    }

    /// Whether a file that the directory shows is one of these.
    pub(super) fn has(&self, id: u64) -> bool {
        let state = self.0.lock();
        state.arriving.contains(&id) || state.leaving.contains_key(&id)
    }

    /// Whether any file comes or goes just now.
    #[cfg(test)]
    pub(super) fn is_busy(&self) -> bool {
        let state = self.0.lock();
        !state.arriving.is_empty() || !state.leaving.is_empty()
    }

    /// Somebody begins to look through the directory.
    pub(super) fn look(&self) -> Looking<'_> {
        self.0.lock().looks += 1;
        Looking(self)
    }
}

impl Drop for Arriving<'_> {
    fn drop(&mut self) {
        self.moving.0.lock().arriving.remove(&self.id);
    }
}

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        let mut state = self.0.0.lock();
        state.looks -= 1;
        if state.looks == 0 {
            state.leaving.retain(|_, removed| !*removed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(id: u64) -> FileName {
        FileName { hash: [1; 16], id, size: 10 }
    }

    #[test]
    fn what_leaves_is_remembered_until_nobody_looks_who_may_have_seen_it() {
        let moving = Moving::default();
        moving.leave(&[name(1), name(2)]);
        moving.removed(1);
        assert!(!moving.has(1) && moving.has(2), "nobody looks");
        let first = moving.look();
        moving.removed(2);
        let second = moving.look();
        drop(first);
        moving.leave(&[name(3)]);
        assert!(moving.has(2) && moving.has(3), "the second may have begun before");
        drop(second);
        assert!(!moving.has(2) && moving.has(3), "it is not removed yet");
        moving.removed(3);
        assert!(!moving.has(3));
    }

    #[test]
    fn what_comes_is_known_until_it_has_come() {
        let moving = Moving::default();
        let arriving = moving.arrive(1);
        assert!(moving.has(1) && !moving.has(2));
        drop(arriving);
        assert!(!moving.has(1));
    }
}
