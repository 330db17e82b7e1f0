//! Whose many names are, at once.
//! Knows nothing of why that is asked.

use super::{Authority, Hosted, HostedError};
use crate::npm::PackageName;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// So many names are looked at in less time than the way to another thread takes.
const FEW: usize = 8;
/// How many look at once: each takes a thread of the blocking pool, which is there for others as well.
const AT_ONCE: usize = 4;

static LOOKING: Semaphore = Semaphore::const_new(AT_ONCE);

impl Hosted {
    /// These names, but for those that are no upstream's: hosted or claimed. Each is a look at the store, of which
    /// thousands take tens of milliseconds: so those are done on the blocking pool.
    ///
    /// # Errors
    /// When the store cannot say it of one of them, and so of none.
    pub async fn are_elsewhere(
        self: &Arc<Self>,
        names: Vec<Option<PackageName>>,
    ) -> Result<Vec<Option<PackageName>>, HostedError> {
        if names.len() <= FEW {
            return self.look_at(names).await;
        }
        // The semaphore is never closed.
        let permit = LOOKING.acquire().await;
        let hosted = Arc::clone(self);
        let look = move || Handle::current().block_on(hosted.look_at(names));
        let looked = spawn_blocking(move || {
            let looked = look();
            drop(permit);
            looked
        });
        looked.await?
    }

    async fn look_at(
        &self,
        mut names: Vec<Option<PackageName>>,
    ) -> Result<Vec<Option<PackageName>>, HostedError> {
        for place in &mut names {
            let Some(name) = place else { continue };
            // Of a claimed name nothing else matters.
            let is_elsewhere = !self.is_claimed(name)
                && matches!(self.authority(name).await?, Authority::Upstream(_));
            if !is_elsewhere {
                *place = None;
            }
        }
        Ok(names)
    }
}
