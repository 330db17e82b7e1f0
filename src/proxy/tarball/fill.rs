//! Fetching one tarball and keeping it, under pingora-cache's lock of its key; a task of its own.
//! Knows nothing of who reads along.

use super::TARBALL_CONTROL;
use super::Wanted;
use crate::cache::{FOR_EVER, GrowingHit, Key, Terms};
use crate::inflight::Working;
use crate::proxy::Door;
use crate::proxy::failure::Failure;
use crate::proxy::locate::Located;
use crate::proxy::obtain::own_ask;
use crate::upstream::{self, Body, FetchError, Opened};
use http::StatusCode;
use http::header::{self, HeaderMap};
use log::{info, warn};
use pingora::http::ResponseHeader;
use pingora_cache::{CacheEntryId, CacheMeta, HttpCache, NoCacheReason};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Who began it is told as soon as others may read along, or why there is nothing to read.
type Begun = oneshot::Sender<Result<GrowingHit, Failure>>;

/// One fetch.
pub(super) struct Filling {
    door: Arc<Door>,
    http_cache: HttpCache,
    wanted: Wanted,
    /// A stop waits for it.
    _working: Working,
}

impl Filling {
    /// Fetches what is `wanted` with a cache that holds the lock of its key.
    pub(super) fn new(door: &Arc<Door>, http_cache: HttpCache, wanted: Wanted) -> Filling {
        let _working = door.in_flight.begin();
        Filling { door: Arc::clone(door), http_cache, wanted, _working }
    }

    pub(super) async fn run(mut self, begun: Begun) {
        let (door, key) = (Arc::clone(&self.door), self.wanted.key.clone());
        let remembered = door.negatives.since(&key, self.wanted.behalf.ticket);
        let asked = door.cache.next_ticket();
        let opened = match remembered {
            Some(failure) => Err(failure),
            None => {
                let opened = self.open(asked).await;
                // Newer than the packument that may have been looked into.
                opened.inspect_err(|failure| door.remember(&key, failure, door.cache.next_ticket()))
            }
        };
        match opened {
            Err(failure) => {
                self.let_go();
                let _ = begun.send(Err(failure));
            }
            Ok((body, hit)) => {
                // Who began it may be gone already; the cache is not.
                let _ = begun.send(Ok(hit));
                match self.pump(body).await {
                    Ok(()) => door.negatives.forget(&key),
                    Err(failure) => {
                        door.remember(&key, &failure, door.cache.next_ticket());
                        if failure.is_wrong_digest() {
                            // Perhaps the version was published anew, and it is the packument that is old.
                            door.update(&own_ask(&self.wanted.name, &self.wanted.base), true);
                        }
                    }
                }
                self.let_go();
            }
        }
    }

    /// Lets go of the lock, if it is still held, and breaks off a body that did not come to its end.
    fn let_go(&mut self) {
        if self.http_cache.enabled() {
            self.http_cache.disable(NoCacheReason::UpstreamError);
        }
    }

    /// Up to where others can read along.
    async fn open(&mut self, asked: u64) -> Result<(Body, GrowingHit), Failure> {
        let door = &self.door;
        let located = door.locate(&self.wanted).await?;
        let integrity = located.integrity.clone();
        let opened = door.open_tarball(&self.wanted, located).await?;
        let header = dress_upstream(&opened.headers);
        let now = door.clock.to_system(door.clock.now());
        let mut meta = CacheMeta::new(now + FOR_EVER, now, 0, u32::MAX, header);
        let longest = door.current.get().tarball_limit;
        meta.extensions_mut().insert(Terms { asked, integrity, longest });
        self.http_cache.set_cache_meta(meta);
        let growing = match self.http_cache.set_miss_handler().await {
            Ok(()) => self.http_cache.miss_handler().and_then(|handler| handler.entry_id()),
            Err(error) => {
                warn!("cache: {}: {error}", self.wanted.key.shown());
                None
            }
        };
        let growing = growing.map(CacheEntryId::get);
        let growing = growing.and_then(|id| self.door.cache.growing_by_id(id));
        let hit = growing.and_then(|growing| GrowingHit::of(&growing));
        Ok((opened.body, hit.ok_or_else(Failure::internal)?))
    }

    /// From the upstream into the cache, piece by piece.
    async fn pump(&mut self, body: Body) -> Result<(), Failure> {
        let patience = self.door.upstreams.of(&self.wanted.name).tarball_timeout();
        let shown = self.wanted.key.shown().to_owned();
        // The end is not under the limit: what is all there shall not be lost while it gets its name.
        match tokio::time::timeout(patience, self.pump_all(body)).await {
            Ok(Ok(true)) => self.finish().await,
            Ok(pumped) => pumped.map(drop),
            Err(_) => {
                warn!("{shown}: not there after {} s, given up", patience.as_secs_f64());
                Err(Failure::timeout())
            }
        }
    }

