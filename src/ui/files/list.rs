//! The list of a tarball's files, one page after another.
//! Knows nothing of how tarballs are read.

use super::Shown;
use super::archive::{Listed, Listing};
use crate::npm::encode_segment;
use crate::reply::Reply;
use crate::web::{FileRow, FilesPage};
use url::form_urlencoded;

/// Files on one page.
const FILES: usize = 500;

/// Which page of the list a query asks for, from 1 on. What makes no sense asks for the first.
pub(super) fn asked(query: &str) -> usize {
    let page = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "page");
    page.and_then(|(_, page)| page.parse().ok()).unwrap_or(1)
}

impl Shown<'_> {
    /// The page of that number, or the last one before it.
    pub(super) fn list(&self, listing: &Listing, page: usize) -> Reply {
        let pages = listing.files.len().div_ceil(FILES).max(1);
        let page = page.clamp(1, pages);
        let link = |page: usize| match page {
            1 => self.root.clone(),
            _ => format!("{}?page={page}", self.root),
        };
        let files = listing.files.iter().skip((page - 1) * FILES).take(FILES);
        let list = FilesPage {
            frame: self.frame,
            name: self.name.as_str(),
            path: self.name.path(),
            version: &self.version.version,
            files: files.map(|file| self.row(file)).collect(),
            count: listing.files.len(),
            sum: listing.files.iter().map(|file| file.len).fold(0, u64::saturating_add),
            page,
            pages,
            previous: (page > 1).then(|| link(page - 1)),
            next: (page < pages).then(|| link(page + 1)),
        };
        list.reply()
    }

    fn row(&self, file: &Listed) -> FileRow {
        FileRow {
            path: file.path.clone(),
            link: file.has_page().then(|| below(&self.root, &file.path)),
            len: file.len,
            is_link: file.is_link,
        }
    }
}

fn below(root: &str, path: &str) -> String {
    path.split('/').fold(root.to_owned(), |link, part| format!("{link}/{}", encode_segment(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_asks_for_the_first_page() {
        for (query, expected) in [
            ("", 1),
            ("page=7", 7),
            ("a=b&page=2&page=3", 2),
            ("page=-1", 1),
            ("page=x", 1),
            ("page=99999999999999999999999", 1),
        ] {
            assert_eq!(asked(query), expected, "{query}");
        }
    }
}
