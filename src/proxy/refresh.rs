//! Fetching one packument and keeping it, under pingora-cache's lock of its name; and the steps of that which all
//! documents share.
//! Knows nothing of who waits for it: a client's request, a background update, a search for a tarball.

use super::Door;
use super::behalf::Behalf;
use super::failure::Failure;
use crate::cache::{Entry, Key, Terms};
use crate::document::{self, BuildError, CachedDocument, DocumentLost, Forms, Order};
use crate::npm::{Document, PackageName};
use crate::upstream::{Answer, Target, Upstream};
use crate::view::Ask;
use bytes::Bytes;
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use log::{error, info, warn};
use pingora::http::ResponseHeader;
use pingora_cache::{CacheEntryId, CacheMeta, CachePhase, HttpCache, NoCacheReason};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How long somebody who could be served from a copy waits for the upstream to be asked. Clients give
/// up after half a minute (yarn) or more, and an installation asks for a thousand packuments.
const LONGEST_DELAY: Duration = Duration::from_secs(5);

/// What became of a document.
pub(super) enum Refreshed {
    /// Fetched and kept. What was sent is at hand should the entry be evicted at once.
    Kept(Arc<Entry>, Sent),
    /// The upstream says that what is held is still right.
    Confirmed(Arc<Entry>),
    /// Another request saw to it while this one was on its way to the lock.
    Meanwhile(Arc<Entry>),
    /// Fetched, but not kept: the cache is off for this request, or its disk is full.
    Unkept(Sent),
}

/// A document as the upstream sent it, checked.
#[derive(Clone)]
pub(super) struct Sent {
    body: Bytes,
    packed: bool,
}

impl Sent {
    /// Works on the document on the blocking pool.
    pub(super) async fn read<T: Send + 'static>(
        self,
        work: impl FnOnce(&Document<'_>) -> T + Send + 'static,
    ) -> Result<T, DocumentLost> {
        document::on_source(self.body, self.packed, work).await
    }
}

impl Door {
    /// Fetches the packument of `ask.name`, or has the upstream confirm `held`; with `confirm`, what is
    /// remembered from before this request does not count. `http_cache` is that of `key`, and holds its
    /// lock, if it is on; it is released here when something was kept or confirmed, and
    /// by the caller otherwise.
    ///
    /// # Errors
    /// Why there is no document. All who waited for the lock meanwhile get the same failure.
    pub(super) async fn refresh(
        &self,
        http_cache: &mut HttpCache,
        key: &Key,
        ask: &Ask,
        held: Option<Arc<Entry>>,
        confirm: bool,
        behalf: &Behalf,
    ) -> Result<Refreshed, Failure> {
        if let Some(entry) = self.meanwhile(http_cache, key, confirm, behalf.ticket).await? {
            return Ok(Refreshed::Meanwhile(entry));
        }
        // What the upstream says from here on is newer than every request that came in before.
        let asked = self.cache.next_ticket();
        let refreshed = self.ask_upstream(http_cache, key, ask, held, behalf, asked).await;
        match &refreshed {
            Ok(_) => self.negatives.forget(key),
            Err(failure) => self.remember(key, failure, asked),
        }
        refreshed
    }

    /// What became of `key` between a lookup and the lock: another request may have seen to it.
    ///
    /// # Errors
    /// When that one failed, or when it is remembered that there is nothing.
    pub(super) async fn meanwhile(
        &self,
        http_cache: &mut HttpCache,
        key: &Key,
        confirm: bool,
        ticket: u64,
    ) -> Result<Option<Arc<Entry>>, Failure> {
        let remembered = self.negatives.since(key, ticket);
        if let Some(failure) = remembered.or_else(|| self.negatives.get(key).filter(|_| !confirm)) {
            return Err(failure);
        }
        let entry = self.cache.get(key).await.filter(|entry| {
            entry.confirmed_since(ticket) || (!confirm && entry.is_fresh(self.clock.now()))
        });
        if entry.is_some() {
            // Nobody should wait for the lock while this one's client takes its answer.
            http_cache.release_write_lock(NoCacheReason::InternalError);
        }
        Ok(entry)
    }

