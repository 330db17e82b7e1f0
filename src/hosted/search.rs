//! Searches among the packages, and what keeps them up to date.
//! Knows nothing of who asks, nor of when to look at the directory again.
//!
//! What searches know of a package comes with its document ([`Known`](super::package::Known)), and changes when that is
//! read anew. So a search reads no document and asks the store for no stamp, but for those that were changed through
//! this process since the last one ([`Hosted::note_change`]).

use super::{Authority, Hosted, HostedError};
use crate::document;
use crate::npm::PackageName;
use crate::search::{Hits, Private, Query, Told};
use log::warn;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// So many packages are looked at without letting others change them.
const SLICE: usize = 1024;
/// With more packages than this, a search is done on the threads for documents.
const QUICK: usize = 2 * SLICE;

/// Packages that were changed here, and whose documents nobody has read since: each with the number of its last change.
#[derive(Default)]
pub(super) struct Changed {
    names: Mutex<(u64, HashMap<PackageName, u64>)>,
}

impl Changed {
    fn note(&self, name: &PackageName) {
        let (number, names) = &mut *self.names.lock();
        *number += 1;
        names.insert(name.clone(), *number);
    }

    fn all(&self) -> Vec<(PackageName, u64)> {
        let (_, names) = &*self.names.lock();
        names.iter().map(|(name, number)| (name.clone(), *number)).collect()
    }

    /// One was read; unless it was changed again meanwhile, that is done.
    fn done(&self, name: &PackageName, number: u64) {
        let (_, names) = &mut *self.names.lock();
        if names.get(name) == Some(&number) {
            names.remove(name);
        }
    }
}

impl Hosted {
    /// A package was changed: the next search has to see it.
    pub fn note_change(&self, name: &PackageName) {
        self.changed.note(name);
    }

    /// The packages that match, in their order, of those that may be seen. All that was committed through this process
    /// is in it, and what the last [`look_again`](Self::look_again) has seen.
    ///
    /// # Errors
    /// When the work on it broke off.
    pub async fn search(
        self: &Arc<Self>,
        query: Query,
        is_visible: impl Fn(&PackageName) -> bool + Send + 'static,
    ) -> Result<Hits, HostedError> {
        for (name, number) in self.changed.all() {
            if let Err(error) = self.package(&name).await {
                warn!("store: {error}");
            }
            self.changed.done(&name, number);
        }
        if self.names.count_own() <= QUICK {
            return Ok(self.names.search(&query, SLICE, &is_visible));
        }
        let hosted = Arc::clone(self);
        let turn = document::turn(0, false).await;
        let searched = turn.work(move || hosted.names.search(&query, SLICE, &is_visible));
        let (hits, _room) = searched.await?;
        Ok(hits)
    }

    /// Looks at the store for what other processes have changed.
    ///
    /// # Errors
    /// As of [`packages`](Self::packages).
    pub async fn look_again(self: &Arc<Self>) -> Result<(), HostedError> {
        let before = self.names.own();
        let packages = self.packages().await?;
        // What is not in the list, and was there before it was made, is asked for: it is forgotten then.
        for name in before {
            let is_listed = packages.binary_search_by(|package| package.name.cmp(&name)).is_ok();
            if !is_listed {
                // An error changes nothing, and who asks for the package is told of it.
                let _ = self.package(&name).await;
            }
        }
        Ok(())
    }

    /// Whether a text may be sent to upstreams: none may that names a package of NOPAR's own, see [`Private`]. The
    /// names in it are looked up in the store: another process may have published one just now.
    ///
    /// # Errors
    /// When the store cannot say whose a name is.
    pub async fn may_be_told(&self, text: &str) -> Result<bool, HostedError> {
        let Told::Names(names) = Private::new(&self.claims).told(text) else { return Ok(false) };
        if names.iter().any(|name| self.names.has_lower(name)) {
            return Ok(false);
        }
        for name in names.iter().filter_map(|name| PackageName::parse(name).ok()) {
            if !matches!(self.authority(&name).await?, Authority::Upstream(_)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::Counters;
    use crate::pages::Sendfile;
    use crate::store::{Change, Committed, MemoryStore, Store};
    use crate::view::Memory;
    use bytes::Bytes;

    fn hosted() -> Arc<Hosted> {
        let memory = Memory::new(1 << 20, Sendfile::default(), Arc::new(Counters::new(1)));
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        Arc::new(Hosted::new(store, Arc::new(memory), Vec::new()))
    }

    /// Commits a document as another process does: nobody is told.
    async fn commit(hosted: &Hosted, name: &str, description: &str) {
        let name: PackageName = name.parse().unwrap();
        let document = format!(
            r#"{{"name":"{name}","versions":{{"1.0.0":{{"description":"{description}"}}}}}}"#
        );
        let before = hosted.store().document(&name).await.unwrap().map(|stored| stored.tag);
        let document = Bytes::from(document);
        let change = Change { document, add: Vec::new(), remove: Vec::new() };
        let committed = hosted.store().commit(&name, before.as_ref(), change).await.unwrap();
        assert!(matches!(committed, Committed::Done(_)));
    }

    async fn count(hosted: &Arc<Hosted>, text: &str) -> usize {
        let query = Query::parse(text).unwrap();
        hosted.search(query, |name| name.as_str() != "hidden").await.unwrap().len()
    }

    #[tokio::test]
    async fn what_is_changed_is_found_when_it_is_told_or_looked_for() {
        let hosted = hosted();
        for name in ["a", "b", "hidden"] {
            commit(&hosted, name, "old").await;
        }
        assert_eq!(count(&hosted, "old").await, 0);
        hosted.look_again().await.unwrap();
        assert_eq!(count(&hosted, "old").await, 2);
        commit(&hosted, "a", "new").await;
        commit(&hosted, "b", "new").await;
        assert_eq!(count(&hosted, "new").await, 0);
        hosted.note_change(&"a".parse().unwrap());
        assert_eq!(count(&hosted, "new").await, 1);
        hosted.look_again().await.unwrap();
        assert_eq!(count(&hosted, "new").await, 2);
        assert!(hosted.changed.all().is_empty());
    }

    /// A change that comes while another is being read is not forgotten.
    #[test]
    fn only_the_change_that_was_read_is_done() {
        let (changed, name) = (Changed::default(), "a".parse().unwrap());
        changed.note(&name);
        let first = changed.all();
        changed.note(&name);
        first.iter().for_each(|(name, number)| changed.done(name, *number));
        let second = changed.all();
        assert_eq!(second.len(), 1);
        second.iter().for_each(|(name, number)| changed.done(name, *number));
        assert!(changed.all().is_empty());
    }

    #[tokio::test]
    async fn many_packages_are_searched_on_other_threads_with_the_same_result() {
        let hosted = hosted();
        for number in 0..=QUICK {
            commit(&hosted, &format!("p{number}"), "one of many").await;
        }
        hosted.look_again().await.unwrap();
        assert_eq!(count(&hosted, "many").await, QUICK + 1);
        assert_eq!(count(&hosted, "p2048").await, 1);
    }
}
