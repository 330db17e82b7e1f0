//! Versions as they may be published: semver, spelled the one way npm spells it.
//! Knows nothing of ranges, nor of the loose spellings that old packuments hold.

#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Longest version in bytes: npm's own limit.
const MAX_BYTES: usize = 256;

/// Largest major, minor and patch: what a number of JavaScript holds exactly.
const MAX_NUMBER: u64 = 9_007_199_254_740_991;

/// A version that may be published: `1.0.0`, `2.0.0-rc.1`.
///
/// Invariants of every value:
/// - `MAJOR.MINOR.PATCH`, perhaps with `-PRERELEASE`, as semver.org has it: no leading zeros, no `v`;
/// - each of the three numbers is at most 2⁵³ − 1, and the whole at most 256 bytes;
/// - no build metadata. Clients cut it off before they publish, and versions that differ in nothing else
///   are one version to npm.
///
/// So two versions are equal in order exactly if they are the same text.
///
/// Parsed here and not by nodejs-semver, which parses loosely, takes three numbers only up to a tenth of
/// npm's limit (dates with microseconds are larger) and orders long prerelease numbers as text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Version {
    text: String,
    numbers: [u64; 3],
}

/// Why a text is not a version that may be published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("version {version:?} {fault}")]
pub struct InvalidVersion {
    /// The text, cut after a few dozen characters.
    version: String,
    fault: &'static str,
}

/// An identifier of a prerelease: numbers are lower than text.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Identifier<'a> {
    /// Ordered by the number of digits first, as there are no leading zeros.
    Number(usize, &'a str),
    Text(&'a str),
}

impl Version {
    /// Parses a version.
    ///
    /// # Errors
    /// When it is none, or is spelled otherwise than npm spells it.
    pub fn parse(text: &str) -> Result<Self, InvalidVersion> {
        let fault = match numbers_of(text) {
            _ if text.len() > MAX_BYTES => "is longer than 256 bytes",
            Some(numbers) => return Ok(Self { text: text.to_owned(), numbers }),
            None if text.contains('+') && Self::without_build(text).is_ok() => {
                "has build metadata, without which npm publishes"
            }
            None => "is not a semantic version",
        };
        Err(InvalidVersion { version: text.chars().take(64).collect(), fault })
    }

    /// Parses a version as a document may spell it, with build metadata, and drops that.
    ///
    /// # Errors
    /// When it is none.
    pub fn without_build(text: &str) -> Result<Self, InvalidVersion> {
        match text.split_once('+') {
            Some((version, build)) if build.split('.').all(is_identifier) => Self::parse(version),
            Some(_) => Err(InvalidVersion {
                version: text.chars().take(64).collect(),
                fault: "has build metadata that is none",
            }),
            None => Self::parse(text),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this version comes before the one with the same three numbers.
    pub fn is_prerelease(&self) -> bool {
        self.prerelease().is_some()
    }

    /// Major, minor and patch.
    pub(super) fn numbers(&self) -> [u64; 3] {
        self.numbers
    }

    fn prerelease(&self) -> Option<&str> {
        self.text.split_once('-').map(|(_, prerelease)| prerelease)
    }
}

/// Major, minor and patch; `None` if `text` is not a version.
fn numbers_of(text: &str) -> Option<[u64; 3]> {
    let (core, prerelease) = match text.split_once('-') {
        Some((core, prerelease)) => (core, Some(prerelease)),
        None => (text, None),
    };
    if !prerelease.is_none_or(|it| it.split('.').all(is_prerelease_identifier)) {
        return None;
    }
    let mut parts = core.split('.').map(number);
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(numbers)
}

/// One of the three numbers.
pub(super) fn number(text: &str) -> Option<u64> {
    let number = is_number(text).then(|| text.parse().ok())??;
    (number <= MAX_NUMBER).then_some(number)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_number(text: &str) -> bool {
    is_digits(text) && (text == "0" || !text.starts_with('0'))
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

pub(super) fn is_prerelease_identifier(text: &str) -> bool {
    is_identifier(text) && (!is_digits(text) || is_number(text))
}

fn identifier(text: &str) -> Identifier<'_> {
    if is_digits(text) { Identifier::Number(text.len(), text) } else { Identifier::Text(text) }
}

/// By semver's precedence, as npm orders.
impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let prereleases = || match (self.prerelease(), other.prerelease()) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => a.split('.').map(identifier).cmp(b.split('.').map(identifier)),
        };
        self.numbers.cmp(&other.numbers).then_with(prereleases)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Version {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}
