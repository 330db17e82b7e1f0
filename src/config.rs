//! What NOPAR is told to do: saved settings over environment over file over defaults, every mistake reported at once.
//! Knows nothing of what is done with it.
//!
//! One table (`table`) names every setting with its environment variable, its key in the file, its
//! default and its meaning; reading, the commented default file and every listing come from it.

mod changes;
mod claims;
mod duration;
mod fields;
mod file;
mod finish;
mod host_list;
mod load;
mod min_free;
mod mistakes;
mod origins;
mod pattern;
mod place;
mod proxy;
mod rate;
mod rules;
mod saved;
mod secret;
mod setting;
mod several;
mod shown;
mod size;
mod switch;
mod table;
mod trust;
mod value;
mod who;
mod wrong;

#[cfg(test)]
mod tests;

pub use crate::base_url::{BaseUrl, Proxies};
pub use changes::are_of_one_place;
pub use fields::{Field, Form, Kind, Unfit};
pub use host_list::HostList;
pub use load::Sources;
pub use min_free::MinFree;
pub use mistakes::{Mistake, Mistakes};
pub use origins::Origins;
pub use pattern::{InvalidPattern, Pattern};
pub use place::Place;
pub use proxy::Proxy;
pub use rate::Rate;
pub use rules::Rule;
pub use saved::{Replaced, Saved, SavedError};
pub use secret::Secret;
pub use shown::SettingView;
pub use size::parse_size;
pub use trust::{Expected, Trust};
pub use who::{Teams, Who};

use log::LevelFilter;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// The whole configuration. Its fields' meanings, units and defaults are those of `conf/nopar.toml`.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where and how it listens.
    pub server: Server,
    /// The registry it fetches from what no other one is for.
    pub upstream: Upstream,
    /// The registries of certain packages.
    pub upstreams: Vec<Upstream>,
    /// The hosted packages.
    pub store: Store,
    /// Copies of what the upstream said.
    pub cache: Cache,
    /// Who may do what.
    pub access: Access,
    /// What it tells.
    pub log: Log,
    /// What it tells in numbers.
    pub metrics: Metrics,
    /// What it refuses.
    pub limits: Limits,
    /// What is odd but no mistake, a sentence each.
    pub warnings: Vec<String>,
    /// Those that rules were written with.
    teams: Teams,
    values: BTreeMap<&'static str, Value>,
    /// What environment and file alone say, before it was finished.
    raw: Option<Arc<Config>>,
    /// What is saved; `None` if that is ignored.
    saved: Option<Saved>,
}

/// Where and how NOPAR listens.
#[derive(Clone, Debug)]
pub struct Server {
    /// Name or address to listen on; `localhost` is both loopback addresses.
    pub hostname: String,
    /// TCP port; 0 takes a free one.
    pub port: u16,
    /// Other places to listen on.
    pub listen: Vec<Place>,
    /// Whether there are such, and [`Server::hostname`] or [`Server::port`] is set as well.
    pub also_on_host: bool,
    /// The certificate it shows, with [`Server::tls_key`]: it speaks TLS.
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key.
    pub tls_key: Option<PathBuf>,
    /// The URL clients reach it by, when it should not follow the request.
    pub base_url: Option<BaseUrl>,
    /// Worker threads.
    pub threads: usize,
    /// Whether ready answers go past Pingora.
    pub hot_path: bool,
    /// Whether large bodies are sent without copying them.
    pub sendfile: Sendfile,
    /// Peers whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Proxies,
    /// How long a stop waits for what is going on.
    pub stop_timeout: Duration,
    /// Where relative paths start.
    pub home: Option<PathBuf>,
    /// Directory of runtime files.
    pub run_path: Option<PathBuf>,
    /// User of a daemon.
    pub run_as_user: Option<String>,
}

impl Server {
    /// Whether it listens on [`Server::hostname`]: if that is said, or if nothing else is.
    pub fn listens_on_host(&self) -> bool {
        self.listen.is_empty() || self.also_on_host
    }

    /// The names and addresses that it listens on, with their ports.
    pub fn hosts(&self) -> impl Iterator<Item = (&str, u16)> {
        let usual = self.listens_on_host().then_some((self.hostname.as_str(), self.port));
        usual.into_iter().chain(self.listen.iter().filter_map(Place::host))
    }

    /// Whether anything can be sent without copying it: on the hot path only, and not over TLS.
    pub fn may_sendfile(&self) -> bool {
        self.hot_path && self.tls_cert.is_none()
    }
}

/// Whether large bodies are sent without copying them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sendfile {
    /// If it costs less CPU here.
    Auto,
    /// Always.
    Yes,
    /// Never.
    No,
}

/// A registry NOPAR fetches from.
#[derive(Clone, Debug, PartialEq)]
pub struct Upstream {
    /// The patterns of its `packages`; the default one, which is for all others, may have none.
    pub packages: Vec<Pattern>,
    /// Its URL.
    pub url: Url,
    /// Whether what is not held is asked for there.
    pub auto_forward: bool,
    /// Whether invalid certificates are accepted there.
    pub ignore_cert: bool,
    /// The proxy on the way there.
    pub proxy_url: Option<Proxy>,
    /// Hosts that are reached without the proxy.
    pub no_proxy: HostList,
    /// The name NOPAR gives itself.
    pub user_agent: String,
    /// The token NOPAR shows there, and nowhere else.
    pub token: Option<Secret>,
    /// Certificates to trust in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest wait between two pieces of an answer.
    pub read_timeout: Duration,
    /// Longest wait for a whole packument.
    pub fetch_timeout: Duration,
    /// Longest wait for a whole tarball.
    pub tarball_timeout: Duration,
    /// How many requests go to it at once.
    pub max_connections: NonZeroUsize,
    /// How many requests go to it within a second, if that is limited.
    pub requests_per_second: Option<NonZeroUsize>,
    /// Hosts its documents and redirects may lead to although they are not public.
    pub allow_hosts: HostList,
    token_file: Option<PathBuf>,
    files: changes::Files,
}

