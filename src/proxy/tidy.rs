//! What is to be done from time to time, though nobody asks for anything.
//! Knows nothing of how long anything is kept.

use super::Proxy;
use crate::api::Staging;
use std::sync::Arc;

/// Whoever does it.
#[derive(Clone)]
pub struct Tidy {
    staging: Arc<Staging>,
}

impl Tidy {
    /// Does it, now and from time to time. Does not end.
    pub async fn keep(self) {
        self.staging.keep_tidy().await;
    }
}

impl Proxy {
    /// What is to be done while it serves.
    pub fn tidy(&self) -> Tidy {
        Tidy { staging: Arc::clone(self.door.api.staging()) }
    }
}
