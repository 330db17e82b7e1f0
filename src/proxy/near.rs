//! Whether a request comes from the very machine that NOPAR runs on, and from nowhere behind it.
//! Knows nothing of what that is good for.
//!
//! A browser on this machine shows pages of every site. One whose name leads to this machine by now (DNS rebinding) is
//! of NOPAR's own origin to it, and may read what is answered. So the request has to say a name that cannot lead
//! elsewhere: `localhost`, which no name server is asked for (RFC 6761 §6.3), or a loopback address.

use crate::base_url::{BaseUrl, Proxies};
use http::header::{self, HeaderMap, HeaderName};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is in a request that somebody passes on for somebody else.
const PASSED_ON: [HeaderName; 8] = [
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-forwarded-prefix"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
    header::FORWARDED,
    header::VIA,
];

/// Whether `peer`, who sends these headers, is on this machine, comes by a name of it, and is no proxy: who is behind one
/// may be anywhere. One that says nothing of itself, and that the configuration does not know (`NOPAR_TRUSTED_PROXIES`),
/// is not told. `authority` is that of the request's target, if it has one.
pub(super) fn is_near(
    peer: Option<IpAddr>,
    proxies: &Proxies,
    headers: &HeaderMap,
    authority: Option<&str>,
) -> bool {
    // Who comes by a unix socket has no address: it is for proxies, and others behind them.
    let Some(peer) = peer.map(|peer| peer.to_canonical()) else { return false };
    let is_proxy =
        proxies.trust(Some(peer)) || PASSED_ON.iter().any(|name| headers.contains_key(name));
    let hosts = headers.get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default());
    let mut hosts = authority.into_iter().chain(hosts).peekable();
    let is_by_own_name = hosts.peek().is_some() && hosts.all(is_of_this_machine);
    peer.is_loopback() && !is_proxy && is_by_own_name
}

/// Whether a host, with a port or without, is this machine wherever it is asked for.
fn is_of_this_machine(host: &str) -> bool {
    let Ok(url) = BaseUrl::parse(&format!("http://{host}")) else { return false };
    // A path, or what else is no host, is none.
    if !url.path_prefix().is_empty() {
        return false;
    }
    let host = url.host();
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    let is_name = name == "localhost" || name.ends_with(".localhost");
    is_name || name.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn near(peer: &str, proxies: &[&str], header: Option<&HeaderName>) -> bool {
        let proxies = proxies.iter().map(|text| text.parse().unwrap()).collect();
        let proxies = Proxies::new(proxies, true);
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("localhost:5984"));
        if let Some(name) = header {
            headers.insert(name, HeaderValue::from_static("127.0.0.1"));
        }
        is_near(Some(peer.parse().unwrap()), &proxies, &headers, None)
    }

    #[test]
    fn near_is_who_comes_from_this_machine() {
        for here in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(near(here, &["10.0.0.0/8"], None), "{here}");
        }
        for elsewhere in ["192.0.2.7", "10.0.0.1", "0.0.0.0", "fd00::1", "::ffff:192.0.2.7"] {
            assert!(!near(elsewhere, &[], None), "{elsewhere}");
        }
        assert!(!is_near(None, &Proxies::default(), &HeaderMap::new(), Some("localhost")));
    }

    /// Whether a request on this machine is near that says this as its host, and in its target.
    fn near_by(hosts: &[&'static str], authority: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, HeaderValue::from_static(host));
        }
        is_near(Some(Ipv4Addr::LOCALHOST.into()), &Proxies::default(), &headers, authority)
    }

    #[test]
    fn who_comes_by_a_name_that_anybody_may_lead_here_is_not_near() {
        for own in [
            "localhost",
            "LOCALHOST:5984",
            "localhost.",
            "npm.localhost:5984",
            "127.0.0.1:5984",
            "127.9.9.9",
            "[::1]:5984",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(near_by(&[own], None) && near_by(&[], Some(own)), "{own}");
            assert!(near_by(&[own], Some(own)), "{own}");
            assert!(!near_by(&[own], Some("evil.example")), "{own}");
            assert!(!near_by(&[own, "evil.example"], None), "{own}");
        }
        for other in [
            "evil.example",
            "evil.example:5984",
            "localhost.evil.example",
            "notlocalhost",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "0.0.0.0",
            "[::]",
            "[fd00::1]",
            "localhost/x",
            "user@localhost",
            "",
        ] {
            assert!(!near_by(&[other], None) && !near_by(&[], Some(other)), "{other}");
        }
        assert!(!near_by(&[], None));
    }

    #[test]
    fn who_is_behind_a_proxy_is_not_near_though_the_proxy_is() {
        for (peer, proxies) in
            [("127.0.0.1", "127.0.0.1/32"), ("::1", "::1/128"), ("::ffff:127.0.0.1", "127.0.0.0/8")]
        {
            assert!(!near(peer, &[proxies], None), "{peer} {proxies}");
        }
        for name in &PASSED_ON {
            assert!(!near("127.0.0.1", &[], Some(name)), "{name}");
        }
    }
}
