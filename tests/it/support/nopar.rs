//! A NOPAR of one's own: real configuration, real sockets, directories that vanish afterwards.
//! Knows nothing of NOPAR's inside beyond `Config`, `Clock`, `App` and its `Snapshot`.

mod running;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nopar::app::ReloadHandle;
use nopar::catalogue::Listing;
use nopar::certificate::Shown;
use nopar::clock::Clock;
use nopar::connection::Patience;
use nopar::counters::{Broken, Snapshot};
use tempfile::TempDir;

use self::running::Running;
use super::client::{Connection, Request, Response};
use super::deadline::{DEADLINE, within};
use super::proxy::FakeProxy;
use super::upstream::FakeUpstream;

/// A NOPAR about to be started.
pub(crate) struct TestNoparBuilder {
    env: BTreeMap<String, String>,
    file: Option<String>,
    host: Option<String>,
    clock: Clock,
    patience: Patience,
}

impl TestNoparBuilder {
    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Leaves a variable unset that would have been set for the test.
    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.env.remove(name);
        self
    }

    /// A configuration file with this text.
    pub(crate) fn file(mut self, text: &str) -> Self {
        self.file = Some(text.to_owned());
        self
    }

    /// Goes through a forward proxy.
    pub(crate) fn via(self, proxy: &FakeProxy) -> Self {
        self.env("NOPAR_PROXY_URL", &proxy.url())
    }

    /// The Host of requests made by [`TestNopar`]; the address otherwise, which a restart changes.
    pub(crate) fn host(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
        self
    }

    /// Bears more or less from callers than usual.
    pub(crate) fn patience(mut self, change: impl FnOnce(&mut Patience)) -> Self {
        change(&mut self.patience);
        self
    }

    /// Time stands still for it, but for [`TestNopar::advance`]: nothing ends while a busy machine takes its time.
    pub(crate) fn stopped_clock(mut self) -> Self {
        self.clock = Clock::stopped();
        self
    }

    /// Starts it and waits until it listens; fails the test when it does not.
    #[track_caller]
    pub(crate) fn start(self) -> impl Future<Output = TestNopar> {
        let caller = std::panic::Location::caller();
        async move {
            match self.try_start().await {
                Ok(nopar) => nopar,
                Err(reason) => panic!("NOPAR does not start: {reason} (started at {caller})"),
            }
        }
    }

    /// Starts it, or says in NOPAR's own words why it does not.
    pub(crate) async fn try_start(mut self) -> Result<TestNopar, String> {
        // Crowds of hundreds have both their ends in this process; many shells allow it 1,024 files.
        rlimit::increase_nofile_limit(rlimit::INFINITY).expect("the limit of open files");
        let home = TempDir::new().expect("a temporary directory");
        let file = self.file.map(|text| {
            let path = home.path().join("nopar.toml");
            std::fs::write(&path, text).expect("writing the configuration");
            path
        });
        let mut inside = |name: &str, path: PathBuf| {
            let path = path.to_str().expect("a path in UTF-8").to_owned();
            self.env.entry(name.to_owned()).or_insert(path);
        };
        inside("NOPAR_HOME", home.path().to_owned());
        inside("NOPAR_CACHE_PATH", home.path().join("cache"));
        inside("NOPAR_REGISTRY_PATH", home.path().join("registry"));
        // How full the disk of this machine is, is no matter of the tests.
        self.env.entry("NOPAR_CACHE_MIN_FREE".to_owned()).or_insert("0".to_owned());
        // Nothing is measured, and the way is tried that more can go wrong with.
        self.env.entry("NOPAR_SENDFILE".to_owned()).or_insert("yes".to_owned());
        let (clock, patience) = (self.clock.clone(), self.patience.clone());
        let running = Running::start(&self.env, file.as_deref(), clock, patience).await?;
        Ok(TestNopar {
            addr: running.addresses[0],
            running: Some(running),
            env: self.env,
            file,
            host: self.host,
            clock: self.clock,
            patience: self.patience,
            home,
        })
    }
}

