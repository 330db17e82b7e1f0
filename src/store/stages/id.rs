//! The name of a stage: a UUID of random bits, as npm's clients expect it.
//! Knows nothing of what is kept under it.

use crate::npm::hex;
use crate::store::StoreError;
use rustix::io::retry_on_intr;
use rustix::rand::{GetRandomFlags, getrandom};
use std::fmt;
use std::io;

/// A UUID. Whoever has not been told one does not find it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StageId([u8; 16]);

/// Where the dashes are in its text.
const DASHES: [usize; 4] = [8, 13, 18, 23];
/// Length of its text.
const LEN: usize = 36;

impl StageId {
    /// A new one, from the system's randomness. May block while a system starts.
    ///
    /// # Errors
    /// When the system has none.
    pub(in crate::store) fn random() -> Result<StageId, StoreError> {
        let (mut bytes, mut got) = ([0; 16], 0);
        while got < bytes.len() {
            let more = retry_on_intr(|| getrandom(&mut bytes[got..], GetRandomFlags::empty()));
            got += more
                .map_err(|error| StoreError::io("no id could be made", io::Error::from(error)))?;
        }
        // Version 4, variant 10 (RFC 9562 §5.4).
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Ok(StageId(bytes))
    }

    /// The id of this text, in letters of either case; `None` if it is no UUID.
    pub fn parse(text: &str) -> Option<StageId> {
        if text.len() != LEN || !text.is_ascii() {
            return None;
        }
        let (mut bytes, mut digits) = ([0; 16], 0);
        for (at, c) in text.chars().enumerate() {
            if DASHES.contains(&at) {
                if c != '-' {
                    return None;
                }
                continue;
            }
            let digit = u8::try_from(c.to_digit(16)?).ok()?;
            bytes[digits / 2] = bytes[digits / 2] << 4 | digit;
            digits += 1;
        }
        Some(StageId(bytes))
    }
}

impl fmt::Display for StageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = hex(&self.0);
        let [a, b, c, d] = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20]];
        write!(f, "{a}-{b}-{c}-{d}-{}", &digits[20..])
    }
}

impl fmt::Debug for StageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StageId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_uuids_of_random_bits_and_all_different() {
        let ids: BTreeSet<StageId> = (0..200).map(|_| StageId::random().unwrap()).collect();
        assert_eq!(ids.len(), 200);
        for id in ids {
            let text = id.to_string();
            assert_eq!(text.len(), LEN, "{text}");
            assert_eq!(&text[14..15], "4", "{text}");
            assert!("89ab".contains(&text[19..20]), "{text}");
            assert_eq!(StageId::parse(&text), Some(id));
            assert_eq!(StageId::parse(&text.to_uppercase()), Some(id));
        }
    }

    #[test]
    fn what_is_no_uuid_is_none() {
        for text in [
            "",
            "1",
            "0b5e1f6a-1111-4222-8333-44445555666",
            "0b5e1f6a-1111-4222-8333-4444555566667",
            "0b5e1f6a011110422208333044445555666a",
            "0b5e1f6a-1111-4222-8333-44445555666g",
            "0b5e1f6-a1111-4222-8333-44445555666a",
            "0b5e1f6a-1111-4222-8333-4444555566é",
            "../../../../../../../etc/passwd-----",
        ] {
            assert_eq!(StageId::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_text_is_an_id_only_as_that_id_is_written(text in "[0-9a-fA-F-]{30,40}|.{0,40}") {
            if let Some(id) = StageId::parse(&text) {
                prop_assert_eq!(id.to_string(), text.to_lowercase());
            }
        }
    }
}
