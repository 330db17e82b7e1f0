//! What is told of needs: those that are not met, what no registry has, and how many there are in all.
//! Knows nothing of how that was found out.

use super::{Need, Needs};
use crate::admin::Fate;
use crate::command::out::Out;
use crate::command::words::{count, printable, size};
use serde::Serialize;
use std::fmt;
use std::io;

/// One that is not here.
#[derive(Serialize)]
struct Missing<'a> {
    kind: &'static str,
    package: &'a str,
    version: &'a str,
    why: &'a str,
    lockfiles: Vec<String>,
}

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
    /// Versions that are needed.
    pub(in crate::command) needed: usize,
    /// Those of them that are here.
    pub(in crate::command) here: usize,
    /// Those of these that were fetched.
    pub(in crate::command) fetched: usize,
    /// Those that are not here.
    pub(in crate::command) missing: usize,
    /// What no registry has.
    pub(in crate::command) other: usize,
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
    fn of(needs: &Needs, fates: &[Fate]) -> Totals {
        let here = || fates.iter().filter(|fate| fate.is_here);
        let fetched = || here().filter(|fate| fate.was_fetched);
        Totals {
            kind: Summary::Summary,
            needed: needs.items.len(),
            here: here().count(),
            fetched: fetched().count(),
            missing: needs.items.len() - here().count(),
            other: needs.others.len(),
            bytes: here().map(|fate| fate.bytes).sum(),
            fetched_bytes: fetched().map(|fate| fate.bytes).sum(),
        }
    }
}

/// Tells which files were read, what is not here, and what no registry has; the totals, for who tells of them.
pub(in crate::command) fn tell(out: &mut Out, needs: &Needs, fates: &[Fate]) -> io::Result<Totals> {
    for (file, format) in &needs.read {
        out.row(&Read { kind: "lockfile", lockfile: file.display().to_string(), format })?;
    }
    let missing = needs.items.iter().zip(fates).filter(|(_, fate)| !fate.is_here);
    for (need, fate) in missing {
        out.row(&Missing::of(need, fate))?;
    }
    for (file, other) in &needs.others {
        let (what, from) = (other.what.as_str(), other.kind.to_string());
        out.row(&Foreign { kind: "other", what, from, lockfile: file.display().to_string() })?;
    }
    Ok(Totals::of(needs, fates))
}

impl Missing<'_> {
    fn of<'a>(need: &'a Need, fate: &'a Fate) -> Missing<'a> {
        Missing {
            kind: "missing",
            package: &need.item.name,
            version: &need.item.version,
            why: fate.why.as_deref().unwrap_or("it is not here"),
            lockfiles: need.by.iter().map(|file| file.display().to_string()).collect(),
        }
    }
}

impl fmt::Display for Missing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (package, version) = (printable(self.package), printable(self.version));
        write!(f, "{package}@{version}: {}", printable(self.why))
    }
}

impl fmt::Display for Read<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "read {} ({})", printable(&self.lockfile), self.format)
    }
}

impl fmt::Display for Foreign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not from a registry: it is {}", printable(self.what), self.from)
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals { needed, here, fetched, missing, bytes, fetched_bytes, .. } = self;
        let verb = if *needed == 1 { "is" } else { "are" };
        write!(f, "{here} of {} {verb} here", count(*needed, "version"))?;
        match fetched {
            0 => write!(f, " ({})", size(*bytes))?,
            fetched => write!(f, " ({fetched} fetched, {})", size(*fetched_bytes))?,
        }
        match missing {
            0 => Ok(()),
            missing => write!(f, ", {missing} missing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lockfile::Kind;

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
        ] {
            assert_eq!(totals.to_string(), expected);
        }
        let json = serde_json::to_value(totals(1, 0, 0)).unwrap();
        assert_eq!(json["kind"], "summary");
    }

    #[test]
    fn what_is_shown_of_a_lock_file_moves_no_cursor() {
        let what = "a\x1b[2J\u{202e}b";
        let foreign =
            Foreign { kind: "other", what, from: Kind::Git.to_string(), lockfile: String::new() };
        let expected = "a\\u{1b}[2J\\u{202e}b is not from a registry: it is a git repository";
        assert_eq!(foreign.to_string(), expected);
    }
}
