//! What is to be done from time to time, though nobody asks for anything.
//! Knows nothing of how long anything is kept.

use super::{Figures, Proxy};
use crate::api::Staging;
use crate::cache::DiskCache;
use crate::clock::Clock;
use crate::history::{History, MINUTE};
use std::sync::Arc;

/// Whoever does it.
#[derive(Clone)]
pub struct Tidy {
    staging: Arc<Staging>,
    history: Arc<History>,
    figures: Figures,
    cache: &'static DiskCache,
    clock: Clock,
}

impl Tidy {
    /// Does it, now and from time to time. Does not end.
    pub async fn keep(self) {
        tokio::join!(self.staging.keep_tidy(), self.sample());
    }

    /// Samples what is counted, and sees whether copies have to make room.
    async fn sample(&self) {
        loop {
            tokio::time::sleep(MINUTE).await;
            self.history.sample(self.clock.now(), &self.figures.snapshot());
            // Also while nothing is kept: what fills the disk may be something else.
            let cache = self.cache;
            let _ = tokio::task::spawn_blocking(move || cache.look_for_room(0)).await;
        }
    }
}

impl Proxy {
    /// What is to be done while it serves.
    pub fn tidy(&self) -> Tidy {
        Tidy {
            staging: Arc::clone(self.door.api.staging()),
            history: Arc::clone(&self.door.history),
            figures: self.figures(),
            cache: self.door.cache,
            clock: self.door.clock.clone(),
        }
    }
}
