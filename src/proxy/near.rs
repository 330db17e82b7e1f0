//! Whether a request comes from the very machine that NOPAR runs on, and from nowhere behind it.
//! Knows nothing of what that is good for.

use crate::base_url::trusted;
use http::header::{self, HeaderMap, HeaderName};
use ipnet::IpNet;
use std::net::IpAddr;

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

/// Whether `peer`, who sends these headers, is on this machine, and is no proxy: who is behind one may be anywhere. One
/// that says nothing of itself, and that the configuration does not know (`NOPAR_TRUSTED_PROXIES`), is not told.
pub(super) fn is_near(peer: Option<IpAddr>, proxies: &[IpNet], headers: &HeaderMap) -> bool {
    let Some(peer) = peer.map(|peer| peer.to_canonical()) else { return false };
    let is_proxy =
        trusted(peer, proxies) || PASSED_ON.iter().any(|name| headers.contains_key(name));
    peer.is_loopback() && !is_proxy
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn near(peer: &str, proxies: &[&str], header: Option<&HeaderName>) -> bool {
        let proxies: Vec<IpNet> = proxies.iter().map(|text| text.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("localhost"));
        if let Some(name) = header {
            headers.insert(name, HeaderValue::from_static("127.0.0.1"));
        }
        is_near(Some(peer.parse().unwrap()), &proxies, &headers)
    }

    #[test]
    fn near_is_who_comes_from_this_machine() {
        for here in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(near(here, &["10.0.0.0/8"], None), "{here}");
        }
        for elsewhere in ["192.0.2.7", "10.0.0.1", "0.0.0.0", "fd00::1", "::ffff:192.0.2.7"] {
            assert!(!near(elsewhere, &[], None), "{elsewhere}");
        }
        assert!(!is_near(None, &[], &HeaderMap::new()));
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