    /// `false` when the rest is wanted by nobody.
    async fn pump_all(&mut self, mut body: Body) -> Result<bool, Failure> {
        while let Some(piece) = body.next().await.map_err(|error| self.broken(&error))? {
            let handler = self.http_cache.miss_handler().ok_or_else(Failure::internal)?;
            if handler.write_body(piece, false).await.is_err() {
                // Not kept, and nobody reads it: its upstream need not send the rest.
                return Ok(false);
            }
        }
        body.release().await;
        Ok(true)
    }

    async fn finish(&mut self) -> Result<(), Failure> {
        // Said in the log by the cache: wrong bytes, or a disk that takes no more.
        match self.http_cache.finish_miss_handler().await {
            Err(error) if error.etype() == &pingora::ErrorType::ReadError => {
                let wrong = error.cause.as_ref().and_then(|cause| cause.downcast_ref());
                Err(Failure::broken_tarball(wrong))
            }
            _ => Ok(()),
        }
    }

    fn broken(&self, error: &FetchError) -> Failure {
        warn!("{}: broken off: {error}", self.wanted.key.shown());
        if error.is_timeout() { Failure::timeout() } else { Failure::cut_tarball() }
    }
}

impl Door {
    /// Asks where the tarball is, and elsewhere if it is not there.
    async fn open_tarball(
        self: &Arc<Self>,
        wanted: &Wanted,
        mut located: Located,
    ) -> Result<Opened, Failure> {
        loop {
            let of = |root: &str| Key::tarball(root, &wanted.name, wanted.file.as_str());
            let upstream = self.upstream_of(&wanted.name, &wanted.key, of)?;
            let via = wanted.behalf.via.as_deref();
            let opened = upstream.open(&located.target, &[], via, upstream::Wanted::Tarball);
            let opened = opened.await.map_err(|error| {
                warn!("{}: {error}", wanted.key.shown());
                Failure::fetch(&error)
            })?;
            match opened.status.as_u16() {
                200 if !located.known && is_doubtful(&opened.headers) => {
                    // Whole or not, as it is or packed: its digests will tell. The place among the
                    // requests to the upstream goes back first, as the packument needs one.
                    opened.body.discard().await;
                    located = self.locate_surely(wanted).await?;
                }
                200 if located.integrity.is_none() && is_page(&opened.headers) => {
                    warn!("{}: the upstream sent a page in its place", wanted.key.shown());
                    return Err(Failure::no_tarball_but_a_page());
                }
                200 => return Ok(opened),
                404 | 410 if !located.known => {
                    opened.body.discard().await;
                    located = self.locate_anew(wanted).await?;
                    info!("{} is at {}", wanted.key.shown(), located.target);
                }
                404 | 410 => return Err(Failure::no_tarball(wanted.file.as_str())),
                451 => return Err(Failure::withheld()),
                _ => {
                    warn!("{}: the upstream answered {}", located.target, opened.status);
                    return Err(Failure::upstream_status(opened.status, &opened.headers));
                }
            }
        }
    }
}

/// Whether the bytes may not be what they seem: without a length, a body that was cut looks like one that
/// ended; an empty one is no tarball; and one that is packed was not asked for.
fn is_doubtful(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH).map(|length| length.as_bytes());
    let framed = length.is_some_and(|length| length != b"0")
        || headers.contains_key(header::TRANSFER_ENCODING);
    !framed || headers.contains_key(header::CONTENT_ENCODING)
}

/// Whether a browser would show it: then a portal or a login stands before the upstream.
fn is_page(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/html"))
}

/// Of an upstream's header what clients may see, and what the body is.
fn dress_upstream(headers: &HeaderMap) -> ResponseHeader {
    let mut header = ResponseHeader::build(StatusCode::OK, Some(8)).expect("200 is a status");
    let mut put = |name: header::HeaderName, value: &[u8]| {
        // Values that came in a header can go into one.
        let _ = header.insert_header(name, value);
    };
    for name in [header::CONTENT_LENGTH, header::ETAG, header::LAST_MODIFIED] {
        if let Some(value) = headers.get(&name) {
            put(name, value.as_bytes());
        }
    }
    put(header::CONTENT_TYPE, b"application/octet-stream");
    put(header::ACCEPT_RANGES, b"bytes");
    put(header::CACHE_CONTROL, TARBALL_CONTROL.as_bytes());
    header
}