    /// Remembers for a while why there is no `key`; `asked` is when the upstream was asked.
    pub(super) fn remember(&self, key: &Key, failure: &Failure, asked: u64) {
        let absent = failure.status.is_client_error();
        let ttl = if absent { self.current.get().not_found_ttl } else { failure.patience() };
        // An outage is everybody's; that something is not there may change while it is told.
        let ticket = if absent { asked } else { self.cache.next_ticket() };
        self.negatives.put(key, failure.clone(), ttl, ticket);
    }

    async fn ask_upstream(
        &self,
        http_cache: &mut HttpCache,
        key: &Key,
        ask: &Ask,
        held: Option<Arc<Entry>>,
        behalf: &Behalf,
        asked: u64,
    ) -> Result<Refreshed, Failure> {
        let name = &ask.name;
        let upstream = self.upstream_of(name, key, |root| Key::packument(root, name))?;
        let (target, limit) = (upstream.packument(name), self.current.get().packument_limit);
        let answer =
            fetch(&upstream, &target, held.as_deref(), behalf, limit, name.as_str()).await?;
        match (answer.status.as_u16(), held) {
            (200, held) => {
                let order = self.order(held.as_ref(), ask).await;
                self.keep(http_cache, key, order, answer, asked).await
            }
            (304, Some(entry)) => {
                self.confirm(http_cache, entry, asked, self.current.get().packument_ttl).await
            }
            (404 | 410 | 451, held) => {
                if let Some(entry) = held {
                    info!("{name}: gone from the upstream ({})", answer.status);
                    CachedDocument::discard(self.cache, &entry).await;
                }
                Err(gone(answer.status))
            }
            _ => {
                warn!("{name}: the upstream answered {}", answer.status);
                Err(Failure::upstream_status(answer.status, &answer.headers))
            }
        }
    }

    /// What is made of a new generation. The base URL of its views is the configured one, else that of the
    /// generation before, else that of the request: an entry keeps to the URL that first asked for it. The
    /// forms are what is asked for now, and whatever was of the generation before.
    async fn order(&self, held: Option<&Arc<Entry>>, ask: &Ask) -> Order {
        let mut forms: Forms = ask.form().into_iter().collect();
        let mut base = None;
        if let Some(entry) = held
            && let Ok(document) = self.views.document(entry).await
        {
            forms = forms.with(document.forms(self.cache));
            base = document.base().filter(|_| !self.current.has_url());
        }
        Order {
            name: ask.name.clone(),
            base: base.unwrap_or_else(|| ask.base.clone()),
            forms,
            limit: self.current.get().packument_limit,
        }
    }

    async fn keep(
        &self,
        http_cache: &mut HttpCache,
        key: &Key,
        order: Order,
        answer: Answer,
        asked: u64,
    ) -> Result<Refreshed, Failure> {
        let packed = is_gzip(&answer.headers);
        let sent = Sent { body: answer.body, packed };
        let name = order.name.clone();
        let built = document::build_bounded(order, sent.body.clone(), packed, &self.counters).await;
        let built = match built {
            Ok(built) => built.map_err(|error| unusable(&name, &error))?,
            Err(panic) => {
                error!("{name}: building its views failed: {panic}");
                return Err(Failure::internal());
            }
        };
        let meta = self.meta(kept_header(&answer.headers), asked, self.current.get().packument_ttl);
        let fillable = matches!(http_cache.phase(), CachePhase::Miss | CachePhase::Stale);
        if fillable
            && let Ok(id) = fill(http_cache, meta, &built.body).await
            && let Some(entry) = self.cache.get(key).await
        {
            // Another process may have been faster with another one.
            if id == Some(entry.id()) {
                self.views.admit(&entry, built).await;
            }
            return Ok(Refreshed::Kept(entry, sent));
        }
        Ok(Refreshed::Unkept(sent))
    }

    /// What is held is right for `ttl`, says the upstream.
    pub(super) async fn confirm(
        &self,
        http_cache: &mut HttpCache,
        entry: Arc<Entry>,
        asked: u64,
        ttl: Duration,
    ) -> Result<Refreshed, Failure> {
        let current = self.cache.get(entry.key()).await;
        if let Some(newer) = current.filter(|current| current.id() != entry.id()) {
            // The lock had grown too old, and another request was faster: this 304 is not about it.
            http_cache.release_write_lock(NoCacheReason::InternalError);
            return Ok(Refreshed::Meanwhile(newer));
        }
        let meta = self.meta(ResponseHeader::clone(entry.header()), asked, ttl);
        // Kept in memory either way; on disk it is merely older than it could be.
        if let Err(error) = http_cache.revalidate_cache_meta(meta).await {
            warn!("cache: {}: its new date was not kept: {error}", entry.key().shown());
        }
        Ok(Refreshed::Confirmed(entry))
    }

