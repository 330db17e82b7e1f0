//! An absent tarball: joins the one request for it that is under way, or begins it.
//! Knows nothing of upstreams.

use super::Wanted;
use super::fill::Filling;
use crate::cache::{Found, GrowingHit, Wrong};
use crate::proxy::Door;
use crate::proxy::failure::Failure;
use crate::proxy::obtain::{lookup, wait};
use pingora_cache::storage::HitHandler;
use pingora_cache::{CacheMeta, HttpCache, NoCacheReason};
use std::sync::Arc;
use tokio::sync::oneshot;

/// What a look at the cache led to.
enum Look {
    /// It is there, or on its way.
    Found(CacheMeta, HitHandler),
    /// It is to be fetched; the lock is ours.
    Fetch,
}

/// An absent tarball that was asked for.
pub(super) enum Joined {
    /// It was there after all, or came meanwhile.
    There(Found),
    /// It comes in, and can be read along.
    Coming(GrowingHit),
}

impl Door {
    /// The tarball, as soon as its first bytes may be sent; short ones when they are there and right.
    ///
    /// # Errors
    /// Why there is none. All who waited for the same get the same failure.
    pub(super) async fn obtain_tarball(
        self: &Arc<Self>,
        wanted: &Wanted,
    ) -> Result<Found, Failure> {
        match self.join_tarball(wanted).await? {
            Joined::There(found) => Ok(found),
            Joined::Coming(hit) => self.read_along(wanted, hit).await,
        }
    }

    /// Joins the request for it that is under way, or begins it.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn join_tarball(self: &Arc<Self>, wanted: &Wanted) -> Result<Joined, Failure> {
        let mut http_cache = self.http_cache(self.tarballs, &wanted.key);
        match look(&mut http_cache).await? {
            Look::Found(meta, handler) => {
                let hit = handler.as_any().downcast_ref::<GrowingHit>();
                let along = hit.and_then(|hit| GrowingHit::of(hit.growing()));
                // One reader of a client is enough to be waited for: the handler's goes.
                Ok(match along {
                    Some(hit) => Joined::Coming(hit),
                    None => Joined::There(Found::new(meta, handler)),
                })
            }
            Look::Fetch => {
                if let Some(joined) = self.come_meanwhile(wanted, &mut http_cache).await {
                    return Ok(joined);
                }
                let (begun, wait) = oneshot::channel();
                // A task of its own: whoever leaves, it goes on for the others and for the cache.
                tokio::spawn(Filling::new(self, http_cache, wanted.clone()).run(begun));
                let hit = wait.await.unwrap_or_else(|_| Err(Failure::internal()))?;
                Ok(Joined::Coming(hit))
            }
        }
    }

    /// What came between the lookup and the lock, which is let go of then.
    async fn come_meanwhile(&self, wanted: &Wanted, http_cache: &mut HttpCache) -> Option<Joined> {
        if let Some(entry) = self.cache.get(&wanted.key).await {
            let found = self.cache.open_body(&entry).await.ok()?;
            http_cache.disable(NoCacheReason::InternalError);
            return Some(Joined::There(found));
        }
        let hit = self.cache.growing(&wanted.key).and_then(|growing| GrowingHit::of(&growing))?;
        http_cache.disable(NoCacheReason::InternalError);
        Some(Joined::Coming(hit))
    }

    /// Reads along as soon as the client can be told of it.
    async fn read_along(&self, wanted: &Wanted, hit: GrowingHit) -> Result<Found, Failure> {
        let growing = Arc::clone(hit.growing());
        let broken_off = |wrong| self.broken_off(wanted, wrong);
        if growing.has_length() || !wanted.needs_length {
            growing.begun().await.map_err(broken_off)?;
            return Ok(self.cache.open_growing(hit));
        }
        // One that waits for the end must not be waited for: see `Growing` on what is not kept.
        drop(hit);
        growing.ended().await.map_err(broken_off)?;
        let hit = GrowingHit::of(&growing).ok_or_else(Failure::cut_tarball)?;
        Ok(self.cache.open_growing(hit))
    }

    /// Why a body broke off before anything of it could be read: that is remembered before the body
    /// is let go of.
    pub(super) fn broken_off(&self, wanted: &Wanted, wrong: Option<Wrong>) -> Failure {
        let remembered = self.negatives.since(&wanted.key, wanted.behalf.ticket);
        let remembered = remembered.filter(|_| wrong.is_none());
        remembered.unwrap_or_else(|| Failure::broken_tarball(wrong.as_ref()))
    }
}

/// pingora-cache's lookup and lock.
async fn look(http_cache: &mut HttpCache) -> Result<Look, Failure> {
    loop {
        if let Some((meta, handler)) = lookup(http_cache).await? {
            return Ok(Look::Found(meta, handler));
        }
        if !http_cache.is_cache_locked() {
            http_cache.cache_miss();
            return Ok(Look::Fetch);
        }
        wait(http_cache, "a tarball").await?;
    }
}
