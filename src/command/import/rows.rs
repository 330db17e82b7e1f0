//! What an import tells: a row for each package and each user, and a summary; for people, and as JSON.
//! Knows nothing of how it is done.

use super::super::words::{count, printable, size};
use serde::Serialize;
use std::fmt;

/// Versions that are named to people; of more, the number is told.
const NAMED: usize = 5;
/// The same of packages that stay behind.
const NAMED_PACKAGES: usize = 20;

/// What became of a package, or a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Done {
    /// It came.
    Imported,
    /// Versions came to a package that was here.
    Added,
    /// It was here already.
    Here,
    /// It is a copy of what an uplink has.
    Proxied,
    /// There is nothing of it.
    Empty,
    /// It should have come, and did not.
    LeftOut,
}

/// A version, or a tag, that did not come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct LeftOut {
    /// Which.
    pub(super) what: String,
    /// The reason.
    pub(super) why: String,
}

impl LeftOut {
    pub(super) fn new(what: &str, why: impl Into<String>) -> LeftOut {
        LeftOut { what: what.to_owned(), why: why.into() }
    }
}

/// A package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename = "package")]
pub(super) struct PackageRow {
    /// Its name.
    pub(super) package: String,
    pub(super) outcome: Done,
    /// The versions that came.
    pub(super) versions: Vec<String>,
    /// How many were here.
    pub(super) here: usize,
    /// Bytes of the tarballs that came.
    pub(super) bytes: u64,
    /// Versions that were published there, and did not come.
    pub(super) left_out: Vec<LeftOut>,
    /// Versions that an uplink told of, which stay behind.
    pub(super) merged: Vec<String>,
    /// Tags that did not come.
    pub(super) tags_left_out: Vec<LeftOut>,
    /// What of the versions that came, or of the package, had a time that is none.
    pub(super) times_replaced: Vec<String>,
    /// Owners who can be no users.
    pub(super) owners_left_out: Vec<LeftOut>,
    /// Whether nobody owns it.
    pub(super) is_ownerless: bool,
    /// Why it did not come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename = "user")]
pub(super) struct UserRow {
    /// Their name.
    pub(super) user: String,
    pub(super) outcome: Done,
    /// Why they did not come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
}

/// All of it, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename = "summary")]
pub(super) struct Summary {
    /// Whether nothing was written.
    pub(super) dry_run: bool,
    pub(super) packages: usize,
    pub(super) packages_here: usize,
    pub(super) packages_left_out: usize,
    pub(super) packages_proxied: usize,
    pub(super) versions: usize,
    pub(super) bytes: u64,
    pub(super) versions_left_out: usize,
    pub(super) versions_merged: usize,
    pub(super) packages_ownerless: usize,
    pub(super) users: usize,
    pub(super) users_here: usize,
    pub(super) users_left_out: usize,
    #[serde(skip)]
    pub(super) proxied: Vec<String>,
}

impl PackageRow {
    /// A package of which nothing was done yet.
    pub(super) fn new(package: &str, outcome: Done) -> PackageRow {
        PackageRow {
            package: package.to_owned(),
            outcome,
            versions: Vec::new(),
            here: 0,
            bytes: 0,
            left_out: Vec::new(),
            merged: Vec::new(),
            tags_left_out: Vec::new(),
            times_replaced: Vec::new(),
            owners_left_out: Vec::new(),
            is_ownerless: false,
            why: None,
        }
    }

    /// One that does not come at all.
    pub(super) fn left_out(package: &str, why: impl Into<String>) -> PackageRow {
        PackageRow { why: Some(why.into()), ..PackageRow::new(package, Done::LeftOut) }
    }

    /// The same once it turns out that no more can come.
    pub(super) fn broken_off(self, why: impl Into<String>) -> PackageRow {
        PackageRow { outcome: Done::LeftOut, why: Some(why.into()), ..self }
    }

    /// The versions that came, in words.
    fn came(&self) -> String {
        let came = count(self.versions.len(), "version");
        let more = if self.outcome == Done::Added { " more" } else { "" };
        format!("{came}{more} ({}), {}", some(&self.versions, NAMED), size(self.bytes))
    }