/// A running NOPAR; dropping it stops it and removes its directories.
pub(crate) struct TestNopar {
    running: Option<Running>,
    addr: SocketAddr,
    env: BTreeMap<String, String>,
    file: Option<PathBuf>,
    host: Option<String>,
    clock: Clock,
    patience: Patience,
    // Last: removed once the running one, above, has ended.
    home: TempDir,
}

impl TestNopar {
    /// A NOPAR whose upstream is this one.
    pub(crate) fn with(upstream: &FakeUpstream) -> TestNoparBuilder {
        Self::forwarding_to(&upstream.url())
    }

    /// A NOPAR whose upstream is at any URL.
    pub(crate) fn forwarding_to(url: &str) -> TestNoparBuilder {
        let builder = TestNoparBuilder {
            env: BTreeMap::new(),
            file: None,
            host: None,
            clock: Clock::system(),
            patience: Patience::default(),
        };
        builder
            .env("NOPAR_HOSTNAME", "127.0.0.1")
            .env("NOPAR_PORT", "0")
            .env("NOPAR_FORWARDER_URL", url)
            // A test that fails with a request in flight should not take half a minute more.
            .env("NOPAR_STOP_TIMEOUT", "2s")
    }

    /// `http://127.0.0.1:PORT`, or with the Host that was chosen.
    pub(crate) fn url(&self) -> String {
        match &self.host {
            Some(host) => format!("http://{host}"),
            None => format!("http://{}", self.addr),
        }
    }

    /// Where it listens; another port after a restart.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// GETs a path, or a URL that begins with [`TestNopar::url`].
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> impl Future<Output = Response> + Send + use<> {
        self.request(path).send()
    }

    /// A GET to be dressed further, of a path or a URL that begins with [`TestNopar::url`].
    #[track_caller]
    pub(crate) fn request(&self, path: &str) -> Request {
        let base = self.url();
        let path = path.strip_prefix(&base).unwrap_or(path);
        assert!(path.starts_with('/'), "{path} is not below {base}");
        let request = Request::get(self.addr, path);
        match &self.host {
            Some(host) => request.host(host),
            None => request,
        }
    }

    /// A connection to it.
    pub(crate) async fn connect(&self) -> Connection {
        let opened = Connection::open(self.addr).await;
        opened.unwrap_or_else(|error| panic!("NOPAR at {}: {error}", self.addr))
    }

    /// The certificate it shows.
    pub(crate) fn certificate(&self) -> Arc<Shown> {
        let running = self.running.as_ref().expect("a running NOPAR");
        Arc::clone(running.certificate.as_ref().expect("a NOPAR that speaks TLS"))
    }

    /// Makes its clock jump.
    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Makes its clock jump by as much as a failure of the upstream is remembered.
    pub(crate) fn forget_failures(&self) {
        self.advance(Duration::from_secs(2));
    }

    /// Tells it to stop, without waiting.
    pub(crate) fn begin_stop(&self) {
        self.running.as_ref().expect("a running NOPAR").begin_stop();
    }

    /// Stops it and waits until its thread has ended.
    pub(crate) async fn stop(&mut self) {
        let running = self.running.take().expect("a running NOPAR");
        running.begin_stop();
        running.ended().await;
    }

    /// Stops it if it runs, and starts it with the same directories, settings and clock.
    pub(crate) async fn restart(&mut self) {
        if self.running.is_some() {
            self.stop().await;
        }
        let (clock, patience) = (self.clock.clone(), self.patience.clone());
        let started = Running::start(&self.env, self.file.as_deref(), clock, patience).await;
        let running = started.unwrap_or_else(|reason| panic!("NOPAR does not restart: {reason}"));
        self.addr = running.addresses[0];
        self.running = Some(running);
    }

    /// Has it read its configuration again, from a file with this text; what it logs of that. The builder has to have
    /// given it a file.
    pub(crate) async fn reload(&self, text: &str) -> Result<String, String> {
        self.reloading(text).await
    }

    /// The same, to be awaited elsewhere.
    pub(crate) fn reloading(
        &self,
        text: &str,
    ) -> impl Future<Output = Result<String, String>> + Send + use<> {
        std::fs::write(self.file(), text).expect("writing the configuration");
        let handle = self.reload_handle();
        async move {
            let reloaded = tokio::task::spawn_blocking(move || handle.reload());
            within("a reload".to_owned(), reloaded).await.expect("reloading does not panic")
        }
    }

