//! The door: the one `ProxyHttp`, where routes, cache, views and upstream meet.
//! Knows nothing of JSON, disk paths or TLS; each phase carries out what `request_filter` decided.
//!
//! | request | goes |
//! |---|---|
//! | NOPAR's own (`/-/ping`, `/-/ready`, errors) | answered in `request_filter` |
//! | a change of a hosted package, a login, … | answered in `request_filter` by `api` |
//! | a page for people | answered in `request_filter` by `ui` |
//! | anything of a package that is NOPAR's own | answered in `request_filter` from the store |
//! | a copy confirmed or discarded by name | answered in `request_filter`, once that is done |
//! | packument, fresh | answered in `request_filter` from a view |
//! | packument, stale by less than a day | the same, while a task of its own has the upstream confirm it |
//! | packument, staler, absent or to be confirmed | pingora-cache's lookup and lock, then `proxy_upstream_filter` fetches, checks and fills |
//! | attestations of a proxied version | answered in `request_filter`, fetched there if need be |
//! | tarball, small and held | answered in `request_filter` |
//! | tarball, large and held | pingora-cache's hit path |
//! | tarball, absent | a task of its own fetches and fills; pingora-cache's hit path reads along |

mod access_log;
mod administration;
mod attestations;
mod audit;
mod behalf;
mod body;
mod carried;
mod copy;
mod cors;
mod cross_site;
mod ctx;
mod current;
mod failure;
mod figures;
mod front;
mod ground;
mod hot;
mod issuers;
mod keys;
mod limited;
mod locate;
mod near;
mod negative;
mod obtain;
mod own;
mod packument;
mod phases;
mod private;
mod purge;
mod raw;
mod readers;
mod ready;
mod receive;
mod refresh;
mod request_id;
mod search;
mod settings;
mod tarball;
mod tidy;
mod trouble;
mod update;
mod visit;
mod wanted;
mod write;

pub use administration::Administration;
pub(crate) use behalf::PSEUDONYM;
pub use figures::Figures;
pub use hot::Hot;
pub use tidy::Tidy;

use crate::access::{Access, Ground, Trust};
use crate::api::Api;
use crate::cache::{DiskCache, Key, Store};
use crate::catalogue::Catalogue;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::counters::Counters;
use crate::history::History;
use crate::hosted::Hosted;
use crate::inflight::InFlight;
use crate::limits::Limits;
use crate::npm::{PackageName, TarballName};
use crate::pages::{self, Live, Sendfile};
use crate::settings::Settings;
use crate::signing::Signing;
use crate::store as hosted_store;
use crate::ui::{self, Ui};
use crate::upstream::{Upstream, Upstreams};
use crate::view::Memory;
use crate::view::Views;
use audit::Audits;
use current::Current;
use failure::Failure;
use ground::BesidePackages;
use issuers::KeysOf;
use keys::UpstreamKeys;
use log::{info, warn};
use negative::Negatives;
use pingora_cache::lock::{CacheKeyLockImpl, CacheLock};
use pingora_cache::{CacheOptionOverrides, HttpCache};
use ready::Readiness;
use settings::Parts;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;
use update::Updates;

/// NOPAR as Pingora sees it.
pub struct Proxy {
    door: Arc<Door>,
}

/// Everything a request may need.
pub struct Door {
    cache: &'static DiskCache,
    memory: Arc<Memory>,
    sendfile: Sendfile,
    views: Views,
    /// NOPAR's own packages, and what may be done to them.
    hosted: Arc<Hosted>,
    api: Arc<Api>,
    /// Pages for people.
    ui: Ui,
    /// The cache as pingora-cache sees it.
    documents: &'static Store,
    tarballs: &'static Store,
    lock: &'static CacheKeyLockImpl,
    negatives: Arc<Negatives>,
    audits: Audits,
    updates: Updates,
    upstream_keys: UpstreamKeys,
    upstreams: Arc<Upstreams>,
    settings: Arc<Settings<Parts>>,
    current: Arc<Current>,
    /// What of upstreams is held, for pages.
    catalogue: Arc<Catalogue>,
    history: Arc<History>,
    readiness: Readiness,
    limits: Limits,
    clock: Clock,
    in_flight: InFlight,
    counters: Arc<Counters>,
    /// The name of this process in `Via` headers.
    pseudonym: String,
}

