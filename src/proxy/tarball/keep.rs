//! Tarballs for who wants them held rather than sent: whole, and checked.
//! Knows nothing of who that is.

use super::Wanted;
use super::obtain::Joined;
use crate::cache::Entry;
use crate::proxy::Door;
use crate::proxy::failure::Failure;
use http::StatusCode;
use std::sync::Arc;

impl Door {
    /// The tarball, if it is held and its packument, where that is held, does not speak against it. No upstream is asked.
    pub(in crate::proxy) async fn holds_tarball(
        &self,
        wanted: &Wanted,
        packument: Option<&Arc<Entry>>,
    ) -> Option<Arc<Entry>> {
        let entry = self.cache.get(&wanted.key).await?;
        match packument {
            Some(packument) => self.unless_wrong(wanted, entry, packument).await,
            None => Some(entry),
        }
    }

    /// The tarball, fetched if it is not held, once it is there whole; and whether it was fetched.
    ///
    /// # Errors
    /// Why there is none, or why it could not be kept.
    pub(in crate::proxy) async fn keep_tarball(
        self: &Arc<Self>,
        wanted: &Wanted,
    ) -> Result<(Arc<Entry>, bool), Failure> {
        if let Some(entry) = self.held_tarball(wanted, false).await? {
            return Ok((entry, false));
        }
        if let Joined::Coming(hit) = self.join_tarball(wanted).await? {
            let growing = Arc::clone(hit.growing());
            // Of a body that goes to no file, the upstream would wait for this reader.
            drop(hit);
            if let Err(wrong) = growing.ended().await {
                let is_kept = wrong.is_some() || self.is_remembered(wanted);
                return Err(match is_kept {
                    true => self.broken_off(wanted, wrong),
                    false => not_kept(),
                });
            }
        }
        let entry = self.cache.get(&wanted.key).await.ok_or_else(not_kept)?;
        Ok((entry, true))
    }

    /// Whether something became of a fetch that was begun for this.
    fn is_remembered(&self, wanted: &Wanted) -> bool {
        self.negatives.since(&wanted.key, wanted.behalf.ticket).is_some()
    }
}

fn not_kept() -> Failure {
    let error = "it could not be kept: it is longer than NOPAR_MAX_TARBALL or the cache (NOPAR_CACHE_SIZE), or the disk takes no more (NOPAR_CACHE_MIN_FREE); the log says why";
    Failure::new(StatusCode::INSUFFICIENT_STORAGE, error, "not_kept")
}