    /// What asks it to read its configuration again.
    pub(crate) fn reload_handle(&self) -> ReloadHandle {
        self.running.as_ref().expect("a running NOPAR").reload.clone()
    }

    /// Its configuration file.
    pub(crate) fn file(&self) -> &Path {
        self.file.as_deref().expect("a NOPAR with a file")
    }

    /// What it has counted, when it has done `requests` since it started and nothing is going on: an
    /// answer is in the client's hands before it is counted.
    pub(crate) async fn counted(&self, requests: u64) -> Snapshot {
        let running = self.running.as_ref().expect("a running NOPAR");
        let since = Instant::now();
        loop {
            let snapshot = running.figures.snapshot();
            if snapshot.held.in_flight == 0 && snapshot.requests_where(|_| true) == requests {
                return snapshot;
            }
            let rows = (&snapshot.requests, snapshot.held);
            assert!(since.elapsed() < DEADLINE, "{requests} requests were done: {rows:#?}");
            tokio::task::yield_now().await;
        }
    }

    /// How many answers broke off, once one did.
    pub(crate) async fn broken(&self) -> Broken {
        let running = self.running.as_ref().expect("a running NOPAR");
        let since = Instant::now();
        loop {
            let broken = running.figures.snapshot().broken;
            if broken.by_clients + broken.for_lack > 0 {
                return broken;
            }
            assert!(since.elapsed() < DEADLINE, "none was counted");
            tokio::task::yield_now().await;
        }
    }

    /// What it lists of upstreams' packages, once that is as it should be.
    pub(crate) async fn listing(&self, is_right: impl Fn(&Listing) -> bool) -> Arc<Listing> {
        let running = self.running.as_ref().expect("a running NOPAR");
        let since = Instant::now();
        loop {
            let listing = running.catalogue.listing_now();
            if is_right(&listing) {
                return listing;
            }
            assert!(since.elapsed() < DEADLINE, "this is listed: {:#?}", listing.packages());
            tokio::task::yield_now().await;
        }
    }

    /// Waits until nothing is going on, background updates included.
    pub(crate) async fn idle(&self) {
        let running = self.running.as_ref().expect("a running NOPAR");
        let idle = async {
            while running.figures.snapshot().held.in_flight > 0 {
                tokio::task::yield_now().await;
            }
        };
        within("nothing to be going on".to_owned(), idle).await;
    }

    /// Waits until so many requests are going on.
    pub(crate) async fn going_on(&self, count: usize) {
        let running = self.running.as_ref().expect("a running NOPAR");
        let busy = async {
            while (running.figures.snapshot().held.in_flight as usize) < count {
                tokio::task::yield_now().await;
            }
        };
        within(format!("{count} requests to be going on"), busy).await;
    }

    /// The directory of what upstream said.
    pub(crate) fn cache_path(&self) -> &Path {
        Path::new(&self.env["NOPAR_CACHE_PATH"])
    }

    /// The directory of hosted packages.
    pub(crate) fn registry_path(&self) -> &Path {
        Path::new(&self.env["NOPAR_REGISTRY_PATH"])
    }

    /// Its home directory, which holds the others unless they were set by hand.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Files below the cache directory, sorted, relative to it.
    pub(crate) fn cache_files(&self) -> Vec<String> {
        files_below(self.cache_path())
    }

    /// Files below the directory of hosted packages, sorted, relative to it.
    pub(crate) fn registry_files(&self) -> Vec<String> {
        files_below(self.registry_path())
    }
}

/// Files below a directory; none where it does not exist.
pub(crate) fn files_below(top: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![top.to_owned()];
    while let Some(directory) = open.pop() {
        // One removed meanwhile has no files.
        let Ok(entries) = std::fs::read_dir(&directory) else {
            continue;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let below = path.strip_prefix(top).expect("it was found below");
            found.push(below.to_string_lossy().into_owned());
        }
    }
    found.sort();
    found
}
