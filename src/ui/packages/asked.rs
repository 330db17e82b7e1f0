//! What a list of packages is asked for: a text, an order, a page.
//! Knows nothing of packages. What makes no sense asks for nothing.

use crate::route::{Route, Which};
use url::form_urlencoded;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// What is searched for; nothing if nothing is.
    pub(super) text: String,
    /// By what it is to be sorted, if that is said.
    pub(super) sort: Option<Sort>,
    /// Which page, from 1.
    pub(super) page: usize,
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Name,
    Asked,
    Size,
    Versions,
}

impl Sort {
    const ALL: [Sort; 4] = [Sort::Name, Sort::Asked, Sort::Size, Sort::Versions];

    /// As in a query.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Sort::Name => "name",
            Sort::Asked => "asked",
            Sort::Size => "size",
            Sort::Versions => "versions",
        }
    }
}

impl Asked {
    /// Reads a query; of what is said twice, the first counts.
    pub(super) fn parse(query: &str) -> Asked {
        let value = |key: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find(|(name, _)| name == key).map(|(_, value)| value.into_owned())
        };
        let sort =
            value("sort").and_then(|sort| Sort::ALL.into_iter().find(|it| it.as_str() == sort));
        let page = value("page").and_then(|page| page.parse().ok());
        Asked {
            text: value("q").unwrap_or_default(),
            sort,
            page: page.filter(|page| *page > 0).unwrap_or(1),
        }
    }

    /// Where this list is with the same text, so sorted, at this page.
    pub(super) fn path(&self, which: Which, sort: Option<Sort>, page: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.text.trim().is_empty() {
            query.append_pair("q", &self.text);
        }
        if let Some(sort) = sort {
            query.append_pair("sort", sort.as_str());
        }
        if page > 1 {
            query.append_pair("page", &page.to_string());
        }
        Route::Packages { which, query: query.finish() }.path()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_asks_for_nothing() {
        let asked = |text: &str, sort, page| Asked { text: text.to_owned(), sort, page };
        for (query, expected) in [
            ("", asked("", None, 1)),
            ("q=left%20pad&sort=size&page=3", asked("left pad", Some(Sort::Size), 3)),
            ("q=a+b&q=c", asked("a b", None, 1)),
            ("sort=colour&page=0", asked("", None, 1)),
            ("page=-1", asked("", None, 1)),
            ("page=99999999999999999999999", asked("", None, 1)),
            ("page=1e3&sort=&q=%ff", asked("\u{fffd}", None, 1)),
            ("&&=&q", asked("", None, 1)),
        ] {
            assert_eq!(Asked::parse(query), expected, "{query}");
        }
    }

    #[test]
    fn paths_lead_to_what_they_are_made_of() {
        let asked = Asked::parse("q=a%26b%22%3C&sort=asked&page=2");
        let path = asked.path(Which::Local, asked.sort, asked.page);
        assert_eq!(path, "/-/packages/local?q=a%26b%22%3C&sort=asked&page=2");
        assert_eq!(Asked::parse(path.split_once('?').unwrap().1), asked);
        assert_eq!(Asked::parse("").path(Which::All, None, 1), "/-/packages/all");
    }
}
