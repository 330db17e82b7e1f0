//! How to reach a target: directly, or through a corporate proxy.
//! Knows nothing of what is asked there.

#[cfg(test)]
mod tests;

use super::SetUpError;
use super::address::{is_public, spelt};
use super::guard::Guard;
use super::resolve::Resolver;
use super::target::Target;
use super::tunnel::Tunnel;
use crate::config;
use http::HeaderValue;
use pingora::connectors::ConnectorOptions;
use pingora::upstreams::peer::{HttpPeer, Peer};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// Idle connections kept to upstreams: a fleet's cold start opens about this many.
const POOL: usize = 256;
/// How long an idle connection is kept. Public registries close theirs after a minute or more.
const IDLE: Duration = Duration::from_secs(50);

/// Options of a connector that goes to `config`'s upstream.
pub(super) fn connector_options(config: &config::Upstream) -> ConnectorOptions {
    let mut options = ConnectorOptions::new(POOL);
    options.ca_file = config.ca_file.as_ref().map(|path| path.display().to_string());
    options
}

/// Makes peers.
pub(super) struct Dialer {
    /// The upstream's root: what is on its origin is its own.
    root: Target,
    guard: Guard,
    resolver: Arc<Resolver>,
    proxy: Option<Proxy>,
    no_proxy: config::HostList,
    verify: bool,
    connect_timeout: Duration,
    read_timeout: Duration,
}

struct Proxy {
    at: Target,
    authorization: Option<HeaderValue>,
}

impl Dialer {
    /// A dialer of the upstream with this configuration.
    ///
    /// # Errors
    /// When its URL has no host.
    pub(super) fn new(config: &config::Upstream) -> Result<Dialer, SetUpError> {
        let proxy = config.proxy_url.as_ref().and_then(|proxy| {
            let authorization = proxy.authorization.as_ref().and_then(|secret| {
                let mut value = HeaderValue::try_from(secret.expose()).ok()?;
                value.set_sensitive(true);
                Some(value)
            });
            Some(Proxy { at: Target::parse(&proxy.url).ok()?, authorization })
        });
        Ok(Dialer {
            root: Target::parse(&config.url)?,
            guard: Guard::new(config.allow_hosts.clone()),
            resolver: Arc::default(),
            proxy,
            no_proxy: config.no_proxy.clone(),
            verify: !config.ignore_cert,
            connect_timeout: config.connect_timeout,
            read_timeout: config.read_timeout,
        })
    }

    /// Whether certificates are looked at.
    #[cfg(test)]
    pub(super) fn verifies(&self) -> bool {
        self.verify
    }

    /// The proxy on the way to `target`, if there is one.
    fn proxy_to(&self, target: &Target) -> Option<&Proxy> {
        self.proxy.as_ref().filter(|_| !self.no_proxy.covers(&target.host, target.port))
    }

    /// The request line's target: absolute-form for a proxy that is asked in clear text (RFC 9112
    /// §3.2.2), else the path.
    pub(super) fn request_target(&self, target: &Target) -> String {
        match self.proxy_to(target) {
            Some(_) if !target.tls => target.to_string(),
            _ => target.path.clone(),
        }
    }

    /// Credentials for a proxy that sees the request itself; a tunnel gets them with CONNECT.
    pub(super) fn proxy_authorization(&self, target: &Target) -> Option<&HeaderValue> {
        self.proxy_to(target).filter(|_| !target.tls)?.authorization.as_ref()
    }

    /// How many addresses the next hop to `target` is known to have.
    pub(super) fn addresses(&self, target: &Target) -> usize {
        let hop = self.proxy_to(target).map_or(target, |proxy| &proxy.at);
        self.resolver.count(&hop.host, hop.port)
    }

    /// Tells that `peer`, on the way to `target`, could not be connected to.
    pub(super) fn failed(&self, target: &Target, peer: &HttpPeer) {
        let hop = self.proxy_to(target).map_or(target, |proxy| &proxy.at);
        if let Some(address) = peer.address().as_inet() {
            self.resolver.failed(&hop.host, hop.port, *address);
        }
    }

    /// A peer on the way to `target`; everything that connects comes by here.
    ///
    /// # Errors
    /// When a name does not resolve, or when `target` is where only this machine or its network may
    /// go ([`Guard`]). The address that was judged is the one that is connected to.
    pub(super) async fn peer(&self, target: &Target) -> pingora::Result<Box<HttpPeer>> {
        let mut peer = match self.proxy_to(target) {
            None => {
                let address = self.resolver.address(&target.host, target.port).await?;
                self.check(target, Some(address.ip())).await?;
                Dialer::straight(address, target.tls, &target.host)
            }
            Some(proxy) => {
                self.check(target, None).await?;
                self.proxied(proxy, target).await?
            }
        };
        self.set_options(&mut peer);
        Ok(Box::new(peer))
    }

    async fn check(&self, target: &Target, address: Option<IpAddr>) -> pingora::Result<()> {
        let passes = self.root.same_origin(target) || self.guard.passes(target, address);
        if passes || self.root_is_private().await { Ok(()) } else { self.guard.refuse(target) }
    }

    /// Whether the upstream itself is where not everybody may go. Behind a proxy that resolves its name
    /// this cannot be told, and it is not.
    async fn root_is_private(&self) -> bool {
        let root = &self.root;
        match spelt(&root.host) {
            Some(address) => !is_public(address),
            None if self.proxy_to(root).is_some() => false,
            None => {
                let address = self.resolver.address(&root.host, root.port).await;
                address.is_ok_and(|address| !is_public(address.ip()))
            }
        }
    }

    async fn proxied(&self, proxy: &Proxy, target: &Target) -> pingora::Result<HttpPeer> {
        if target.tls {
            return Ok(self.tunnelled(proxy, target));
        }
        let address = self.resolver.address(&proxy.at.host, proxy.at.port).await?;
        Ok(Dialer::straight(address, false, &proxy.at.host))
    }

    fn straight(address: SocketAddr, tls: bool, host: &str) -> HttpPeer {
        HttpPeer::new(address, tls, host.to_owned())
    }

    /// A TLS peer behind a CONNECT tunnel. Its name is the proxy's to resolve, so it has no address
    /// here; `group_key` keeps such connections apart in the pool.
    fn tunnelled(&self, proxy: &Proxy, target: &Target) -> HttpPeer {
        let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, target.port));
        let mut peer = HttpPeer::new(nowhere, true, target.host.clone());
        let mut group = DefaultHasher::new();
        (&proxy.at.host, proxy.at.port, &target.host, target.port).hash(&mut group);
        peer.group_key = group.finish();
        peer.options.custom_l4 = Some(Arc::new(Tunnel {
            resolver: Arc::clone(&self.resolver),
            proxy: proxy.at.clone(),
            authorization: proxy.authorization.clone(),
            to: format!("{}:{}", bracketed(&target.host), target.port),
            timeout: self.connect_timeout,
        }));
        peer
    }

    fn set_options(&self, peer: &mut HttpPeer) {
        let options = &mut peer.options;
        options.connection_timeout = Some(self.connect_timeout);
        options.total_connection_timeout = Some(self.connect_timeout * 2);
        options.read_timeout = Some(self.read_timeout);
        options.write_timeout = Some(self.read_timeout);
        options.idle_timeout = Some(IDLE);
        options.verify_cert = self.verify;
        options.verify_hostname = self.verify;
    }
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}