/// What there is on the disk.
pub struct Kept {
    /// Copies of what upstreams said. It lives as long as the process, as pingora-cache wants it.
    pub cache: &'static DiskCache,
    /// Packages that are published here.
    pub store: Arc<dyn hosted_store::Store>,
}

/// How often a request that waited for another's fetch may find that it has to wait again. Pingora's
/// default of 2 sends the third round upstream all at once.
const LOCK_ROUNDS: usize = 1000;

/// How old a lock may become. Whoever has one ends within the time for a fetch, which may come to be another one, or lets
/// go of it when their task ends: this is for neither.
const LOCK_AGE: Duration = Duration::from_secs(24 * 3600);

impl Door {
    /// A door to what is `kept` and to `upstreams`. The lock lives as long as the process, as pingora-cache wants it.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn new(
        config: &Config,
        kept: Kept,
        upstreams: Upstreams,
        clock: Clock,
        in_flight: InFlight,
        counters: Arc<Counters>,
        pseudonym: String,
    ) -> io::Result<Door> {
        let Kept { cache, store } = kept;
        let sendfile = Sendfile::new(Live::beside(config.cache.memory_size));
        sendfile
            .set(config.server.may_sendfile() && config.server.sendfile == config::Sendfile::Yes);
        let memory = Memory::new(config.cache.memory_size, sendfile.clone(), Arc::clone(&counters));
        let memory = Arc::new(memory);
        let claims = config.claims();
        let ground = Arc::new(BesidePackages(Arc::clone(&store)));
        let signing = Signing::of_directory(&config.store.path, Arc::clone(&store));
        let hosted = Arc::new(Hosted::new(store, Arc::clone(&memory), claims));
        let registry = &config.store.path;
        let below = Arc::clone(&ground) as Arc<dyn Ground>;
        let access = Access::of(&config.access, registry, below, clock.clone())?;
        let upstreams = Arc::new(upstreams);
        let keys = Arc::new(KeysOf(Arc::clone(&upstreams)));
        let trusted = config.access.trust.clone();
        let trust = Trust::new(trusted, keys, registry, ground, clock.clone());
        let access = Arc::new(access.trusting(trust));
        let (calls, body_limit) = (Arc::clone(&hosted), config.limits.body_size);
        let api = Api::new(calls, Arc::clone(&access), signing, clock.clone(), body_limit)
            .with_stages(config.store.stage_ttl, config.store.stage_size)
            .with_open_admin(config.access.open_admin)
            .with_counters(Arc::clone(&counters));
        let api = Arc::new(api);
        let chosen = Arc::clone(&upstreams);
        let is_current = move |name: &PackageName, root: &str| chosen.of(name).root() == root;
        let catalogue = Arc::new(Catalogue::new(cache, clock.clone(), is_current));
        let history = Arc::new(History::new(clock.now()));
        let views = Views::new(cache, Arc::clone(&memory));
        let chosen = Arc::clone(&upstreams);
        let root_of = move |name: &PackageName| chosen.of(name).root().to_owned();
        let current = Arc::new(Current::new(config));
        let negatives = Arc::new(Negatives::new(clock.clone()));
        let limits = Limits::new(config, &counters);
        let parts = Parts {
            upstreams: Arc::clone(&upstreams),
            current: Arc::clone(&current),
            negatives: Arc::clone(&negatives),
            hosted: Arc::clone(&hosted),
            catalogue: Arc::clone(&catalogue),
            access: Arc::clone(&access),
            api: Arc::clone(&api),
            memory: Arc::clone(&memory),
            limits: limits.clone(),
            addresses: OnceLock::new(),
        };
        let settings = Arc::new(Settings::new(config.clone(), parts));
        let ui = Ui::new(ui::Parts {
            hosted: Arc::clone(&hosted),
            api: Arc::clone(&api),
            access,
            settings: Arc::clone(&settings) as Arc<Settings>,
            catalogue: Arc::clone(&catalogue),
            history: Arc::clone(&history),
            clock: clock.clone(),
            copies: ui::Copies::new(cache, views.clone(), root_of),
        })?;
        let readiness = Readiness::of(cache, Arc::clone(hosted.store()), clock.clone());
        Ok(Door {
            cache,
            views,
            memory,
            hosted,
            api,
            ui,
            sendfile,
            documents: Box::leak(Box::new(Store::whole(cache))),
            tarballs: Box::leak(Box::new(Store::streaming(cache))),
            lock: Box::leak(CacheLock::new_boxed(LOCK_AGE)),
            negatives,
            audits: Audits::new(clock.clone()),
            updates: Updates::new(clock.clone()),
            upstream_keys: UpstreamKeys::new(clock.clone()),
            upstreams,
            settings,
            current,
            catalogue,
            history,
            readiness,
            limits,
            clock,
            in_flight,
            counters,
            pseudonym,
        })
    }

    /// The views behind it.
    pub fn views(&self) -> &Views {
        &self.views
    }

    /// The packages that are NOPAR's own.
    pub fn hosted(&self) -> &Arc<Hosted> {
        &self.hosted
    }

    fn packument_key(&self, name: &PackageName) -> Key {
        Key::packument(self.upstreams.of(name).root(), name)
    }

    fn attestations_key(&self, name: &PackageName, version: &str) -> Key {
        Key::attestations(self.upstreams.of(name).root(), name, version)
    }

    fn tarball_key(&self, name: &PackageName, file: &TarballName) -> Key {
        Key::tarball(self.upstreams.of(name).root(), name, file.as_str())
    }

    /// The addresses that lead to it: no upstream may be at one of them.
    pub fn listens_on(&self, addresses: &[SocketAddr]) {
        self.settings.running().listens_on(addresses);
    }

    /// The upstream of a package, for what is to be kept under `key`, which `of` makes of the upstream's root.
    ///
    /// # Errors
    /// If it was replaced since the key was made: what another one says must not be kept under it.
    fn upstream_of(
        &self,
        name: &PackageName,
        key: &Key,
        of: impl FnOnce(&str) -> Key,
    ) -> Result<Arc<Upstream>, Failure> {
        let upstream = self.upstreams.of(name);
        match of(upstream.root()).as_str() == key.as_str() {
            true => Ok(upstream),
            false => Err(Failure::replaced()),
        }
    }

    /// Switches pingora-cache on for a request.
    fn enable(&self, http_cache: &mut HttpCache, store: &'static Store) {
        let mut overrides = CacheOptionOverrides::default();
        overrides.wait_timeout = Some(self.current.get().longest_fetch * 2);
        overrides.max_lock_retries = Some(LOCK_ROUNDS);
        // The cache keeps its order itself: what it counts is always what it holds.
        http_cache.enable(store, None, None, Some(self.lock), Some(overrides));
    }
}

