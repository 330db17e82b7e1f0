//! Which rows of the index changed, for one who follows it: by the hashes of their keys.
//! Knows nothing of what became of them: whoever follows looks at the index, which tells what is right now.
//!
//! To note a change waits for nobody and takes no memory: of more than fit, it is only noted that there were more,
//! and whoever follows looks through the whole index then.

use super::name::FileHash;
use parking_lot::{Condvar, Mutex};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How many changes are noted one by one: 256 KiB of them.
const MOST: usize = 16 << 10;

/// Changes that nobody has looked at yet.
#[derive(Default)]
pub struct Changes {
    /// Whether anybody ever will.
    is_followed: AtomicBool,
    noted: Mutex<Noted>,
    came: Condvar,
}

#[derive(Default)]
struct Noted {
    hashes: Vec<FileHash>,
    /// There were more.
    is_behind: bool,
    is_closed: bool,
}

/// Why somebody waits no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// Something changed.
    Called,
    /// Nothing did for so long.
    InVain,
    /// Nobody is to follow any more.
    Closed,
}

impl Changes {
    /// A row was put into the index, replaced or removed. After that was done: who looks then sees it.
    pub(super) fn note(&self, hash: &FileHash) {
        if !self.is_followed.load(Ordering::Acquire) {
            return;
        }
        let mut noted = self.noted.lock();
        if noted.hashes.len() < MOST {
            noted.hashes.push(*hash);
        } else {
            noted.is_behind = true;
        }
        drop(noted);
        self.came.notify_one();
    }

    /// Begins to follow: with the whole index to look through.
    pub fn follow(&self) {
        self.is_followed.store(true, Ordering::Release);
        let mut noted = self.noted.lock();
        (noted.is_behind, noted.is_closed) = (true, false);
    }

    /// Whoever follows is to look through the whole index again.
    pub fn look_again(&self) {
        self.noted.lock().is_behind = true;
        self.came.notify_one();
    }

    /// Ends that: who waits is told so.
    pub fn close(&self) {
        self.is_followed.store(false, Ordering::Release);
        self.noted.lock().is_closed = true;
        self.came.notify_all();
    }

    /// Moves what was noted into `hashes`. Whether there were more changes than that.
    pub fn take(&self, hashes: &mut Vec<FileHash>) -> bool {
        hashes.clear();
        let mut noted = self.noted.lock();
        std::mem::swap(&mut noted.hashes, hashes);
        std::mem::take(&mut noted.is_behind)
    }

    /// Whether nobody is to follow any more.
    pub fn is_closed(&self) -> bool {
        self.noted.lock().is_closed
    }

    /// Waits for changes, no longer than that. Blocks.
    pub fn wait(&self, most: Duration) -> Waited {
        let mut noted = self.noted.lock();
        let is_quiet =
            |noted: &mut Noted| noted.hashes.is_empty() && !noted.is_behind && !noted.is_closed;
        let in_vain = self.came.wait_while_for(&mut noted, is_quiet, most).timed_out();
        match (noted.is_closed, in_vain) {
            (true, _) => Waited::Closed,
            (false, true) => Waited::InVain,
            (false, false) => Waited::Called,
        }
    }

    /// Waits so long, whatever changes, unless nobody is to follow any more. Blocks.
    pub fn pause(&self, time: Duration) {
        let mut noted = self.noted.lock();
        self.came.wait_while_for(&mut noted, |noted| !noted.is_closed, time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn take(changes: &Changes) -> (usize, bool) {
        let mut hashes = Vec::new();
        let is_behind = changes.take(&mut hashes);
        (hashes.len(), is_behind)
    }

    #[test]
    fn what_nobody_follows_is_not_noted() {
        let changes = Changes::default();
        changes.note(&[1; 16]);
        assert_eq!(take(&changes), (0, false));
        changes.follow();
        assert_eq!(changes.wait(LONG), Waited::Called);
        changes.note(&[1; 16]);
        assert_eq!(take(&changes), (1, true));
        assert_eq!(changes.wait(Duration::ZERO), Waited::InVain);
    }

    #[test]
    fn of_too_many_it_is_noted_that_there_were_more() {
        let changes = Changes::default();
        changes.follow();
        assert_eq!(take(&changes), (0, true));
        (0..MOST).for_each(|_| changes.note(&[2; 16]));
        assert_eq!(take(&changes), (MOST, false));
        (0..MOST * 3).for_each(|_| changes.note(&[2; 16]));
        assert_eq!(take(&changes), (MOST, true));
    }

    #[test]
    fn who_waits_is_told_of_changes_and_of_the_end() {
        let changes = Changes::default();
        changes.follow();
        take(&changes);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| changes.wait(LONG));
            changes.note(&[3; 16]);
            assert_eq!(waiting.join().unwrap(), Waited::Called);
            take(&changes);
            let waiting = scope.spawn(|| (changes.pause(LONG), changes.wait(LONG)).1);
            changes.note(&[3; 16]);
            changes.close();
            assert_eq!(waiting.join().unwrap(), Waited::Closed);
        });
        assert!(changes.is_closed());
    }
}
