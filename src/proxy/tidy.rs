//! What is to be done from time to time, though nobody asks for anything.
//! Knows nothing of how long anything is kept.

use super::{Figures, Proxy};
use crate::api::Staging;
use crate::clock::Clock;
use crate::history::{History, MINUTE};
use std::sync::Arc;

/// Whoever does it.
#[derive(Clone)]
pub struct Tidy {
    staging: Arc<Staging>,
    history: Arc<History>,
    figures: Figures,
    clock: Clock,
}

impl Tidy {
    /// Does it, now and from time to time. Does not end.
    pub async fn keep(self) {
        tokio::join!(self.staging.keep_tidy(), self.sample());
    }

    /// Samples what is counted.
    async fn sample(&self) {
        loop {
            tokio::time::sleep(MINUTE).await;
            self.history.sample(self.clock.now(), &self.figures.snapshot());
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
            clock: self.door.clock.clone(),
        }
    }
}
