//! All hosted packages as searches know them.
//! Knows nothing of how they change.

use super::{Entry, Query};
use crate::npm::PackageName;
use std::collections::{BTreeMap, HashMap};
use std::ops::{Bound, Range};

/// The packages by name, in whose order equal matches are.
#[derive(Debug, Default)]
pub struct Index {
    /// Names that are NOPAR's own; those under which nothing is published have no entry.
    names: BTreeMap<PackageName, Option<Entry>>,
    /// How many of them are equal but for their case, in lower case.
    lower: HashMap<Box<str>, u32>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Hits {
    /// Their ranks, and they.
    found: Vec<(u32, Entry)>,
    is_ordered: bool,
}

impl Index {
    /// A name is NOPAR's own from now on; `entry` is what is published under it, if anything is.
    pub fn put(&mut self, name: &PackageName, entry: Option<Entry>) {
        if let Some(held) = self.names.get_mut(name) {
            *held = entry;
            return;
        }
        self.names.insert(name.clone(), entry);
        *self.lower.entry(name.as_str().to_lowercase().into()).or_default() += 1;
    }

    /// A name is not NOPAR's own any more.
    pub fn remove(&mut self, name: &PackageName) {
        if self.names.remove(name).is_none() {
            return;
        }
        let lower = name.as_str().to_lowercase();
        if let Some(count) = self.lower.get_mut(lower.as_str()) {
            *count -= 1;
            if *count == 0 {
                self.lower.remove(lower.as_str());
            }
        }
    }

    /// The names.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &PackageName> {
        self.names.keys()
    }

    /// Whether a text in lower case is a name, but for its case.
    pub fn has_lower(&self, text: &str) -> bool {
        self.lower.contains_key(text)
    }

    /// Looks at up to `most` names behind `after`, and adds what matches and may be seen to `hits`. The last of them,
    /// if there are more.
    ///
    /// In slices, so that who wants to change the index waits for no whole search.
    pub fn search(
        &self,
        after: Option<&PackageName>,
        most: usize,
        query: &Query,
        is_visible: &dyn Fn(&PackageName) -> bool,
        hits: &mut Hits,
    ) -> Option<PackageName> {
        let behind = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut last: Option<&PackageName> = None;
        for (number, (name, entry)) in self.names.range((behind, Bound::Unbounded)).enumerate() {
            if number == most {
                return last.cloned();
            }
            if let Some(entry) = entry
                && let Some(rank) = entry.rank(query)
                && is_visible(name)
            {
                hits.found.push((rank, entry.clone()));
                hits.is_ordered = false;
            }
            last = Some(name);
        }
        None
    }
}

impl Hits {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Puts all in order: by rank, and by name where that is the same.
    pub fn order(&mut self) {
        if !self.is_ordered {
            // They came by name, and what is equal stays as it is.
            self.found.sort_by_key(|(rank, _)| *rank);
            self.is_ordered = true;
        }
    }

    /// Those at these places, as clients are sent them.
    pub fn objects(&self, window: &Range<u64>, base: &str) -> Vec<String> {
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(self.found.len());
        let found = &self.found[place(window.start)..place(window.end)];
        found.iter().map(|(rank, entry)| entry.object(base, *rank)).collect()
    }
}

#[cfg(test)]
mod tests;
