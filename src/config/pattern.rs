//! Which packages something is for: `*`, `@acme/*`, `acme-*`, or a name.
//! Knows nothing of upstreams, nor of what is hosted.

use super::wrong::Wrong;
use crate::npm::PackageName;
use std::fmt;
use std::str::FromStr;

/// Names of packages: one, or all that begin in one way.
///
/// The most specific of several patterns that match a name is the name itself, and else the longest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// This very package.
    Name(PackageName),
    /// Every package whose name begins with this text; with an empty one, every package.
    Prefix(String),
}

impl Pattern {
    /// Every package.
    pub fn all() -> Pattern {
        Pattern::Prefix(String::new())
    }

    /// Whether it is every package.
    pub fn is_all(&self) -> bool {
        *self == Pattern::all()
    }

    /// Whether a package is one of them.
    pub fn matches(&self, name: &PackageName) -> bool {
        match self {
            Pattern::Name(one) => one == name,
            Pattern::Prefix(prefix) => name.as_str().starts_with(prefix.as_str()),
        }
    }

    /// The same without regard to ASCII case, for what keeps a name private: an upstream may take `@ACME/ui` for
    /// `@acme/ui`. Upstreams, tokens and trust are for what is written.
    pub fn matches_any_case(&self, name: &PackageName) -> bool {
        let name = name.as_str().as_bytes();
        match self {
            Pattern::Name(one) => name.eq_ignore_ascii_case(one.as_str().as_bytes()),
            Pattern::Prefix(prefix) => name
                .get(..prefix.len())
                .is_some_and(|beginning| beginning.eq_ignore_ascii_case(prefix.as_bytes())),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Name(name) => write!(f, "{name}"),
            Pattern::Prefix(prefix) => write!(f, "{prefix}*"),
        }
    }
}

/// Why a text is no pattern; the end of a sentence about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}: {allowed}")]
pub struct InvalidPattern {
    problem: &'static str,
    allowed: &'static str,
}

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Pattern, InvalidPattern> {
        parse(text).map_err(|Wrong { problem, allowed, .. }| InvalidPattern { problem, allowed })
    }
}

/// Reads a pattern: a name of a package, or the beginning of one and a `*`.
pub(super) fn parse(text: &str) -> Result<Pattern, Wrong> {
    let wrong = || {
        Wrong::new(
            "matches no package",
            "*, @scope/*, prefix-* or the whole name of a package is allowed",
        )
    };
    let text = text.trim();
    let Some(prefix) = text.strip_suffix('*') else {
        let name = PackageName::parse(text).map_err(|_| wrong())?;
        return if text.contains('*') { Err(wrong()) } else { Ok(Pattern::Name(name)) };
    };
    // Some name must begin like that: the shortest one, or that of a package in a scope.
    let begins = |rest| PackageName::parse(&format!("{prefix}{rest}")).is_ok();
    if prefix.contains('*') || !(begins("x") || begins("x/x")) {
        return Err(wrong());
    }
    Ok(Pattern::Prefix(prefix.to_owned()))
}

/// Reads patterns that are separated by commas. What is wrong names the one that is.
pub(super) fn list(text: &str) -> Result<Vec<Pattern>, Wrong> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let one =
        |part: &str| parse(part).map_err(|wrong| Wrong { part: Some(part.to_owned()), ..wrong });
    parts.map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_beginnings_of_names_are_patterns() {
        for text in ["*", "@*", "@acme/*", "@acme-*", "@acme/ui-*", "acme-*", "lodash", "@acme/ui"]
        {
            let pattern = parse(text).ok().unwrap();
            assert_eq!(pattern.to_string(), text);
            assert_eq!(pattern.is_all(), text == "*");
        }
    }

    #[test]
    fn a_pattern_matches_its_name_or_all_that_begin_so() {
        for (pattern, name, expected) in [
            ("*", "lodash", true),
            ("*", "@acme/ui", true),
            ("@*", "@acme/ui", true),
            ("@*", "acme", false),
            ("@acme/*", "@acme/ui", true),
            ("@acme/*", "@acme2/ui", false),
            ("@acme/*", "@Acme/ui", false),
            ("@acme/ui-*", "@acme/ui-", true),
            ("@acme/ui-*", "@acme/ui", false),
            ("acme-*", "acme-x", true),
            ("acme-*", "acme", false),
            ("lodash", "lodash", true),
            ("lodash", "lodash.get", false),
            ("@acme/ui", "@acme/ui", true),
            ("é*", "été", true),
        ] {
            let name = PackageName::parse(name).unwrap();
            assert_eq!(parse(pattern).ok().unwrap().matches(&name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn what_keeps_a_name_private_has_no_case() {
        for (pattern, name, exact, expected) in [
            ("@acme/*", "@ACME/Ui", false, true),
            ("@Acme/*", "@acme/ui", false, true),
            ("@acme/*", "@acme/ui", true, true),
            ("@acme/*", "@acm/e", false, false),
            ("secret-up", "Secret-UP", false, true),
            ("Secret-up", "secret-up2", false, false),
            ("*", "X", true, true),
            ("é*", "été", true, true),
            ("É*", "été", false, false),
            ("ab*", "aé", false, false),
        ] {
            let name = PackageName::parse(name).unwrap();
            let pattern = parse(pattern).ok().unwrap();
            assert_eq!(pattern.matches(&name), exact, "{pattern} {name}");
            assert_eq!(pattern.matches_any_case(&name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_list_is_separated_by_commas_and_tells_which_one_is_wrong() {
        let shown = |text| list(text).ok().unwrap().iter().map(ToString::to_string).collect();
        let patterns: Vec<String> = shown(" @acme/*,acme-* ,, left-pad,");
        assert_eq!(patterns, ["@acme/*", "acme-*", "left-pad"]);
        assert!(list(" , ").is_ok_and(|patterns| patterns.is_empty()));
        let wrong = list("@acme/*, a*b, @acme").err().unwrap();
        assert_eq!(wrong.part.as_deref(), Some("a*b"));
    }

    #[test]
    fn what_no_name_can_match_is_wrong() {
        for text in
            ["", "@acme", "@acme/", "*/ui", "@*/ui", "a*b", "**", "@a/b/*", "a/*", "../*", "a b%*"]
        {
            assert!(parse(text).is_err(), "{text:?}");
            let told = text.parse::<Pattern>().unwrap_err().to_string();
            assert!(told.starts_with("matches no package: *, "), "{told}");
        }
    }
}
