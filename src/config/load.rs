//! Defaults, then the file, then the environment, then what is saved, through the one table.

use super::mistakes::Mistakes;
use super::table::{SETTINGS, Setting, by_env};
use super::wrong::Wrong;
use super::{
    Access, Auth, Cache, Config, HostList, Limits, Log, LogFormat, Metrics, MinFree, Origin,
    Origins, Proxies, Sendfile, Server, StaleIfError, Store, Upstream, Value, Verify, file, saved,
    several,
};
use log::LevelFilter;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// Where a configuration comes from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// The file; without one, that of `NOPAR_CONFIG`, if set.
    pub file: Option<PathBuf>,
    /// Whether what was saved on the settings page is left out.
    pub ignore_saved: bool,
}

impl Sources {
    /// The file that is read, if there is one.
    pub fn place(&self) -> Option<PathBuf> {
        let named = self.env.get(FILE).filter(|path| !path.is_empty()).map(PathBuf::from);
        self.file.clone().or(named)
    }
}

/// The variable that names the file.
const FILE: &str = "NOPAR_CONFIG";

pub(super) fn load(sources: &Sources) -> Result<Config, Mistakes> {
    let mut config = blank();
    let mut mistakes = Mistakes::default();
    for setting in SETTINGS.iter() {
        apply(&mut config, setting, setting.default, setting.env, Origin::Default, &mut mistakes);
    }
    if let Some(path) = sources.place() {
        let defaults = config.clone();
        let contents = file::read(&path, &mut mistakes);
        for (setting, text) in contents.found {
            let key = format!("{} in {}", setting.key, path.display());
            apply(&mut config, setting, &text, &key, Origin::File, &mut mistakes);
        }
        config.access.rules = contents.rules;
        config.teams = contents.teams;
        config.access.trust = contents.trust;
        several::apply_all(&mut config, &defaults, contents.upstreams, &path, &mut mistakes);
    }
    environment(sources, &mut config, &mut mistakes);
    saved::load(config, sources.ignore_saved, mistakes)
}

fn environment(sources: &Sources, config: &mut Config, mistakes: &mut Mistakes) {
    // Aliases first, so that a variable's own name goes before them.
    let (own, aliases): (Vec<_>, Vec<_>) = sources
        .env
        .iter()
        .filter_map(|(name, text)| Some((name, text, by_env(name)?)))
        .partition(|(name, _, setting)| setting.env == **name);
    for (name, text, setting) in aliases.into_iter().chain(own) {
        apply(config, setting, text, name, Origin::Environment, mistakes);
    }
    for name in sources.env.keys().filter(|name| name.starts_with("NOPAR_")) {
        if by_env(name).is_none() && name != FILE {
            let known = SETTINGS.iter().map(|setting| setting.env);
            let hint = file::nearest(name, known).map(|near| format!("; did you mean {near}?"));
            let hint = hint.unwrap_or_default();
            config.warnings.push(format!("{name}: there is no such setting{hint}"));
        }
    }
}

/// Sets one value. Empty is unset: what is there stays.
pub(super) fn apply(
    config: &mut Config,
    setting: &Setting,
    text: &str,
    key: &str,
    origin: Origin,
    mistakes: &mut Mistakes,
) {
    let text = text.trim();
    if text.is_empty() {
        return;
    }
    match (setting.set)(config, text) {
        Ok(()) => {
            let alias = setting.aliases.iter().find(|alias| **alias == key);
            let env = alias.copied().unwrap_or(setting.env);
            let value = Value { text: text.to_owned(), origin, env };
            config.values.insert(setting.key, value);
        }
        Err(Wrong { part, problem, allowed }) => {
            // A URL with an @ may hold a password; what begins with one, in a list, is a scope.
            let shown = part.as_deref().unwrap_or(text);
            let is_scope = part.is_some() && shown.starts_with('@');
            let hidden = setting.secret || (shown.contains('@') && !is_scope);
            let shown = if hidden { "its value".to_owned() } else { format!("{shown:?}") };
            mistakes.add(key, format!("{shown} {problem}: {allowed}"));
        }
    }
}

/// What the table's defaults are set onto; of these values, only those for settings that are empty
/// by default are ever seen.
fn blank() -> Config {
    Config {
        server: Server {
            hostname: String::new(),
            port: 0,
            listen: Vec::new(),
            also_on_host: false,
            tls_cert: None,
            tls_key: None,
            base_url: None,
            threads: 1,
            hot_path: true,
            sendfile: Sendfile::Auto,
            trusted_proxies: Proxies::default(),
            stop_timeout: Duration::ZERO,
            home: None,
            run_path: None,
            run_as_user: None,
        },
        upstream: Upstream {
            packages: Vec::new(),
            url: Url::parse("http://unset.invalid").expect("it is a URL"),
            auto_forward: false,
            ignore_cert: false,
            proxy_url: None,
            no_proxy: HostList::default(),
            user_agent: concat!("nopar/", env!("CARGO_PKG_VERSION")).to_owned(),
            token: None,
            ca_file: None,
            connect_timeout: Duration::ZERO,
            read_timeout: Duration::ZERO,
            fetch_timeout: Duration::ZERO,
            tarball_timeout: Duration::ZERO,
            max_connections: NonZeroUsize::MIN,
            requests_per_second: None,
            allow_hosts: HostList::default(),
            token_file: None,
            files: Default::default(),
        },
        upstreams: Vec::new(),
        store: Store {
            path: PathBuf::new(),
            local_packages: Vec::new(),
            stage_ttl: Duration::ZERO,
            stage_size: 0,
        },
        cache: Cache {
            path: PathBuf::new(),
            size: 0,
            min_free: MinFree::Auto,
            memory_size: 0,
            meta_ttl: Duration::ZERO,
            stale_while_revalidate: Duration::ZERO,
            not_found_ttl: Duration::ZERO,
            stale_if_error: StaleIfError::Unlimited,
            verify: Verify::Auto,
        },
        access: Access {
            auth: Auth::Open,
            cors_origins: Origins::None,
            rules: Vec::new(),
            admins: Default::default(),
            trust: Vec::new(),
            sign_up: false,
            open_admin: false,
        },
        log: Log { file: None, level: LevelFilter::Off, format: LogFormat::Text, access: false },
        metrics: Metrics { listen: None },
        limits: Limits {
            packument_size: 0,
            tarball_size: 0,
            body_size: 0,
            connections: 0,
            connections_per_address: None,
            requests_per_address: None,
            requests_per_token: None,
        },
        warnings: Vec::new(),
        teams: BTreeMap::new(),
        values: BTreeMap::new(),
        raw: None,
        saved: None,
    }
}
