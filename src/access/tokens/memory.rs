//! Tokens that were looked up a moment ago, so that who asks again needs no disk.
//! Knows nothing of files, nor of what a token may do.
//!
//! Another process may end a token, and then it must be over here as well: so what was seen is believed for
//! [`BELIEVED`] only. What this process ends is over at once, also when somebody was just looking it up.

use super::super::Caller;
use super::record::Given;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How long it is believed that a token is still there.
const BELIEVED: Duration = Duration::from_secs(2);

/// How many tokens are kept. With more in use at once, some are read from the disk more often.
const MOST: usize = 4096;

/// What a token is found by.
type Digest = [u8; 32];

#[derive(Default)]
pub(super) struct Memory(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    tokens: HashMap<Digest, (Known, SystemTime)>,
    /// How many times tokens were forgotten.
    forgotten: u64,
}

/// A token that was seen, and who shows it.
#[derive(Clone)]
pub(in super::super) struct Known {
    pub(in super::super) given: Arc<Given>,
    pub(in super::super) caller: Arc<Caller>,
}

/// What a look at the disk begins with.
#[derive(Clone, Copy)]
pub(super) struct Look {
    began: SystemTime,
    forgotten: u64,
}

impl Memory {
    /// Begins a look at the disk: what it finds can be [noted](Memory::note) then.
    pub(super) fn look(&self, now: SystemTime) -> Look {
        Look { began: now, forgotten: self.0.lock().forgotten }
    }

    /// Notes what a look has found. Unless a token was ended since it began: it may have been this one.
    pub(super) fn note(&self, look: Look, digest: Digest, given: &Arc<Given>) {
        let mut seen = self.0.lock();
        if seen.forgotten != look.forgotten {
            return;
        }
        if seen.tokens.len() >= MOST && !seen.tokens.contains_key(&digest) {
            seen.tokens.retain(|_, (_, began)| is_fresh(*began, look.began));
            if seen.tokens.len() >= MOST {
                seen.tokens.clear();
            }
        }
        let known = Known { given: Arc::clone(given), caller: Arc::new(Caller::from(&**given)) };
        seen.tokens.insert(digest, (known, look.began));
    }

    /// The token with this digest, if it was seen a moment ago.
    pub(super) fn find(&self, digest: &Digest, now: SystemTime) -> Option<Known> {
        let seen = self.0.lock();
        let (known, began) = seen.tokens.get(digest)?;
        is_fresh(*began, now).then(|| known.clone())
    }

    /// Forgets a token that was ended. To be called once its file is gone; who looked before does not note what it
    /// found.
    pub(super) fn forget(&self, digest: &Digest) {
        let mut seen = self.0.lock();
        seen.forgotten += 1;
        seen.tokens.remove(digest);
    }

    /// The same of all of them, as some were ended.
    pub(super) fn forget_all(&self) {
        let mut seen = self.0.lock();
        seen.forgotten += 1;
        seen.tokens.clear();
    }
}

/// A clock that was set back says nothing.
fn is_fresh(began: SystemTime, now: SystemTime) -> bool {
    now.duration_since(began).is_ok_and(|age| age <= BELIEVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given() -> Arc<Given> {
        Arc::new(Given::parse(br#"{"user":"ann","created":1}"#).unwrap())
    }

    fn digest(number: usize) -> Digest {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&number.to_le_bytes());
        digest
    }

    #[test]
    fn what_was_seen_is_believed_for_two_seconds() {
        let (memory, now) = (Memory::default(), SystemTime::now());
        let known = |ahead: i64| {
            let by = Duration::from_millis(ahead.unsigned_abs());
            let at = if ahead < 0 { now - by } else { now + by };
            memory.find(&digest(1), at).is_some()
        };
        assert!(!known(0));
        memory.note(memory.look(now), digest(1), &given());
        assert!(known(0) && known(2000));
        assert!(!known(2001) && !known(-1));
        assert!(memory.find(&digest(2), now).is_none());
    }

    /// A look reads the file; the token is ended; the look comes to note what it read.
    #[test]
    fn a_token_that_ends_while_it_is_looked_up_is_not_noted() {
        let (memory, now) = (Memory::default(), SystemTime::now());
        let forgets: [fn(&Memory); 2] = [|memory| memory.forget(&digest(1)), Memory::forget_all];
        for forget in forgets {
            let look = memory.look(now);
            forget(&memory);
            memory.note(look, digest(1), &given());
            assert!(memory.find(&digest(1), now).is_none());
            memory.note(memory.look(now), digest(1), &given());
            forget(&memory);
            assert!(memory.find(&digest(1), now).is_none());
        }
        memory.note(memory.look(now), digest(1), &given());
        memory.forget(&digest(2));
        assert!(memory.find(&digest(1), now).is_some(), "another one has ended");
    }

    #[test]
    fn it_holds_so_many_and_no_more() {
        let (memory, now) = (Memory::default(), SystemTime::now());
        let count = || memory.0.lock().tokens.len();
        for number in 0..MOST * 2 + 10 {
            memory.note(memory.look(now), digest(number), &given());
            assert!(count() <= MOST);
            assert!(memory.find(&digest(number), now).is_some());
        }
        assert_eq!(count(), 10);
        // Of old ones and new ones, the old ones go.
        let later = now + BELIEVED * 2;
        for number in 0..MOST {
            memory.note(memory.look(later), digest(number), &given());
        }
        assert!(memory.find(&digest(MOST - 1), later).is_some());
        assert!(memory.find(&digest(11), later).is_some());
    }
}
