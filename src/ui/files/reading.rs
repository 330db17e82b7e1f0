//! Tarballs are read where that holds nobody up, a few at a time; what is in them is remembered.
//! Knows nothing of how they are read.

use super::archive::{self, Content, Listing, Unreadable};
use super::tarball::{Tarball, TarballId};
use super::unpacked::LONGEST;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::io::Read;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// How many are read at once: it is mostly computing, and a registry has other things to do.
const AT_ONCE: usize = 2;
/// Bytes of listings that are remembered, and about how many listings that are.
const REMEMBERED: u64 = 16 << 20;
const LISTINGS: usize = 500;

/// Who reads tarballs.
pub(in crate::ui) struct Reading {
    turns: Arc<Semaphore>,
    listings: Cache<TarballId, Arc<Listing>, Weight>,
}

#[derive(Clone)]
struct Weight;

impl Weighter<TarballId, Arc<Listing>> for Weight {
    fn weight(&self, _: &TarballId, listing: &Arc<Listing>) -> u64 {
        let paths: usize = listing.files.iter().map(|file| file.path.len() + 64).sum();
        let readme = listing.readme.as_ref().map_or(0, |readme| readme.text.len());
        (paths + readme + 200) as u64
    }
}

impl Default for Reading {
    fn default() -> Reading {
        Reading {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            listings: Cache::with_weighter(LISTINGS, REMEMBERED, Weight),
        }
    }
}

impl Reading {
    /// What is in a tarball: remembered, or read by one of all who ask for it.
    ///
    /// # Errors
    /// When it is no tarball, or too much.
    pub(in crate::ui) async fn listing(
        &self,
        tarball: Tarball,
    ) -> Result<Arc<Listing>, Unreadable> {
        let id = tarball.id.clone();
        let list = async { self.read(tarball, |bytes| archive::list(bytes)).await.map(Arc::new) };
        self.listings.get_or_insert_async(&id, list).await
    }

    /// A file of a tarball; `None` if it has none of this path.
    ///
    /// # Errors
    /// As of [`listing`](Self::listing).
    pub(super) async fn content(
        &self,
        tarball: Tarball,
        path: String,
    ) -> Result<Option<Content>, Unreadable> {
        self.read(tarball, move |bytes| archive::read(bytes, &path)).await
    }

    async fn read<T: Send + 'static>(
        &self,
        tarball: Tarball,
        work: impl FnOnce(&mut dyn Read) -> Result<T, Unreadable> + Send + 'static,
    ) -> Result<T, Unreadable> {
        if tarball.len > LONGEST {
            return Err(Unreadable::TooLarge);
        }
        // The semaphore is never closed. Held until the work is done, also when nobody waits for it any more.
        let turn = Arc::clone(&self.turns).acquire_owned().await.ok();
        let runtime = Handle::current();
        let read = spawn_blocking(move || {
            let done = work(&mut tarball.pieces(runtime));
            drop(turn);
            done
        });
        read.await.unwrap_or_else(|_| Err(Unreadable::Damaged("to read it failed")))
    }
}
