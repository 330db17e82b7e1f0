//! Dist-tags as they may be set: names for versions that cannot be mistaken for versions or ranges.
//! Knows nothing of the versions they point to; tags of old packuments are read without it.

use std::fmt;
use std::str::FromStr;

use super::version::{is_prerelease_identifier, number};

/// Longest tag in bytes, which is npm's limit of names.
const MAX_BYTES: usize = 214;

/// The tag that an installation takes when nothing else is asked for.
const LATEST: &str = "latest";

/// A tag that may be set: `latest`, `beta`.
///
/// Invariants of every value:
/// - not empty, at most 214 bytes, no whitespace at either end, no control character;
/// - neither `.` nor `..`, which no path carries;
/// - neither a version nor a range of versions, as npm reads them: `npm install NAME@TAG` would mean those.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DistTag(String);

/// Why a text is not a tag that may be set. npm prints the sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDistTag {
    /// There is nothing.
    #[error("Tag name must not be empty")]
    Empty,
    /// More than fits anywhere.
    #[error("Tag name must not be longer than 214 bytes")]
    TooLong,
    /// Characters that a path or a line does not carry.
    #[error(
        "Tag name must not be a dot or two, hold control characters, or begin or end with whitespace: {0:?}"
    )]
    Characters(String),
    /// A version is a range as well. The words are npm's.
    #[error("Tag name must not be a valid SemVer range: {0}")]
    Range(String),
}

impl DistTag {
    /// Parses decoded text.
    ///
    /// # Errors
    /// When it may not be set.
    pub fn parse(text: &str) -> Result<Self, InvalidDistTag> {
        if text.is_empty() {
            return Err(InvalidDistTag::Empty);
        }
        if text.len() > MAX_BYTES {
            return Err(InvalidDistTag::TooLong);
        }
        let spaced = text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace);
        if spaced || matches!(text, "." | "..") || text.contains(char::is_control) {
            return Err(InvalidDistTag::Characters(text.to_owned()));
        }
        if is_range(text) {
            return Err(InvalidDistTag::Range(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The tag `latest`.
    pub fn latest() -> Self {
        Self(LATEST.to_owned())
    }

    /// Whether it is the one that every package has.
    pub fn is_latest(&self) -> bool {
        self.0 == LATEST
    }

    /// The text, decoded.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether npm would read `text` as a range: alternatives of comparators.
///
/// Asked here and not of nodejs-semver, which takes `01` for one and `^x` for none. Where comparators are put
/// together in ways that npm does not understand, this is stricter.
fn is_range(text: &str) -> bool {
    let mut words = text.split("||").flat_map(str::split_whitespace);
    // Operators alone compare with nothing; nothing on both sides of `||` is any version.
    text.contains(|c: char| c.is_ascii_digit() || "xX*+|".contains(c)) && words.all(is_comparator)
}

/// An operator, the dash between two ends, or a version of which parts may be missing, with operators in front.
fn is_comparator(word: &str) -> bool {
    let version = word.trim_start_matches(['v', '=', '^', '~', '<', '>']);
    // npm drops build metadata, wherever it stands.
    let version = version.split('+').next().unwrap_or_default();
    if matches!(version, "" | "-") {
        return true;
    }
    let (parts, prerelease) = match version.split_once('-') {
        Some((parts, prerelease)) => (parts, Some(prerelease)),
        None => (version, None),
    };
    let count = parts.split('.').count();
    count <= 3
        && parts.split('.').all(|part| number(part).is_some() || ["x", "X", "*"].contains(&part))
        && prerelease.is_none_or(|it| count == 3 && it.split('.').all(is_prerelease_identifier))
}

impl fmt::Display for DistTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DistTag {
    type Err = InvalidDistTag;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accepts_names_of_every_kind() {
        for text in [
            "latest",
            "next",
            "beta",
            "aux",
            "con",
            "x-ray",
            "xyz",
            "v1-lts",
            "release-1.x",
            "1-lts",
            "01",
            "2026.01",
            "1.2.3.4",
            "v",
            "-",
            "~",
            "next 1",
            "__proto__",
            "a b",
            "a/b",
            "100%",
            "…",
            &"t".repeat(214),
        ] {
            let tag = DistTag::parse(text).expect(text);
            assert_eq!(tag.as_str(), text);
            assert_eq!(tag.to_string().parse(), Ok(tag));
        }
        assert!(DistTag::parse("latest").expect("latest").is_latest());
        assert_eq!(DistTag::parse("latest"), Ok(DistTag::latest()));
    }

    #[test]
    fn refuses_versions_and_ranges_in_npms_words() {
        for text in [
            "1.0.0",
            "1.0.0-rc.1",
            "1.0.0+build",
            "1.0.1764329997123456",
            "v1.0.0",
            "=v1.0.1764329997123456",
            "v1",
            "1",
            "1.x",
            "1.2",
            "x",
            "X",
            "*",
            "^1.0.0",
            "~1",
            ">=1",
            "<2.0.0",
            "=1.0.0",
            "1 || 2",
            "1 - 2",
            ">1 <3",
            "^x",
            "=*",
            "^1.0.1764329997123456",
            "||",
        ] {
            let error = DistTag::parse(text).expect_err(text);
            let expected = format!("Tag name must not be a valid SemVer range: {text}");
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn refuses_what_no_path_or_line_carries() {
        use InvalidDistTag::{Characters, Empty, TooLong};
        assert_eq!(DistTag::parse(""), Err(Empty));
        assert_eq!(DistTag::parse(&"t".repeat(215)), Err(TooLong));
        for text in [".", "..", " a", "a ", "a\u{a0}", "a\nb", "\0", " 1.x"] {
            assert_eq!(DistTag::parse(text), Err(Characters(text.to_owned())));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// What npm writes is a range in every reading; nodejs-semver writes as npm does.
        #[test]
        fn ranges_as_npm_writes_them_are_refused(text in r"[0-9x*.v^~<>=| ab+-]{1,16}") {
            let range = nodejs_semver::Range::parse(&text).map(|range| range.to_string());
            if let Some(range) = range.ok().filter(|range| !range.is_empty()) {
                prop_assert_eq!(DistTag::parse(&range), Err(InvalidDistTag::Range(range)));
            }
        }
    }
}
