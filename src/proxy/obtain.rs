//! A packument for NOPAR's own use: what a client's request would get, without a client.
//! Knows nothing of views; the same lookup, lock and fetch as `request_filter`'s way.

use super::Door;
use super::behalf::Behalf;
use super::ctx::CacheState;
use super::failure::Failure;
use super::refresh::{Refreshed, Sent};
use crate::base_url::BaseUrl;
use crate::cache::{DiskHit, Entry, Key, Store};
use crate::negotiate::Encoding;
use crate::npm::{Index, PackageName};
use crate::view::{Ask, Want};
use log::{error, warn};
use pingora_cache::lock::LockStatus;
use pingora_cache::storage::HitHandler;
use pingora_cache::{CacheMeta, HitStatus, HttpCache, NoCacheReason};
use std::sync::Arc;

/// What a look at the cache led to.
pub(super) enum Look {
    /// Held, and good enough.
    Held(Arc<Entry>),
    /// To be fetched; the lock is ours.
    Fetch(Option<Arc<Entry>>),
}

/// What NOPAR asks for on its own account.
pub(super) fn own_ask(name: &PackageName, base: &BaseUrl) -> Ask {
    // No view of it: what NOPAR itself needs is in the index, and what clients need they ask for.
    let (want, encoding) = (Want::DistTags, Encoding::Identity);
    Ask { name: name.clone(), want, encoding, base: base.clone() }
}

/// A packument that was obtained.
pub(super) enum Obtained {
    /// In the cache; how it came to be right.
    Held(Arc<Entry>, CacheState),
    /// Fetched, but not kept.
    Sent(Sent),
}

impl Door {
    /// The packument of `name`, fetched if it is not held and fresh; with `confirm`, the upstream is
    /// asked unless it was after the request came in on whose behalf this is.
    ///
    /// # Errors
    /// As for a client that asks for it.
    pub(super) async fn obtain(
        &self,
        name: &PackageName,
        base: &BaseUrl,
        confirm: bool,
        behalf: &Behalf,
    ) -> Result<Obtained, Failure> {
        let key = self.packument_key(name);
        if let Some(failure) = self.negatives.get(&key).filter(|_| !confirm) {
            return Err(failure);
        }
        let mut http_cache = self.http_cache(self.documents, &key);
        let held = match self.look(&mut http_cache, confirm, behalf.ticket).await? {
            Look::Held(entry) => return Ok(Obtained::Held(entry, CacheState::Hit)),
            Look::Fetch(held) => held,
        };
        let ask = own_ask(name, base);
        let refreshed = self.refresh(&mut http_cache, &key, &ask, held, confirm, behalf).await;
        if http_cache.enabled() {
            // Lets go of the lock, if what was fetched was not kept.
            http_cache.disable(NoCacheReason::UpstreamError);
        }
        Ok(match refreshed? {
            Refreshed::Kept(entry, _) => Obtained::Held(entry, CacheState::Miss),
            Refreshed::Confirmed(entry) => Obtained::Held(entry, CacheState::Revalidated),
            Refreshed::Meanwhile(entry) => Obtained::Held(entry, CacheState::Hit),
            Refreshed::Unkept(sent) => Obtained::Sent(sent),
        })
    }

    /// The index of a package, obtained in the same way. When the upstream fails, what is held serves
    /// as well as it did before, unless it has to be confirmed.
    ///
    /// # Errors
    /// As for a client that asks for the packument.
    pub(super) async fn obtain_index(
        &self,
        name: &PackageName,
        base: &BaseUrl,
        confirm: bool,
        behalf: &Behalf,
    ) -> Result<Arc<Index>, Failure> {
        match self.obtain(name, base, confirm, behalf).await {
            Ok(Obtained::Held(entry, _)) => self.index_of(&entry).await,
            Ok(Obtained::Sent(sent)) => index_of_sent(sent).await,
            Err(failure) if failure.status.is_server_error() && !confirm => {
                match self.cache.get(&self.packument_key(name)).await {
                    Some(entry) => self.index_of(&entry).await,
                    None => Err(failure),
                }
            }
            Err(failure) => Err(failure),
        }
    }

    /// pingora-cache for a lookup without a client's request.
    pub(super) fn http_cache(&self, store: &'static Store, key: &Key) -> HttpCache {
        let mut http_cache = HttpCache::new();
        self.enable(&mut http_cache, store);
        http_cache.set_cache_key(key.to_pingora());
        http_cache
    }

    /// Looks the key of `http_cache` up, until it is held and good enough, or the lock is ours.
    ///
    /// # Errors
    /// When the lock is held for too long.
    pub(super) async fn look(
        &self,
        http_cache: &mut HttpCache,
        confirm: bool,
        ticket: u64,
    ) -> Result<Look, Failure> {
        loop {
            let held = lookup(http_cache).await?.and_then(|(meta, handler)| {
                let hit = handler.as_any().downcast_ref::<DiskHit>()?;
                let entry = Arc::clone(hit.entry());
                let good = if confirm {
                    entry.confirmed_since(ticket)
                } else {
                    entry.is_fresh(self.clock.now())
                };
                let status =
                    if good { HitStatus::ForceFresh } else { HitStatus::ForceExpiredServeStale };
                http_cache.cache_found(meta, handler, status);
                Some((entry, good))
            });
            match held {
                Some((entry, true)) => return Ok(Look::Held(entry)),
                _ if http_cache.is_cache_locked() => wait(http_cache, "a document").await?,
                Some((entry, false)) => return Ok(Look::Fetch(Some(entry))),
                None => {
                    http_cache.cache_miss();
                    return Ok(Look::Fetch(None));
                }
            }
        }
    }

    pub(super) async fn index_of(&self, entry: &Arc<Entry>) -> Result<Arc<Index>, Failure> {
        self.views.index(entry).await.map_err(|error| {
            self.cache.drop_damaged(entry, &error);
            Failure::internal()
        })
    }
}

/// pingora-cache's lookup, which takes the lock of a key that is not there, if it is free.
pub(super) async fn lookup(
    http_cache: &mut HttpCache,
) -> Result<Option<(CacheMeta, HitHandler)>, Failure> {
    http_cache.cache_lookup().await.map_err(|error| {
        warn!("cache: a lookup failed: {error}");
        Failure::internal()
    })
}

/// Waits until the lock is let go of that another holds; then it is time for another lookup.
///
/// # Errors
/// When that takes too long.
pub(super) async fn wait(http_cache: &mut HttpCache, what: &str) -> Result<(), Failure> {
    let outcome = http_cache.cache_lock_wait().await;
    if matches!(outcome.lock_status(), LockStatus::WaitTimeout | LockStatus::GiveUp) {
        warn!("{what} was waited for in vain: its lock was held too long");
        return Err(Failure::waited());
    }
    Ok(())
}

async fn index_of_sent(sent: Sent) -> Result<Arc<Index>, Failure> {
    let index = sent.read(|document| document.index()).await;
    index.map(Arc::new).map_err(|error| {
        error!("a document that was just checked cannot be read: {error}");
        Failure::internal()
    })
}
