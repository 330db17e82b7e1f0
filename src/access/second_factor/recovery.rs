//! Codes on paper, for when the app is lost.
//! Knows nothing of the app, and keeps no code: only digests.

use super::super::random;
use crate::npm::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io;

/// How many there are.
const COUNT: usize = 10;
/// Bytes of one, of which npm's have 64 hexadecimal digits: so many that no slow digest would make them harder to find.
const BYTES: usize = 32;

/// The codes themselves, for the one who gets them. Has no `Debug`: nobody shall print it.
pub(crate) struct RecoveryCodes(Vec<String>);

/// What is kept of the codes that are left: their SHA-256, in hexadecimal.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Recovery(Vec<String>);

impl RecoveryCodes {
    /// New ones, and what is kept of them.
    pub(super) fn random() -> io::Result<(RecoveryCodes, Recovery)> {
        let codes = (0..COUNT).map(|_| random::bytes::<BYTES>().map(|bytes| hex(&bytes)));
        let codes: Vec<String> = codes.collect::<io::Result<_>>()?;
        let kept = codes.iter().map(|code| digest(code)).collect();
        Ok((RecoveryCodes(codes), Recovery(kept)))
    }

    /// In the order they are told.
    pub(crate) fn into_texts(self) -> Vec<String> {
        self.0
    }
}

impl Recovery {
    /// Crosses a code out; `false` if it is none of those that are left. Digests are compared, which tell nothing of
    /// codes: that needs no constant time.
    pub(super) fn take(&mut self, code: &str) -> bool {
        let code = code.trim();
        if code.len() != 2 * BYTES {
            return false;
        }
        let digest = digest(&code.to_ascii_lowercase());
        let before = self.0.len();
        self.0.retain(|kept| *kept != digest);
        self.0.len() < before
    }

    /// How many are left.
    #[cfg(test)]
    pub(super) fn left(&self) -> usize {
        self.0.len()
    }
}

fn digest(code: &str) -> String {
    hex(&Sha256::digest(code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn there_are_ten_which_nobody_can_guess() {
        let (told, kept) = RecoveryCodes::random().unwrap();
        let codes: BTreeSet<String> = told.into_texts().into_iter().collect();
        assert_eq!((codes.len(), kept.left()), (10, 10));
        let is_digit = |c: char| matches!(c, '0'..='9' | 'a'..='f');
        assert!(codes.iter().all(|code| code.len() == 64 && code.chars().all(is_digit)));
        assert!(kept.0.iter().all(|digest| digest.len() == 64 && !codes.contains(digest)));
    }

    #[test]
    fn one_is_crossed_out_when_it_is_taken() {
        let (told, mut kept) = RecoveryCodes::random().unwrap();
        let codes = told.into_texts();
        for no_code in ["", "123456", &codes[0][1..], &format!("{}0", codes[0]), &kept.0[0].clone()]
        {
            assert!(!kept.take(no_code), "{no_code}");
        }
        assert!(kept.take(&format!(" {}\n", codes[4])));
        assert!(!kept.take(&codes[4]) && kept.left() == 9);
        assert!(kept.take(&codes[5]));
    }
}
