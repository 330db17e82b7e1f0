//! The composition root: configuration in, running server out.
//! Knows nothing of any request's content; the one place that leaks what must live for ever.

mod listening;
mod looking;
mod metered;
mod opened;

use self::listening::{Listening, Served, service};
use self::metered::Metrics;
use crate::access;
use crate::cache::{DiskCache, OpenError};
use crate::catalogue::Catalogue;
use crate::certificate::{self, Shown};
use crate::clock::Clock;
use crate::config::Sources;
use crate::config::{self, Auth, Config, Origin};
use crate::connection::{Ending, Guard, Patience};
use crate::counters::Counters;
use crate::history::History;
use crate::hosted::Hosted;
use crate::inflight::InFlight;
use crate::listen::{self, Address, ListenError, Sockets};
use crate::metrics;
use crate::proxy::{Figures, Proxy};
use crate::reload::Reloader;
use crate::stop::Stopper;
use crate::store::{self, DiskStore};
use crate::upstream::SetUpError;
use log::warn;
use parking_lot::Mutex;
use pingora::listeners::tls::{Acceptor, TlsSettings};
use pingora::server::configuration::ServerConf;
use pingora::server::{RunArgs, Server};
use pingora_proxy::http_proxy;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::SystemTime;
use tokio::sync::watch;

pub use self::metered::endpoint;
pub use self::opened::Opened;
pub use crate::cache::is_cache;
pub use crate::listen::check_host;
pub use crate::proxy::Administration;
pub use crate::reload::{ReloadHandle, Reloads};
pub use crate::stop::{Stop, StopHandle};

