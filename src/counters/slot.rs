//! A number for each thread, small, and no other's as long as the thread lives.
//! Knows nothing of what is numbered with it.

use parking_lot::Mutex;
use std::cell::Cell;
use std::collections::BTreeSet;

/// No number yet.
const UNKNOWN: usize = usize::MAX;
/// A thread that is ending has given its number back, and takes none any more.
const ENDING: usize = usize::MAX - 1;

/// Numbers that threads gave back, and the first that none ever had.
struct Numbers {
    free: BTreeSet<usize>,
    next: usize,
}

static NUMBERS: Mutex<Numbers> = Mutex::new(Numbers { free: BTreeSet::new(), next: 0 });

thread_local! {
    /// Without a destructor, so that to read it is one instruction, also while the thread ends.
    static SLOT: Cell<usize> = const { Cell::new(UNKNOWN) };
    static HELD: Held = Held::take();
}

/// A thread's number, until it ends.
struct Held(usize);

impl Held {
    /// The lowest that is free: a server's worker threads have the low ones.
    fn take() -> Held {
        let mut numbers = NUMBERS.lock();
        let number = numbers.free.pop_first().unwrap_or_else(|| {
            numbers.next += 1;
            numbers.next - 1
        });
        Held(number)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        SLOT.set(ENDING);
        // What this thread wrote happens before what the next one with its number writes.
        NUMBERS.lock().free.insert(self.0);
    }
}

/// This thread's number. Threads that are ending share `usize::MAX - 1`.
#[inline]
pub(super) fn current() -> usize {
    let slot = SLOT.get();
    if slot == UNKNOWN { first() } else { slot }
}

#[cold]
fn first() -> usize {
    let slot = HELD.try_with(|held| held.0).unwrap_or(ENDING);
    SLOT.set(slot);
    slot
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::thread;

    #[test]
    fn threads_that_live_together_have_different_numbers() {
        let barrier = Barrier::new(20);
        let numbers: BTreeSet<usize> = thread::scope(|scope| {
            let number = || {
                let number = current();
                assert_eq!(current(), number);
                barrier.wait();
                number
            };
            let threads: Vec<_> = (0..20).map(|_| scope.spawn(number)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(numbers.len(), 20);
    }

    #[test]
    fn numbers_are_used_again() {
        // Other tests take numbers meanwhile; a thousand of them at once do not.
        for _ in 0..1000 {
            let number = thread::spawn(current).join().unwrap();
            assert!(number < 1000, "{number}");
        }
    }
}
