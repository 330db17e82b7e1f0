//! A version in a range, of which parts may be missing: `1`, `1.x`, `1.2.3-rc.1`.
//! Knows nothing of operators.

use super::super::version::{Version, is_prerelease_identifier, number};

/// What is said of a version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Partial<'a> {
    /// Zero where nothing is said.
    pub(super) numbers: [u64; 3],
    known: usize,
    /// Of all three numbers only.
    prerelease: Option<&'a str>,
}

impl Partial<'_> {
    /// How many of the three numbers are said.
    pub(super) fn known(&self) -> usize {
        self.known
    }

    /// The lowest version that it can mean.
    pub(super) fn lowest(&self) -> Option<Version> {
        let [major, minor, patch] = self.numbers;
        let core = format!("{major}.{minor}.{patch}");
        let text = match self.prerelease {
            Some(prerelease) => format!("{core}-{prerelease}"),
            None => core,
        };
        Version::parse(&text).ok()
    }

    /// The numbers after all that begin like these up to the one at `place`.
    pub(super) fn next(&self, place: usize) -> [u64; 3] {
        let mut next = [0; 3];
        next[..=place].copy_from_slice(&self.numbers[..=place]);
        next[place] += 1;
        next
    }
}

/// Reads one.
pub(super) fn partial(text: &str) -> Option<Partial<'_>> {
    let text = text.trim_start_matches(['v', '=']);
    let text = text.split('+').next().unwrap_or_default();
    let (core, prerelease) = match text.split_once('-') {
        Some((core, prerelease)) => (core, Some(prerelease)),
        None => (text, None),
    };
    let mut partial = Partial::default();
    let mut is_open = false;
    for (place, part) in core.split('.').enumerate() {
        if place > 2 {
            return None;
        }
        if matches!(part, "x" | "X" | "*") || (part.is_empty() && place == 0 && text.is_empty()) {
            is_open = true;
            continue;
        }
        let number = number(part)?;
        // What stands behind an x says nothing more.
        if !is_open {
            partial.numbers[place] = number;
            partial.known = place + 1;
        }
    }
    let is_well_formed = |it: &str| it.split('.').all(is_prerelease_identifier);
    match prerelease {
        None => {}
        Some(said) if core.split('.').count() == 3 && is_well_formed(said) => {
            partial.prerelease = (partial.known == 3).then_some(said);
        }
        Some(_) => return None,
    }
    Some(partial)
}
