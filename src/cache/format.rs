//! The bytes of an entry's file: a prologue, a head, a body, and the body's checksums.
//! Knows nothing of where files lie or what bodies mean.
//!
//! ```text
//! 0    magic "NOPARC02"
//! 8    u32 offset of the body    12  u32 length of the head's JSON    16  u32 CRC-32 of that JSON
//! 20   freshness: u64 created, u64 updated, u64 fresh_until (ms since 1970), u32 CRC-32 of these
//! 64   head: JSON (key, status, headers, length of the body), zero bytes up to the body
//! …    the body; behind a tarball's, a CRC-32 per chunk (`chunks`)
//! ```
//! All numbers are little-endian. Freshness has a checksum of its own because it is overwritten in
//! place when an upstream answers "not modified": a torn write makes the entry stale, not lost.

use super::chunks::Sums;
use super::key::{Key, Kind};
use crate::clock::{self, Clock};
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime};

/// Length of the prologue in bytes.
pub(super) const PROLOGUE: usize = 64;
/// Where the freshness record lies.
pub(super) const FRESHNESS_AT: u64 = 20;
const FRESHNESS_LEN: usize = 28;
/// How long a tarball is fresh: it never changes under its name, and ten years is for ever.
pub const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// How far clocks may be set back without anything being wrong.
const CLOCKS_DIFFER: Duration = Duration::from_secs(3600);
const MAGIC: &[u8; 8] = b"NOPARC02";
/// Length of the four digests there are, as an SRI string: 95, 71, 51 and 33 bytes, and spaces.
const LONGEST_INTEGRITY: usize = 95 + 71 + 51 + 33 + 3;
/// Bodies start at a multiple of this, a disk sector.
const ALIGN: usize = 512;

/// What an entry's file says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// The key's text.
    pub(super) key: String,
    /// Status of the upstream's answer.
    pub(super) status: u16,
    /// Headers kept of it, in order.
    pub(super) headers: Vec<(String, String)>,
    /// Length of the body in bytes.
    pub(super) body_len: u64,
    /// Digests of a tarball's bytes as they came in, an SRI string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) integrity: Option<String>,
    /// Whether they were those its packument said.
    #[serde(default)]
    pub(super) verified: bool,
}

/// When an entry was made, confirmed, and until when it may be served without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// When the body was fetched.
    pub created: SystemTime,
    /// When the upstream last confirmed it.
    pub updated: SystemTime,
    /// Until when it is fresh.
    pub fresh_until: SystemTime,
}

impl Freshness {
    /// Whether what it is of may be served without asking the upstream.
    pub fn is_fresh(&self, now: SystemTime) -> bool {
        self.fresh_until(now) >= now
    }

    /// How long ago the upstream confirmed it.
    pub fn age(&self, now: SystemTime) -> Duration {
        now.duration_since(self.updated).unwrap_or_default()
    }

    /// Of something that begins now and is for ever.
    pub(super) fn from_now(clock: &Clock) -> Freshness {
        let now = clock.now();
        Freshness { created: now, updated: now, fresh_until: now + FOR_EVER }
    }

    fn long_stale() -> Freshness {
        Freshness {
            created: SystemTime::UNIX_EPOCH,
            updated: SystemTime::UNIX_EPOCH,
            fresh_until: SystemTime::UNIX_EPOCH,
        }
    }

    /// The record as it lies on disk.
    pub(super) fn encode(&self) -> [u8; FRESHNESS_LEN] {
        let mut record = [0; FRESHNESS_LEN];
        record[..8].copy_from_slice(&clock::to_millis(self.created).to_le_bytes());
        record[8..16].copy_from_slice(&clock::to_millis(self.updated).to_le_bytes());
        record[16..24].copy_from_slice(&clock::to_millis(self.fresh_until).to_le_bytes());
        let crc = crc32fast::hash(&record[..24]);
        record[24..].copy_from_slice(&crc.to_le_bytes());
        record
    }

    fn decode(record: &[u8]) -> Freshness {
        if crc32fast::hash(&record[..24]) != u32_at(record, 24) {
            return Freshness::long_stale();
        }
        Freshness {
            created: clock::of_millis(u64_at(record, 0)),
            updated: clock::of_millis(u64_at(record, 8)),
            fresh_until: clock::of_millis(u64_at(record, 16)),
        }
    }

    /// Until when it is fresh, seen now. What was confirmed in the future was confirmed while the clock
    /// was wrong, and might be fresh for years.
    pub fn fresh_until(&self, now: SystemTime) -> SystemTime {
        let believable = self.updated <= now + CLOCKS_DIFFER;
        if believable { self.fresh_until } else { SystemTime::UNIX_EPOCH }
    }
}

/// Why a file is not an entry.
#[derive(Debug, thiserror::Error)]
pub(super) enum FormatError {
    #[error("it is shorter than an entry's head")]
    Short,
    #[error("it does not begin as an entry does")]
    Magic,
    #[error("the checksum of its head does not match")]
    Checksum,
    #[error("its head cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    #[error("its length is not what its head says")]
    Length,
    #[error("its key is none of this cache's")]
    Key,
}

/// A file's head, read.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) key: Key,
    pub(super) head: Head,
    pub(super) freshness: Freshness,
    pub(super) body_at: u64,
}

