//! Ready answers: what is held, fresh and in memory, to requests of the plainest form.
//! Knows nothing of connections; in doubt it has no answer, and the request goes the usual way
//! (`receive`), which reads the same entries and says the same.
//!
//! Who asks does not matter: all that a cache holds is what its upstream shows to NOPAR, and NOPAR to
//! everybody who reaches it.

mod asked;
mod head;
mod own;
mod pieces;

use super::Door;
use super::ctx::CacheState;
use crate::access_log::Line;
use crate::base_url::trusted;
use crate::cache::{CHUNK, Entry, Key, Known};
use crate::clock;
use crate::config::Verify;
use crate::connection::{Answer, Body, Caller, End, Forwarded, Plain, READ_ERROR, Ready};
use crate::counters::Kind;
use crate::view::{Heads, Held, What};
use asked::{Asked, Remembered, Thing};
use bytes::Bytes;
use http::StatusCode;
use http::header::ETAG;
use pieces::{FilePieces, InOrder};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

/// How long another process's publish may not be seen of a name that is held as a copy of the upstream's, in
/// milliseconds. Each look is a `stat`, a tenth of what a ready answer costs.
const LOOK_EVERY_MS: u64 = 1000;

/// Asks a door for ready answers.
pub struct Hot {
    door: Arc<Door>,
    asked: Remembered,
}

/// What is told of a ready answer once it is sent.
pub struct Sent {
    kind: Kind,
    status: StatusCode,
    state: CacheState,
}

/// What a client is to get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// All of it.
    Whole,
    /// It has it already.
    NotModified,
}

impl Hot {
    pub(super) fn new(door: Arc<Door>) -> Hot {
        Hot { door, asked: Remembered::default() }
    }

    /// What proxies say of a request, if it counts.
    fn forwarded<'a>(&self, request: &'a Plain<'_>, caller: &Caller) -> Option<&'a Forwarded<'a>> {
        let (said, policy) = (request.forwarded.as_ref()?, &self.door.policy);
        let peer = caller.address?.ip();
        let counts = policy.base_url.is_none() && trusted(peer, &policy.trusted_proxies);
        counts.then_some(said)
    }

    fn view(
        &self,
        key: &Key,
        what: &What,
        request: &Plain<'_>,
        head: &mut Vec<u8>,
        now: SystemTime,
    ) -> Option<(Due, Body)> {
        let entry = self.door.cache.held(key)?;
        let freshness = entry.freshness();
        if !freshness.is_fresh(now) {
            return None;
        }
        let Held::View(view) = self.door.memory.look(entry.id(), what)? else { return None };
        let due = due(request, Some(view.etag.as_str()))?;
        head::append(head, head::of_view(&view, due, CacheState::Hit)?, freshness.age(now));
        self.used(&entry, now);
        Some((due, Body::Bytes(view.body.clone())))
    }

    /// Now and then, whether another process on the same store has published the name of what is held as a copy.
    /// `None` when it may have: the usual way tells.
    fn look_at_the_store(&self, asked: &Asked, now: SystemTime) -> Option<()> {
        let now = clock::to_millis(now) / LOOK_EVERY_MS;
        // Read first: threads that ask for the same thing would take the line from each other with each write.
        if asked.looked.load(Ordering::Relaxed) == now {
            return Some(());
        }
        // Not remembered where it failed: nobody may be asked in the store's place then, however often.
        let is_elsewhere = self.door.hosted.is_still_elsewhere(&asked.name);
        is_elsewhere.then(|| asked.looked.store(now, Ordering::Relaxed))
    }

    fn tarball(
        &self,
        key: &Key,
        packument: &Key,
        request: &Plain<'_>,
        head: &mut Vec<u8>,
        now: SystemTime,
    ) -> Option<(Due, Body)> {
        let entry = self.door.cache.held(key)?;
        if !self.may_be_sent(&entry, packument) {
            return None;
        }
        let etag = entry.header().headers.get(ETAG).map(|etag| etag.to_str());
        let due = due(request, etag.transpose().ok()?)?;
        let age = entry.freshness().age(now);
        if entry.body_len() > CHUNK {
            let body = self.large_body(&entry, due == Due::Whole && !request.is_head)?;
            head::append_tarball(head, &entry, &Heads::default(), due, age)?;
            return Some((due, body));
        }
        let Held::Body(small) = self.door.memory.look(entry.id(), &What::Body)? else {
            return None;
        };
        head::append_tarball(head, &entry, &small.heads, due, age)?;
        self.used(&entry, now);
        Some((due, Body::Bytes(small.bytes.clone())))
    }

    /// Whether its packument does not speak against a tarball, as far as that is known.
    fn may_be_sent(&self, entry: &Entry, packument: &Key) -> bool {
        match self.door.cache.known(packument) {
            Known::Nothing => self.door.policy.verify != Verify::Always || entry.is_verified(),
            // It may speak against it.
            Known::Unread => false,
            Known::Read(packument) => entry.agrees_with(&packument),
        }
    }

    /// A body that is not in memory as a whole; nothing is opened for who gets none.
    fn large_body(&self, entry: &Arc<Entry>, is_wanted: bool) -> Option<Body> {
        if !is_wanted {
            return Some(Body::Bytes(Bytes::new().into()));
        }
        let pieces = FilePieces::open(self.door.cache, &self.door.memory, entry)?;
        self.door.cache.used(entry);
        Some(Body::Pieces(Box::new(InOrder::of(pieces))))
    }

    fn used(&self, entry: &Entry, now: SystemTime) {
        self.door.memory.was_of_use();
        self.door.cache.touch(entry, now);
    }
}

