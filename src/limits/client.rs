//! Who counts as one client.
//! Knows nothing of what is counted.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bytes of an IPv6 address that are its network's: whoever has one address there has all of them (RFC 6177 §2).
const NETWORK: usize = 8;

/// A client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    /// An address of IPv4.
    V4(Ipv4Addr),
    /// A network of IPv6, by its first 64 bits.
    V6([u8; NETWORK]),
    /// All who have no address: they come by a unix socket.
    Nameless,
}

impl Client {
    /// Whoever is at this address.
    pub fn of(address: Option<IpAddr>) -> Client {
        match address.map(|address| address.to_canonical()) {
            None => Client::Nameless,
            Some(IpAddr::V4(address)) => Client::V4(address),
            Some(IpAddr::V6(address)) => {
                let octets = address.octets();
                let mut network = [0; NETWORK];
                network.copy_from_slice(&octets[..NETWORK]);
                Client::V6(network)
            }
        }
    }
}

/// As it is named in the log: `192.0.2.7`, `2001:db8::/64`.
impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Client::V4(address) => address.fmt(f),
            Client::V6(network) => {
                let mut octets = [0; 16];
                octets[..NETWORK].copy_from_slice(network);
                write!(f, "{}/64", Ipv6Addr::from(octets))
            }
            Client::Nameless => f.write_str("who comes by a unix socket"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(address: &str) -> Client {
        Client::of(Some(address.parse().unwrap()))
    }

    #[test]
    fn a_network_of_ipv6_is_one_client_and_an_address_of_ipv4_is_one() {
        assert_eq!(client("2001:db8:1:2:3:4:5:6"), client("2001:db8:1:2::1"));
        assert_ne!(client("2001:db8:1:2::1"), client("2001:db8:1:3::1"));
        assert_ne!(client("192.0.2.7"), client("192.0.2.8"));
        assert_eq!(client("::ffff:192.0.2.7"), client("192.0.2.7"), "of a socket for both");
        assert_ne!(client("::1"), client("127.0.0.1"));
        for (address, told) in
            [("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2::1", "2001:db8:1:2::/64"), ("::1", "::/64")]
        {
            assert_eq!(client(address).to_string(), told);
        }
        assert_eq!(Client::of(None), Client::Nameless);
    }
}
