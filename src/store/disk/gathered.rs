//! Bytes that wait in memory until there are enough of them to be written at once.
//! Knows nothing of files.
//!
//! Whoever publishes may stop in the middle, and ten thousand may do so at once. So only some have a large buffer, the
//! others a small one or none; and a buffer has exactly its size, and does not double.

use tokio::sync::{Semaphore, SemaphorePermit};

/// A large buffer, in bytes: a tarball takes few hops to the blocking pool.
pub(super) const LARGE: usize = 256 << 10;
/// A small one, which everybody may have. What it has no room for is written as it comes.
pub(super) const SMALL: usize = 16 << 10;
/// How many large buffers there may be at a time in the process: 32 MiB together.
pub(super) const LARGE_ONES: usize = 128;

/// The large buffers that nobody has.
static FREE: Semaphore = Semaphore::const_new(LARGE_ONES);

/// What is not written yet of one upload.
pub(super) struct Gathered {
    bytes: Vec<u8>,
    free: &'static Semaphore,
    /// Held as long as the buffer is a large one.
    large: Option<SemaphorePermit<'static>>,
}

impl Default for Gathered {
    fn default() -> Gathered {
        Gathered::of(&FREE)
    }
}

impl Gathered {
    /// Nothing, without a buffer; a large one comes from those that are `free`.
    fn of(free: &'static Semaphore) -> Gathered {
        Gathered { bytes: Vec::new(), free, large: None }
    }

    /// Gathers these bytes as well; `false` when there is no room for them, and nothing was taken.
    pub(super) fn take(&mut self, bytes: &[u8]) -> bool {
        let len = self.bytes.len() + bytes.len();
        if len > self.bytes.capacity() {
            let Some(size) = self.size_for(len) else { return false };
            self.bytes.reserve_exact(size - self.bytes.len());
        }
        self.bytes.extend_from_slice(bytes);
        true
    }

    /// How large a buffer for so many bytes may be, if there may be one.
    fn size_for(&mut self, len: usize) -> Option<usize> {
        if len <= SMALL {
            return Some(SMALL);
        }
        if len > LARGE {
            return None;
        }
        if self.large.is_none() {
            self.large = self.free.try_acquire().ok();
        }
        self.large.is_some().then_some(LARGE)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same buffer with nothing in it.
    pub(super) fn emptied(mut self) -> Gathered {
        self.bytes.clear();
        self
    }

    /// How much memory it takes, in bytes.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.bytes.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_buffers_are_few_and_come_back() {
        static FEW: Semaphore = Semaphore::const_new(2);
        let mut all: Vec<Gathered> = (0..4).map(|_| Gathered::of(&FEW)).collect();
        let piece = [0_u8; 10 << 10];
        // Whatever else is held, a little can be gathered by everybody.
        assert!(all.iter_mut().all(|it| it.take(&piece)));
        let taken: Vec<bool> = all.iter_mut().map(|it| it.take(&piece)).collect();
        assert_eq!(taken, [true, true, false, false]);
        let held: Vec<usize> = all.iter().map(Gathered::held).collect();
        assert_eq!(held, [LARGE, LARGE, SMALL, SMALL]);
        drop(all.remove(0));
        assert!(all[2].take(&piece));
        assert_eq!(all[2].bytes().len(), 2 * piece.len());
        assert!(!all[1].take(&piece));
    }

    #[test]
    fn a_buffer_has_its_size_whatever_comes() {
        static ONE: Semaphore = Semaphore::const_new(1);
        let mut gathered = Gathered::of(&ONE);
        for len in [1, 9_000, 48 << 10, 48 << 10, 100 << 10] {
            assert!(gathered.take(&vec![0; len]));
            assert!([SMALL, LARGE].contains(&gathered.held()), "{}", gathered.held());
        }
        let len = gathered.bytes().len();
        assert!(!gathered.take(&[0; 64 << 10]));
        assert_eq!((gathered.bytes().len(), gathered.held()), (len, LARGE));
        // It is kept, for what comes next.
        let mut gathered = gathered.emptied();
        assert!(gathered.take(&[0; LARGE]));
        assert_eq!((gathered.held(), ONE.available_permits()), (LARGE, 0));
        drop(gathered);
        assert_eq!(ONE.available_permits(), 1);
    }
}
