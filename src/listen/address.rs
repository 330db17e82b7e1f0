//! Where a socket listens, and who gets there.
//! Knows nothing of how it came to be.

use log::warn;
use std::fmt;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

/// Where a socket listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// An address of TCP, with the port it really has.
    Inet(SocketAddr),
    /// A unix socket in the file system.
    Unix(PathBuf),
    /// A unix socket that has no place there.
    Nowhere(String),
}

impl Address {
    /// The address of TCP, if it is one.
    pub fn inet(&self) -> Option<SocketAddr> {
        match self {
            Address::Inet(address) => Some(*address),
            Address::Unix(_) | Address::Nowhere(_) => None,
        }
    }

    /// As it is told of: what a client is given, or what a proxy is.
    pub fn told(&self, scheme: &str) -> String {
        match self {
            Address::Inet(address) => format!("{scheme}://{address}/"),
            Address::Unix(_) | Address::Nowhere(_) => format!("{self} ({scheme})"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Inet(address) => address.fmt(f),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
            Address::Nowhere(name) => write!(f, "unix:@{name}"),
        }
    }
}

/// Warns of what is open to more than this machine: NOPAR accepts everyone.
pub fn warn_if_open(addresses: &[SocketAddr]) {
    if let Some(open) = addresses.iter().find(|address| !address.ip().is_loopback()) {
        warn!(
            "listening on {open}: everyone who reaches this address may use the registry, and publish to it (NOPAR_AUTH=open)"
        );
    }
}

/// Whether a request to `host` and `port` would reach one of `addresses`.
pub fn leads_here(addresses: &[SocketAddr], host: &str, port: u16) -> bool {
    if !addresses.iter().any(|own| own.port() == port) {
        return false;
    }
    let Ok(targets) = (host, port).to_socket_addrs() else { return false };
    targets.into_iter().any(|target| {
        addresses
            .iter()
            .any(|own| *own == target || (own.port() == port && is_any(own.ip(), target.ip())))
    })
}

fn is_any(own: IpAddr, target: IpAddr) -> bool {
    own.is_unspecified() && (target.is_loopback() || target.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn an_upstream_that_is_this_socket_is_recognised() {
        let own = [SocketAddr::from((Ipv4Addr::LOCALHOST, 5984))];
        assert!(leads_here(&own, "127.0.0.1", 5984));
        assert!(!leads_here(&own, "127.0.0.1", 5985));
        assert!(leads_here(&[SocketAddr::from((Ipv4Addr::UNSPECIFIED, 5984))], "127.0.0.1", 5984));
    }

    #[test]
    fn a_place_is_told_as_one_would_go_there() {
        let inet = Address::Inet("[::1]:5984".parse().unwrap());
        assert_eq!(inet.told("https"), "https://[::1]:5984/");
        let unix = Address::Unix("/run/nopar/nopar.http".into());
        assert_eq!(unix.told("http"), "unix:/run/nopar/nopar.http (http)");
        assert_eq!(Address::Nowhere("nopar".to_owned()).to_string(), "unix:@nopar");
    }
}
