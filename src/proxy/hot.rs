//! Ready answers: what is held, fresh and in memory, to requests of the plainest form.
//! Knows nothing of connections; in doubt it has no answer, and the request goes the usual way
//! (`receive`), which reads the same entries and says the same.
//!
//! Who asks matters only where not everybody may read: who has shown the same token a moment ago is known then.

mod asked;
mod due;
mod head;
mod own;
mod pieces;

use super::Door;
use super::ctx::CacheState;
use crate::access;
use crate::cache::{CHUNK, Entry, Key, Known};
use crate::clock;
use crate::connection::{
    Answer, Authorization, Body, Caller, End, Forwarded, Plain, READ_ERROR, Ready,
};
use crate::counters::Kind;
use crate::npm::PackageName;
use crate::view::{Heads, Held, What};
use asked::{Asked, Remembered, Thing};
use bytes::Bytes;
use due::{Due, Wanted};
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
    pub(super) kind: Kind,
    pub(super) status: StatusCode,
    pub(super) state: CacheState,
    /// Who asked, if it mattered.
    pub(super) reader: Option<Arc<access::Caller>>,
}

impl Hot {
    pub(super) fn new(door: Arc<Door>) -> Hot {
        Hot { door, asked: Remembered::default() }
    }

    /// What it asks.
    pub(super) fn door(&self) -> &Door {
        &self.door
    }

    /// What proxies say of a request, if it counts.
    fn forwarded<'a>(&self, request: &'a Plain<'_>, caller: &Caller) -> Option<&'a Forwarded<'a>> {
        let (said, door) = (request.forwarded.as_ref()?, &self.door);
        let peer = caller.address.map(|address| address.ip());
        let counts = !door.current.has_url() && door.current.get().trusted_proxies.trust(peer);
        counts.then_some(said)
    }

    /// Who asks, if that is known to be one who may read what not everybody may. Else the usual way finds it out.
    fn reader(
        &self,
        request: &Plain<'_>,
        caller: &Caller,
        name: &PackageName,
        now: SystemTime,
    ) -> Option<Arc<access::Caller>> {
        let Authorization(shown) = request.authorization?;
        // Of whom a proxy speaks is not read here: a token that is for some addresses is known to nobody then.
        let peer = caller.address.map(|address| address.ip());
        let current = self.door.current.get();
        let from = peer.filter(|peer| !current.trusted_proxies.trust(Some(*peer)));
        let from = from.map(|from| from.to_canonical());
        self.door.api.known_reader(shown, from, name, now)
    }

    fn view(
        &self,
        key: &Key,
        what: &What,
        wanted: Wanted<'_>,
        head: &mut Vec<u8>,
        now: SystemTime,
    ) -> Option<(Due, Body)> {
        let entry = self.door.cache.held(key)?;
        let freshness = entry.freshness();
        if !freshness.is_fresh(now) {
            return None;
        }
        let Held::View(view) = self.door.memory.look(entry.id(), what)? else { return None };
        let due = wanted.due(Some(view.etag.as_str()))?;
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
        wanted: Wanted<'_>,
        head: &mut Vec<u8>,
        now: SystemTime,
    ) -> Option<(Due, Body)> {
        let entry = self.door.cache.held(key)?;
        if !self.may_be_sent(&entry, packument) {
            return None;
        }
        let etag = entry.header().headers.get(ETAG).map(|etag| etag.to_str());
        let due = wanted.due(etag.transpose().ok()?)?;
        let age = entry.freshness().age(now);
        if entry.body_len() > CHUNK {
            let body = self.large_body(&entry, due.is_whole && !wanted.plain.is_head)?;
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
            Known::Nothing => !self.door.current.is_strict() || entry.is_verified(),
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
        let wanted = Wanted { plain: request, is_private: !asked.is_public };
        let now = self.door.clock.now();
        let reader = match wanted.is_private {
            true => Some(self.reader(request, caller, &asked.name, now)?),
            false => None,
        };
        let (due, body) = match &asked.thing {
            Thing::View(what) => {
                self.look_at_the_store(&asked, now)?;
                self.view(&asked.key, what, wanted, head, now)?
            }
            Thing::Own(what) => self.own(&asked.name, what, wanted, head, now)?,
            Thing::Tarball { packument } => {
                self.look_at_the_store(&asked, now)?;
                self.tarball(&asked.key, packument, wanted, head, now)?
            }
        };
        if self.door.limits.requests.are_limited() && !self.is_within_limits(request, caller, now) {
            return None;
        }
        // Only now: made-up names are not to push out those that are asked for.
        if known.is_none() {
            self.asked.remember(&text, &asked);
        }
        let (status, body) = match due.is_whole {
            true => (StatusCode::OK, body),
            false => (StatusCode::NOT_MODIFIED, Body::Bytes(Bytes::new().into())),
        };
        let state = match asked.thing {
            Thing::Own(_) => CacheState::Hosted,
            _ => CacheState::Hit,
        };
        Some(Answer { body, sent: Sent { kind: asked.kind, status, state, reader } })
    }

    fn finished(&self, request: &Plain<'_>, caller: &Caller, sent: Sent, end: End) {
        let (status, bytes) = (sent.status.as_u16(), end.bytes as u64);
        self.door.counters.request(sent.kind, sent.state, status, bytes, end.duration);
        if let Some(word) = end.error {
            self.door.counters.answer_broke(word != READ_ERROR);
        }
        if self.door.current.logs() {
            self.door.log_ready(request, caller, &sent, end);
        }
    }
}
