//! Buffers for pieces of large bodies, used again and again.
//! Knows nothing of what is in them.
//!
//! A buffer of this size comes from the system and goes back to it (`allocator.rs`), and its 64 pages
//! are faulted in each time.

use crate::connection::PIECE;
use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Buffers that a thread keeps when nobody uses them.
const KEPT: usize = 8;

thread_local! {
    static FREE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// A buffer with room for a piece; goes back to its thread when it is dropped.
pub(super) struct Buffer(Vec<u8>);

impl Buffer {
    /// One without room.
    pub(super) const fn none() -> Buffer {
        Buffer(Vec::new())
    }

    /// One that is free, or a new one; empty.
    pub(super) fn take() -> Buffer {
        let free = FREE.with_borrow_mut(Vec::pop);
        Buffer(free.unwrap_or_else(|| Vec::with_capacity(PIECE)))
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut buffer = std::mem::take(&mut self.0);
        if buffer.capacity() == 0 {
            return;
        }
        // A thread that ends has no use for it.
        let _ = FREE.try_with(|free| {
            let mut free = free.borrow_mut();
            if free.len() < KEPT && buffer.capacity() <= PIECE {
                buffer.clear();
                free.push(buffer);
            }
        });
    }
}

impl Deref for Buffer {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again() {
        std::thread::spawn(|| {
            let mut buffer = Buffer::take();
            buffer.extend_from_slice(b"something");
            let place = buffer.as_ptr();
            drop(buffer);
            let again = Buffer::take();
            assert!(again.is_empty());
            assert_eq!(again.as_ptr(), place);
            drop(Buffer::none());
            assert_eq!(FREE.with_borrow(Vec::len), 0, "there is nothing to be used again");
            drop((0..2 * KEPT).map(|_| Buffer::take()).collect::<Vec<_>>());
            assert_eq!(FREE.with_borrow(Vec::len), KEPT);
        })
        .join()
        .unwrap();
    }
}
