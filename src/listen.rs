//! The sockets NOPAR listens on, bound before Pingora runs, so that a port in use is an error at
//! start and port 0 works.
//! Knows nothing of what is served on them.

use crate::config;
use crate::connection::UNSENT;
use log::{info, warn};
use socket2::SockRef;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};

/// How often another free port is tried when the one that IPv4 gave is taken on IPv6.
const PORT_ATTEMPTS: usize = 10;

/// Files that are open whether or not anybody is connected.
const OWN_FILES: usize = 64;

/// A socket cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The name is none.
    #[error("NOPAR_HOSTNAME: {hostname:?} cannot be resolved: {source}")]
    Name {
        /// The configured name.
        hostname: String,
        /// What the system said.
        source: io::Error,
    },
    /// The address is in use, or not this machine's.
    #[error("cannot listen on {address}: {source} (NOPAR_HOSTNAME, NOPAR_PORT)")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// Binds all addresses of the configured host name.
///
/// # Errors
/// When one of them cannot be bound; `localhost` does without IPv6 where there is none.
pub fn bind(server: &config::Server) -> Result<Vec<TcpListener>, ListenError> {
    if server.hostname.eq_ignore_ascii_case("localhost") {
        return localhost(server.port);
    }
    let addresses = resolve(&server.hostname, server.port);
    let addresses = addresses
        .map_err(|source| ListenError::Name { hostname: server.hostname.clone(), source })?;
    addresses.into_iter().map(listener).collect()
}

/// Looks whether NOPAR could listen on this host on some port. Blocks, as names are looked up.
///
/// # Errors
/// Why it could not, as the end of a sentence.
pub fn check_host(hostname: &str) -> Result<(), String> {
    let addresses = match hostname.eq_ignore_ascii_case("localhost") {
        true => Ok(vec![(Ipv4Addr::LOCALHOST, 0).into()]),
        false => resolve(hostname, 0),
    };
    let addresses = addresses.map_err(|error| format!("cannot be resolved: {error}"))?;
    for address in addresses {
        let ip = address.ip();
        TcpListener::bind(address)
            .map_err(|error| format!("cannot be listened on ({ip}): {error}"))?;
    }
    Ok(())
}

fn resolve(hostname: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let host = hostname.trim_start_matches('[').trim_end_matches(']');
    Ok((host, port).to_socket_addrs()?.collect())
}

/// Both loopback addresses: clients resolve the name to either.
fn localhost(port: u16) -> Result<Vec<TcpListener>, ListenError> {
    let mut attempt = 1;
    loop {
        let four = listener((Ipv4Addr::LOCALHOST, port).into())?;
        let bound = four.local_addr().map_or(port, |address| address.port());
        match listener((Ipv6Addr::LOCALHOST, bound).into()) {
            Ok(six) => return Ok(vec![four, six]),
            Err(ListenError::Bind { source, .. }) if no_such_address(&source) => {
                info!("there is no IPv6 on this machine: listening on 127.0.0.1 only");
                return Ok(vec![four]);
            }
            Err(_) if port == 0 && attempt < PORT_ATTEMPTS => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

fn no_such_address(error: &io::Error) -> bool {
    let unsupported = error.raw_os_error() == Some(libc::EAFNOSUPPORT);
    unsupported || error.kind() == io::ErrorKind::AddrNotAvailable
}

fn listener(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let bound = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        SockRef::from(&listener).set_tcp_notsent_lowat(UNSENT)?;
        Ok(listener)
    });
    bound.map_err(|source| ListenError::Bind { address, source })
}

/// The addresses of `listeners`, with the ports they really have.
pub fn addresses(listeners: &[TcpListener]) -> Vec<SocketAddr> {
    listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
}

/// Warns of what is open to more than this machine: NOPAR accepts everyone.
pub fn warn_if_open(addresses: &[SocketAddr]) {
    if let Some(open) = addresses.iter().find(|address| !address.ip().is_loopback()) {
        warn!(
            "listening on {open}: everyone who reaches this address may use the registry, and publish to it (NOPAR_AUTH=open)"
        );
    }
}

/// How many connections can be served when `wanted` are allowed: each may need a file or a connection
/// to the upstream beside its own. Few need both at once, which leaves room for the files of the memory tier: an
/// eighth of all at most.
pub fn most_connections(wanted: usize) -> usize {
    let files = rlimit::Resource::NOFILE.get_soft().unwrap_or(rlimit::INFINITY);
    bounded(wanted, usize::try_from(files).unwrap_or(usize::MAX))
}

fn bounded(wanted: usize, files: usize) -> usize {
    wanted.min((files.saturating_sub(OWN_FILES) / 2).max(1))
}

/// Warns of a setting that cannot be followed.
pub fn warn_of_fewer_connections(wanted: usize, most: usize) {
    warn!(
        "NOPAR_MAX_CONNECTIONS: the limit of open files leaves room for {most} of {wanted} connections"
    );
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

    fn server(hostname: &str, port: u16) -> config::Server {
        let mut server = config::Config::default().server;
        (server.hostname, server.port) = (hostname.to_owned(), port);
        server
    }

    #[test]
    fn a_host_is_tried_without_being_kept() {
        for host in ["localhost", "LocalHost", "127.0.0.1", "0.0.0.0"] {
            assert_eq!(check_host(host), Ok(()), "{host}");
        }
        // Nobody has it (RFC 5737).
        let refused = check_host("192.0.2.1").unwrap_err();
        assert!(refused.starts_with("cannot be listened on (192.0.2.1): "), "{refused}");
    }

    #[test]
    fn localhost_is_both_loopback_addresses_on_one_port() {
        let bound = addresses(&bind(&server("localhost", 0)).unwrap());
        assert_eq!(bound[0].ip(), IpAddr::from(Ipv4Addr::LOCALHOST));
        assert!(
            bound.iter().all(|address| address.port() == bound[0].port() && address.port() != 0)
        );
    }

    #[test]
    fn a_port_in_use_is_an_error_that_names_it() {
        let first = bind(&server("127.0.0.1", 0)).unwrap();
        let port = addresses(&first)[0].port();
        let error = bind(&server("127.0.0.1", port)).unwrap_err().to_string();
        assert!(error.contains(&format!("127.0.0.1:{port}")), "{error}");
    }

    #[test]
    fn connections_are_bounded_by_open_files() {
        assert_eq!(bounded(10_000, 1_000_000), 10_000);
        assert_eq!(bounded(10_000, 1_024), 480);
        assert_eq!(bounded(10_000, 10), 1);
    }

    #[test]
    fn an_upstream_that_is_this_socket_is_recognised() {
        let own = [SocketAddr::from((Ipv4Addr::LOCALHOST, 5984))];
        assert!(leads_here(&own, "127.0.0.1", 5984));
        assert!(!leads_here(&own, "127.0.0.1", 5985));
        assert!(leads_here(&[SocketAddr::from((Ipv4Addr::UNSPECIFIED, 5984))], "127.0.0.1", 5984));
    }
}
