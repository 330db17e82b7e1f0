//! File names of entries: all that the index needs is in them.
//! Knows nothing of what the files contain.

use crate::npm::hex;
use pingora_cache::key::HashBinary;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// The hash of an entry's key.
pub type FileHash = HashBinary;

/// What an entry's file name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileName {
    /// Hash of the entry's key.
    pub(super) hash: HashBinary,
    /// Generation; ids grow with the time they were made.
    pub(super) id: u64,
    /// Length of the whole file in bytes: a shorter file was cut by a crash.
    pub(super) size: u64,
}

impl FileName {
    /// The hash of the key that it is filed under.
    pub fn hash(&self) -> FileHash {
        self.hash
    }

    /// The generation.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Length of the file in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The path below the cache directory: `ab/abcdef…-ID-SIZE`, in 256 folders.
    pub fn relative(&self) -> String {
        let hash = hex(&self.hash);
        format!("{}/{hash}-{:016x}-{:x}", &hash[..2], self.id, self.size)
    }

    /// Reads a file name (without its folder). `None` for anything that is not an entry's, as it is
    /// written: a start reads all there are.
    pub fn parse(name: &str) -> Option<FileName> {
        let (hash, rest) = name.as_bytes().split_first_chunk::<32>()?;
        let (id, rest) = rest.strip_prefix(b"-")?.split_first_chunk::<16>()?;
        let size = rest.strip_prefix(b"-")?;
        // No more digits than fit, and no zeros before them.
        if !(1..=16).contains(&size.len()) || (size[0] == b'0' && size.len() > 1) {
            return None;
        }
        let mut bytes = HashBinary::default();
        for (byte, digits) in bytes.iter_mut().zip(hash.chunks_exact(2)) {
            *byte = number(digits)? as u8;
        }
        Some(FileName { hash: bytes, id: number(id)?, size: number(size)? })
    }
}

/// The number that hexadecimal digits in lower case write.
fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u64::from(digit))
    })
}

/// When an id was made, in milliseconds since 1970.
pub(super) fn made_at(id: u64) -> u64 {
    id >> COUNTER_BITS
}

/// Makes ids that grow with time and that practically no other process makes: 44 bits of milliseconds
/// (until the year 2527), 20 bits that start at random and count on.
#[derive(Debug)]
pub(super) struct Ids {
    last: AtomicU64,
    /// Where this process's counters start.
    random: u64,
}

const COUNTER_BITS: u32 = 20;

impl Ids {
    /// Ids of this process.
    pub(super) fn new() -> Ids {
        let random = RandomState::new().hash_one(std::process::id()) >> (64 - COUNTER_BITS + 1);
        Ids { last: AtomicU64::new(0), random }
    }

    /// The next id, greater than any before it of this process.
    pub(super) fn next(&self) -> u64 {
        let now = crate::clock::to_millis(SystemTime::now()) << COUNTER_BITS;
        let fresh = now | self.random;
        let previous = self
            .last
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(fresh.max(last + 1)))
            .unwrap_or_default();
        fresh.max(previous + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_reads_back() {
        let name = FileName { hash: [0xab; 16], id: 7, size: 4096 };
        let relative = name.relative();
        assert!(relative.starts_with("ab/abab"), "{relative}");
        let (_, file) = relative.split_once('/').unwrap();
        assert_eq!(FileName::parse(file), Some(name));
        for wrong in
            ["", "x", "index.json", &file[1..], &file.to_uppercase(), &format!("{file}.tmp")]
        {
            assert_eq!(FileName::parse(wrong), None, "{wrong}");
        }
        let (start, _) = file.rsplit_once('-').unwrap();
        for size in ["", "01000", "+1000", "00", "1_0", "11111111111111111", "é"] {
            assert_eq!(FileName::parse(&format!("{start}-{size}")), None, "{size}");
        }
        for size in [0, 1, u64::MAX] {
            let name = FileName { size, ..name };
            assert_eq!(FileName::parse(&name.relative()[3..]), Some(name));
        }
    }

    #[test]
    fn ids_grow() {
        let ids = Ids::new();
        let made: Vec<u64> = (0..1000).map(|_| ids.next()).collect();
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
