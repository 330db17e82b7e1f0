//! How to reach a target: directly, or through a corporate proxy.
//! Knows nothing of what is asked there.

use super::resolve::Resolver;
use super::target::Target;
use super::tunnel::Tunnel;
use crate::config;
use http::HeaderValue;
use pingora::Result;
use pingora::connectors::ConnectorOptions;
use pingora::upstreams::peer::{HttpPeer, Peer};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{Ipv4Addr, SocketAddr};
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
    resolver: Arc<Resolver>,
    proxy: Option<Proxy>,
    no_proxy: config::NoProxy,
    verify: bool,
    connect_timeout: Duration,
    read_timeout: Duration,
}

struct Proxy {
    at: Target,
    authorization: Option<HeaderValue>,
}

impl Dialer {
    pub(super) fn new(config: &config::Upstream) -> Dialer {
        let proxy = config.proxy_url.as_ref().and_then(|proxy| {
            let authorization = proxy.authorization.as_ref().and_then(|secret| {
                let mut value = HeaderValue::try_from(secret.expose()).ok()?;
                value.set_sensitive(true);
                Some(value)
            });
            Some(Proxy { at: Target::parse(&proxy.url).ok()?, authorization })
        });
        Dialer {
            resolver: Arc::default(),
            proxy,
            no_proxy: config.no_proxy.clone(),
            verify: !config.ignore_cert,
            connect_timeout: config.connect_timeout,
            read_timeout: config.read_timeout,
        }
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

    pub(super) async fn peer(&self, target: &Target) -> Result<Box<HttpPeer>> {
        let mut peer = match self.proxy_to(target) {
            None => {
                let address = self.resolver.address(&target.host, target.port).await?;
                HttpPeer::new(address, target.tls, target.host.clone())
            }
            Some(proxy) if target.tls => self.tunnelled(proxy, target),
            Some(proxy) => {
                let address = self.resolver.address(&proxy.at.host, proxy.at.port).await?;
                HttpPeer::new(address, false, proxy.at.host.clone())
            }
        };
        self.set_options(&mut peer);
        Ok(Box::new(peer))
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
