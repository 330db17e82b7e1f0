//! What is around each page: where it is, where its links lead, who looks at it.
//! Knows nothing of what is on it.

use super::asset;

/// The frame of a page.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The URL of the registry, without a slash at its end.
    pub registry: &'a str,
    /// Who is signed in.
    pub user: Option<&'a str>,
    /// Whether people can sign in here at all.
    pub has_users: bool,
    /// Whether they may open the settings.
    pub administers: bool,
    /// Which of the pages in the header it belongs to: `packages`, `settings`, `account`, or none.
    pub here: &'a str,
    /// What stands in the search field.
    pub search: &'a str,
    /// The list that is searched, as in its path: `all`, `local`, `proxied`.
    pub list: &'a str,
    /// What was done just now.
    pub notice: Option<&'a str>,
}

impl<'a> Frame<'a> {
    /// That of a page of this registry, which nobody in particular looks at.
    pub fn new(registry: &'a str) -> Frame<'a> {
        Frame {
            registry,
            user: None,
            has_users: false,
            administers: false,
            here: "",
            search: "",
            list: "all",
            notice: None,
        }
    }

    /// The same for a page that belongs to this one of the header.
    pub fn here(self, here: &'a str) -> Frame<'a> {
        Frame { here, ..self }
    }

    /// Where a path of the registry is: without its host, as there may be several ways to it, and a page shall lead to
    /// others by the way that it came.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", prefix(self.registry))
    }

    /// Where the page of a package is.
    pub fn package(&self, name: &str) -> String {
        // Names are letters and signs that paths may have; others than ASCII are for browsers to encode.
        self.at(&format!("/-/package/{name}"))
    }

    pub(crate) fn asset(&self, name: &str) -> String {
        asset(self.registry, name)
    }

    pub(crate) fn is(&self, page: &str) -> bool {
        self.here == page
    }
}

/// The path of a URL: `/npm` of `https://npm.example/npm`.
pub(super) fn prefix(url: &str) -> &str {
    let behind = url.find("://").map_or(0, |at| at + 3);
    url[behind..].find('/').map_or("", |at| &url[behind + at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lead_to_each_other_by_the_way_they_came() {
        for (registry, expected) in [
            ("http://npm.example", "/-/settings"),
            ("https://npm.example:8443/npm", "/npm/-/settings"),
            ("http://[::1]:5984/a/b", "/a/b/-/settings"),
        ] {
            assert_eq!(Frame::new(registry).at("/-/settings"), expected);
        }
    }
}
