//! A NOPAR that could serve, but for sockets: everything that may be wrong with settings, files and directories is found
//! out by then.
//! Knows nothing of sockets.

use super::listening::Served;
use super::metered::{Metrics, endpoint};
use super::{App, StartError};
use crate::cache::DiskCache;
use crate::certificate::{self, Shown};
use crate::clock::Clock;
use crate::config::{self, Config, MinFree, Origin};
use crate::connection::Patience;
use crate::counters::Counters;
use crate::hosted::Hosted;
use crate::inflight::InFlight;
use crate::listen::{self, Sockets};
use crate::notify;
use crate::proxy::{Administration, Door, Kept, PSEUDONYM, Proxy};
use crate::store::DiskStore;
use crate::upstream::Upstreams;
use log::warn;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

/// All but the sockets.
pub struct Opened {
    config: Config,
    /// Where connections find what to show in a handshake; `None`: they speak plain HTTP.
    certificate: Option<Arc<Shown>>,
    cache: &'static DiskCache,
    store: DiskStore,
    hosted: Arc<Hosted>,
    door: Door,
    counters: Arc<Counters>,
    in_flight: InFlight,
    started: SystemTime,
}

impl Opened {
    /// Opens cache and store, and reads what else the settings name. It runs as the user it will serve as.
    ///
    /// # Errors
    /// Whatever keeps NOPAR from serving, but for sockets.
    pub fn open(config: Config, clock: Clock) -> Result<Opened, StartError> {
        let certificate = certificate(&config.server)?;
        let started = clock.now();
        let pseudonym = pseudonym();
        let counters = Arc::new(Counters::new(config.server.threads));
        let upstreams = Upstreams::new(&config, &pseudonym, &counters, &clock)?;
        let (path, size) = (&config.cache.path, config.cache.size);
        let cache = DiskCache::open(path, size, clock.clone(), Arc::clone(&counters))?;
        let cache = cache.with_room(least_free(&config.cache));
        let cache: &'static DiskCache = Box::leak(Box::new(cache));
        let store = DiskStore::open(&config.store.path)?;
        warn_of_no_directory(&config);
        let in_flight = InFlight::default();
        let (working, counting) = (in_flight.clone(), Arc::clone(&counters));
        let kept = Kept { cache, store: Arc::new(store.clone()) };
        let door = Door::new(&config, kept, upstreams, clock, working, counting, pseudonym);
        let door = door.map_err(StartError::Random)?;
        let hosted = Arc::clone(door.hosted());
        Ok(Opened { config, certificate, cache, store, hosted, door, counters, in_flight, started })
    }

    /// What answers operators, where nothing is served: without sockets. What is begun for that is counted as going on.
    pub fn administered(self) -> (Administration, InFlight) {
        let proxy = Proxy::new(self.door);
        (proxy.administration(&self.config, Vec::new(), self.started), self.in_flight)
    }

    /// The whole, on these sockets.
    ///
    /// # Errors
    /// When they cannot be served, or an upstream is behind one of them.
    pub fn listen_on(self, sockets: Sockets) -> Result<App, StartError> {
        let served = Served::all(&sockets)?;
        let addresses = sockets.inet();
        let endpoint = endpoint(self.config.metrics.listen, &sockets)?;
        no_loop(&self.config, &addresses)?;
        // That was before anybody could ask.
        self.cache.forget_swept();
        self.door.listens_on(&addresses);
        let proxy = Proxy::new(self.door);
        let patience = Patience { memory: proxy.live(), ..Patience::default() };
        let (figures, started) = (proxy.figures(), self.started);
        let metrics = endpoint.map(|endpoint| Metrics { endpoint, figures, started });
        Ok(App {
            config: self.config,
            sockets,
            served,
            addresses,
            metrics,
            certificate: self.certificate,
            cache: self.cache,
            store: self.store,
            hosted: self.hosted,
            proxy,
            counters: self.counters,
            in_flight: self.in_flight,
            started: self.started,
            patience,
            serving: Box::new(notify::ready),
            reloads: None,
        })
    }
}

/// How much of the cache's file system is to stay free, by how large that is.
fn least_free(cache: &config::Cache) -> Option<impl Fn(u64) -> u64 + Send + Sync + 'static> {
    let min_free = cache.min_free;
    (min_free != MinFree::Bytes(0)).then_some(move |total| min_free.of(total))
}

/// Whoever names a directory expects it to be there: its packages would pass for the upstream's.
fn warn_of_no_directory(config: &Config) {
    let path = &config.store.path;
    if config.origin("store.path") != Origin::Default && !path.exists() {
        warn!(
            "store: {} is not there yet: it is made with the first publish (NOPAR_REGISTRY_PATH)",
            path.display()
        );
    }
}

/// What its listeners show, if they are to speak TLS.
fn certificate(server: &config::Server) -> Result<Option<Arc<Shown>>, certificate::Unusable> {
    let files = server.tls_cert.as_ref().zip(server.tls_key.as_ref());
    files.map(|(cert, key)| Shown::load(cert, key).map(Arc::new)).transpose()
}

/// No upstream is this NOPAR, by whatever name.
fn no_loop(config: &Config, addresses: &[SocketAddr]) -> Result<(), StartError> {
    for url in config.all_upstreams().map(|upstream| &upstream.url) {
        let port = url.port_or_known_default().unwrap_or_default();
        if url.host_str().is_some_and(|host| listen::leads_here(addresses, host, port)) {
            return Err(StartError::Loop { url: url.to_string() });
        }
    }
    Ok(())
}

/// A name for this process in `Via` headers that no other has.
fn pseudonym() -> String {
    format!("{PSEUDONYM}{:016x}", RandomState::new().hash_one(std::process::id()))
}