    /// What pingora-cache is told of a document that is fresh for `ttl`.
    pub(super) fn meta(&self, header: ResponseHeader, asked: u64, ttl: Duration) -> CacheMeta {
        let now = self.clock.now();
        let fresh_until = self.clock.to_system(now + ttl);
        let created: SystemTime = self.clock.to_system(now);
        // When the upstream fails, what is held is served whatever its age.
        let mut meta = CacheMeta::new(fresh_until, created, 0, u32::MAX, header);
        meta.extensions_mut().insert(Terms::of_document(asked));
        meta
    }
}

/// Asks for a document, with the validators of what is held. Who could be served from a copy waits for no slow
/// upstream. `what` is what the log calls it.
///
/// # Errors
/// When there is no answer. Any status is one.
pub(super) async fn fetch(
    upstream: &Upstream,
    target: &Target,
    held: Option<&Entry>,
    behalf: &Behalf,
    limit: u64,
    what: &str,
) -> Result<Answer, Failure> {
    let headers = request_headers(held);
    let fetch = upstream.fetch(target, &headers, behalf.via.as_deref(), limit);
    let answer = if behalf.hurry {
        let answer = tokio::time::timeout(LONGEST_DELAY, fetch).await;
        answer.map_err(|_| {
            warn!("{what}: the upstream is slow, and there is a copy");
            upstream.note_slow();
            Failure::slow()
        })?
    } else {
        fetch.await
    };
    answer.map_err(|error| {
        warn!("{what}: {error}");
        Failure::fetch(&error)
    })
}

/// Writes an entry through pingora-cache: the lock is released when it is visible. The generation that it is.
pub(super) async fn fill(
    http_cache: &mut HttpCache,
    meta: CacheMeta,
    pieces: &[Bytes],
) -> pingora::Result<Option<u64>> {
    http_cache.set_cache_meta(meta);
    http_cache.set_miss_handler().await?;
    let last = pieces.len().saturating_sub(1);
    let mut id = None;
    for (number, piece) in pieces.iter().enumerate() {
        if let Some(handler) = http_cache.miss_handler() {
            id = handler.entry_id().map(CacheEntryId::get);
            handler.write_body(piece.clone(), number == last).await?;
        }
    }
    http_cache.finish_miss_handler().await?;
    Ok(id)
}

/// The full document, packed, with the validators of what is held: the upstream's own.
fn request_headers(held: Option<&Entry>) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = vec![
        (header::ACCEPT, HeaderValue::from_static("application/json")),
        (header::ACCEPT_ENCODING, HeaderValue::from_static("gzip")),
    ];
    let Some(entry) = held else { return headers };
    for (theirs, ours) in
        [(header::ETAG, header::IF_NONE_MATCH), (header::LAST_MODIFIED, header::IF_MODIFIED_SINCE)]
    {
        if let Some(value) = entry.header().headers.get(&theirs) {
            headers.push((ours, value.clone()));
        }
    }
    headers
}

/// What of an upstream's header is worth keeping: the validators.
pub(super) fn kept_header(headers: &HeaderMap) -> ResponseHeader {
    let mut kept = ResponseHeader::build(StatusCode::OK, Some(2)).expect("200 is a status");
    for name in [header::ETAG, header::LAST_MODIFIED] {
        if let Some(value) = headers.get(&name) {
            // A value that came in a header can go into one.
            let _ = kept.insert_header(name, value);
        }
    }
    kept
}

/// Whether a body came packed.
pub(super) fn is_gzip(headers: &HeaderMap) -> bool {
    let encoding = headers.get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    encoding.is_some_and(|encoding| {
        ["gzip", "x-gzip"].iter().any(|name| encoding.trim().eq_ignore_ascii_case(name))
    })
}

pub(super) fn gone(status: StatusCode) -> Failure {
    if status.as_u16() == 451 { Failure::withheld() } else { Failure::no_package() }
}

fn unusable(name: &PackageName, error: &BuildError) -> Failure {
    error!("{name}: the upstream's answer is not usable: {error}");
    Failure::unusable(error)
}