impl Proxy {
    /// The proxy behind `door`.
    pub fn new(door: Door) -> Proxy {
        Proxy { door: Arc::new(door) }
    }

    /// What bodies take in memory.
    pub fn live(&self) -> Live {
        self.door.sendfile.live().clone()
    }

    /// Chooses the way in which large bodies are sent, by what costs less: on a thread of its own, as it takes
    /// some milliseconds, and it is well known by the time that anything is sent again and again.
    pub fn choose_sendfile(&self) {
        let sendfile = self.door.sendfile.clone();
        let measure = move || match pages::is_cheaper() {
            Ok(is_cheaper) => {
                let way = if is_cheaper { "sent from their pages" } else { "copied" };
                info!("large bodies are {way}, which costs less here (NOPAR_SENDFILE)");
                sendfile.set(is_cheaper);
            }
            Err(error) => warn!("large bodies are copied: {error} (NOPAR_SENDFILE)"),
        };
        // Without a thread everything is copied.
        let _ = thread::Builder::new().name("measure".to_owned()).spawn(measure);
    }

    /// How much one client may have.
    pub fn limits(&self) -> &Limits {
        &self.door.limits
    }

    /// Which packages of upstreams are held.
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.door.catalogue
    }

    /// What was done in the last hour and day.
    pub fn history(&self) -> &Arc<History> {
        &self.door.history
    }

    /// What is odd about the names that rules use, whenever that is asked. Asking blocks.
    pub fn strangers(&self) -> impl Fn() -> Vec<String> + Send + use<> {
        let door = Arc::clone(&self.door);
        move || door.ui.strangers()
    }

    /// The settings, which may change while it serves.
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.door.settings) as Arc<Settings>
    }

    /// Whether requests are logged, as it is at any time.
    pub fn log_switch(&self) -> Arc<AtomicBool> {
        self.door.current.log_switch()
    }

    /// Ready answers from behind the same door.
    pub fn hot(&self) -> Hot {
        Hot::new(Arc::clone(&self.door))
    }
}
