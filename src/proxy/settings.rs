//! What of a running NOPAR follows its settings, when they are changed.
//! Knows nothing of who changes them, nor of how they are saved.

use super::current::Current;
use super::negative::Negatives;
use crate::catalogue::Catalogue;
use crate::config::{Config, Unfit};
use crate::hosted::Hosted;
use crate::listen;
use crate::settings::{Ready, Running};
use crate::telemetry;
use crate::upstream::Upstreams;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

/// The key of the default upstream's URL.
const URL: &str = "upstream.url";
/// That of the name to listen on.
const HOSTNAME: &str = "server.hostname";
/// How the keys of the upstream's settings begin.
const UPSTREAM: &str = "upstream.";

/// The parts.
pub(super) struct Parts {
    pub(super) upstreams: Arc<Upstreams>,
    pub(super) current: Arc<Current>,
    pub(super) negatives: Arc<Negatives>,
    pub(super) hosted: Arc<Hosted>,
    pub(super) catalogue: Arc<Catalogue>,
    /// Where NOPAR listens, once that is known.
    pub(super) addresses: OnceLock<Vec<SocketAddr>>,
}

impl Parts {
    /// Notes where NOPAR listens.
    pub(super) fn listens_on(&self, addresses: &[SocketAddr]) {
        self.addresses.get_or_init(|| addresses.to_vec());
    }

    fn is_itself(&self, config: &Config) -> bool {
        let url = &config.upstream.url;
        let port = url.port_or_known_default().unwrap_or_default();
        let addresses = self.addresses.get().map_or(&[][..], Vec::as_slice);
        url.host_str().is_some_and(|host| listen::leads_here(addresses, host, port))
    }
}

impl Running for Parts {
    fn prepare(&self) -> io::Result<()> {
        self.hosted.store().prepare().map_err(io::Error::other)
    }

    fn ready(&self, wanted: &Config, changed: &[&'static str]) -> Result<Ready<'_>, Unfit> {
        let asks_another = changed.iter().any(|key| key.starts_with(UPSTREAM));
        if changed.contains(&HOSTNAME)
            && let Err(why) = listen::check_host(&wanted.server.hostname)
        {
            // It would keep NOPAR from its next start.
            let problem = format!("it {why}: a name or an address of this machine is allowed");
            return Err(Unfit { key: Some(HOSTNAME), problem });
        }
        let unfit = |problem: String| Unfit { key: Some(URL), problem };
        if asks_another && self.is_itself(wanted) {
            let url = &wanted.upstream.url;
            return Err(unfit(format!("{url} is this NOPAR itself: another registry is allowed")));
        }
        let successor = asks_another.then(|| self.upstreams.successor(wanted)).transpose();
        let successor = successor.map_err(|error| unfit(format!("it cannot be asked: {error}")))?;
        let wanted = wanted.clone();
        Ok(Box::new(move || {
            self.current.set(&wanted);
            if let Some(successor) = successor {
                let is_another = self.upstreams.replace(successor);
                // Why one could not be reached is not why another cannot; nor by another way.
                self.negatives.clear();
                if is_another {
                    self.catalogue.start_anew();
                }
            }
            // Last: who reads a request from here on reads all that is new.
            self.hosted.begin_epoch();
            telemetry::set_level(wanted.log.level);
        }))
    }
}
