//! Which packages an upstream is for: `*`, `@acme/*`, `acme-*`, or a name.
//! Knows nothing of upstreams.

use super::table::Wrong;
use crate::npm::PackageName;
use std::fmt;

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
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Name(name) => write!(f, "{name}"),
            Pattern::Prefix(prefix) => write!(f, "{prefix}*"),
        }
    }
}

/// Reads a pattern: a name of a package, or the beginning of one and a `*`.
pub(super) fn parse(text: &str) -> Result<Pattern, Wrong> {
    let wrong = || {
        Wrong(
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
    fn what_no_name_can_match_is_wrong() {
        for text in
            ["", "@acme", "@acme/", "*/ui", "@*/ui", "a*b", "**", "@a/b/*", "a/*", "../*", "a b%*"]
        {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
