//! The system's randomness.
//! Knows nothing of what it is for.

use rustix::io::retry_on_intr;
use rustix::rand::{GetRandomFlags, getrandom};
use std::io;

/// Bytes that nobody can guess. May block while a system starts.
///
/// # Errors
/// When the system has none.
pub(super) fn bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    let mut filled = 0;
    while filled < N {
        filled += retry_on_intr(|| getrandom(&mut bytes[filled..], GetRandomFlags::empty()))?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_are_filled_each_time_with_others() {
        let [one, other] = [bytes::<64>(), bytes::<64>()].map(Result::unwrap);
        assert_ne!(one, other);
        assert!(one[48..] != [0; 16] && other[48..] != [0; 16]);
    }
}
