//! Whose many names are, at once.
//! Knows nothing of why that is asked.

use super::{Authority, Hosted, HostedError};
use crate::npm::PackageName;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// How many look at once: each takes a thread of the blocking pool, which is there for others as well.
const AT_ONCE: usize = 4;

static LOOKING: Semaphore = Semaphore::const_new(AT_ONCE);

impl Hosted {
    /// For each of these names whether it is an upstream's: neither hosted nor claimed. Each is a look at the store, of
    /// which thousands take tens of milliseconds: so it is done on the blocking pool.
    ///
    /// # Errors
    /// When the store cannot say it of one of them, and so of none.
    pub async fn are_elsewhere(
        self: &Arc<Self>,
        names: Vec<PackageName>,
    ) -> Result<Vec<bool>, HostedError> {
        // The semaphore is never closed.
        let permit = LOOKING.acquire().await;
        let hosted = Arc::clone(self);
        let look = move || Handle::current().block_on(hosted.look_at(&names));
        let looked = spawn_blocking(move || {
            let looked = look();
            drop(permit);
            looked
        });
        looked.await?
    }

    async fn look_at(&self, names: &[PackageName]) -> Result<Vec<bool>, HostedError> {
        let mut all = Vec::with_capacity(names.len());
        for name in names {
            // Of a claimed name nothing else matters.
            let is_elsewhere = !self.is_claimed(name)
                && matches!(self.authority(name).await?, Authority::Upstream(_));
            all.push(is_elsewhere);
        }
        Ok(all)
    }
}
