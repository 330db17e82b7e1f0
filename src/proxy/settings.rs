//! What of a running NOPAR follows its settings, when they are changed.
//! Knows nothing of who changes them, nor of how they are saved.

use super::current::Current;
use super::negative::Negatives;
use crate::access::Access;
use crate::api::Api;
use crate::catalogue::Catalogue;
use crate::config::{Config, Unfit};
use crate::hosted::Hosted;
use crate::limits::Limits;
use crate::listen;
use crate::settings::{Ready, Running};
use crate::telemetry;
use crate::upstream::{Successor, Upstreams};
use crate::view::Memory;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use url::Url;

/// The key of the default upstream's URL.
const URL: &str = "upstream.url";
/// That of the name to listen on.
const HOSTNAME: &str = "server.hostname";
/// What decides whom is asked, and by which way, issuers of ID tokens among them: how the keys of all that begin.
const ASKED: [&str; 3] = ["upstream.", "[[upstream]]", "[[trust]]"];

/// The parts.
pub(super) struct Parts {
    pub(super) upstreams: Arc<Upstreams>,
    pub(super) current: Arc<Current>,
    pub(super) negatives: Arc<Negatives>,
    pub(super) hosted: Arc<Hosted>,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) access: Arc<Access>,
    pub(super) api: Arc<Api>,
    pub(super) memory: Arc<Memory>,
    pub(super) limits: Limits,
    /// Where NOPAR listens, once that is known.
    pub(super) addresses: OnceLock<Vec<SocketAddr>>,
}

impl Parts {
    /// Notes where NOPAR listens.
    pub(super) fn listens_on(&self, addresses: &[SocketAddr]) {
        self.addresses.get_or_init(|| addresses.to_vec());
    }

    /// The upstream that is this very NOPAR, if one is.
    fn itself<'a>(&self, config: &'a Config) -> Option<&'a Url> {
        let addresses = self.addresses.get().map_or(&[][..], Vec::as_slice);
        let leads_here = |url: &&Url| {
            let port = url.port_or_known_default().unwrap_or_default();
            url.host_str().is_some_and(|host| listen::leads_here(addresses, host, port))
        };
        config.all_upstreams().map(|upstream| &upstream.url).find(leads_here)
    }

    fn replace_upstreams(&self, successor: Successor) {
        let is_another = self.upstreams.replace(successor);
        // Why one could not be reached is not why another cannot; nor by another way.
        self.negatives.clear();
        if is_another {
            self.catalogue.start_anew();
        }
    }

    /// Has all that follows the settings beside upstreams follow these.
    fn follow(&self, config: &Config) {
        self.current.set(config);
        self.access.follow(&config.access);
        self.hosted.claim(config.claims());
        self.api.set_body_limit(config.limits.body_size);
        self.api.set_open_admin(config.access.open_admin);
        self.api.staging().set_limits(config.store.stage_ttl, config.store.stage_size);
        self.memory.set_limit(config.cache.memory_size);
        self.limits.set(config);
    }
}

impl Running for Parts {
    fn prepare(&self) -> io::Result<()> {
        self.hosted.store().prepare().map_err(io::Error::other)
    }

    fn ready(&self, wanted: &Config, changed: &[&'static str]) -> Result<Ready<'_>, Unfit> {
        let asks_another =
            changed.iter().any(|key| ASKED.iter().any(|asked| key.starts_with(asked)));
        if changed.contains(&HOSTNAME)
            && let Err(why) = listen::check_host(&wanted.server.hostname)
        {
            // It would keep NOPAR from its next start.
            let problem = format!("it {why}: a name or an address of this machine is allowed");
            return Err(Unfit { key: Some(HOSTNAME), problem });
        }
        let unfit = |problem: String| Unfit { key: Some(URL), problem };
        if asks_another && let Some(url) = self.itself(wanted) {
            return Err(unfit(format!("{url} is this NOPAR itself: another registry is allowed")));
        }
        let successor = asks_another.then(|| self.upstreams.successor(wanted)).transpose();
        let successor = successor.map_err(|error| unfit(format!("it cannot be asked: {error}")))?;
        let wanted = wanted.clone();
        Ok(Box::new(move || {
            if let Some(successor) = successor {
                self.replace_upstreams(successor);
            }
            self.follow(&wanted);
            // Last: who reads a request from here on reads all that is new.
            self.hosted.begin_epoch();
            telemetry::set_level(wanted.log.level);
            telemetry::set_format(wanted.log.format);
        }))
    }
}
