//! Sockets of TCP, bound to what a host's name leads to.
//! Knows nothing of unix sockets, nor of those that are inherited.

use super::ListenError;
use crate::connection::UNSENT;
use log::info;
use socket2::SockRef;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};

/// How often another free port is tried when the one that IPv4 gave is taken on IPv6.
const PORT_ATTEMPTS: usize = 10;

/// The settings that a host and a port are of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// That of the name.
    pub(super) name: &'static str,
    /// Those of both.
    pub(super) both: &'static str,
}

/// Binds all addresses of a host; `localhost` does without IPv6 where there is none.
pub(super) fn bind(
    hostname: &str,
    port: u16,
    settings: Settings,
) -> Result<Vec<TcpListener>, ListenError> {
    if hostname.eq_ignore_ascii_case("localhost") {
        return localhost(port, settings);
    }
    let addresses = resolve(hostname, port).map_err(|source| ListenError::Name {
        setting: settings.name,
        hostname: hostname.to_owned(),
        source,
    })?;
    addresses.into_iter().map(|address| listener(address, settings)).collect()
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
fn localhost(port: u16, settings: Settings) -> Result<Vec<TcpListener>, ListenError> {
    let mut attempt = 1;
    loop {
        let four = listener((Ipv4Addr::LOCALHOST, port).into(), settings)?;
        let bound = four.local_addr().map_or(port, |address| address.port());
        match listener((Ipv6Addr::LOCALHOST, bound).into(), settings) {
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

fn listener(address: SocketAddr, settings: Settings) -> Result<TcpListener, ListenError> {
    let bound = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        SockRef::from(&listener).set_tcp_notsent_lowat(UNSENT)?;
        Ok(listener)
    });
    bound.map_err(|source| ListenError::Bind { address, source, settings: settings.both })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_tried_without_being_kept() {
        for host in ["localhost", "LocalHost", "127.0.0.1", "0.0.0.0"] {
            assert_eq!(check_host(host), Ok(()), "{host}");
        }
        // Nobody has it (RFC 5737).
        let refused = check_host("192.0.2.1").unwrap_err();
        assert!(refused.starts_with("cannot be listened on (192.0.2.1): "), "{refused}");
    }
}
