//! The page that lists packages: a table, in pages, with a search.
//! Knows nothing of where packages are from, nor of how they were found.

use super::{Frame, Moment, page};
use crate::reply::Reply;
use askama::Template;
use http::StatusCode;

/// A package.
#[derive(Clone, Debug)]
pub struct PackageRow {
    /// Its name.
    pub name: String,
    /// Whether it is this registry's own, and no copy.
    pub is_local: bool,
    /// Its latest version, if that is known.
    pub version: String,
    /// What it is, if that is known.
    pub description: String,
    /// How many versions there are, and of how many the tarballs are held.
    pub versions: String,
    /// How much room it takes.
    pub size: String,
    /// When it was last asked for, or published.
    pub when: Option<Moment>,
}

/// A list beside this one.
#[derive(Clone, Debug)]
pub struct Tab {
    /// Where it is, as a path of the registry.
    pub path: String,
    /// What it is called.
    pub name: &'static str,
    /// How many packages are in it.
    pub count: String,
    /// Whether it is this one.
    pub is_here: bool,
}

/// A column by which the list can be sorted.
#[derive(Clone, Debug)]
pub struct SortLink {
    /// Where the list is so sorted, as a path of the registry.
    pub path: String,
    /// What the column is called.
    pub name: &'static str,
    /// How it is sorted by it, if it is: `ascending` or `descending`.
    pub order: Option<&'static str>,
    /// Whether it has numbers in it.
    pub is_number: bool,
}

/// The page.
#[derive(Template)]
#[template(path = "packages/packages.html")]
pub struct Packages<'a> {
    /// What is around it.
    pub frame: Frame<'a>,
    /// The lists.
    pub tabs: Vec<Tab>,
    /// The columns: name, version, versions, size, time.
    pub columns: Vec<SortLink>,
    /// What it is sorted by, if somebody has said so.
    pub sort: &'a str,
    /// The packages of this page.
    pub rows: Vec<PackageRow>,
    /// What the table shows, in words.
    pub caption: String,
    /// Why nothing is found.
    pub error: Option<String>,
    /// What was searched for and not found, if a page of a package of this name may help.
    pub named: Option<String>,
    /// Whether there may be more than is known just now.
    pub is_partial: bool,
    /// Where the page before is, and the one behind, as paths of the registry.
    pub previous: Option<String>,
    /// As of `previous`.
    pub next: Option<String>,
    /// Which page it is of how many, in words.
    pub place: String,
}

impl Packages<'_> {
    /// The page.
    pub fn reply(&self) -> Reply {
        let status = if self.error.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        page(status, self)
    }
}

#[cfg(test)]
mod tests;
