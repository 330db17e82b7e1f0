//! A token: what a client shows after its user has logged in once.
//! Knows nothing of whose it is, or of where that is written down.

use crate::npm::hex;
use rustix::io::retry_on_intr;
use rustix::rand::{GetRandomFlags, getrandom};
use sha2::{Digest, Sha256};
use std::io;

/// How a token begins, so that scanners for secrets know it: as one of npm's does.
const PREFIX: &str = "npm_";
/// How many characters of [`ALPHABET`] follow: with 43, there are more than 2^256 tokens.
const RANDOM: usize = 43;
/// How many characters of a token are kept, to be shown in lists.
const HINT: usize = PREFIX.len() + 4;
/// The characters of npm's own tokens, which go through URLs and `.npmrc` as they are.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A token, or what somebody shows as one. Has no `Debug`: nobody shall print it.
pub(super) struct Token(String);

impl Token {
    /// What somebody shows.
    pub(super) fn of(text: &str) -> Token {
        Token(text.to_owned())
    }

    /// A new one, from the system's randomness. May block while a system starts.
    pub(super) fn random() -> io::Result<Token> {
        let mut text = String::from(PREFIX);
        let mut bytes = [0; 64];
        while text.len() < PREFIX.len() + RANDOM {
            let got = retry_on_intr(|| getrandom(&mut bytes, GetRandomFlags::empty()))?;
            let missing = PREFIX.len() + RANDOM - text.len();
            text.extend(bytes[..got].iter().filter_map(|byte| character(*byte)).take(missing));
        }
        Ok(Token(text))
    }

    /// The SHA-256 of it, in hexadecimal. A token has so much randomness that no salt and no slow digest
    /// would make it harder to find.
    pub(super) fn digest(&self) -> String {
        hex(&self.sha256())
    }

    /// The same, as bytes.
    pub(super) fn sha256(&self) -> [u8; 32] {
        sha256(&self.0)
    }

    /// Its beginning, by which its owner knows it again: [`HINT`] characters, of which four are random. Of those that
    /// are left to guess there are still more than 2^232.
    pub(super) fn hint(&self) -> String {
        self.0.chars().take(HINT).collect()
    }

    /// The token itself, for the one who gets it.
    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// The digest that a token with this text is found by.
pub(super) fn sha256(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// The character that a random byte stands for. The last few bytes stand for none: with them, the first
/// characters of the alphabet would come more often than the others.
fn character(byte: u8) -> Option<char> {
    let byte = usize::from(byte);
    let is_fair = byte < 256 / ALPHABET.len() * ALPHABET.len();
    is_fair.then(|| char::from(ALPHABET[byte % ALPHABET.len()]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn tokens_have_their_shape_and_are_all_different() {
        let tokens: BTreeSet<String> =
            (0..200).map(|_| Token::random().unwrap().into_text()).collect();
        assert_eq!(tokens.len(), 200);
        let mut seen = BTreeSet::new();
        for token in tokens {
            let random = token.strip_prefix("npm_").unwrap();
            assert_eq!(random.len(), RANDOM);
            assert!(random.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{token}");
            seen.extend(random.bytes());
        }
        assert_eq!(seen.len(), ALPHABET.len(), "some characters never come");
    }

    #[test]
    fn each_character_comes_as_often_as_any_other() {
        let mut times = BTreeMap::new();
        for character in (0..=255).filter_map(character) {
            *times.entry(character).or_insert(0) += 1;
        }
        assert_eq!(times.len(), ALPHABET.len());
        assert!(times.values().all(|times| *times == 4));
    }

    #[test]
    fn a_hint_is_its_beginning() {
        assert_eq!(Token::of("npm_abcdefgh").hint(), "npm_abcd");
        assert_eq!(Token::of("ü").hint(), "ü");
    }

    /// The names of files on the disk depend on it.
    #[test]
    fn the_digest_is_sha_256() {
        assert_eq!(
            Token::of("abc").digest(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
