//! How much the bodies take that are in memory, wherever they are held: in the tier, or by who sends them.
//! Knows nothing of who that is.
//!
//! The tier is bounded; what it lets go of lives on as long as a client takes its time over it.

use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Beside the tier, its half may be held, and at least this much.
const LEAST_BESIDE: u64 = 64 << 20;

/// Bytes of bodies that are alive, and how many of them are too many.
#[derive(Clone, Debug, Default)]
pub struct Live {
    bytes: Arc<AtomicU64>,
    most: Arc<Most>,
}

/// The most of them: any number, unless it is said.
#[derive(Debug)]
struct Most(AtomicU64);

impl Default for Most {
    fn default() -> Most {
        Most(AtomicU64::new(u64::MAX))
    }
}

/// Counts bytes for as long as it lives.
#[derive(Debug)]
pub(super) struct Counted {
    live: Live,
    len: u64,
}

/// Bytes in ordinary memory.
struct Heap {
    bytes: Bytes,
    _counted: Counted,
}

impl Live {
    /// For a tier of at most so many bytes.
    pub fn beside(tier: u64) -> Live {
        let live = Live::default();
        live.set_tier(tier);
        live
    }

    /// The tier has at most so many bytes from now on.
    pub fn set_tier(&self, tier: u64) {
        let most = tier.saturating_add(LEAST_BESIDE.max(tier / 2));
        self.most.0.store(most, Ordering::Relaxed);
    }

    /// Whether there are too many: clients that take nothing hold them.
    pub fn is_too_much(&self) -> bool {
        self.bytes() > self.most.0.load(Ordering::Relaxed)
    }

    /// How many there are.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn count(&self, len: usize) -> Counted {
        let len = len as u64;
        self.bytes.fetch_add(len, Ordering::Relaxed);
        Counted { live: self.clone(), len }
    }

    /// Bytes that are counted until the last slice of them is gone.
    pub(super) fn counted(&self, bytes: Bytes) -> Bytes {
        let counted = self.count(bytes.len());
        Bytes::from_owner(Heap { bytes, _counted: counted })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.live.bytes.fetch_sub(self.len, Ordering::Relaxed);
    }
}

impl AsRef<[u8]> for Heap {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_count_until_their_last_slice_is_gone() {
        let live = Live::beside(0);
        let bytes = live.counted(Bytes::from(vec![1; 1000]));
        let slice = bytes.slice(10..20);
        drop(bytes);
        assert_eq!(live.bytes(), 1000);
        drop(slice);
        assert_eq!(live.bytes(), 0);
    }

    #[test]
    fn half_of_the_tier_may_be_held_beside_it_and_no_little() {
        let live = Live::beside(100 << 20);
        let full = live.count(100 << 20);
        let beside = live.count(64 << 20);
        assert!(!live.is_too_much());
        let more = live.count(1);
        assert!(live.is_too_much());
        drop((full, beside, more));
        let live = Live::beside(1000 << 20);
        let _full = live.count(1500 << 20);
        assert!(!live.is_too_much());
        assert!(!Live::default().is_too_much());
        live.clone().set_tier(100 << 20);
        assert!(live.is_too_much(), "the tier is smaller now");
    }
}