/// The hosted packages.
#[derive(Clone, Debug)]
pub struct Store {
    /// Their directory.
    pub path: PathBuf,
    /// Packages that are this registry's own, hosted already or not: no upstream is ever asked for them.
    pub local_packages: Vec<Pattern>,
    /// How long what is staged waits to be approved.
    pub stage_ttl: Duration,
    /// Bytes of all that is staged.
    pub stage_size: u64,
}

/// Copies of what the upstream said.
#[derive(Clone, Debug)]
pub struct Cache {
    /// Their directory.
    pub path: PathBuf,
    /// Bytes they may take on disk.
    pub size: u64,
    /// How much of its file system stays free of them.
    pub min_free: MinFree,
    /// Bytes of them kept in memory, ready to send.
    pub memory_size: u64,
    /// How long a packument is fresh.
    pub meta_ttl: Duration,
    /// How long after that it is served while it is being confirmed.
    pub stale_while_revalidate: Duration,
    /// How long a 404 is remembered.
    pub not_found_ttl: Duration,
    /// How long after its time a packument is still served when the upstream fails.
    pub stale_if_error: StaleIfError,
    /// When tarballs are checked against their packuments.
    pub verify: Verify,
}

/// How long after its time a packument is still served when the upstream fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleIfError {
    /// Whatever its age.
    Unlimited,
    /// For so long.
    For(Duration),
}

/// When tarballs are checked against what their packuments say of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verify {
    /// As soon as the packument is at hand: a tarball may be served before.
    Auto,
    /// Before they are served: the packument is fetched beside a tarball whose digests are not known.
    Always,
}

/// Who may do what.
#[derive(Clone, Debug)]
pub struct Access {
    /// Who may log in and publish.
    pub auth: Auth,
    /// Whose pages may read hosted packages.
    pub cors_origins: Origins,
    /// Who may do what with which packages, where not everybody may do everything.
    pub rules: Vec<Rule>,
    /// Users who may do everything.
    pub admins: std::collections::BTreeSet<String>,
    /// Which jobs may publish or read what, by the tokens of their issuers.
    pub trust: Vec<Trust>,
    /// Whether everybody may make an account for themselves.
    pub sign_up: bool,
    /// Whether everybody may administer by pages, where everybody may do everything else.
    pub open_admin: bool,
}

/// Who may log in and publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Everyone may log in under any name, and publish.
    Open,
    /// Users log in with their passwords, and may do what the rules say.
    Users,
}

/// What NOPAR tells.
#[derive(Clone, Debug)]
pub struct Log {
    /// File to append to; else standard error.
    pub file: Option<PathBuf>,
    /// The least important messages that are written.
    pub level: LevelFilter,
    /// How lines look.
    pub format: LogFormat,
    /// Whether each request is logged.
    pub access: bool,
}

/// How lines of the log look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// An object of JSON in each, for programs.
    Json,
}

/// What NOPAR tells in numbers.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Where they are served; nowhere if it is not said.
    pub listen: Option<SocketAddr>,
}

/// What NOPAR refuses.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Longest packument in bytes, unpacked.
    pub packument_size: u64,
    /// Longest tarball in bytes that is kept.
    pub tarball_size: u64,
    /// Longest body in bytes of a request that is taken.
    pub body_size: u64,
    /// Connections of clients at once.
    pub connections: usize,
    /// Those of one address, if that is limited.
    pub connections_per_address: Option<NonZeroUsize>,
    /// How often one address may ask, if that is limited.
    pub requests_per_address: Option<Rate>,
    /// How often one token may be shown, if that is limited.
    pub requests_per_token: Option<Rate>,
}

/// Where a setting's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The configuration file.
    File,
    /// An environment variable.
    Environment,
    /// The settings page.
    Saved,
}

#[derive(Clone, Debug)]
struct Value {
    text: String,
    origin: Origin,
    /// The variable that it comes from, of several that mean the same; else the usual one.
    env: &'static str,
}

impl Config {
    /// Reads environment and file, and what is saved in the directory of the registry.
    ///
    /// # Errors
    /// All mistakes in them.
    pub fn load(sources: &Sources) -> Result<Config, Mistakes> {
        load::load(sources)
    }

    /// The commented file with every setting at its default.
    pub fn default_file() -> String {
        file::default_file()
    }

    /// Every upstream, the default one first.
    pub fn all_upstreams(&self) -> impl Iterator<Item = &Upstream> {
        std::iter::once(&self.upstream).chain(&self.upstreams)
    }

    /// The longest wait for a whole packument of any upstream.
    pub fn longest_fetch(&self) -> Duration {
        self.all_upstreams().map(|upstream| upstream.fetch_timeout).max().unwrap_or_default()
    }

    /// Where the value of a setting (`cache.size`) comes from.
    pub fn origin(&self, key: &str) -> Origin {
        self.values.get(key).map_or(Origin::Default, |value| value.origin)
    }
}

impl Default for Config {
    /// What no environment, no file and no saved settings give.
    fn default() -> Config {
        Config::load(&Sources { ignore_saved: true, ..Sources::default() })
            .expect("the defaults are valid: a test loads them")
    }
}
