//! Ready answers: what is held, fresh and in memory, to requests of the plainest form.
//! Knows nothing of connections; in doubt it has no answer, and the request goes the usual way
//! (`receive`), which reads the same entries and says the same.

mod asked;
mod head;
mod pieces;

use super::Door;
use super::ctx::CacheState;
use crate::access_log::Line;
use crate::cache::{CHUNK, Entry, Freshness};
use crate::connection::{Answer, Body, Caller, End, Plain, Ready};
use crate::counters::Kind;
use crate::view::{Heads, Held, Small, View, What};
use asked::{Asked, Remembered, Thing};
use http::StatusCode;
use http::header::ETAG;
use pieces::FilePieces;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Asks a door for ready answers.
pub struct Hot {
    door: Arc<Door>,
    asked: Remembered,
}

/// What is told of a ready answer once it is sent.
pub struct Sent {
    kind: Kind,
    status: StatusCode,
}

impl Hot {
    pub(super) fn new(door: Arc<Door>) -> Hot {
        Hot { door, asked: Remembered::default() }
    }

    fn asked(&self, request: &Plain<'_>, caller: &Caller) -> Option<Arc<Asked>> {
        let policy = &self.door.policy;
        // What proxies say is for the usual way to judge, where it counts.
        if request.is_forwarded && policy.base_url.is_none() && !policy.trusted_proxies.is_empty() {
            return None;
        }
        self.asked.get_or_read(&self.door, request, caller.is_tls)
    }

    fn view(&self, entry: &Arc<Entry>, what: &What) -> Option<Arc<View>> {
        match self.door.memory.get_ready(entry.id(), what)? {
            Held::View(view) => Some(view),
            _ => None,
        }
    }

    fn body(&self, entry: &Arc<Entry>) -> Option<Arc<Small>> {
        match self.door.memory.get_ready(entry.id(), &What::Body)? {
            Held::Body(body) => Some(body),
            _ => None,
        }
    }

    fn packument(
        &self,
        asked: &Asked,
        what: &What,
        request: &Plain<'_>,
        head: &mut Vec<u8>,
    ) -> Option<Answer<Sent>> {
        let entry = self.door.cache.held(&asked.key)?;
        let (now, freshness) = (self.door.clock.now(), entry.freshness());
        if freshness.fresh_until(now) < now {
            return None;
        }
        let view = self.view(&entry, what)?;
        let whole = self.whole(request, Some(view.etag.as_str()))?;
        let (status, line) = match whole {
            true => (StatusCode::OK, head::of_view(&view)?),
            false => (StatusCode::NOT_MODIFIED, head::of_view_not_modified(&view)?),
        };
        self.door.cache.touch(&entry, now);
        head::append(head, line, age(now, &freshness));
        let body = if whole { view.body.clone() } else { bytes::Bytes::new() };
        Some(Answer { body: Body::Bytes(body), sent: Sent { kind: asked.kind, status } })
    }

    fn tarball(
        &self,
        asked: &Asked,
        request: &Plain<'_>,
        head: &mut Vec<u8>,
        packument: &crate::cache::Key,
    ) -> Option<Answer<Sent>> {
        let entry = self.door.cache.held(&asked.key)?;
        // A packument that was not read since the start may speak against it.
        if self.door.cache.knows(packument) {
            let packument = self.door.cache.held(packument)?;
            entry.agrees_with(&packument).then_some(())?;
        } else if self.door.policy.verify == crate::config::Verify::Always && !entry.is_verified() {
            return None;
        }
        let etag = entry.header().headers.get(ETAG).map(|etag| etag.to_str());
        let whole = self.whole(request, etag.transpose().ok()?)?;
        let now = self.door.clock.now();
        let age = age(now, &entry.freshness());
        if entry.body_len() > CHUNK {
            return self.large(asked, &entry, whole, age, head);
        }
        let small = self.body(&entry)?;
        let status = head::append_tarball(head, &entry, &small.heads, whole, age)?;
        self.door.cache.touch(&entry, now);
        let body = if whole { small.bytes.clone() } else { bytes::Bytes::new() };
        Some(Answer { body: Body::Bytes(body), sent: Sent { kind: asked.kind, status } })
    }

    fn large(
        &self,
        asked: &Asked,
        entry: &Arc<Entry>,
        whole: bool,
        age: Duration,
        head: &mut Vec<u8>,
    ) -> Option<Answer<Sent>> {
        let pieces = FilePieces::open(self.door.cache, &self.door.memory, entry)?;
        let status = head::append_tarball(head, entry, &Heads::default(), whole, age)?;
        self.door.cache.used(entry);
        let body = match whole {
            true => Body::Pieces(Box::new(pieces)),
            false => Body::Bytes(bytes::Bytes::new()),
        };
        Some(Answer { body, sent: Sent { kind: asked.kind, status } })
    }

    /// Whether the whole is to be sent, or the client has what bears this ETag. `None` when that takes
    /// a closer look.
    fn whole(&self, request: &Plain<'_>, etag: Option<&str>) -> Option<bool> {
        let Some(held) = request.if_none_match else { return Some(true) };
        Some(!is_same(held, etag)?)
    }
}

/// How long ago the upstream confirmed an entry.
fn age(now: SystemTime, freshness: &Freshness) -> Duration {
    now.duration_since(freshness.updated).unwrap_or_default()
}

/// Whether the one ETag of an If-None-Match is `etag`, by weak comparison (RFC 9110 §8.8.3.2).
fn is_same(held: &str, etag: Option<&str>) -> Option<bool> {
    let opaque = |tag: &str| {
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        let inside = tag.strip_prefix('"')?.strip_suffix('"')?;
        (!inside.contains('"')).then(|| inside.to_owned())
    };
    let held = opaque(held.trim())?;
    match etag {
        Some(etag) => Some(held == opaque(etag)?),
        None => Some(false),
    }
}

impl Ready for Hot {
    type Sent = Sent;

    fn answer(
        &self,
        request: &Plain<'_>,
        caller: &Caller,
        head: &mut Vec<u8>,
    ) -> Option<Answer<Sent>> {
        let asked = self.asked(request, caller)?;
        match &asked.thing {
            Thing::View(what) => self.packument(&asked, what, request, head),
            Thing::Tarball { packument } => self.tarball(&asked, request, head, packument),
        }
    }

    fn finished(&self, request: &Plain<'_>, caller: &Caller, sent: Sent, end: End) {
        let (status, bytes) = (sent.status.as_u16(), end.bytes as u64);
        self.door.counters.request(sent.kind, CacheState::Hit, status, bytes, end.duration);
        if self.door.policy.access_log {
            Line {
                method: if request.is_head { "HEAD" } else { "GET" },
                target: request.target,
                status: sent.status.as_u16(),
                bytes: end.bytes,
                duration: end.duration,
                cache: CacheState::Hit.as_str(),
                upstream: None,
                client: caller.address,
                error: end.error,
            }
            .write();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etags_are_compared_weakly_and_only_when_they_are_simple() {
        let check =
            |held, etag, expected| assert_eq!(is_same(held, Some(etag)), expected, "{held}");
        check("\"a\"", "\"a\"", Some(true));
        check("W/\"a\"", "\"a\"", Some(true));
        check(" \"a\" ", "W/\"a\"", Some(true));
        check("\"b\"", "\"a\"", Some(false));
        check("\"\"", "\"a\"", Some(false));
        for odd in ["*", "a", "\"a\", \"b\"", "\"a", "", "w/\"a\""] {
            check(odd, "\"a\"", None);
        }
        assert_eq!(is_same("\"a\"", None), Some(false));
    }
}
