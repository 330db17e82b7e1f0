//! What is known of the store's packages by name.
//! Knows nothing of the store: what it says is only right as long as the stamp is the same.

use super::package::{Known, Package, Standing};
use crate::npm::PackageName;
use crate::search::{Hits, Index, Page, Query};
use crate::store::Stamp;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Generations of hosted packages are numbered from here: those of the cache's entries begin with the time in
/// milliseconds, and come here in the year 2248.
const FIRST: u64 = 1 << 63;

/// The packages that were looked at.
#[derive(Default)]
pub(super) struct Names {
    packages: RwLock<HashMap<PackageName, Arc<Package>>>,
    /// Those that are NOPAR's own, for searches. Locked before `packages`, if both are: who searches keeps nobody from
    /// those.
    index: RwLock<Index>,
    made: AtomicU64,
    epoch: AtomicU64,
    size: Size,
}

/// How much the packages are that are noted and NOPAR's own. Kept by what changes: who reads it looks through nothing.
/// Changed under the lock of `packages` only.
#[derive(Default)]
struct Size {
    versions: AtomicU64,
    bytes: AtomicU64,
}

impl Size {
    /// One package is in place of another.
    fn replace(&self, before: Option<&Package>, after: Option<&Package>) {
        let own = |package: Option<&Package>| package.filter(|package| is_own(package)).map(of);
        let (before, after) = (own(before).unwrap_or_default(), own(after).unwrap_or_default());
        let change = |sum: &AtomicU64, before: u64, after: u64| {
            sum.fetch_add(after.wrapping_sub(before), Ordering::Relaxed);
        };
        change(&self.versions, before.0, after.0);
        change(&self.bytes, before.1, after.1);
    }
}

/// How many versions a package has, and how many bytes they have.
fn of(package: &Package) -> (u64, u64) {
    (package.versions().into(), package.bytes())
}

impl Names {
    /// A package, if it still has this stamp.
    pub(super) fn get(&self, name: &PackageName, stamp: Stamp) -> Option<Arc<Package>> {
        self.packages.read().get(name).filter(|package| package.stamp == stamp).cloned()
    }

    /// A new generation of a package, which is not noted yet.
    pub(super) fn generation(
        &self,
        name: &PackageName,
        stamp: Stamp,
        known: Known,
    ) -> Arc<Package> {
        let id = FIRST + self.made.fetch_add(1, Ordering::Relaxed);
        // Who asks for a package asks for whichever generation there is.
        let requests = self.packages.read().get(name).map(|before| Arc::clone(before.requests()));
        Arc::new(Package::new(name.clone(), id, stamp, known, requests.unwrap_or_default()))
    }

    /// Notes a package's new generation, unless another has done so meanwhile.
    pub(super) fn put(&self, name: &PackageName, stamp: Stamp, known: Known) -> Arc<Package> {
        self.note(self.generation(name, stamp, known))
    }

    /// The same, of one that was made before.
    pub(super) fn note(&self, package: Arc<Package>) -> Arc<Package> {
        let (noted, is_news) = self.noted(package);
        if is_news {
            self.tell_index(&noted.name);
        }
        noted
    }

    /// What is noted of a package now, and whether it was not before.
    fn noted(&self, package: Arc<Package>) -> (Arc<Package>, bool) {
        let mut packages = self.packages.write();
        let before = packages.get(&package.name);
        if let Some(noted) = before.filter(|noted| noted.stamp == package.stamp) {
            return (Arc::clone(noted), false);
        }
        let was_own = before.is_some_and(|before| is_own(before));
        self.size.replace(before.map(|before| &**before), Some(&package));
        packages.insert(package.name.clone(), Arc::clone(&package));
        if was_own != is_own(&package) {
            self.epoch.fetch_add(1, Ordering::Release);
        }
        (package, true)
    }

    /// There is no package of this name any more.
    pub(super) fn forget(&self, name: &PackageName) {
        if !self.packages.read().contains_key(name) {
            return;
        }
        let removed = {
            let mut packages = self.packages.write();
            let removed = packages.remove(name);
            self.size.replace(removed.as_deref(), None);
            removed
        };
        if removed.is_some_and(|package| is_own(&package)) {
            self.epoch.fetch_add(1, Ordering::Release);
            self.tell_index(name);
        }
    }

    /// Puts into the index what is noted of a name. Of several who do so at once the last finds what is noted last.
    fn tell_index(&self, name: &PackageName) {
        let mut index = self.index.write();
        let noted = self.packages.read().get(name).cloned();
        match noted.filter(|package| is_own(package)) {
            Some(package) => index.put(name, package.entry().cloned()),
            None => index.remove(name),
        }
    }

    /// What is found among NOPAR's own packages at these places; so many are looked at under one lock.
    pub(super) fn search(
        &self,
        query: &Query,
        window: &Range<u64>,
        slice: usize,
        is_visible: &dyn Fn(&PackageName) -> bool,
    ) -> Page {
        let (mut hits, mut after) = (Hits::of_best(window.end), None);
        loop {
            after = self.index.read().search(after.as_ref(), slice, query, is_visible, &mut hits);
            if after.is_none() {
                break;
            }
        }
        hits.page(window)
    }

    /// What is noted of those that are published, by name.
    pub(super) fn published(&self) -> Vec<Arc<Package>> {
        let (index, packages) = (self.index.read(), self.packages.read());
        let noted = index.names().filter_map(|name| packages.get(name));
        noted.filter(|package| package.standing() == Standing::Published).cloned().collect()
    }

    /// How many names are NOPAR's own, as far as they were looked at.
    pub(super) fn count_own(&self) -> usize {
        self.index.read().names().len()
    }

