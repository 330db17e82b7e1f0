//! Searches among the packages, and what keeps them up to date.
//! Knows nothing of who asks, nor of when to look at the directory again.
//!
//! What searches know of a package comes with its document ([`Known`](super::package::Known)), and changes when that is
//! read anew. So a search reads no document and asks the store for no stamp, but for those that were changed through
//! this process since the last one ([`Hosted::note_change`]).

use super::{Hosted, HostedError, Package};
use crate::document;
use crate::npm::PackageName;
use crate::search::{Page, Private, Query, Readings, Told};
use crate::store::StoreError;
use log::warn;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

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

    fn is_empty(&self) -> bool {
        self.names.lock().1.is_empty()
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

    /// Those at these places of the packages that match and may be seen, in their order. All that was committed through
    /// this process is in it, and what the last [`look_again`](Self::look_again) has seen.
    ///
    /// # Errors
    /// When the work on it broke off.
    pub async fn search(
        self: &Arc<Self>,
        query: Query,
        window: Range<u64>,
        is_visible: impl Fn(&PackageName) -> bool + Send + 'static,
    ) -> Result<Page, HostedError> {
        self.read_changed().await?;
        if self.names.count_own() <= QUICK {
            return Ok(self.names.search(&query, &window, SLICE, &is_visible));
        }
        let hosted = Arc::clone(self);
        let turn = document::turn(0, false).await;
        let searched = turn.work(move || hosted.names.search(&query, &window, SLICE, &is_visible));
        let (page, _room) = searched.await?;
        Ok(page)
    }

    /// All that are published, by name: as of the last [`look_again`](Self::look_again), and what was committed through
    /// this process.
    ///
    /// # Errors
    /// When the work on it broke off.
    pub async fn published(self: &Arc<Self>) -> Result<Vec<Arc<Package>>, HostedError> {
        self.read_changed().await?;
        Ok(self.names.published())
    }

    /// Reads what was changed here. On the blocking pool: when nobody has searched for a day, that may be thousands.
    async fn read_changed(self: &Arc<Self>) -> Result<(), HostedError> {
        if self.changed.is_empty() {
            return Ok(());
        }
        let hosted = Arc::clone(self);
        let read = async move {
            for (name, number) in hosted.changed.all() {
                if let Err(error) = hosted.package(&name).await {
                    warn!("store: {error}");
                }
                hosted.changed.done(&name, number);
            }
        };
        Ok(spawn_blocking(move || Handle::current().block_on(read)).await?)
    }

    /// Looks at the store for what other processes have changed.
    ///
    /// # Errors
    /// As of [`packages`](Self::packages).
    pub async fn look_again(self: &Arc<Self>) -> Result<(), HostedError> {
        let packages = self.packages().await?;
        let hosted = Arc::clone(self);
        // What is not in the list is asked for: if it is gone, it is forgotten then. On the blocking pool, as the list
        // itself: to compare 50,000 names takes milliseconds.
        let forget = async move {
            for name in hosted.names.own_beside(&packages) {
                // An error changes nothing, and who asks for the package is told of it.
                let _ = hosted.package(&name).await;
            }
        };
        Ok(spawn_blocking(move || Handle::current().block_on(forget)).await?)
    }

    /// What upstreams would learn of a text that is sent to them; `None` of one that must not be: none may that names a
    /// package of NOPAR's own, see [`Private`], or one of which `may_be_told` says no, be it there or not. The names in it
    /// are looked up in the store: another process may have published one just now.
    ///
    /// # Errors
    /// When the store cannot say whose a name is, other than by a document that cannot be read.
    pub async fn told_by(
        self: &Arc<Self>,
        text: &str,
        may_be_told: impl Fn(&PackageName) -> bool,
    ) -> Result<Option<Readings>, HostedError> {
        let Told::Perhaps(readings) = Private::new(&self.claims()).told(text) else {
            return Ok(None);
        };
        let is_own = readings.names().any(|name| self.names.has_lower(name));
        if is_own || !readings.packages().all(|name| may_be_told(&name)) {
            return Ok(None);
        }
        let names = readings.names().map(|name| PackageName::parse(name).ok());
        match self.are_elsewhere(names.collect()).await {
            Ok(names) => Ok(names.iter().all(Option::is_some).then_some(readings)),
            // Something lies there under this name: who looks for others is to find those all the same.
            Err(HostedError::Unreadable(..) | HostedError::Store(StoreError::Damaged { .. })) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
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

    #[tokio::test]
    async fn lists_have_what_is_published() {
        let hosted = hosted();
        for name in ["b", "a"] {
            commit(&hosted, name, "what it is").await;
        }
        assert_eq!(hosted.published().await.unwrap().len(), 0);
        hosted.look_again().await.unwrap();
        let all = hosted.published().await.unwrap();
        let names: Vec<&str> = all.iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        let (shown, query) = (all[0].shown(), Query::parse("what").unwrap());
        assert_eq!((shown.version.as_str(), shown.description.as_str()), ("1.0.0", "what it is"));
        assert_eq!((all[0].versions(), all[0].published()), (1, None));
        assert!(all[0].rank(&query).is_some());
        assert!(all[0].rank(&Query::parse("other").unwrap()).is_none());
    }

    async fn count(hosted: &Arc<Hosted>, text: &str) -> usize {
        let query = Query::parse(text).unwrap();
        let page = hosted.search(query, 0..20, |name| name.as_str() != "hidden").await;
        usize::try_from(page.unwrap().total()).unwrap()
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
