//! What a `dist` says its tarball's bytes must digest to: `integrity` and `shasum`, typed.
//! Knows nothing of the bytes themselves.

use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Base64 as publishing tools of all ages write it: with padding or without.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A digest algorithm of Subresource Integrity, weakest first; SHA-1 is npm's own addition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// `sha1`, also the algorithm of `shasum`.
    Sha1,
    /// `sha256`.
    Sha256,
    /// `sha384`.
    Sha384,
    /// `sha512`, what npm writes today.
    Sha512,
}

/// One digest; its length is that of its algorithm.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    bytes: Vec<u8>,
}

/// The digests of one tarball, strongest algorithm first; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integrity(Vec<Digest>);

/// A `dist` that names no digest NOPAR could check.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no usable sha512, sha384, sha256 or sha1 digest in {0:?}")]
pub struct InvalidIntegrity(String);

impl Algorithm {
    const ALL: [Self; 4] = [Self::Sha512, Self::Sha384, Self::Sha256, Self::Sha1];

    /// The name in an SRI string: `sha512`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// The length of a digest in bytes.
    pub fn digest_bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

impl Digest {
    /// A digest that was just computed.
    pub(super) fn new(algorithm: Algorithm, bytes: Vec<u8>) -> Self {
        Self { algorithm, bytes }
    }

    /// How it was computed.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The digest itself.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// One hash expression of an SRI string: `sha512-BASE64`, options after `?` ignored.
    fn of_expression(text: &str) -> Option<Self> {
        let (algorithm, rest) = text.split_once('-')?;
        let algorithm = Algorithm::ALL.into_iter().find(|known| known.name() == algorithm)?;
        let encoded = rest.split('?').next()?;
        Self::sized(algorithm, BASE64.decode(encoded).ok()?)
    }

    fn of_shasum(hex: &str) -> Option<Self> {
        let digits = hex
            .trim()
            .chars()
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<Vec<u8>>>()?;
        let (pairs, rest) = digits.as_chunks::<2>();
        let bytes = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        rest.is_empty().then(|| Self::sized(Algorithm::Sha1, bytes))?
    }

    fn sized(algorithm: Algorithm, bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() == algorithm.digest_bytes()).then_some(Self { algorithm, bytes })
    }
}

impl Integrity {
    /// Parses an SRI string, which may hold several digests. As the specification of SRI asks,
    /// expressions that are not understood are passed over; none left is an error.
    pub fn parse(text: &str) -> Result<Self, InvalidIntegrity> {
        Self::of_dist(Some(text), None)
    }

    /// Parses a legacy `shasum`: 40 hex digits of SHA-1.
    pub fn of_shasum(hex: &str) -> Result<Self, InvalidIntegrity> {
        Self::of_dist(None, Some(hex))
    }

    /// All digests that a `dist` names, whichever of its two members it has.
    pub fn of_dist(
        integrity: Option<&str>,
        shasum: Option<&str>,
    ) -> Result<Self, InvalidIntegrity> {
        let (integrity, shasum) = (integrity.unwrap_or_default(), shasum.unwrap_or_default());
        let mut digests: Vec<Digest> = integrity
            .split_ascii_whitespace()
            .filter_map(Digest::of_expression)
            .chain(Digest::of_shasum(shasum))
            .collect();
        digests.sort_by_key(|digest| std::cmp::Reverse(digest.algorithm));
        digests.dedup();
        if digests.is_empty() {
            return Err(InvalidIntegrity(format!("{integrity} {shasum}").trim().to_owned()));
        }
        Ok(Self(digests))
    }

    /// Digests that were computed, strongest algorithm first.
    pub(super) fn of_digests(digests: Vec<Digest>) -> Self {
        Self(digests)
    }

    /// Whether bytes with these digests are those that `expected` means: one of its strongest
    /// digests is among them. `None` when that algorithm was not computed.
    pub fn matches(&self, expected: &Self) -> Option<bool> {
        let strongest = expected.strongest();
        let algorithm = strongest[0].algorithm;
        let computed = self.0.iter().find(|digest| digest.algorithm == algorithm)?;
        Some(strongest.contains(computed))
    }

    /// The digests of the strongest algorithm; bytes are good when they match *one* of them.
    pub fn strongest(&self) -> &[Digest] {
        let best = self.0[0].algorithm;
        let end = self.0.partition_point(|digest| digest.algorithm == best);
        &self.0[..end]
    }

    /// All digests, strongest algorithm first.
    pub fn digests(&self) -> &[Digest] {
        &self.0
    }
}

/// As one hash expression of an SRI string.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.algorithm.name(), BASE64.encode(&self.bytes))
    }
}

/// As an SRI string.
impl fmt::Display for Integrity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, digest) in self.0.iter().enumerate() {
            let space = if number == 0 { "" } else { " " };
            write!(f, "{space}{digest}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY_SHA1: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    const EMPTY_SHA1_SRI: &str = "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=";

    fn sri(algorithm: Algorithm, fill: u8) -> String {
        let bytes = vec![fill; algorithm.digest_bytes()];
        Digest { algorithm, bytes }.to_string()
    }

    #[test]
    fn shasum_and_sha1_expression_are_the_same_digest() {
        let shasum = Integrity::of_shasum(EMPTY_SHA1).expect("hex");
        assert_eq!(shasum, Integrity::parse(EMPTY_SHA1_SRI).expect("sri"));
        assert_eq!(shasum, Integrity::of_shasum(&EMPTY_SHA1.to_uppercase()).expect("hex"));
        assert_eq!(shasum.strongest()[0].to_string(), EMPTY_SHA1_SRI);
        let both = Integrity::of_dist(Some(EMPTY_SHA1_SRI), Some(EMPTY_SHA1)).expect("both");
        assert_eq!(both.digests().len(), 1);
    }

    #[test]
    fn the_strongest_algorithm_wins_with_all_its_digests() {
        use Algorithm::{Sha1, Sha256, Sha384, Sha512};
        let text = [sri(Sha1, 1), sri(Sha512, 2), sri(Sha256, 3), sri(Sha512, 4), sri(Sha384, 5)]
            .join(" ");
        let integrity = Integrity::of_dist(Some(&text), Some(EMPTY_SHA1)).expect("digests");
        let strongest: Vec<_> = integrity.strongest().iter().map(|d| d.bytes()[0]).collect();
        assert_eq!(strongest, [2, 4]);
        let order: Vec<_> = integrity.digests().iter().map(Digest::algorithm).collect();
        assert_eq!(order, [Sha512, Sha512, Sha384, Sha256, Sha1, Sha1]);
    }

    #[test]
    fn passes_over_what_it_does_not_understand() {
        let good = sri(Algorithm::Sha256, 7);
        for text in [
            format!("md5-abc {good}"),
            format!("{good}?option sha512-tooshort"),
            format!("\t{good}\n"),
            good.trim_end_matches('=').to_owned(),
        ] {
            let integrity = Integrity::parse(&text).expect(&text);
            assert_eq!(integrity.strongest()[0].to_string(), good);
        }
    }

    #[test]
    fn nothing_usable_is_an_error() {
        for text in ["", "sha512", "sha512-", "sha512-!!", "md5-1B2M2Y8AsgTpgAmY7PhCfg=="] {
            assert!(Integrity::parse(text).is_err(), "{text:?}");
        }
        for hex in ["", "da39", "g", &"é".repeat(20), &EMPTY_SHA1[1..], &format!("{EMPTY_SHA1}0")]
        {
            assert!(Integrity::of_shasum(hex).is_err(), "{hex:?}");
        }
    }
}
