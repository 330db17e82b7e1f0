//! What is told of needs: those that are not met, what no registry has, and how many there are in all.
//! Knows nothing of how that was found out.

use super::{Need, Needs};
use crate::admin::Fate;
use crate::command::out::Out;
use crate::command::words::{count, printable, size};
use crate::lockfile::{Kind, Other};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why what is not understood is not here.
const NOT_UNDERSTOOD: &str = "NOPAR does not understand this entry of the lock file";

/// One that is not here.
#[derive(Serialize)]
struct Missing<'a> {
    kind: &'static str,
    package: Option<&'a str>,
    version: Option<&'a str>,
    /// The entry of a lock file, where no more is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<&'a str>,
    why: &'a str,
    lockfiles: Vec<String>,
}

/// What is said of packuments that only an upstream makes good again.
const TOO_OLD: &str = "too old to be served if the upstream registry fails (NOPAR_STALE_IF_ERROR)";

/// A lock file that was read.
#[derive(Serialize)]
struct Read<'a> {
    kind: &'static str,
    lockfile: String,
    format: &'a str,
}

/// What no registry has.
#[derive(Serialize)]
struct Foreign<'a> {
    kind: &'static str,
    what: &'a str,
    from: String,
    lockfile: String,
}

/// How many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(in crate::command) struct Totals {
    kind: Summary,
    /// Versions that are needed, and what may be some.
    pub(in crate::command) needed: usize,
    /// Those of them that are here.
    pub(in crate::command) here: usize,
    /// Those of these that were fetched.
    pub(in crate::command) fetched: usize,
    /// Those that are not here.
    pub(in crate::command) missing: usize,
    /// What no registry has.
    pub(in crate::command) other: usize,
    /// Packuments that are here, and are served only once an upstream has confirmed them.
    pub(in crate::command) too_old: usize,
    /// How many bytes of those that are here are held, packuments of several versions counted for each.
    pub(in crate::command) bytes: u64,
    /// How many of them were fetched.
    pub(in crate::command) fetched_bytes: u64,
}

/// The word by which the last line is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Summary {
    #[default]
    Summary,
}

impl Totals {
    /// Adds up what became of these.
    pub(in crate::command) fn of(needs: &Needs, fates: &[Fate]) -> Totals {
        let needed = needs.items.len() + unknown(needs).count();
        let old = needs.items.iter().zip(fates).filter(|(_, fate)| fate.is_here && fate.is_too_old);
        let old: BTreeSet<&str> = old.map(|(need, _)| need.item.name.as_str()).collect();
        let here = || fates.iter().filter(|fate| fate.is_here);
        let fetched = || here().filter(|fate| fate.was_fetched);
        Totals {
            kind: Summary::Summary,
            needed,
            here: here().count(),
            fetched: fetched().count(),
            missing: needed - here().count(),
            other: foreign(needs).count(),
            too_old: old.len(),
            bytes: here().map(|fate| fate.bytes).sum(),
            fetched_bytes: fetched().map(|fate| fate.bytes).sum(),
        }
    }
}

/// What nobody knows how to ask for.
fn unknown(needs: &Needs) -> impl Iterator<Item = &(PathBuf, Other)> {
    needs.others.iter().filter(|(_, other)| other.kind == Kind::Unknown)
}

/// What no registry has.
fn foreign(needs: &Needs) -> impl Iterator<Item = &(PathBuf, Other)> {
    needs.others.iter().filter(|(_, other)| other.kind != Kind::Unknown)
}

/// Tells which files were read, what is not here, what no registry has, and the totals.
pub(in crate::command) fn tell(
    out: &mut Out,
    needs: &Needs,
    fates: &[Fate],
    totals: &Totals,
) -> io::Result<()> {
    for (file, format) in &needs.read {
        out.row(&Read { kind: "lockfile", lockfile: file.display().to_string(), format })?;
    }
    let missing = needs.items.iter().zip(fates).filter(|(_, fate)| !fate.is_here);
    for (need, fate) in missing {
        out.row(&Missing::of(need, fate))?;
    }
    for (file, other) in unknown(needs) {
        out.row(&Missing::unknown(file, other))?;
    }
    for (file, other) in foreign(needs) {
        let (what, from) = (other.what.as_str(), other.kind.to_string());
        out.row(&Foreign { kind: "other", what, from, lockfile: file.display().to_string() })?;
    }
    out.row(totals)?;
    out.end()
}

impl Missing<'_> {
    fn of<'a>(need: &'a Need, fate: &'a Fate) -> Missing<'a> {
        Missing {
            kind: "missing",
            package: Some(&need.item.name),
            version: Some(&need.item.version),
            what: None,
            why: fate.why.as_deref().unwrap_or("it is not here"),
            lockfiles: need.by.iter().map(|file| file.display().to_string()).collect(),
        }
    }

    fn unknown<'a>(file: &Path, other: &'a Other) -> Missing<'a> {
        Missing {
            kind: "missing",
            package: None,
            version: None,
            what: Some(&other.what),
            why: NOT_UNDERSTOOD,
            lockfiles: vec![file.display().to_string()],
        }
    }
}

