//! Whose word is taken for where requests come from.
//! Knows nothing of what they say.

use ipnet::IpNet;
use std::net::IpAddr;

/// Reverse proxies that are trusted: by their addresses, or because they come by a unix socket, whose clients have none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    ranges: Vec<IpNet>,
    unix: bool,
}

impl Proxies {
    /// Those with an address in one of these ranges, and perhaps those that come by a unix socket.
    pub fn new(ranges: Vec<IpNet>, unix: bool) -> Proxies {
        Proxies { ranges, unix }
    }

    /// Whether this peer is one of them; without an address, it comes by a unix socket. An IPv4 address that a
    /// dual-stack socket shows as IPv6 (`::ffff:10.0.0.1`) is the IPv4 address.
    pub fn trust(&self, peer: Option<IpAddr>) -> bool {
        let Some(peer) = peer else { return self.unix };
        let canonical = peer.to_canonical();
        self.ranges.iter().any(|range| range.contains(&canonical) || range.contains(&peer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_known_by_their_addresses() {
        let ranges = ["10.0.0.0/8", "::1/128", "::ffff:192.168.0.0/120"];
        let ranges = ranges.iter().map(|range| range.parse().unwrap()).collect();
        let proxies = Proxies::new(ranges, false);
        for (peer, expected) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("::1", true),
            ("::ffff:192.168.1.1", false),
            ("::ffff:192.168.0.1", true),
            ("11.0.0.1", false),
            ("::ffff:11.0.0.1", false),
            ("::2", false),
        ] {
            assert_eq!(proxies.trust(Some(peer.parse().unwrap())), expected, "{peer}");
        }
        assert!(!Proxies::default().trust(Some("127.0.0.1".parse().unwrap())));
    }

    #[test]
    fn who_comes_by_a_unix_socket_is_one_if_that_is_said() {
        let all = vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()];
        assert!(!Proxies::new(all, false).trust(None));
        let proxies = Proxies::new(Vec::new(), true);
        assert!(proxies.trust(None) && !proxies.trust(Some("127.0.0.1".parse().unwrap())));
    }
}
