//! The packages that are held at one moment: what pages are made of.
//! Knows nothing of the cache; it never changes.

use super::Held;
use crate::npm::{NeedKind, Needs, PackageName};
use crate::search::Query;
use memchr::memmem::Finder;
use std::sync::OnceLock;

/// Packages that are held, by name.
#[derive(Debug, Default)]
pub struct Listing {
    packages: Vec<Held>,
    bytes: u64,
    is_whole: bool,
    /// Made for who asks first.
    needs: OnceLock<AllNeeds>,
}

/// A package whose latest version needs another one.
#[derive(Clone, Copy, Debug)]
pub struct Dependent<'a> {
    /// The package.
    pub held: &'a Held,
    /// How it needs the other.
    pub kind: NeedKind,
    /// Which versions of the other it takes.
    pub range: &'a str,
}

impl Listing {
    /// Of these, which are in order.
    pub(super) fn new(packages: Vec<Held>, is_whole: bool) -> Listing {
        let bytes = packages.iter().map(|held| held.bytes).sum();
        Listing { packages, bytes, is_whole, needs: OnceLock::new() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.packages.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }

    /// All of them, by name.
    pub fn packages(&self) -> &[Held] {
        &self.packages
    }

    /// Bytes of all their files.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether these are all that are held: not so while files are still looked at after a start, nor if there are
    /// more of them than a catalogue has room for.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The package of this name.
    pub fn find(&self, name: &PackageName) -> Option<&Held> {
        let at = self.packages.binary_search_by(|held| (*held.name).cmp(name)).ok()?;
        self.packages.get(at)
    }

    /// Those that match: the best first, equal ones by name. Their names and descriptions are looked at, as more is
    /// not known of them.
    pub fn search(&self, query: &Query) -> Vec<&Held> {
        let rank = |held: &Held| {
            let (name, description) = held.lower();
            query.rank(name, description)
        };
        let mut found: Vec<(u32, &Held)> =
            self.packages.iter().filter_map(|held| Some((rank(held)?, held))).collect();
        // Stable: equal ones stay as they are.
        found.sort_by_key(|(rank, _)| *rank);
        found.into_iter().map(|(_, held)| held).collect()
    }

    /// Those whose latest versions need this package, by name, once for each way in which they do.
    ///
    /// All that is needed is looked through, in one text: an inverted index would have to be made for each listing, of which
    /// a busy cache has one a second, and is asked a few times at most (`benches/catalogue.rs`).
    pub fn dependents(&self, name: &PackageName) -> Vec<Dependent<'_>> {
        let needing = self.needs.get_or_init(|| AllNeeds::of(&self.packages)).naming(name);
        let needing = needing.into_iter().filter_map(|place| self.packages.get(place));
        let all = needing.flat_map(|held| {
            let needs = held.dependencies().of(name.as_str());
            needs.map(move |need| Dependent { held, kind: need.kind, range: need.range })
        });
        all.collect()
    }
}

/// What all packages need, one after the other: a text of megabytes is read in less time than thousands of short ones are
/// found in memory.
#[derive(Debug)]
struct AllNeeds {
    text: String,
    /// Where those of each package end.
    ends: Vec<usize>,
}

impl AllNeeds {
    fn of(packages: &[Held]) -> AllNeeds {
        let mut all = AllNeeds { text: String::new(), ends: Vec::with_capacity(packages.len()) };
        for held in packages {
            all.text.push_str(held.dependencies().text());
            // No name that is looked for has one in it.
            all.text.push('\n');
            all.ends.push(all.text.len());
        }
        all
    }

    /// The places of the packages that name this one.
    fn naming(&self, name: &PackageName) -> Vec<usize> {
        let mark = Needs::mark(name.as_str());
        let found = Finder::new(&mark).find_iter(self.text.as_bytes()).collect::<Vec<usize>>();
        let places = found.into_iter().map(|at| self.ends.partition_point(|end| *end <= at));
        let mut places: Vec<usize> = places.collect();
        places.dedup();
        places
    }
}
