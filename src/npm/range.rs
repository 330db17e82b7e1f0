//! Ranges of versions, as dependencies ask for them: which versions they include, as npm has it.
//! Knows nothing of packages; what is no range (a tag, an address, another name) is none here.

mod partial;

#[cfg(test)]
mod tests;

use self::partial::{Partial, partial};
use super::version::Version;
use std::cmp::Ordering;

/// Longest range in bytes that is read; longer than npm reads versions, as a range is several.
const MAX_BYTES: usize = 1024;

/// Most comparators of a range: each is a few words of it.
const MAX_COMPARATORS: usize = 128;

/// A range: `^1.2.0`, `>=1 <3 || 5.x`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// A version that fits all of one of them is included.
    sets: Vec<Vec<Comparator>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Comparator {
    compare: Compare,
    to: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compare {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

impl Range {
    /// Reads a range. `None` if it is none, or longer than any that people write.
    pub fn parse(text: &str) -> Option<Range> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let sets: Vec<_> = text.split("||").map(set).collect::<Option<_>>()?;
        (sets.iter().map(Vec::len).sum::<usize>() <= MAX_COMPARATORS).then_some(Range { sets })
    }

    /// Whether a version is in it. A prerelease is in a range that names a prerelease of the same three numbers, and in
    /// no other.
    pub fn includes(&self, version: &Version) -> bool {
        self.sets.iter().any(|set| {
            set.iter().all(|one| one.fits(version))
                && (!version.is_prerelease() || set.iter().any(|one| one.speaks_of(version)))
        })
    }

    /// Whether a version is newer than all that is in it.
    pub fn is_below(&self, version: &Version) -> bool {
        let is_end = |one: &Comparator| {
            !matches!(one.compare, Compare::AtLeast | Compare::More)
                && !one.fits(version)
                && *version >= one.to
        };
        self.sets.iter().all(|set| set.iter().any(is_end))
    }

    /// Whether any version is in it but prereleases: `*`.
    pub fn is_any(&self) -> bool {
        self.sets.iter().any(Vec::is_empty)
    }
}

impl Comparator {
    fn fits(&self, version: &Version) -> bool {
        let order = version.cmp(&self.to);
        match self.compare {
            Compare::Less => order == Ordering::Less,
            Compare::AtMost => order != Ordering::Greater,
            Compare::Equal => order == Ordering::Equal,
            Compare::AtLeast => order != Ordering::Less,
            Compare::More => order == Ordering::Greater,
        }
    }

    /// Whether somebody who wrote this had prereleases of that very version in mind.
    fn speaks_of(&self, version: &Version) -> bool {
        self.to.is_prerelease() && self.to.numbers() == version.numbers()
    }
}

/// One alternative: comparators that all have to fit. None of them is any version.
fn set(text: &str) -> Option<Vec<Comparator>> {
    if let Some((low, high)) = hyphened(text) {
        return between(&partial(low)?, &partial(high)?);
    }
    let mut all = Vec::new();
    let mut operator = "";
    for word in text.split_whitespace() {
        let rest = word.trim_start_matches(['<', '>', '=', '^', '~']);
        let (here, version) = word.split_at(word.len() - rest.len());
        // An operator may stand by itself, before its version.
        operator = match (operator, here) {
            ("", here) => here,
            (before, "") => before,
            _ => return None,
        };
        if !version.is_empty() {
            all.extend(comparators(operator, &partial(version)?)?);
            operator = "";
        }
    }
    match operator {
        "" => Some(all),
        // `^` alone is any version, as npm reads it.
        _ => {
            all.extend(comparators(operator, &Partial::default())?);
            Some(all)
        }
    }
}

/// The two ends of `1.2 - 2`.
fn hyphened(text: &str) -> Option<(&str, &str)> {
    let (low, high) = text.split_once(" - ")?;
    Some((low.trim(), high.trim())).filter(|(low, high)| !low.is_empty() && !high.is_empty())
}

fn between(low: &Partial<'_>, high: &Partial<'_>) -> Option<Vec<Comparator>> {
    let mut all = Vec::new();
    if low.known() > 0 {
        all.push(comparator(Compare::AtLeast, low.lowest()?));
    }
    match high.known() {
        0 => {}
        3 => all.push(comparator(Compare::AtMost, high.lowest()?)),
        known => all.push(below(high.next(known - 1))?),
    }
    Some(all)
}

/// What an operator before a version, of which parts may be missing, asks for.
fn comparators(operator: &str, version: &Partial<'_>) -> Option<Vec<Comparator>> {
    let known = version.known();
    let from = || Some(comparator(Compare::AtLeast, version.lowest()?));
    let one = |compare| Some(vec![comparator(compare, version.lowest()?)]);
    // Of what is not said at all, nothing is more and nothing less.
    if known == 0 {
        return match operator {
            "<" | ">" => Some(vec![below([0, 0, 0])?]),
            _ => is_operator(operator).then(Vec::new),
        };
    }
    match (operator, known) {
        ("" | "=", 3) => one(Compare::Equal),
        ("" | "=" | "~" | "~>", known) => {
            // Patches may be newer, or what is missing anything.
            let at = if known == 1 { 0 } else { 1 };
            Some(vec![from()?, below(version.next(at))?])
        }
        ("^", known) => {
            let first = version.numbers.iter().take(known).position(|number| *number > 0);
            Some(vec![from()?, below(version.next(first.unwrap_or(known - 1)))?])
        }
        (">=", _) => Some(vec![from()?]),
        ("<", 3) => one(Compare::Less),
        ("<", _) => Some(vec![below(version.numbers)?]),
        (">", 3) => one(Compare::More),
        (">", known) => {
            let [major, minor, patch] = version.next(known - 1);
            let text = format!("{major}.{minor}.{patch}");
            Some(vec![comparator(Compare::AtLeast, Version::parse(&text).ok()?)])
        }
        ("<=", 3) => one(Compare::AtMost),
        ("<=", known) => Some(vec![below(version.next(known - 1))?]),
        _ => None,
    }
}

fn is_operator(text: &str) -> bool {
    ["", "=", "~", "~>", "^", ">=", "<="].contains(&text)
}

fn comparator(compare: Compare, to: Version) -> Comparator {
    Comparator { compare, to }
}

/// Below these numbers, their prereleases left out as well.
fn below([major, minor, patch]: [u64; 3]) -> Option<Comparator> {
    let to = Version::parse(&format!("{major}.{minor}.{patch}-0")).ok()?;
    Some(comparator(Compare::Less, to))
}
