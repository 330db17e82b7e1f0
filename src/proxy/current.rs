//! What the configuration says of how requests are answered, as it is now: it may change while NOPAR serves.
//! Knows nothing of who changes it, nor of upstreams.

use super::cross_site::Known;
use crate::base_url::{BaseUrl, Proxies};
use crate::config::{Config, Origins, StaleIfError, Verify};
use parking_lot::RwLock;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Where it is kept. Ready answers for everybody look at the switches only.
pub(super) struct Current {
    terms: RwLock<Arc<Terms>>,
    has_url: AtomicBool,
    is_strict: AtomicBool,
    /// Shared with whoever logs what is no request.
    logs: Arc<AtomicBool>,
}

/// What holds for requests that come in now.
pub(super) struct Terms {
    /// The URL clients reach NOPAR by, if it does not follow the request.
    pub(super) base_url: Option<BaseUrl>,
    /// By which addresses browsers may change something.
    pub(super) known: Known,
    /// Whose pages may read what is NOPAR's own.
    pub(super) cors_origins: Origins,
    pub(super) trusted_proxies: Proxies,
    /// How long a packument is fresh that is fetched or confirmed now.
    pub(super) packument_ttl: Duration,
    pub(super) stale_while_revalidate: Duration,
    pub(super) not_found_ttl: Duration,
    /// How long after its time a packument is of use when the upstream fails.
    pub(super) stale_if_error: StaleIfError,
    pub(super) packument_limit: u64,
    pub(super) tarball_limit: u64,
    /// The longest that a packument may take at any upstream; who waits for another's waits twice that.
    pub(super) longest_fetch: Duration,
}

impl Terms {
    fn of(config: &Config, known: Known) -> Terms {
        Terms {
            base_url: config.server.base_url.clone(),
            known,
            cors_origins: config.access.cors_origins.clone(),
            trusted_proxies: config.server.trusted_proxies.clone(),
            packument_ttl: config.cache.meta_ttl,
            stale_while_revalidate: config.cache.stale_while_revalidate,
            not_found_ttl: config.cache.not_found_ttl,
            stale_if_error: config.cache.stale_if_error,
            packument_limit: config.limits.packument_size,
            // A tarball that does not fit would push out everything else, and then itself.
            tarball_limit: config.limits.tarball_size.min(config.cache.size),
            longest_fetch: config.longest_fetch(),
        }
    }
}

impl Current {
    /// What holds at the start.
    pub(super) fn new(config: &Config) -> Current {
        let terms = Terms::of(config, Known::of(&config.server));
        let (has_url, is_strict, logs) = Default::default();
        let current = Current { terms: RwLock::new(Arc::new(terms)), has_url, is_strict, logs };
        current.switch(config);
        current
    }

    pub(super) fn get(&self) -> Arc<Terms> {
        Arc::clone(&self.terms.read())
    }

    /// Whether there is a base URL, whatever requests say.
    pub(super) fn has_url(&self) -> bool {
        self.has_url.load(Ordering::Acquire)
    }

    /// Whether no tarball may be served of which no packument said what it should be.
    pub(super) fn is_strict(&self) -> bool {
        self.is_strict.load(Ordering::Relaxed)
    }

    /// Whether requests are logged.
    pub(super) fn logs(&self) -> bool {
        self.logs.load(Ordering::Relaxed)
    }

    /// The same for who is beside the door.
    pub(super) fn log_switch(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.logs)
    }

    /// Has what another configuration says hold from now on; what NOPAR listens on stays.
    pub(super) fn set(&self, config: &Config) {
        let mut terms = self.terms.write();
        self.switch(config);
        let known = terms.known.with_url(config.server.base_url.is_some());
        *terms = Arc::new(Terms::of(config, known));
    }

    fn switch(&self, config: &Config) {
        self.has_url.store(config.server.base_url.is_some(), Ordering::Release);
        self.is_strict.store(config.cache.verify == Verify::Always, Ordering::Relaxed);
        self.logs.store(config.log.access, Ordering::Relaxed);
    }
}
