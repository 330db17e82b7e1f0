//! Which addresses are public: what everybody on the internet may be sent to.
//! Knows nothing of who is sent there.

use ipnet::{Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Of the IANA registry of special-purpose IPv4 addresses (RFC 6890), those that mean something
/// within a machine or a network, and those that are no single machine's.
const NOT_PUBLIC_4: [Ipv4Net; 12] = [
    four([0, 0, 0, 0], 8),
    four([10, 0, 0, 0], 8),
    // Carrier-grade NAT (RFC 6598): clouds keep services there as well.
    four([100, 64, 0, 0], 10),
    four([127, 0, 0, 0], 8),
    // Link-local; 169.254.169.254 gives a cloud machine its credentials.
    four([169, 254, 0, 0], 16),
    four([172, 16, 0, 0], 12),
    four([192, 0, 0, 0], 24),
    four([192, 168, 0, 0], 16),
    four([198, 18, 0, 0], 15),
    four([224, 0, 0, 0], 4),
    four([240, 0, 0, 0], 4),
    // Azure's own services, of every machine there, on an address that is public by its look.
    four([168, 63, 129, 16], 32),
];

/// The same of IPv6.
const NOT_PUBLIC_6: [Ipv6Net; 7] = [
    // Unspecified, loopback, and the deprecated IPv4-compatible addresses.
    six([0, 0, 0, 0, 0, 0, 0, 0], 96),
    // NAT64 of a network's own (RFC 8215): what is behind it cannot be told.
    six([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48),
    six([0x100, 0, 0, 0, 0, 0, 0, 0], 64),
    // Unique-local, link-local, site-local, multicast.
    six([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7),
    six([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10),
    six([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10),
    six([0xff00, 0, 0, 0, 0, 0, 0, 0], 8),
];

const fn four([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn six([a, b, c, d, e, f, g, h]: [u16; 8], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix)
}

/// Whether the address is public. One that carries an IPv4 address inside is what that one is.
pub(super) fn is_public(address: IpAddr) -> bool {
    let four = match address {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(address) => inside(address),
    };
    match (four, address) {
        (Some(four), _) => !NOT_PUBLIC_4.iter().any(|range| range.contains(&four)),
        (None, IpAddr::V6(six)) => !NOT_PUBLIC_6.iter().any(|range| range.contains(&six)),
        (None, IpAddr::V4(_)) => false,
    }
}

/// The IPv4 address inside an IPv6 one: mapped (RFC 4291 §2.5.5.2), NAT64 (RFC 6052) or 6to4
/// (RFC 3056).
fn inside(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low] => Some(of(high, low)),
        // IPv4-translated (RFC 7915): a stateless translator makes it of an IPv4 address.
        [0, 0, 0, 0, 0xffff, 0, high, low] => Some(of(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(of(high, low)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

/// The address that a host is by its spelling: a literal, or a name of this machine (RFC 6761 §6.3).
pub(super) fn spelt(host: &str) -> Option<IpAddr> {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    if name == "localhost" || name.ends_with(".localhost") {
        return Some(Ipv4Addr::LOCALHOST.into());
    }
    name.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_else_elsewhere_is_not_public() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.168.1.1",
            "198.19.0.1",
            "224.0.0.1",
            "239.255.255.255",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::808:808",
            "2002:7f00:1::",
            "2002:c0a8:101::1",
            "100::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn all_else_is_public() {
        for address in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.2.1",
            "192.167.255.255",
            "203.0.113.7",
            "223.255.255.255",
            "::ffff:192.0.2.1",
            "64:ff9b::192.0.2.1",
            "2002:c000:201::1",
            "2001:db8::1",
            "2606:4700::1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn this_machine_has_names() {
        for (host, expected) in [
            ("localhost", Some("127.0.0.1")),
            ("LocalHost.", Some("127.0.0.1")),
            ("registry.localhost", Some("127.0.0.1")),
            ("notlocalhost", None),
            ("localhost.example", None),
            ("192.0.2.1", Some("192.0.2.1")),
            ("::1", Some("::1")),
        ] {
            assert_eq!(spelt(host), expected.map(|ip| ip.parse().unwrap()), "{host}");
        }
    }
}
