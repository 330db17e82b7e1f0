//! The part of a path that picks one version: an exact version, else a dist-tag.
//! Knows nothing of the packument it is looked up in, nor of ranges.

use std::fmt;
use std::str::FromStr;

/// Longest selector in bytes; npm limits versions to 256 characters.
const MAX_BYTES: usize = 512;

/// What picks a manifest: `1.0.0`, `latest`.
///
/// Any decoded text of 1 to 512 bytes without slash, backslash or control character that is
/// not `.` or `..`: old packuments hold versions and dist-tags of every kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selector(String);

/// A text that cannot be a version or a dist-tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a version or dist-tag is 1 to 512 bytes without slashes and control characters")]
pub struct InvalidSelector;

impl Selector {
    /// Parses decoded text.
    pub fn parse(text: &str) -> Result<Self, InvalidSelector> {
        let sized = (1..=MAX_BYTES).contains(&text.len());
        let safe = !text.contains(|c: char| c.is_control() || c == '/' || c == '\\');
        if sized && safe && text != "." && text != ".." {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidSelector)
        }
    }

    /// The text, decoded.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Selector {
    type Err = InvalidSelector;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_versions_and_tags_and_refuses_paths() {
        for text in ["1.0.0", "1.0.0-rc.1+b", "latest", "con", "100%", "-", "é"] {
            assert_eq!(Selector::parse(text).expect(text).as_str(), text);
        }
        for text in ["", ".", "..", "a/b", "a\\b", "a\0", &"9".repeat(513)] {
            assert_eq!(Selector::parse(text), Err(InvalidSelector), "{text:?}");
        }
    }
}
