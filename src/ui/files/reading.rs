//! Tarballs are read where that holds nobody up, a few at a time; what is in them is remembered, and also that one cannot
//! be read.
//! Knows nothing of how they are read.

use super::archive::{self, Content, Listed, Listing, Unreadable};
use super::tarball::{Tarball, TarballId};
use super::unpacked::LONGEST;
use crate::ui::remembered::remembered;
use log::warn;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::hash::Hash;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// How many are read at once: it is mostly computing, and a registry has other things to do.
const AT_ONCE: usize = 2;
/// Bytes of listings that are remembered, and about how many listings that are.
const LISTINGS: (usize, u64) = (500, 16 << 20);
/// The same of files.
const CONTENTS: (usize, u64) = (1000, 16 << 20);
/// What anything takes that is remembered, beside its texts.
const EACH: usize = 200;

/// What a listing has come to, for as long as the tarball is the same.
type Listings = Cache<TarballId, Result<Arc<Listing>, Unreadable>, Weight>;
/// The same of a file, by its place.
type Contents = Cache<(TarballId, usize), Option<Arc<Content>>, Weight>;

/// Who reads tarballs.
pub(in crate::ui) struct Reading {
    places: Arc<Semaphore>,
    listings: Arc<Listings>,
    contents: Arc<Contents>,
}

#[derive(Clone)]
struct Weight;

impl Weighter<TarballId, Result<Arc<Listing>, Unreadable>> for Weight {
    fn weight(&self, _: &TarballId, listing: &Result<Arc<Listing>, Unreadable>) -> u64 {
        let Ok(listing) = listing else { return EACH as u64 };
        let paths: usize =
            listing.files.iter().map(|file| file.path.len() + size_of::<Listed>()).sum();
        let readme = listing.readme.as_ref().map_or(0, |readme| readme.text.len());
        (paths + readme + EACH) as u64
    }
}

impl Weighter<(TarballId, usize), Option<Arc<Content>>> for Weight {
    fn weight(&self, _: &(TarballId, usize), content: &Option<Arc<Content>>) -> u64 {
        let text = content.as_ref().and_then(|content| content.text.as_ref());
        (text.map_or(0, String::len) + EACH) as u64
    }
}

impl Default for Reading {
    fn default() -> Reading {
        Reading {
            places: Arc::new(Semaphore::new(AT_ONCE)),
            listings: Arc::new(remembered(LISTINGS.0, LISTINGS.1, Weight)),
            contents: Arc::new(remembered(CONTENTS.0, CONTENTS.1, Weight)),
        }
    }
}

impl Reading {
    /// What is in a tarball: remembered, or read within `patience`. What takes longer is read to its end all the same, and
    /// known to who comes back.
    ///
    /// # Errors
    /// When it is no tarball, or too much; [`Unreadable::Busy`] when it is not known in time.
    pub(in crate::ui) async fn listing(
        &self,
        tarball: &Arc<Tarball>,
        patience: Duration,
    ) -> Result<Arc<Listing>, Unreadable> {
        let id = tarball.id().clone();
        let list = |bytes: &mut dyn Read| match archive::list(bytes) {
            Err(why) if !why.is_lasting() => Err(why),
            listed => Ok(listed.map(Arc::new)),
        };
        self.known(&self.listings, id, tarball, list, patience).await?
    }

    /// A file of a tarball, as of [`listing`](Self::listing); `None` if it has none of this path that can be shown.
    ///
    /// # Errors
    /// As of [`listing`](Self::listing).
    pub(super) async fn content(
        &self,
        tarball: &Arc<Tarball>,
        path: &str,
        patience: Duration,
    ) -> Result<Option<Arc<Content>>, Unreadable> {
        let listing = self.listing(tarball, patience).await?;
        // What is not listed is not looked for.
        let Some(listed) = listing.find(path).cloned() else { return Ok(None) };
        let key = (tarball.id().clone(), listed.place);
        let read = move |bytes: &mut dyn Read| Ok(archive::read(bytes, &listed)?.map(Arc::new));
        self.known(&self.contents, key, tarball, read, patience).await
    }

    /// What is remembered, or made of a tarball's bytes within `patience` and remembered then. Who has got a place keeps
    /// it until the work is done, also when nobody waits for it any more.
    async fn known<K, V>(
        &self,
        cache: &Arc<Cache<K, V, Weight>>,
        key: K,
        tarball: &Arc<Tarball>,
        work: impl FnOnce(&mut dyn Read) -> Result<V, Unreadable> + Send + 'static,
        patience: Duration,
    ) -> Result<V, Unreadable>
    where
        K: Eq + Hash + Clone + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
        Weight: Weighter<K, V>,
    {
        if let Some(known) = cache.get(&key) {
            return Ok(known);
        }
        if tarball.len > LONGEST {
            return Err(Unreadable::TooLarge);
        }
        let (cache, tarball, places) =
            (Arc::clone(cache), Arc::clone(tarball), Arc::clone(&self.places));
        let made = async {
            // Not from within the work: who has given up shall not have others wait in their place. The semaphore is
            // never closed.
            let place = places.acquire_owned().await.ok();
            let work = tokio::spawn(async move {
                let made = cache.get_or_insert_async(&key, read(tarball, work)).await;
                drop(place);
                made
            });
            work.await.unwrap_or(Err(Unreadable::Failed))
        };
        timeout(patience, made).await.unwrap_or(Err(Unreadable::Busy))
    }
}

/// Does work on a tarball's bytes, on a thread that may block.
async fn read<V: Send + 'static>(
    tarball: Arc<Tarball>,
    work: impl FnOnce(&mut dyn Read) -> Result<V, Unreadable> + Send + 'static,
) -> Result<V, Unreadable> {
    let runtime = Handle::current();
    let read = spawn_blocking(move || {
        let mut pieces = tarball.pieces(runtime);
        let done = work(&mut pieces);
        match pieces.failed() {
            Some(why) => {
                warn!("a tarball cannot be shown: {why}");
                Err(Unreadable::Failed)
            }
            None => done,
        }
    });
    read.await.unwrap_or(Err(Unreadable::Failed))
}

#[cfg(test)]
mod tests;
