//! Which part of a list is asked for.
//! Knows nothing of what the list is of.

use crate::api::Refusal;
use crate::npm::PackageName;
use url::form_urlencoded;

/// As many as npm's own registry tells at once, if nothing is said, and at most.
pub(super) const USUAL: usize = 10;
pub(super) const MOST: usize = 100;

/// What a query asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// From 0.
    pub(super) page: usize,
    /// How many are on a page.
    pub(super) per_page: usize,
    /// Only those of this package.
    pub(super) package: Option<PackageName>,
}

impl Asked {
    /// Reads a query; what it does not say is as usual, where `usual` is how many are on a page.
    ///
    /// # Errors
    /// When what should be a number is none, or a name none.
    pub(super) fn parse(query: &str, usual: usize) -> Result<Asked, Refusal> {
        let mut asked = Asked { page: 0, per_page: usual, package: None };
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                _ if value.is_empty() => {}
                "page" => asked.page = number("page", &value)?,
                "perPage" => asked.per_page = number("perPage", &value)?.clamp(1, MOST),
                "package" => asked.package = Some(PackageName::parse(&value)?),
                _ => {}
            }
        }
        Ok(asked)
    }

    /// The number of the first.
    pub(super) fn first(&self) -> usize {
        self.page.saturating_mul(self.per_page)
    }

    /// The part of a list.
    pub(super) fn part_of<'a, T>(&self, all: &'a [T]) -> &'a [T] {
        let from = self.first().min(all.len());
        let to = from.saturating_add(self.per_page).min(all.len());
        &all[from..to]
    }
}

fn number(key: &str, text: &str) -> Result<usize, Refusal> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    // More digits than any list has items: the page behind the last one, wherever that is.
    let number = if text.len() > 9 { Some(usize::MAX) } else { text.parse().ok() };
    let number = number.filter(|_| digits);
    number.ok_or_else(|| Refusal::bad_body(format!("{key} in the query is not a number")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_said_is_as_usual() {
        let all: Vec<usize> = (0..23).collect();
        for (query, package, part) in [
            ("", None, 0..10),
            ("page=&perPage=&package=&more=x", None, 0..10),
            ("page=0&perPage=100", None, 0..23),
            ("perPage=1000", None, 0..23),
            ("page=2", None, 20..23),
            ("page=3", None, 23..23),
            ("page=99999999999999999999999999", None, 23..23),
            ("page=1&perPage=0", None, 1..2),
            ("package=%40s%2Fx&page=1&perPage=20", Some("@s/x"), 20..23),
        ] {
            let asked = Asked::parse(query, USUAL).unwrap();
            assert_eq!(asked.part_of(&all), &all[part], "{query}");
            assert_eq!(asked.package.as_ref().map(PackageName::as_str), package, "{query}");
        }
    }

    #[test]
    fn what_is_no_number_or_name_is_refused() {
        for query in ["page=-1", "page=one", "perPage=1.5", "perPage=%201", "package=..", "page=+1"]
        {
            let refused = Asked::parse(query, USUAL).unwrap_err();
            assert_eq!(refused.status.as_u16(), 400, "{query}");
        }
    }

    proptest! {
        /// All pages together are the list.
        #[test]
        fn pages_are_the_list(len in 0_usize..300, per_page in 1_usize..120) {
            let all: Vec<usize> = (0..len).collect();
            let mut seen = Vec::new();
            for page in 0..=len {
                let query = format!("page={page}&perPage={per_page}");
                let asked = Asked::parse(&query, USUAL).unwrap();
                seen.extend_from_slice(asked.part_of(&all));
            }
            prop_assert_eq!(seen, all);
        }
    }
}