    /// Whether people are told of it by a line of its own.
    pub(super) fn is_shown(&self) -> bool {
        !matches!(self.outcome, Done::Proxied | Done::Empty)
    }
}

impl Summary {
    /// Counts a package.
    pub(super) fn package(&mut self, row: &PackageRow) {
        match row.outcome {
            Done::Imported | Done::Added => self.packages += 1,
            Done::Here => self.packages_here += 1,
            Done::LeftOut => self.packages_left_out += 1,
            Done::Proxied => {
                self.packages_proxied += 1;
                self.proxied.push(row.package.clone());
                return;
            }
            Done::Empty => {}
        }
        self.versions += row.versions.len();
        self.versions_left_out += row.left_out.len();
        self.versions_merged += row.merged.len();
        self.packages_ownerless += usize::from(row.is_ownerless);
        self.bytes += row.bytes;
    }

    /// Counts a user.
    pub(super) fn user(&mut self, row: &UserRow) {
        match row.outcome {
            Done::Here => self.users_here += 1,
            Done::LeftOut => self.users_left_out += 1,
            _ => self.users += 1,
        }
    }

    /// Whether all that was published there is here, or would be.
    pub(super) fn is_whole(&self) -> bool {
        self.packages_left_out == 0 && self.versions_left_out == 0
    }
}

impl fmt::Display for PackageRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = printable(&self.package);
        match (self.outcome, &self.why) {
            (Done::LeftOut, Some(why)) if self.versions.is_empty() => {
                write!(f, "{name} is left out: {}", printable(why))?;
            }
            (Done::LeftOut, Some(why)) => {
                write!(f, "{name}: {}; the rest is left out: {}", self.came(), printable(why))?;
            }
            (Done::LeftOut, None) => write!(f, "{name} is left out: none of it can be imported")?,
            (Done::Here, _) => write!(f, "{name} is here already")?,
            (Done::Empty, _) => write!(f, "{name} has no version")?,
            (Done::Proxied, _) => write!(f, "{name} is an uplink's")?,
            _ => write!(f, "{name}: {}", self.came())?,
        }
        for LeftOut { what, why } in &self.left_out {
            write!(f, "\n  {} is left out: {}", printable(what), printable(why))?;
        }
        if matches!(self.outcome, Done::LeftOut | Done::Proxied) {
            return Ok(());
        }
        if !self.merged.is_empty() {
            let (count, named) = (count(self.merged.len(), "version"), some(&self.merged, NAMED));
            write!(
                f,
                "\n  {count} from an uplink ({named}) not imported: the package is this registry's own now"
            )?;
        }
        for LeftOut { what, why } in &self.tags_left_out {
            write!(f, "\n  the tag {} is left out: {}", printable(what), printable(why))?;
        }
        for LeftOut { what, why } in &self.owners_left_out {
            write!(f, "\n  the owner {} is left out: {}", printable(what), printable(why))?;
        }
        if !self.times_replaced.is_empty() {
            let (count, named) =
                (count(self.times_replaced.len(), "time"), some(&self.times_replaced, NAMED));
            write!(
                f,
                "\n  {count} replaced, not a valid date ({named}): with that of the tarball's file, or now"
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for UserRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = printable(&self.user);
        match (&self.outcome, &self.why) {
            (Done::LeftOut, why) => {
                write!(
                    f,
                    "user {name} is left out: {}",
                    printable(why.as_deref().unwrap_or_default())
                )
            }
            (Done::Here, _) => write!(f, "user {name} is here already"),
            _ => write!(f, "user {name} imported, with their password"),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.dry_run { "would be imported" } else { "imported" };
        let (packages, versions) =
            (count(self.packages, "package"), count(self.versions, "version"));
        write!(
            f,
            "{verb}: {packages} with {versions} ({}), {}",
            size(self.bytes),
            count(self.users, "user")
        )?;
        if self.packages_here > 0 || self.users_here > 0 {
            let users = count(self.users_here, "user");
            write!(f, "\nalready here: {}, {users}", count(self.packages_here, "package"))?;
        }
        if !self.is_whole() || self.users_left_out > 0 {
            let packages = count(self.packages_left_out, "package");
            let versions = count(self.versions_left_out, "version");
            let users = count(self.users_left_out, "user");
            write!(f, "\nleft out, see above: {packages}, {versions}, {users}")?;
        }
        if self.packages_proxied > 0 {
            let named = some(&self.proxied, NAMED_PACKAGES);
            let packages = count(self.packages_proxied, "package");
            write!(
                f,
                "\nnot imported, as they are only copies from an uplink: {packages} ({named})"
            )?;
        }
        if self.packages_ownerless > 0 {
            let packages = count(self.packages_ownerless, "package");
            write!(
                f,
                "\nwithout an owner: {packages}; the next user to publish to one becomes its owner, if the rules allow it \
                 (to name one now: --owner USER, or npm owner add)"
            )?;
        }
        Ok(())
    }
}

/// The first names of a list, and how many more there are.
fn some(names: &[String], most: usize) -> String {
    let named = names.iter().take(most).map(|name| printable(name)).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(most) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> PackageRow {
        PackageRow {
            versions: vec!["1.0.0".to_owned()],
            bytes: 1536,
            left_out: vec![LeftOut::new("1.1.0", "its tarball is missing")],
            merged: ["1", "2", "3", "4", "5", "6"].map(str::to_owned).into(),
            tags_left_out: vec![LeftOut::new("old\u{1b}[2J", "it is gone")],
            times_replaced: vec!["created".to_owned(), "1.0.0".to_owned()],
            owners_left_out: vec![LeftOut::new("\u{1b}[31meve", "it is odd")],
            is_ownerless: true,
            ..PackageRow::new("a", Done::Imported)
        }
    }

    #[test]
    fn a_package_is_told_with_all_that_is_left_out_of_it() {
        let expected = "\
a: 1 version (1.0.0), 1.50 KiB
  1.1.0 is left out: its tarball is missing
  6 versions from an uplink (1, 2, 3, 4, 5 and 1 more) not imported: the package is this registry's own now
  the tag old\\u{1b}[2J is left out: it is gone
  the owner \\u{1b}[31meve is left out: it is odd
  2 times replaced, not a valid date (created, 1.0.0): with that of the tarball's file, or now";
        assert_eq!(row().to_string(), expected);
        let refused = PackageRow::left_out("b\n", "it is damaged");
        assert_eq!(refused.to_string(), "b\\n is left out: it is damaged");
        let partly = PackageRow {
            why: Some("it grew too long".to_owned()),
            left_out: Vec::new(),
            ..PackageRow { outcome: Done::LeftOut, ..row() }
        };
        let expected = "a: 1 version (1.0.0), 1.50 KiB; the rest is left out: it grew too long";
        assert_eq!(partly.to_string(), expected);
        assert!(row().is_shown() && !PackageRow::new("c", Done::Proxied).is_shown());
    }

    #[test]
    fn the_summary_adds_up() {
        let mut summary = Summary::default();
        summary.package(&row());
        summary.package(&PackageRow {
            merged: vec!["1".to_owned()],
            ..PackageRow::new("p", Done::Proxied)
        });
        assert!(!summary.is_whole());
        let user = |outcome| UserRow { user: "ann".to_owned(), outcome, why: None };
        for outcome in [Done::Imported, Done::Here, Done::LeftOut] {
            summary.user(&user(outcome));
        }
        let expected = "\
imported: 1 package with 1 version (1.50 KiB), 1 user
already here: 0 packages, 1 user
left out, see above: 0 packages, 1 version, 1 user
not imported, as they are only copies from an uplink: 1 package (p)
without an owner: 1 package; the next user to publish to one becomes its owner, if the rules allow it (to name one now: --owner USER, or npm owner add)";
        assert_eq!(summary.to_string(), expected);
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(json["kind"], "summary");
        assert_eq!(serde_json::to_value(row()).unwrap()["kind"], "package");
        assert_eq!(
            (&json["versions_merged"], &json["proxied"]),
            (&6.into(), &serde_json::Value::Null)
        );
        assert!(Summary::default().is_whole());
    }
}
