//! Credentials that were right a moment ago, so that a password is not hashed for each request that shows it.
//! Knows nothing of how it is found out whether they are.
//!
//! They are known by a keyed hash, whose key is this process's and is nowhere else: who reads the memory learns no
//! password sooner than by guessing at each with the key. What they were compared with is part of what is hashed, so
//! a user who has another password, or is no more, is not remembered by the old one.
//!
//! All who show the same at the same time share one answer: a fleet that starts costs one hash, and is one attempt. What
//! is wrong is not remembered: there is no end of that.

use super::random;
use crate::clock::Clock;
use parking_lot::Mutex;
use ring::hmac;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync;

/// How long: as long as a client needs for what it does in one go, and no longer than one would wait until somebody's
/// access has ended.
const KEPT: Duration = Duration::from_secs(60);
/// So many at most.
const MOST: usize = 10_000;

/// What was right. Clones are the same.
#[derive(Clone)]
pub(super) struct Remembered {
    clock: Clock,
    key: Arc<hmac::Key>,
    known: Arc<Mutex<Known>>,
    most: usize,
}

#[derive(Default)]
struct Known {
    /// Until when.
    right: HashMap<Shown, SystemTime>,
    /// What is being found out just now, and how many wait for it.
    asked: HashMap<Shown, (Arc<Question>, usize)>,
}

/// The answer, once there is one; locked by whoever looks for it.
type Question = sync::Mutex<Option<bool>>;

/// What was shown, and what it was compared with, hashed.
type Shown = [u8; 32];

impl Remembered {
    /// Nothing is known yet.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(super) fn new(clock: Clock) -> io::Result<Remembered> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &random::bytes::<32>()?);
        Ok(Remembered { clock, key: Arc::new(key), known: Arc::default(), most: MOST })
    }

    /// Whether a user's password is right, where `hash` is what it is compared with. `find_out` says so, unless it was
    /// right a moment ago, or somebody else is just finding out the same. Where it fails, whoever else waits for it finds
    /// out for themselves, one after the other.
    ///
    /// # Errors
    /// As of `find_out`.
    pub(super) async fn is_right<E>(
        &self,
        user: &str,
        password: &str,
        hash: &str,
        find_out: impl Future<Output = Result<bool, E>>,
    ) -> Result<bool, E> {
        let shown = self.shown(user, password, hash);
        let Some(asking) = Asking::begin(self, shown) else { return Ok(true) };
        let mut answer = asking.question.lock().await;
        if let Some(is_right) = *answer {
            return Ok(is_right);
        }
        let is_right = find_out.await?;
        *answer = Some(is_right);
        if is_right {
            self.keep(shown);
        }
        asking.close();
        Ok(is_right)
    }

    fn shown(&self, user: &str, password: &str, hash: &str) -> Shown {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [user, password, hash] {
            // By its length, so that nothing can be taken from one part to another.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut shown = [0; 32];
        shown.copy_from_slice(context.sign().as_ref());
        shown
    }

    fn keep(&self, shown: Shown) {
        let now = self.clock.now();
        let mut known = self.known.lock();
        if known.right.len() >= self.most {
            known.right.retain(|_, until| is_ahead(*until, now));
        }
        if known.right.len() >= self.most {
            // Nobody has so many users at once; all are hashed again then.
            known.right.clear();
        }
        known.right.insert(shown, now + KEPT);
    }
}

/// Whether a time is still to come; not one that a clock that was set back makes of it.
fn is_ahead(until: SystemTime, now: SystemTime) -> bool {
    until.duration_since(now).is_ok_and(|left| !left.is_zero() && left <= KEPT)
}

/// Somebody who wants an answer.
struct Asking<'a> {
    of: &'a Remembered,
    shown: Shown,
    question: Arc<Question>,
}

impl<'a> Asking<'a> {
    /// Joins those who want the same; `None` if it is known to be right.
    fn begin(of: &'a Remembered, shown: Shown) -> Option<Asking<'a>> {
        let mut known = of.known.lock();
        if known.right.get(&shown).is_some_and(|until| is_ahead(*until, of.clock.now())) {
            return None;
        }
        let (question, askers) = known.asked.entry(shown).or_default();
        *askers += 1;
        let question = Arc::clone(question);
        Some(Asking { of, shown, question })
    }

    /// There is an answer for all who wait; whoever comes later asks anew.
    fn close(&self) {
        let mut known = self.of.known.lock();
        if self.is_in(&known) {
            known.asked.remove(&self.shown);
        }
    }

    /// Whether others can still join.
    fn is_in(&self, known: &Known) -> bool {
        let question = known.asked.get(&self.shown);
        question.is_some_and(|(question, _)| Arc::ptr_eq(question, &self.question))
    }
}

/// The last who gives up takes the question away.
impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let mut known = self.of.known.lock();
        if !self.is_in(&known) {
            return;
        }
        let Some((_, askers)) = known.asked.get_mut(&self.shown) else { return };
        *askers -= 1;
        if *askers == 0 {
            known.asked.remove(&self.shown);
        }
    }
}

#[cfg(test)]
mod tests;
