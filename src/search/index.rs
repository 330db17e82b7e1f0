//! All hosted packages as searches know them.
//! Knows nothing of how they change.

use super::{Entry, Query};
use crate::npm::PackageName;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::ops::{Bound, Range};

/// The packages by name, in whose order equal matches are.
#[derive(Debug, Default)]
pub struct Index {
    /// Names that are NOPAR's own; those under which nothing is published have no entry.
    names: BTreeMap<PackageName, Option<Entry>>,
    /// How many of them are equal but for their case, in lower case.
    lower: HashMap<Box<str>, u32>,
}

/// What was found: the best of it, and how much there is.
#[derive(Debug)]
pub struct Hits {
    /// The worst of them on top.
    best: BinaryHeap<Hit>,
    most: usize,
    total: u64,
}

/// One of them. In order they are by rank, and as they came, which is by name.
#[derive(Debug)]
struct Hit {
    rank: u32,
    number: u64,
    entry: Entry,
}

/// Some of what was found, and how many there are.
#[derive(Debug)]
pub struct Page {
    found: Vec<(u32, Entry)>,
    total: u64,
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
                hits.put(rank, entry);
            }
            last = Some(name);
        }
        None
    }
}

impl Hits {
    /// Nothing yet. Of all that is found, so many are held: of thousands that match, tens are shown.
    pub fn of_best(most: u64) -> Hits {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Hits { best: BinaryHeap::new(), most, total: 0 }
    }

    /// How many there are, of which not all may be held.
    pub fn total(&self) -> u64 {
        self.total
    }

    fn put(&mut self, rank: u32, entry: &Entry) {
        let number = self.total;
        self.total += 1;
        if self.best.len() >= self.most {
            // Whatever comes later is worse than what has the same rank.
            if self.best.peek().is_none_or(|worst| worst.rank <= rank) {
                return;
            }
            self.best.pop();
        }
        self.best.push(Hit { rank, number, entry: entry.clone() });
    }

    /// Those at these places, of which the last is one of the best that are held.
    pub fn page(self, window: &Range<u64>) -> Page {
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(self.best.len());
        let (begin, end) = (place(window.start), place(window.end));
        let ordered = self.best.into_sorted_vec().into_iter().take(end).skip(begin);
        let found = ordered.map(|hit| (hit.rank, hit.entry)).collect();
        Page { found, total: self.total }
    }
}

impl Hit {
    fn place(&self) -> (u32, u64) {
        (self.rank, self.number)
    }
}

impl Ord for Hit {
    fn cmp(&self, other: &Hit) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl PartialOrd for Hit {
    fn partial_cmp(&self, other: &Hit) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Hit {
    fn eq(&self, other: &Hit) -> bool {
        self.place() == other.place()
    }
}

impl Eq for Hit {}

impl Page {
    /// How many there are in all.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// These, as clients are sent them.
    pub fn objects(&self, base: &str) -> Vec<String> {
        self.found.iter().map(|(rank, entry)| entry.object(base, *rank)).collect()
    }
}

#[cfg(test)]
mod tests;