/// What a client is to get of what bears this ETag. `None` when that takes a closer look.
fn due(request: &Plain<'_>, etag: Option<&str>) -> Option<Due> {
    let Some(held) = request.if_none_match else { return Some(Due::Whole) };
    Some(if is_same(held, etag)? { Due::NotModified } else { Due::Whole })
}

/// Whether the one ETag of an If-None-Match is `etag`, by weak comparison (RFC 9110 §8.8.3.2).
fn is_same(held: &str, etag: Option<&str>) -> Option<bool> {
    let held = opaque(held.trim())?;
    match etag {
        Some(etag) => Some(held == opaque(etag)?),
        None => Some(false),
    }
}

/// What an ETag has between its quotes.
fn opaque(tag: &str) -> Option<&str> {
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    let inside = tag.strip_prefix('"')?.strip_suffix('"')?;
    (!inside.contains('"')).then_some(inside)
}

impl Ready for Hot {
    type Sent = Sent;

    fn answer(
        &self,
        request: &Plain<'_>,
        caller: &Caller,
        head: &mut Vec<u8>,
    ) -> Option<Answer<Sent>> {
        let forwarded = self.forwarded(request, caller);
        let text = asked::Text::of(request, caller.is_tls, forwarded);
        let epoch = self.door.hosted.epoch();
        let known = self.asked.get(&text).filter(|asked| asked.epoch == epoch);
        let read = || Asked::read(&self.door, request, caller.is_tls, forwarded).map(Arc::new);
        let asked = known.clone().or_else(read)?;
        let (due, body) = match &asked.thing {
            Thing::View(what) => {
                let now = self.door.clock.now();
                self.look_at_the_store(&asked, now)?;
                self.view(&asked.key, what, request, head, now)?
            }
            Thing::Own(what) => self.own(&asked.name, what, request, head)?,
            Thing::Tarball { packument } => {
                let now = self.door.clock.now();
                self.look_at_the_store(&asked, now)?;
                self.tarball(&asked.key, packument, request, head, now)?
            }
        };
        // Only now: made-up names are not to push out those that are asked for.
        if known.is_none() {
            self.asked.remember(&text, &asked);
        }
        let (status, body) = match due {
            Due::Whole => (StatusCode::OK, body),
            Due::NotModified => (StatusCode::NOT_MODIFIED, Body::Bytes(Bytes::new().into())),
        };
        let state = match asked.thing {
            Thing::Own(_) => CacheState::Hosted,
            _ => CacheState::Hit,
        };
        Some(Answer { body, sent: Sent { kind: asked.kind, status, state } })
    }

    fn finished(&self, request: &Plain<'_>, caller: &Caller, sent: Sent, end: End) {
        let (status, bytes) = (sent.status.as_u16(), end.bytes as u64);
        self.door.counters.request(sent.kind, sent.state, status, bytes, end.duration);
        if let Some(word) = end.error {
            self.door.counters.answer_broke(word != READ_ERROR);
        }
        if self.door.policy.access_log {
            Line {
                method: if request.is_head { "HEAD" } else { "GET" },
                target: request.target,
                status,
                bytes: end.bytes,
                duration: end.duration,
                cache: sent.state.as_str(),
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
        let check = |held, etag, same| assert_eq!(is_same(held, Some(etag)), same, "{held}");
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
