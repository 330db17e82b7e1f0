//! The packages that are held at one moment: what pages are made of.
//! Knows nothing of the cache; it never changes.

use super::Held;
use crate::npm::{NeedKind, Needs, PackageName};
use crate::search::Query;
use memchr::memmem::Finder;

/// Packages that are held, by name.
#[derive(Debug, Default)]
pub struct Listing {
    packages: Vec<Held>,
    bytes: u64,
    is_whole: bool,
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
        Listing { packages, bytes, is_whole }
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
    /// All that is needed is looked through, in one text for each package: an inverted index would have to be made for
    /// each listing, of which a busy cache has one a second, and is asked a few times at most (`benches/catalogue.rs`).
    pub fn dependents(&self, name: &PackageName) -> Vec<Dependent<'_>> {
        let mark = Needs::mark(name.as_str());
        let finder = Finder::new(&mark);
        let needing = self
            .packages
            .iter()
            .filter(|held| finder.find(held.dependencies().text().as_bytes()).is_some());
        let all = needing.flat_map(|held| {
            let needs = held.dependencies().of(name.as_str());
            needs.map(move |need| Dependent { held, kind: need.kind, range: need.range })
        });
        all.collect()
    }
}
