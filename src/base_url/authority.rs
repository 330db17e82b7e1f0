//! Host and port, strictly read: what passes may stand in a URL, in JSON and in a page.
//! Knows nothing of headers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Longest host name in bytes, as in DNS.
const MAX_HOST_BYTES: usize = 253;

pub(super) const NOT_A_HOST: &str = "it is not a host name or IP address with an optional port";

/// A host in lower case, IPv6 addresses in brackets, and a port if one was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Authority {
    pub(super) host: String,
    pub(super) port: Option<u16>,
}

impl Authority {
    /// Parses `host`, `host:port`, `[ipv6]` or `[ipv6]:port`. The port of `host:` is none.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let (host, after) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, after) = rest.split_once(']').ok_or(NOT_A_HOST)?;
                let address: Ipv6Addr = address.parse().map_err(|_| NOT_A_HOST)?;
                (format!("[{address}]"), after)
            }
            None => {
                let end = text.find(':').unwrap_or(text.len());
                (parse_name(&text[..end])?, &text[end..])
            }
        };
        let port = match after.strip_prefix(':') {
            None if after.is_empty() => None,
            None => return Err(NOT_A_HOST),
            Some("") => None,
            Some(digits) => Some(parse_port(digits)?),
        };
        Ok(Self { host, port })
    }

    /// The address of a socket.
    pub(super) fn of_address(address: SocketAddr) -> Self {
        let host = match address.ip().to_canonical() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        Self { host, port: Some(address.port()) }
    }
}

/// A port from 1 to 65535, digits only.
pub(super) fn parse_port(digits: &str) -> Result<u16, &'static str> {
    // `u16::from_str` takes a plus sign.
    let all_digits = digits.bytes().all(|c| c.is_ascii_digit());
    let port = digits.parse().ok().filter(|&port| port != 0 && all_digits);
    port.ok_or("its port is not a number from 1 to 65535")
}

/// A DNS name, in which containers' names with underscores are common, or an IPv4 address.
fn parse_name(name: &str) -> Result<String, &'static str> {
    let labels = name.strip_suffix('.').unwrap_or(name);
    let valid = |label: &str| {
        let safe = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
        !label.is_empty() && label.bytes().all(safe)
    };
    if name.len() > MAX_HOST_BYTES || !labels.split('.').all(valid) {
        return Err(NOT_A_HOST);
    }
    // As in the URL standard: what ends in a number is an IPv4 address or nothing.
    let last = labels.rsplit('.').next().unwrap_or(labels);
    if last.bytes().all(|c| c.is_ascii_digit()) && labels.parse::<Ipv4Addr>().is_err() {
        return Err(NOT_A_HOST);
    }
    Ok(name.to_ascii_lowercase())
}
