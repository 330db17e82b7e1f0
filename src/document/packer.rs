//! A compressor that is kept by its thread and used again.
//! Knows nothing of what is packed, and of no other format than gzip.
//!
//! zlib's state is a third of a megabyte, which the allocator takes from the system and gives back each
//! time: eighty pages that are mapped and cleared. Of a packument of 30 KB that was half of all that its
//! ingest cost.

use bytes::Bytes;
use flate2::{Compress, CompressError, Compression, FlushCompress, Status};
use std::cell::RefCell;

/// The usual window of gzip, 32 KiB.
const WINDOW_BITS: u8 = 15;
/// Room that is made at a time for what is packed.
const ROOM: usize = 16 * 1024;
/// A longer buffer is not kept for the next time.
const KEPT: usize = 1 << 20;

/// A compressor of one level, and a buffer for what it makes.
struct Packer {
    level: u32,
    state: Compress,
    packed: Vec<u8>,
}

thread_local! {
    /// One for each level this thread has needed: of those there are two.
    static PACKERS: RefCell<Vec<Packer>> = const { RefCell::new(Vec::new()) };
}

/// Packs segments, one behind another, as one gzip member.
pub(super) fn pack<'a>(segments: impl IntoIterator<Item = &'a [u8]>, level: u32) -> Bytes {
    let mut packing = Packing::new(level);
    segments.into_iter().for_each(|segment| packing.write(segment));
    packing.finish()
}

/// A gzip member in the making.
pub(super) struct Packing {
    packer: Packer,
}

impl Packing {
    /// With the thread's compressor, which is out of its place meanwhile: two may be in the making.
    pub(super) fn new(level: u32) -> Packing {
        let kept = PACKERS.with_borrow_mut(|packers| {
            let at = packers.iter().position(|packer| packer.level == level)?;
            Some(packers.swap_remove(at))
        });
        let mut packer = kept.unwrap_or_else(|| Packer::new(level));
        packer.begin();
        Packing { packer }
    }

    /// The next segment.
    pub(super) fn write(&mut self, segment: &[u8]) {
        self.packer.feed(segment).expect(IN_ORDER);
    }

    /// All of it. The compressor goes back into its place.
    pub(super) fn finish(mut self) -> Bytes {
        let packed = self.packer.finish().expect(IN_ORDER);
        PACKERS.with_borrow_mut(|packers| packers.push(self.packer));
        packed
    }
}

/// zlib refuses a stream that is in a wrong state, and nothing else.
const IN_ORDER: &str = "a stream that is reset before each use, and finished once, is in order";

impl Packer {
    fn new(level: u32) -> Packer {
        let state = Compress::new_gzip(Compression::new(level), WINDOW_BITS);
        Packer { level, state, packed: Vec::new() }
    }

    fn begin(&mut self) {
        self.state.reset();
        self.packed.clear();
    }

    fn finish(&mut self) -> Result<Bytes, CompressError> {
        while self.step(&[], FlushCompress::Finish)? != Status::StreamEnd {}
        // As long as it has to be: it may stay in memory.
        let packed = Bytes::copy_from_slice(&self.packed);
        if self.packed.capacity() > KEPT {
            self.packed = Vec::new();
        }
        Ok(packed)
    }

    fn feed(&mut self, mut segment: &[u8]) -> Result<(), CompressError> {
        while !segment.is_empty() {
            let before = self.state.total_in();
            self.step(segment, FlushCompress::None)?;
            let taken = self.state.total_in() - before;
            // No more than the segment was long, so it is a length.
            segment = &segment[taken as usize..];
        }
        Ok(())
    }

    /// With room for output, each step takes input or makes output.
    fn step(&mut self, input: &[u8], flush: FlushCompress) -> Result<Status, CompressError> {
        if self.packed.capacity() - self.packed.len() < ROOM / 2 {
            self.packed.reserve(ROOM);
        }
        self.state.compress_vec(input, &mut self.packed, flush)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn unpacked(packed: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(packed).read_to_end(&mut text).unwrap();
        text
    }

    /// Text that packs badly, so that output comes before all input is in.
    fn noise(len: usize) -> Vec<u8> {
        let next = |n: &u64| Some(n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        std::iter::successors(Some(1), next).take(len).map(|n| (n >> 56) as u8).collect()
    }

    #[test]
    fn a_packer_that_was_used_packs_as_a_new_one() {
        for level in [1, 4, 6] {
            for text in [noise(300_000), b"packument ".repeat(100_000), Vec::new(), noise(1)] {
                let first = pack([text.as_slice()], level);
                assert_eq!(unpacked(&first), text);
                assert_eq!(pack(text.chunks(7001), level), pack(text.chunks(7001), level));
                assert_eq!(pack([text.as_slice()], level), first);
                let mut new = Packing { packer: Packer::new(level) };
                new.write(&text);
                assert_eq!(new.finish(), first);
            }
        }
    }

    #[test]
    fn empty_segments_are_nothing() {
        let empty: &[u8] = b"";
        assert_eq!(unpacked(&pack([empty, b"a", empty, b"b", empty], 6)), b"ab");
        assert_eq!(unpacked(&pack([], 6)), b"");
    }

    #[test]
    fn two_may_be_in_the_making() {
        let (mut one, mut other) = (Packing::new(6), Packing::new(6));
        for _ in 0..2 {
            one.write(b"one");
            other.write(b"other");
        }
        assert_eq!(unpacked(&one.finish()), b"oneone");
        assert_eq!(unpacked(&other.finish()), b"otherother");
    }

    #[test]
    fn a_long_buffer_is_given_back() {
        let mut packer = Packer::new(1);
        packer.begin();
        packer.feed(&noise(4 << 20)).unwrap();
        assert!(packer.finish().unwrap().len() > KEPT);
        assert_eq!(packer.packed.capacity(), 0);
    }
}