    /// How many versions and bytes those have.
    pub(super) fn size(&self) -> (u64, u64) {
        let Size { versions, bytes } = &self.size;
        (versions.load(Ordering::Relaxed), bytes.load(Ordering::Relaxed))
    }

    /// Those of these names that are not in a list, which is in their order.
    pub(super) fn own_beside(&self, listed: &[Arc<Package>]) -> Vec<PackageName> {
        let mut listed = listed.iter().peekable();
        let mut is_beside = |name: &&PackageName| {
            while listed.next_if(|package| package.name < **name).is_some() {}
            listed.peek().is_none_or(|package| package.name != **name)
        };
        self.index.read().names().filter(|name| is_beside(name)).cloned().collect()
    }

    /// Whether a text in lower case is one of them, but for its case.
    pub(super) fn has_lower(&self, text: &str) -> bool {
        self.index.read().has_lower(text)
    }

    /// Whether a package of this name was found to be NOPAR's own.
    pub(super) fn is_own(&self, name: &PackageName) -> bool {
        self.packages.read().get(name).is_some_and(|package| is_own(package))
    }

    /// See [`epoch`](Self::epoch).
    pub(super) fn begin_epoch(&self) {
        self.epoch.fetch_add(1, Ordering::Release);
    }

    /// Counts the names that became NOPAR's own, or ended to be.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }
}

fn is_own(package: &Package) -> bool {
    package.standing() != Standing::Copy
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npm::hosted::HostedDocument;

    /// What is known of a package with this in its document.
    fn with(members: &str) -> Known {
        let document = HostedDocument::parse(format!(r#"{{"name":"a",{members}}}"#).as_bytes());
        Known::of(&document.unwrap(), |_, _| 0)
    }

    fn published() -> Known {
        with(r#""versions":{"1.0.0":{}}"#)
    }

    #[test]
    fn a_generation_ends_with_its_stamp() {
        let (names, name) = (Names::default(), "a".parse().unwrap());
        let [one, two] = [1, 2].map(|number| Stamp::new(9, [number; 3]));
        let first = names.put(&name, one, published());
        assert_eq!(names.get(&name, one), Some(Arc::clone(&first)));
        assert_eq!(names.get(&name, two), None);
        assert_eq!(names.put(&name, one, published()).id(), first.id());
        let now = crate::clock::of_millis(1_000_000_000_000);
        first.note_request(now);
        let second = names.put(&name, two, published());
        assert_ne!(second.id(), first.id());
        second.note_request(now);
        // Also of who holds the one before.
        first.note_request(now);
        assert_eq!((second.requests_until(now), second.asked()), (3, Some(now)));
    }

    #[test]
    fn what_a_list_does_not_have_is_told() {
        let names = Names::default();
        let put =
            |name: &str| names.put(&name.parse().unwrap(), Stamp::new(9, [1; 3]), published());
        let all: Vec<_> = ["a", "b", "c", "d"].into_iter().map(put).collect();
        let beside = |listed: &[Arc<Package>]| -> Vec<String> {
            names.own_beside(listed).iter().map(ToString::to_string).collect()
        };
        assert_eq!(beside(&all), [""; 0]);
        assert_eq!(beside(&all[1..3]), ["a", "d"]);
        let other = names.generation(&"bb".parse().unwrap(), Stamp::new(9, [1; 3]), published());
        assert_eq!(beside(&[Arc::clone(&all[0]), other, Arc::clone(&all[3])]), ["b", "c"]);
        assert_eq!(beside(&[]), ["a", "b", "c", "d"]);
    }

    /// Whatever comes in whichever order, the size is the sum of what is noted.
    #[test]
    fn the_size_is_that_of_what_is_own() {
        let document = |members: &str| {
            let document = HostedDocument::parse(format!(r#"{{"name":"a",{members}}}"#).as_bytes());
            Known::of(&document.unwrap(), |_, _| 100)
        };
        let two = r#""versions":{"1.0.0":{},"1.1.0":{}}"#;
        let one = r#""versions":{"1.0.0":{}}"#;
        let (names, mut stamps) = (Names::default(), 1..);
        let mut put = |name: &str, members: &str| {
            let stamp = Stamp::new(9, [stamps.next().unwrap(); 3]);
            names.put(&name.parse().unwrap(), stamp, document(members));
            // The same once more, as of two who read it at once.
            names.put(&name.parse().unwrap(), stamp, document(members));
            names.size()
        };
        assert_eq!(put("a", two), (2, 200));
        assert_eq!(put("b", one), (3, 300));
        assert_eq!(put("a", one), (2, 200));
        assert_eq!(put("copied", r#""_proxied":true,"versions":{"1.0.0":{}}"#), (2, 200));
        assert_eq!(put("b", r#""_proxied":true"#), (1, 100), "it is the upstream's now");
        assert_eq!(put("b", two), (3, 300));
        assert_eq!(put("b", r#""versions":{}"#), (1, 100), "it was taken back");
        for name in ["a", "b", "copied", "unknown"] {
            names.forget(&name.parse().unwrap());
        }
        assert_eq!(names.size(), (0, 0));
    }

    #[test]
    fn the_epoch_changes_with_what_is_own() {
        let (names, name) = (Names::default(), "a".parse().unwrap());
        let stamp = |number| Stamp::new(9, [number; 3]);
        names.put(&name, stamp(1), with(r#""_proxied":true"#));
        assert!(!names.is_own(&name) && names.epoch() == 0);
        names.put(&name, stamp(2), published());
        assert!(names.is_own(&name) && names.epoch() == 1);
        names.put(&name, stamp(3), with(r#""versions":{}"#));
        assert!(names.is_own(&name) && names.epoch() == 1);
    }
}
