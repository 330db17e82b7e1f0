//! How large the buffer of a document is while the document comes in.
//! Knows nothing of who counts what buffers take.
//!
//! One that doubles has up to twice what is in it. This one has a quarter more at most, once it is long.

/// Up to this length in bytes, a buffer doubles: what is saved would not be worth the copying.
const DOUBLED: usize = 64 << 10;
/// The shortest buffer, in bytes.
const LEAST: usize = 256;
/// How many steps there are in what would be one doubling from nothing: half of them lie between a length and its double.
const STEPS: usize = 8;

/// How many bytes the buffer has of a document that has `len` so far.
pub fn stepped(len: usize) -> usize {
    // No memory has that much.
    let Some(double) = len.max(LEAST).checked_next_power_of_two() else { return len };
    if double <= DOUBLED {
        return double;
    }
    len.next_multiple_of(double / STEPS)
}

/// Puts bytes behind a document whose buffer grows by these steps.
pub fn extend(document: &mut Vec<u8>, bytes: &[u8]) {
    let len = document.len() + bytes.len();
    if len > document.capacity() {
        document.reserve_exact(stepped(len) - document.len());
    }
    document.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_buffer_has_a_quarter_more_at_most() {
        const MIB: usize = 1 << 20;
        for (len, expected) in [
            (0, LEAST),
            (257, 512),
            (DOUBLED / 2 + 1, DOUBLED),
            (DOUBLED, DOUBLED),
            (DOUBLED + 1, 80 << 10),
            (512 << 10, 512 << 10),
            (17_000_000, 20 * MIB),
            (32 * MIB, 32 * MIB),
            (32 * MIB + 1, 40 * MIB),
            (usize::MAX, usize::MAX),
        ] {
            assert_eq!(stepped(len), expected, "{len}");
        }
        for len in (DOUBLED..40 * MIB).step_by(12_345) {
            assert!((len..=len + len / 4).contains(&stepped(len)), "{len}");
        }
    }

    #[test]
    fn a_buffer_has_no_more_than_its_step() {
        let (mut document, piece) = (Vec::new(), [b'x'; 10_007]);
        while document.len() < 3 << 20 {
            extend(&mut document, &piece[..1]);
            extend(&mut document, &piece);
            assert_eq!(document.capacity(), stepped(document.len()));
        }
        extend(&mut document, b"");
        assert!(document.iter().all(|byte| *byte == b'x'));
    }
}