/// Length of the checksums behind a body: packuments carry their own, in their parts.
pub(super) fn sums_len(kind: Kind, body_len: u64) -> u64 {
    match kind {
        Kind::Tarball => Sums::encoded_len(body_len),
        Kind::Packument => 0,
    }
}

/// How many bytes the head of this entry takes, whatever its body turns out to be.
///
/// # Errors
/// When the head cannot be written as JSON.
pub(super) fn reserve(head: &Head) -> Result<usize, serde_json::Error> {
    let integrity = Some("-".repeat(LONGEST_INTEGRITY));
    let longest = Head { body_len: u64::MAX, integrity, ..head.clone() };
    let needed = PROLOGUE + serde_json::to_vec(&longest)?.len();
    Ok(needed.next_multiple_of(ALIGN))
}

/// The first `body_at` bytes of the file.
///
/// # Errors
/// When the head is longer than what was reserved, which [`reserve`] excludes.
pub(super) fn encode(
    head: &Head,
    freshness: &Freshness,
    body_at: usize,
) -> Result<Vec<u8>, FormatError> {
    let json = serde_json::to_vec(head)?;
    if PROLOGUE + json.len() > body_at {
        return Err(FormatError::Length);
    }
    let mut bytes = vec![0; body_at];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..12].copy_from_slice(&as_u32(body_at).to_le_bytes());
    bytes[12..16].copy_from_slice(&as_u32(json.len()).to_le_bytes());
    bytes[16..20].copy_from_slice(&crc32fast::hash(&json).to_le_bytes());
    let at = FRESHNESS_AT as usize;
    bytes[at..at + FRESHNESS_LEN].copy_from_slice(&freshness.encode());
    bytes[PROLOGUE..PROLOGUE + json.len()].copy_from_slice(&json);
    Ok(bytes)
}

/// How many bytes from the start of the file hold its head; `start` is at least the prologue.
pub(super) fn head_len(start: &[u8]) -> Result<usize, FormatError> {
    if start.len() < PROLOGUE {
        return Err(FormatError::Short);
    }
    if &start[..8] != MAGIC {
        return Err(FormatError::Magic);
    }
    Ok((u32_at(start, 8) as usize).max(PROLOGUE))
}

/// Reads the head of a file of `file_len` bytes from its first bytes.
///
/// # Errors
/// What is wrong with it: such a file is dropped.
pub(super) fn decode(start: &[u8], file_len: u64) -> Result<Opening, FormatError> {
    let body_at = head_len(start)?;
    let json_len = u32_at(start, 12) as usize;
    let json = start.get(PROLOGUE..PROLOGUE + json_len).ok_or(FormatError::Short)?;
    if crc32fast::hash(json) != u32_at(start, 16) {
        return Err(FormatError::Checksum);
    }
    let head: Head = serde_json::from_slice(json)?;
    let key = Key::parse(&head.key).ok_or(FormatError::Key)?;
    let body_end = (body_at as u64).checked_add(head.body_len).ok_or(FormatError::Length)?;
    if body_end.checked_add(sums_len(key.kind(), head.body_len)) != Some(file_len) {
        return Err(FormatError::Length);
    }
    let at = FRESHNESS_AT as usize;
    let freshness = Freshness::decode(&start[at..at + FRESHNESS_LEN]);
    Ok(Opening { key, head, freshness, body_at: body_at as u64 })
}

fn as_u32(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(number)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head {
            key: "t/lodash/lodash-1.0.0.tgz".to_owned(),
            status: 200,
            headers: vec![("etag".to_owned(), "\"x\"".to_owned())],
            body_len: 3,
            integrity: None,
            verified: false,
        }
    }

    fn freshness() -> Freshness {
        Freshness {
            created: clock::of_millis(1),
            updated: clock::of_millis(2),
            fresh_until: clock::of_millis(3),
        }
    }

    fn encoded() -> Vec<u8> {
        let body_at = reserve(&head()).unwrap();
        encode(&head(), &freshness(), body_at).unwrap()
    }

    #[test]
    fn a_head_reads_back() {
        let bytes = encoded();
        let opening = decode(&bytes, bytes.len() as u64 + 3 + 8).unwrap();
        assert_eq!((opening.head, opening.freshness), (head(), freshness()));
        assert_eq!(opening.body_at, bytes.len() as u64);
    }

    #[test]
    fn every_damaged_byte_of_the_head_is_noticed_or_makes_it_stale() {
        let whole = encoded();
        let used = PROLOGUE + serde_json::to_vec(&head()).unwrap().len();
        for at in (0..used).filter(|at| !(48..PROLOGUE).contains(at)) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x40;
            match decode(&bytes, whole.len() as u64 + 3 + 8) {
                Err(_) => {}
                Ok(opening) => {
                    assert!((20..48).contains(&at), "byte {at} went unnoticed");
                    assert_eq!(opening.freshness.fresh_until, SystemTime::UNIX_EPOCH);
                }
            }
        }
    }

    #[test]
    fn a_file_cut_short_is_refused() {
        let bytes = encoded();
        assert!(decode(&bytes[..40], 40).is_err());
        assert!(decode(&bytes, bytes.len() as u64 + 3).is_err());
    }
}
