//! Requests that are one too many of their address, or of their token.
//! Knows nothing of how they are counted.

use super::Door;
use super::hot::Hot;
use super::own::credentials;
use super::readers::nearest;
use crate::connection::{Authorization, Caller, Plain};
use crate::counters::Limited;
use crate::limits::{Client, Refused, Shown};
use crate::reply::Reply;
use crate::route::Route;
use http::{StatusCode, header};
use pingora_proxy::Session;
use std::net::IpAddr;
use std::slice;
use std::time::SystemTime;

impl Door {
    /// Counts a request, which may have no route; what it hears if it is one too many.
    pub(super) async fn limited(&self, session: &Session, route: Option<&Route>) -> Option<Reply> {
        let requests = &self.limits.requests;
        if !requests.are_limited() || route.is_some_and(is_free) {
            return None;
        }
        let from = self.address(session);
        let token = match requests.are_limited_by_token() {
            true => self.api.token(&credentials(session), from).await,
            false => None,
        };
        let shown = self.shown(token);
        let refused = requests.take(Client::of(from), shown, self.clock.now()).err()?;
        requests.refused(&refused);
        Some(reply(&refused))
    }

    fn shown<'a>(&self, token: Option<&'a str>) -> Option<Shown<'a>> {
        token.map(|token| Shown { token, is_free: self.api.is_open() })
    }
}

impl Hot {
    /// Counts a request with a ready answer. If it is one too many, or may be one, the usual way says so.
    pub(super) fn is_within_limits(
        &self,
        request: &Plain<'_>,
        caller: &Caller,
        now: SystemTime,
    ) -> bool {
        let (door, requests) = (self.door(), &self.door().limits.requests);
        let from = address(request, caller, door);
        let shown = request.authorization.filter(|_| requests.are_limited_by_token());
        let token = shown.map(|Authorization(shown)| door.api.known_token(shown, from, now));
        let Ok(token) = token.transpose() else { return false };
        requests.take(Client::of(from), door.shown(token.flatten()), now).is_ok()
    }
}

/// Where a plain request comes from: as [`Door::address`].
fn address(request: &Plain<'_>, caller: &Caller, door: &Door) -> Option<IpAddr> {
    let peer = caller.address.map(|address| address.ip().to_canonical());
    let current = door.current.get();
    let proxies = &current.trusted_proxies;
    let said = request.forwarded_for.filter(|_| proxies.trust(peer));
    let said = said.and_then(|said| nearest(slice::from_ref(&said), proxies));
    said.map(|said| said.to_canonical()).or(peer)
}

/// Whether a route is for who looks after NOPAR, and asks every other second.
fn is_free(route: &Route) -> bool {
    matches!(route, Route::Ping | Route::Health | Route::Ready)
}

fn reply(refused: &Refused) -> Reply {
    // In whole seconds, and not before its time.
    let after = refused.after.as_millis().div_ceil(1000).max(1).to_string();
    let whose = match refused.limit {
        Limited::Token => "with your token",
        _ => "from your address",
    };
    let error = format!("there are too many requests {whose} to NOPAR; try again in {after} s");
    Reply::error(StatusCode::TOO_MANY_REQUESTS, &error, "too_many_requests")
        .with(header::RETRY_AFTER, after)
}
