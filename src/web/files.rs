//! The pages of the files in a tarball: all of them, and one.
//! Knows nothing of tarballs. Paths and texts are anybody's, and stand there as text.

use super::{Frame, page};
use crate::reply::Reply;
use askama::Template;
use http::StatusCode;
use std::fmt::Write;

/// Most lines that have numbers.
const MOST_LINES: usize = 20_000;

/// The list of files.
#[derive(Template)]
#[template(path = "files/list.html")]
pub struct FilesPage<'a> {
    /// What is around it.
    pub frame: Frame<'a>,
    /// The package.
    pub name: &'a str,
    /// The same in paths.
    pub path: String,
    /// Of which version.
    pub version: &'a str,
    /// By path, a page of them.
    pub files: Vec<FileRow>,
    /// How many there are on all pages.
    pub count: usize,
    /// Their bytes together.
    pub sum: u64,
    /// Which page this is, from 1 on.
    pub page: usize,
    /// How many pages there are.
    pub pages: usize,
    /// The path to the page before.
    pub previous: Option<String>,
    /// That to the next one.
    pub next: Option<String>,
}

/// A file.
pub struct FileRow {
    /// Its path.
    pub path: String,
    /// The path to its page; none of one that has none.
    pub link: Option<String>,
    /// In bytes.
    pub len: u64,
    /// Whether it is a link to another.
    pub is_link: bool,
}

/// One file.
#[derive(Template)]
#[template(path = "files/file.html")]
pub struct FilePage<'a> {
    /// What is around it.
    pub frame: Frame<'a>,
    /// The package.
    pub name: &'a str,
    /// The same in paths.
    pub path: String,
    /// Of which version.
    pub version: &'a str,
    /// The path to the list.
    pub list: String,
    /// Its path in the tarball.
    pub file: &'a str,
    /// In bytes.
    pub len: u64,
    /// Its text, if it is one.
    pub text: Option<FileText<'a>>,
    /// Whether there is more of it.
    pub is_cut: bool,
}

/// A text, with the numbers of its lines.
pub struct FileText<'a> {
    text: &'a str,
    numbers: String,
}

/// There are no files to be shown.
#[derive(Template)]
#[template(path = "files/none.html")]
pub struct NoFilesPage<'a> {
    /// What is around it.
    pub frame: Frame<'a>,
    /// The package.
    pub name: &'a str,
    /// The same in paths.
    pub path: String,
    /// Of which version.
    pub version: &'a str,
    /// Why, in sentences.
    pub why: &'a str,
    /// What the answer's status is.
    pub status: StatusCode,
}

impl<'a> FileText<'a> {
    /// This text.
    pub fn new(text: &'a str) -> FileText<'a> {
        let lines = text.lines().count().min(MOST_LINES);
        let mut numbers = String::with_capacity(lines * 6);
        for number in 1..=lines {
            // Writing to a text does not fail.
            let _ = writeln!(numbers, "{number}");
        }
        FileText { text, numbers }
    }
}

impl FilesPage<'_> {
    /// The page.
    pub fn reply(&self) -> Reply {
        page(StatusCode::OK, self)
    }
}

impl FilePage<'_> {
    /// The page.
    pub fn reply(&self) -> Reply {
        page(StatusCode::OK, self)
    }
}

impl NoFilesPage<'_> {
    /// The page.
    pub fn reply(&self) -> Reply {
        page(self.status, self)
    }
}
