//! Which of many lists of patterns is the first that matches a name.
//! Knows nothing of what the lists are of.

use crate::config::Pattern;
use std::borrow::Cow;
use std::collections::HashMap;

/// Patterns, and the first list that each is in.
///
/// A rule that nobody looks at costs nothing: a name is looked up as a whole, and once for each length that a beginning
/// of names has. Patterns match without regard to ASCII case: who hides `acme` hides `ACME`, which an upstream may take for
/// the same.
#[derive(Clone, Debug, Default)]
pub(super) struct First {
    names: HashMap<Box<str>, usize>,
    prefixes: HashMap<Box<str>, usize>,
    /// The lengths of the prefixes in bytes, each once.
    lengths: Vec<usize>,
}

impl First {
    /// The lists in their order.
    pub(super) fn new<'a>(lists: impl Iterator<Item = &'a [Pattern]>) -> First {
        let mut first = First::default();
        for (number, patterns) in lists.enumerate() {
            for pattern in patterns {
                match pattern {
                    Pattern::Name(name) => first.names.entry(lower(name.as_str()).into()),
                    Pattern::Prefix(prefix) => first.prefixes.entry(lower(prefix).into()),
                }
                .or_insert(number);
            }
        }
        first.lengths = first.prefixes.keys().map(|prefix| prefix.len()).collect();
        first.lengths.sort_unstable();
        first.lengths.dedup();
        first
    }

    /// The number of the first list that matches.
    pub(super) fn of(&self, name: &str) -> Option<usize> {
        let name = &*lower(name);
        let beginnings = self.lengths.iter().filter_map(|length| name.get(..*length));
        let by_prefix = beginnings.filter_map(|beginning| self.prefixes.get(beginning));
        by_prefix.chain(self.names.get(name)).copied().min()
    }
}

/// A text in lower case, as far as ASCII has any: nearly all names are.
fn lower(text: &str) -> Cow<'_, str> {
    match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => text.to_ascii_lowercase().into(),
        false => text.into(),
    }
}
