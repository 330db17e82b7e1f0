//! How well a package matches of which no more is known than its name and a description: those of upstreams.
//! Knows nothing of which packages there are. The ranks are those of hosted packages.

use super::Query;
use super::entry::{IN_DESCRIPTION, rank_in_name};

impl Query {
    /// The rank as of [`Entry::rank`](super::Entry::rank), less being better; `None` for no match. Both texts are in
    /// lower case. Who asks for keywords or people finds nothing here, as they are not known.
    pub fn rank(&self, name: &str, description: &str) -> Option<u32> {
        let asks_for_more = [&self.maintainers, &self.authors].iter().any(|list| !list.is_empty());
        if asks_for_more || !self.keywords.is_empty() {
            return None;
        }
        if !self.scopes.iter().all(|scope| name.starts_with(scope.as_str())) {
            return None;
        }
        let mut rank = 0;
        for word in &self.words {
            rank += match word.finder.find(name.as_bytes()) {
                Some(at) => rank_in_name(name, word, at),
                None => word.finder.find(description.as_bytes()).map(|_| IN_DESCRIPTION)?,
            };
        }
        Some(self.is_name(name).unwrap_or(rank))
    }

    /// The rank of a package whose name is the whole text, or is that without its scope.
    pub(super) fn is_name(&self, name: &str) -> Option<u32> {
        let [word] = self.words.as_slice() else { return None };
        match name.strip_suffix(word.text.as_str())? {
            "" => Some(0),
            scope if scope.ends_with('/') => Some(1),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_before_descriptions() {
        let rank =
            |text: &str| Query::parse(text).unwrap().rank("@acme/ui-kit", "buttons and forms");
        for (text, expected) in [
            ("@ACME/ui-kit", Some(0)),
            ("ui-kit", Some(1)),
            ("@acm", Some(2)),
            ("ui", Some(3)),
            ("kit", Some(4)),
            ("it", Some(5)),
            ("forms", Some(7)),
            ("kit forms", Some(11)),
            ("kit nobody", None),
            ("", Some(0)),
            ("*", Some(0)),
            ("scope:acme kit", Some(4)),
            ("scope:other kit", None),
            ("keywords:ui", None),
            ("maintainer:ann", None),
            ("author:ann", None),
        ] {
            assert_eq!(rank(text), expected, "{text}");
        }
    }

    /// `@humanfs/types` and all of `@typescript` came before `typescript`.
    #[test]
    fn a_name_that_begins_so_comes_before_one_whose_scope_or_base_does() {
        let query = Query::parse("type").unwrap();
        let names = ["typescript", "@humanfs/types", "@typescript/vfs", "is-prototype-of"];
        let ranks = names.map(|name| query.rank(name, "").unwrap());
        assert_eq!(ranks, [2, 3, 4, 5]);
    }
}
