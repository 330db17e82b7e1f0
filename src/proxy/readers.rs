//! Whether the sender of a request may read the package that it is about, where not everybody may.
//! Knows nothing of what is held, nor of who the upstream is: who may not read hears the same whatever there is.

use super::Door;
use super::ctx::Ctx;
use super::failure::Failure;
use super::own::credentials;
use crate::api::Refusal;
use crate::base_url::Proxies;
use crate::npm::PackageName;
use crate::reply::Reply;
use crate::route::Route;
use http::header::HeaderName;
use pingora_proxy::Session;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// What proxies say of who sent them a request: the last is the one that is nearest.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Who reads.
pub(super) enum Reader {
    /// Everybody may.
    Anybody,
    /// Not everybody may, and this one may.
    Somebody,
    /// This one may not: what they hear.
    Nobody(Reply),
}

impl Door {
    /// Who sent a request for something of a package that is answered out of copies, or out of the store.
    pub(super) async fn reader(&self, session: &Session, ctx: &mut Ctx, route: &Route) -> Reader {
        let Some(name) = route.name().filter(|name| !self.api.is_public(name)) else {
            return Reader::Anybody;
        };
        match self.reads(session, ctx, name).await {
            Ok(()) => Reader::Somebody,
            Err(refusal) if refusal.is_absence() => Reader::Nobody(absent(route).reply()),
            Err(refusal) => Reader::Nobody(refusal.reply()),
        }
    }

    async fn reads(
        &self,
        session: &Session,
        ctx: &mut Ctx,
        name: &PackageName,
    ) -> Result<(), Refusal> {
        let from = self.address(session);
        let caller = self.api.identify(&credentials(session), from).await?;
        ctx.called_by(&caller);
        self.api.may_read(caller, name).await
    }

    /// Where a request comes from: its peer, or whom proxies that are trusted name. Nowhere, if it comes by a unix socket
    /// and nobody who is trusted says more.
    pub(super) fn address(&self, session: &Session) -> Option<IpAddr> {
        let peer = session.client_addr().and_then(|address| address.as_inet());
        let peer = peer.map(|peer| peer.ip().to_canonical());
        let current = self.current.get();
        let proxies = &current.trusted_proxies;
        if !proxies.trust(peer) {
            return peer;
        }
        let lines = session.req_header().headers.get_all(&FORWARDED_FOR).iter();
        let lines: Vec<&str> = lines.map(|line| line.to_str().unwrap_or_default()).collect();
        nearest(&lines, proxies).map(|address| address.to_canonical()).or(peer)
    }
}

/// The last address that is none of a trusted proxy; what is no address ends the search, as nobody knows who wrote what
/// stands before it.
pub(super) fn nearest(lines: &[&str], proxies: &Proxies) -> Option<IpAddr> {
    let mut named = lines.iter().rev().flat_map(|line| line.rsplit(','));
    let mut found = None;
    loop {
        let Some(address) = address(named.next()?.trim()) else { return found };
        found = Some(address);
        if !proxies.trust(Some(address)) {
            return found;
        }
    }
}

/// An address, as proxies write it: some with the port, and one of IPv6 in brackets then.
fn address(word: &str) -> Option<IpAddr> {
    let plain = word.parse().ok();
    let with_port = || word.parse().ok().map(|address: SocketAddr| address.ip());
    let in_brackets = || word.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    plain.or_else(with_port).or_else(|| in_brackets().map(IpAddr::V6))
}

/// What is told of a package that is not there.
fn absent(route: &Route) -> Failure {
    match route {
        Route::Tarball { file, .. } => Failure::no_tarball(file.as_str()),
        _ => Failure::no_package(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_address_that_is_no_proxy_s_is_whose_a_request_is() {
        let proxies = Proxies::new(vec!["10.0.0.0/8".parse().unwrap()], false);
        let nearest = |lines: &[&str]| nearest(lines, &proxies).map(|address| address.to_string());
        for (lines, expected) in [
            (&["1.1.1.1"][..], Some("1.1.1.1")),
            (&["2.2.2.2, 1.1.1.1"], Some("1.1.1.1")),
            (&["2.2.2.2, 1.1.1.1, 10.0.0.7"], Some("1.1.1.1")),
            (&["2.2.2.2", "1.1.1.1, 10.0.0.7"], Some("1.1.1.1")),
            (&["2.2.2.2, evil, 10.0.0.7"], Some("10.0.0.7")),
            (&["::1"], Some("::1")),
            (&["9.9.9.9:1234"], Some("9.9.9.9")),
            (&["[2001:db8::1]:443"], Some("2001:db8::1")),
            (&["[2001:db8::1]"], Some("2001:db8::1")),
            (&["9.9.9.9:1234, 10.0.0.7:80"], Some("9.9.9.9")),
            (&["2.2.2.2, 9.9.9.9:http, 10.0.0.7"], Some("10.0.0.7")),
            (&["[9.9.9.9]"], None),
            (&["evil"], None),
            (&[""], None),
            (&[], None),
        ] {
            assert_eq!(nearest(lines).as_deref(), expected, "{lines:?}");
        }
    }
}