/// Why NOPAR does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No socket.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// No socket for metrics.
    #[error(transparent)]
    Metrics(#[from] metrics::BindError),
    /// No certificate, or none that its key is for.
    #[error(transparent)]
    Certificate(#[from] certificate::Unusable),
    /// No cache.
    #[error(transparent)]
    Cache(#[from] OpenError),
    /// No place for hosted packages.
    #[error(transparent)]
    Store(#[from] store::disk::OpenError),
    /// An upstream that cannot be used.
    #[error("upstream: {0}")]
    Upstream(#[from] SetUpError),
    /// The system has no randomness.
    #[error("the system gives no random numbers: {0}")]
    Random(#[source] std::io::Error),
    /// An upstream is this very NOPAR.
    #[error(
        "{url} is this NOPAR itself; an upstream must be another registry (NOPAR_FORWARDER_URL)"
    )]
    Loop {
        /// The configured upstream.
        url: String,
    },
}

/// A NOPAR that is bound to its sockets and holds its cache, ready to run.
pub struct App {
    config: Config,
    sockets: Sockets,
    served: Vec<Served>,
    /// Those of TCP.
    addresses: Vec<SocketAddr>,
    metrics: Option<Metrics>,
    /// Where connections find what to show in a handshake; `None`: they speak plain HTTP.
    certificate: Option<Arc<Shown>>,
    cache: &'static DiskCache,
    store: DiskStore,
    hosted: Arc<Hosted>,
    proxy: Proxy,
    counters: Arc<Counters>,
    in_flight: InFlight,
    started: SystemTime,
    patience: Patience,
    serving: Serving,
    /// Where it is asked to read its configuration again, and what it is read from.
    reloads: Option<(Reloads, Sources)>,
}

/// What is done when NOPAR serves; it is given where, in words.
type Serving = Box<dyn FnOnce(&str) + Send + Sync>;

impl App {
    /// Binds the sockets and opens the cache.
    ///
    /// # Errors
    /// Whatever keeps NOPAR from serving: it is known before the first client comes.
    pub fn bind(config: Config, clock: Clock) -> Result<App, StartError> {
        let sockets = Sockets::bind(&config.server)?;
        App::on(config, clock, sockets)
    }

    /// The same on sockets that are there already: bound before, or inherited. It runs as the user it will serve as.
    ///
    /// # Errors
    /// As [`App::bind`].
    pub fn on(config: Config, clock: Clock, sockets: Sockets) -> Result<App, StartError> {
        Opened::open(config, clock)?.listen_on(sockets)
    }

    /// The same, which reads its configuration again from these sources when it is asked to.
    pub fn with_reloads(self, reloads: Reloads, sources: Sources) -> App {
        App { reloads: Some((reloads, sources)), ..self }
    }

    /// The same with another patience than the usual.
    pub fn with_patience(self, patience: Patience) -> App {
        let memory = self.patience.memory;
        App { patience: Patience { memory, ..patience }, ..self }
    }

    /// The same with something else to do when it serves than to tell a service manager. It is not waited for.
    pub fn when_serving(self, serving: impl FnOnce(&str) + Send + Sync + 'static) -> App {
        App { serving: Box::new(serving), ..self }
    }

    /// The addresses of TCP it listens on, with the ports they really have.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// All places it listens on.
    pub fn places(&self) -> &[Address] {
        self.sockets.addresses()
    }

    /// What it listens on, to be handed on to a successor while it runs.
    pub fn sockets(&self) -> Sockets {
        self.sockets.clone()
    }

    /// The certificate it shows, which looks at its files by itself, and on demand.
    pub fn certificate(&self) -> Option<Arc<Shown>> {
        self.certificate.clone()
    }

    /// Whether what was saved on the settings page is left out, as it is at any time.
    pub fn ignores_saved(&self) -> impl Fn() -> bool + Send + Sync + use<> {
        let settings = self.proxy.settings();
        move || settings.now().ignores_saved()
    }

    /// What it can tell of itself, now and while it runs.
    pub fn figures(&self) -> Figures {
        self.proxy.figures()
    }

    /// Which packages of upstreams it holds; known while it runs.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(self.proxy.catalogue())
    }

    /// What has its cache learn of what other processes wrote there, such as a predecessor until it left. Whoever calls
    /// it waits for nothing.
    pub fn cache_looker(&self) -> impl Fn() + Send + Sync + 'static {
        looking::looker(self.cache)
    }

    /// What answers operators while it runs.
    pub fn administration(&self) -> Administration {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        let places = self.places().iter().map(|place| place.told(scheme)).collect();
        self.proxy.administration(&self.config, places, self.started)
    }

    /// What it did in the last hour and day; sampled while it runs.
    pub fn history(&self) -> Arc<History> {
        Arc::clone(self.proxy.history())
    }

    /// Serves until `stop` asks to end and what was going on is done. Blocks.
    pub fn run(self, stop: Stop) {
        let server = Server::new_with_opt_and_conf(None, server_conf(&self.config));
        let (last, is_last) = watch::channel(false);
        let (closing, is_closing) = watch::channel(false);
        let (ending, is_ending) = watch::channel(false);
        self.proxy.ends_by(is_ending);
        let (close_done, closed) = watch::channel(false);
        let hot = self.config.server.hot_path.then(|| self.proxy.hot());
        let settings = &self.config.server;
        if settings.may_sendfile() && settings.sendfile == config::Sendfile::Auto {
            self.proxy.choose_sendfile();
        }
        look_around(self.store, self.hosted, self.config.store.path.display().to_string());
        let tidy = self.proxy.tidy();
        let keeper = self.proxy.catalogue().keep();
        let (strangers, current) = (self.proxy.strangers(), self.proxy.settings());
        let access_log = self.proxy.log_switch();
        let limits = Arc::clone(&self.proxy.limits().connections);
        let proxy = http_proxy(&server.configuration, self.proxy);
        let wanted = self.config.limits.connections;
        let most = listen::most_connections(wanted);
        let is_wish = self.config.origin("limits.connections") != Origin::Default;
        if most < wanted && is_wish {
            listen::warn_of_fewer_connections(wanted, most);
        }
        let in_flight = self.in_flight.clone();
        let (patience, counters) = (self.patience, self.counters);
        let guard = Guard::new(proxy, hot, most, patience, in_flight, access_log, counters);
        let is_tls = self.certificate.is_some();
        let guard = guard.with_limit(limits);
        let guard = guard.with_tls(self.certificate.clone().map(acceptor));
        let guard = guard.with_ending(Ending { last: is_last.clone(), closing: is_closing });
        let service = service(&self.served, is_tls, guard);
        match self.config.access.auth {
            Auth::Open => listen::warn_if_open(&self.addresses),
            Auth::Users => {
                warn_of_no_users(&self.config);
                strangers().iter().for_each(|told| warn!("access: {told}"));
            }
        }
        let is_stopping = stop.is_asked();
        let reloader = self.reloads.map(|(reloads, sources)| Reloader {
            reloads,
            sources,
            settings: Arc::clone(&current),
            certificate: self.certificate.clone(),
            is_stopping: Box::new(is_stopping),
            strangers: Box::new(strangers),
        });
        let service = Listening {
            sockets: self.sockets,
            served: self.served,
            scheme: if is_tls { "https" } else { "http" },
            service,
            tidy,
            certificate: self.certificate,
            metrics: self.metrics,
            serving: Some(self.serving),
            succession: stop.succession(),
            reloader: Mutex::new(reloader),
            close: is_last,
            close_done,
        };
        let stopper = Stopper {
            stop,
            ending,
            last,
            closing,
            closed,
            in_flight: self.in_flight,
            timeout: Box::new(move || current.now().server.stop_timeout),
        };
        let mut server = server;
        server.add_service(service);
        server.run(RunArgs { shutdown_signal: Box::new(stopper) });
        drop(keeper);
        self.cache.close();
    }
}

/// Nobody can log in where there are none.
fn warn_of_no_users(config: &Config) {
    if !access::users_file(&config.store.path).exists() {
        warn!("access: there are no users yet (NOPAR_AUTH=users): add one by nopar user add NAME");
    }
}

/// Has others told that this directory is served, and looks at all hosted packages, on a thread of its own: tells what is
/// wrong with them, and has their names known before anybody asks.
fn look_around(store: DiskStore, hosted: Arc<Hosted>, path: String) {
    let look = move || {
        store.serve();
        match hosted.survey(&store) {
            Ok(survey) => survey.tell(&path),
            Err(error) => warn!("{error}"),
        }
    };
    // Without a thread, it is told of when it is asked for.
    let _ = thread::Builder::new().name("store".to_owned()).spawn(look);
}

/// Threads that wait for the disk and for names to be resolved. Tokio's 512 would come and go with the
/// load, each with memory that the allocator keeps for it: 175 threads under a mixed load on two cores.
const DISK_THREADS: usize = 32;

fn acceptor(certificate: Arc<Shown>) -> Acceptor {
    let settings = TlsSettings::intermediate("", "");
    let mut settings = settings.expect("files are read by build only, and not with a resolver");
    settings.set_cert_resolver(certificate);
    settings.enable_h2();
    settings.build()
}

fn server_conf(config: &Config) -> ServerConf {
    ServerConf {
        threads: config.server.threads,
        // Upstreams have connectors of their own; but Pingora's must find certificates all the same.
        ca_file: config.upstream.ca_file.as_ref().map(|path| path.display().to_string()),
        max_blocking_threads: Some(DISK_THREADS),
        // `Stopper` has waited already.
        grace_period_seconds: Some(0),
        graceful_shutdown_timeout_seconds: Some(0),
        // With work stealing, which is Pingora's default: without it, a request took 1.26 and 1.40 times the CPU on two
        // threads that it took on one, with it 0.97 and 1.05 (2026-11-28, `benches/compare`, section threads).
        ..ServerConf::default()
    }
}