impl fmt::Display for Missing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match (self.package, self.version) {
            (Some(package), Some(version)) => format!("{package}@{version}"),
            _ => self.what.unwrap_or_default().to_owned(),
        };
        write!(f, "{}: {}", printable(&what), printable(self.why))
    }
}

impl fmt::Display for Read<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "read {} ({})", printable(&self.lockfile), self.format)
    }
}

impl fmt::Display for Foreign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not fetched from a registry: it is {}", printable(self.what), self.from)
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals { needed, here, fetched, missing, too_old, bytes, fetched_bytes, .. } = self;
        let verb = if *needed == 1 { "is" } else { "are" };
        write!(f, "{here} of {} {verb} here", count(*needed, "version"))?;
        match fetched {
            0 => write!(f, " ({})", size(*bytes))?,
            fetched => write!(f, " ({fetched} fetched, {})", size(*fetched_bytes))?,
        }
        if *missing > 0 {
            write!(f, ", {missing} missing")?;
        }
        match too_old {
            0 => Ok(()),
            1 => write!(f, "; 1 packument is {TOO_OLD}"),
            many => write!(f, "; {many} packuments are {TOO_OLD}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_a_sentence() {
        let totals = |here: usize, fetched: usize, missing: usize| Totals {
            needed: here + missing,
            here,
            fetched,
            missing,
            bytes: 2048,
            fetched_bytes: 1024,
            ..Totals::default()
        };
        for (totals, expected) in [
            (totals(3, 0, 0), "3 of 3 versions are here (2.00 KiB)"),
            (totals(3, 0, 2), "3 of 5 versions are here (2.00 KiB), 2 missing"),
            (totals(3, 2, 0), "3 of 3 versions are here (2 fetched, 1.00 KiB)"),
            (totals(1, 0, 0), "1 of 1 version is here (2.00 KiB)"),
            (totals(3, 2, 1), "3 of 4 versions are here (2 fetched, 1.00 KiB), 1 missing"),
            (
                Totals { too_old: 2, ..totals(3, 0, 0) },
                "3 of 3 versions are here (2.00 KiB); 2 packuments are too old to be served if the upstream registry fails \
                 (NOPAR_STALE_IF_ERROR)",
            ),
        ] {
            assert_eq!(totals.to_string(), expected);
        }
        let json = serde_json::to_value(totals(1, 0, 0)).unwrap();
        assert_eq!(json["kind"], "summary");
    }

    /// Nobody knows whether a registry has it.
    #[test]
    fn what_is_not_understood_is_missing() {
        let other = |kind| {
            let other = Other { what: "node_modules/x".to_owned(), kind };
            (PathBuf::from("package-lock.json"), other)
        };
        let others = vec![other(Kind::Unknown), other(Kind::Git), other(Kind::Unresolved)];
        let needs = Needs { others, ..Needs::default() };
        let totals = Totals::of(&needs, &[]);
        assert_eq!((totals.needed, totals.missing, totals.other), (1, 1, 2));
        let (file, other) = &needs.others[0];
        let missing = Missing::unknown(file, other);
        let expected = "node_modules/x: NOPAR does not understand this entry of the lock file";
        assert_eq!(missing.to_string(), expected);
        let json = serde_json::to_value(&missing).unwrap();
        assert_eq!((&json["kind"], &json["what"]), (&"missing".into(), &"node_modules/x".into()));
    }

    #[test]
    fn packuments_that_are_too_old_are_counted_once() {
        let need = |name: &str| Need {
            item: crate::admin::Item { name: name.to_owned(), ..Default::default() },
            by: Vec::new(),
        };
        let needs =
            Needs { items: vec![need("a"), need("a"), need("b"), need("c")], ..Needs::default() };
        let fate = |is_here, is_too_old| Fate { is_here, is_too_old, ..Fate::default() };
        let fates = [fate(true, true), fate(true, true), fate(true, false), fate(false, false)];
        assert_eq!(Totals::of(&needs, &fates).too_old, 1);
    }

    #[test]
    fn what_is_shown_of_a_lock_file_moves_no_cursor() {
        let what = "a\x1b[2J\u{202e}b";
        let foreign =
            Foreign { kind: "other", what, from: Kind::Git.to_string(), lockfile: String::new() };
        let expected =
            "a\\u{1b}[2J\\u{202e}b is not fetched from a registry: it is a git repository";
        assert_eq!(foreign.to_string(), expected);
    }
}
