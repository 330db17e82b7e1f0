//! The page of a package: what it is, what is in it, what it needs and who needs it.
//! Knows nothing of where that comes from.

use super::{Frame, page};
use crate::npm::About;
use crate::reply::Reply;
use askama::Template;
use http::StatusCode;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "package/package.html")]
pub struct PackagePage<'a> {
    /// What is around it.
    pub frame: Frame<'a>,
    /// The package.
    pub name: &'a str,
    /// The same in paths.
    pub path: String,
    /// Whether it is one of this registry.
    pub is_local: bool,
    /// Whether the version is the latest, or nobody asked for another.
    pub is_latest: bool,
    /// What there is to tell.
    pub about: &'a About,
    /// How it is installed, by client.
    pub installs: Vec<Install>,
    /// The command that installs it from here by a client which is pointed elsewhere.
    pub at_once: Option<String>,
    /// What may be done about it by who looks.
    pub deeds: Vec<Deed>,
    /// Its readme.
    pub readme: &'a ReadmePart,
    /// Its versions, a page of them.
    pub versions: VersionsPart,
    /// Its dist-tags.
    pub tags: Vec<TagRow>,
    /// What it needs, under a heading each.
    pub dependencies: Vec<(&'static str, Vec<DependencyRow>)>,
    /// Who needs it.
    pub dependents: Vec<DependentRow>,
    /// How many those are.
    pub dependents_count: usize,
    /// The path of its document.
    pub document: String,
    /// That of the version's manifest.
    pub manifest: String,
    /// That of the page of its files.
    pub files: String,
    /// That of its tarball.
    pub tarball: Option<String>,
}

/// How a package is installed.
pub struct Install {
    /// By which client.
    pub client: &'static str,
    /// The command.
    pub command: String,
}

/// Something that may be done: a button that leads to a page which asks once more.
pub struct Deed {
    /// What it is called.
    pub words: &'static str,
    /// The path of that page.
    pub path: String,
    /// Whether something is lost by it.
    pub is_danger: bool,
}

/// What there is of a version's readme.
pub enum ReadmePart {
    /// The readme.
    Shown(Arc<ReadmeShown>),
    /// None is held.
    Absent,
    /// It may be in the tarball, which is not read yet.
    Awaited,
}

/// A readme.
pub struct ReadmeShown {
    /// Text, or HTML that is safe to stand in a page.
    pub text: String,
    /// Which of them.
    pub is_html: bool,
    /// Whether there is more of it.
    pub is_cut: bool,
}

/// Some of a package's versions.
pub struct VersionsPart {
    /// In this order.
    pub rows: Vec<VersionRow>,
    /// In which, in words.
    pub order: &'static str,
    /// How many versions there are.
    pub count: usize,
    /// How many old ones of them are on no page.
    pub left_out: usize,
    /// Which page this is, from 1 on, and of how many.
    pub page: usize,
    /// How many.
    pub pages: usize,
    /// The path to the first page, if it is neither this one nor the one before.
    pub first: Option<String>,
    /// That of the page before this one.
    pub newer: Option<String>,
    /// That of the page behind it.
    pub older: Option<String>,
    /// That of the last one, if it is none of those.
    pub last: Option<String>,
    /// To those that are held, or to all of them.
    pub held: Option<HeldLink>,
}

/// A link to other versions than are listed.
pub struct HeldLink {
    /// Its path.
    pub path: String,
    /// What it is called.
    pub words: String,
}

/// A version.
pub struct VersionRow {
    /// As it is spelled.
    pub version: String,
    /// The path to its page.
    pub link: String,
    /// That to its files.
    pub files: String,
    /// When it was published.
    pub time: Option<String>,
    /// How large its files are, or else, said so, its tarball.
    pub unpacked: Option<String>,
    /// The dist-tags that point to it.
    pub tags: Vec<String>,
    /// Why nobody should use it.
    pub deprecated: Option<String>,
    /// Whether its tarball is held.
    pub is_held: bool,
    /// What that digests to.
    pub digest: Option<String>,
    /// Whether it is the one that is told of.
    pub is_this: bool,
}

/// A dist-tag.
pub struct TagRow {
    /// Its name.
    pub tag: String,
    /// Where it points to.
    pub version: String,
    /// A version that is higher than that of `latest`.
    pub higher: Option<String>,
}

/// A package that is needed.
pub struct DependencyRow {
    /// Its name.
    pub name: String,
    /// The path to its page, if it is held.
    pub path: Option<String>,
    /// Which versions are asked for.
    pub range: String,
    /// Its latest version, if it is held.
    pub latest: Option<String>,
    /// Whether that is newer than all that are asked for.
    pub is_outdated: bool,
}

/// A package that needs this one.
pub struct DependentRow {
    /// Its name.
    pub name: String,
    /// The path to its page.
    pub path: String,
    /// In which way.
    pub kind: &'static str,
    /// Which versions it asks for.
    pub range: String,
    /// Whether the latest is newer than those.
    pub is_outdated: bool,
    /// Whether it is one of this registry.
    pub is_local: bool,
}

/// The page of a name of which nothing is held.
#[derive(Template)]
#[template(path = "package/not_held.html")]
pub struct NotHeldPage<'a> {
    /// What is around it.
    pub frame: Frame<'a>,
    /// The name.
    pub name: &'a str,
    /// The command that has a client ask for it, if it may be the name of a package.
    pub command: Option<String>,
    /// The path of the page that has it fetched, for who may do that.
    pub refresh: Option<String>,
}

impl PackagePage<'_> {
    /// The page.
    pub fn reply(&self) -> Reply {
        page(StatusCode::OK, self)
    }

    fn dependencies_count(&self) -> usize {
        self.dependencies.iter().map(|(_, rows)| rows.len()).sum()
    }
}

impl NotHeldPage<'_> {
    /// The page: what is not held is not there.
    pub fn reply(&self) -> Reply {
        page(StatusCode::NOT_FOUND, self)
    }
}

/// The day of a time as documents have it.
pub(super) fn day(time: &str) -> &str {
    time.get(..10).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_the_beginning_of_a_time() {
        assert_eq!((day("2026-11-28T11:35:00.000Z"), day("odd")), ("2026-11-28", "odd"));
    }
}
