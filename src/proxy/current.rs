//! What the settings page may change of how requests are answered, as it is now.
//! Knows nothing of who changes it, nor of upstreams.

use super::cross_site::Known;
use crate::base_url::BaseUrl;
use crate::config::Config;
use parking_lot::RwLock;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Where it is kept. Ready answers look at [`has_url`](Current::has_url) only.
pub(super) struct Current {
    terms: RwLock<Arc<Terms>>,
    has_url: AtomicBool,
}

/// What holds for requests that come in now.
pub(super) struct Terms {
    /// The URL clients reach NOPAR by, if it does not follow the request.
    pub(super) base_url: Option<BaseUrl>,
    /// By which addresses browsers may change something.
    pub(super) known: Known,
    /// How long a packument is fresh that is fetched or confirmed now.
    pub(super) packument_ttl: Duration,
}

impl Current {
    /// What holds at the start.
    pub(super) fn new(config: &Config) -> Current {
        let terms = Terms {
            base_url: config.server.base_url.clone(),
            known: Known::of(&config.server),
            packument_ttl: config.cache.meta_ttl,
        };
        let has_url = AtomicBool::new(terms.base_url.is_some());
        Current { terms: RwLock::new(Arc::new(terms)), has_url }
    }

    pub(super) fn get(&self) -> Arc<Terms> {
        Arc::clone(&self.terms.read())
    }

    /// Whether there is a base URL, whatever requests say.
    pub(super) fn has_url(&self) -> bool {
        self.has_url.load(Ordering::Acquire)
    }

    /// Has what another configuration says hold from now on; what NOPAR listens on stays.
    pub(super) fn set(&self, config: &Config) {
        let mut terms = self.terms.write();
        let base_url = config.server.base_url.clone();
        self.has_url.store(base_url.is_some(), Ordering::Release);
        let known = terms.known.with_url(base_url.is_some());
        *terms = Arc::new(Terms { base_url, known, packument_ttl: config.cache.meta_ttl });
    }
}
