//! Requests for tarballs: small ones from memory, others through pingora-cache's hit path, whole or
//! while they come in.
//! Knows nothing of how an absent one comes in (`obtain`, `fill`).

mod agree;
mod fill;
mod keep;
mod obtain;

use super::Door;
use super::behalf::Behalf;
use super::ctx::{CacheState, Ctx, Plan, TarballPlan};
use super::failure::Failure;
use super::receive::Decision;
use super::write::{self, NOSNIFF, X_CACHE, not_modified};
use crate::base_url::BaseUrl;
use crate::cache::{CHUNK, Entry, Found, Key};
use crate::npm::{PackageName, TarballName};
use crate::view::{Heads, Held, MemoryKey, Small, What};
use bytes::Bytes;
use http::header;
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora::protocols::http::conditional_filter;
use pingora_proxy::{RangeType, Session};
use std::io;
use std::sync::Arc;

/// How tarballs may be cached by clients.
pub(super) const TARBALL_CONTROL: &str = "public, max-age=31536000, immutable";
/// Tarballs up to this length are kept in memory: nine of ten are smaller.
const SMALL: u64 = CHUNK;
/// Ranges answered in one response; more are answered with the whole (Pingora's own default).
const MOST_RANGES: usize = 200;

/// A tarball that is asked for.
#[derive(Clone)]
pub(super) struct Wanted {
    pub(super) key: Key,
    pub(super) name: PackageName,
    pub(super) file: TarballName,
    /// The URL by which the client reached NOPAR, should the packument have to be fetched.
    pub(super) base: BaseUrl,
    pub(super) behalf: Behalf,
    /// Whether the client can only be told the body's end by its length, or by closing the connection,
    /// which looks the same when the body is cut: HTTP/1.0.
    pub(super) needs_length: bool,
}

impl Door {
    /// Answers from memory or small files, or plans to go on.
    pub(super) async fn tarball(
        self: &Arc<Self>,
        session: &Session,
        ctx: &mut Ctx,
        wanted: Wanted,
        confirm: bool,
    ) -> Decision {
        match self.held_tarball(&wanted, confirm).await {
            Err(failure) => return failure.into(),
            Ok(None) => {}
            Ok(Some(entry)) => {
                let sent = self.send_tarball(session, ctx, &wanted.key, &entry).await;
                if let Some(decision) = sent {
                    return decision;
                }
            }
        }
        if let Some(failure) = self.remembered(&wanted, confirm).await {
            return Decision::Reply(failure.reply(), CacheState::Negative);
        }
        if !self.is_asked(&wanted.name) {
            return Failure::no_tarball(wanted.file.as_str()).into();
        }
        ctx.asking_upstream();
        let obtained = self.obtain_tarball(&wanted).await;
        ctx.upstream_answered();
        match obtained {
            Ok(found) => go_on(ctx, wanted.key, found, CacheState::Miss),
            Err(failure) => {
                let written = self.written_by_others(session, ctx, &wanted, &failure).await;
                written.unwrap_or_else(|| Decision::Reply(failure.reply(), CacheState::Miss))
            }
        }
    }

    /// A tarball that another process put into the directory: looked for when the upstream failed.
    async fn written_by_others(
        &self,
        session: &Session,
        ctx: &mut Ctx,
        wanted: &Wanted,
        failure: &Failure,
    ) -> Option<Decision> {
        if !failure.status.is_server_error() {
            return None;
        }
        self.cache.look_again(&wanted.key).await?;
        let entry = self.held_tarball(wanted, false).await.ok()??;
        self.send_tarball(session, ctx, &wanted.key, &entry).await
    }

    /// What is remembered of an absent tarball: nothing for who wants confirmation, and no 404 that is
    /// older than the packument.
    async fn remembered(&self, wanted: &Wanted, confirm: bool) -> Option<Failure> {
        let (failure, ticket) = self.negatives.get_with_ticket(&wanted.key).filter(|_| !confirm)?;
        match self.cache.get(&self.packument_key(&wanted.name)).await {
            Some(packument)
                if failure.status.is_client_error() && packument.confirmed_since(ticket) =>
            {
                None
            }
            _ => Some(failure),
        }
    }

    /// A tarball that is held. `None` when its file turns out to be damaged or gone: it was dropped.
    async fn send_tarball(
        &self,
        session: &Session,
        ctx: &mut Ctx,
        key: &Key,
        entry: &Arc<Entry>,
    ) -> Option<Decision> {
        let ranged = session.req_header().headers.contains_key(header::RANGE);
        if ranged && is_bad_range(session, entry) {
            let reply = Failure::bad_range().reply();
            let reply = reply.with(header::CONTENT_RANGE, format!("bytes */{}", entry.body_len()));
            return Some(Decision::Reply(reply, CacheState::Hit));
        }
        if entry.body_len() > SMALL || ranged {
            let found = self.cache.open_body(entry).await.ok()?;
            return Some(go_on(ctx, key.clone(), found, CacheState::Hit));
        }
        let body = self.small_body(entry).await;
        let body = body.inspect_err(|error| self.cache.drop_damaged(entry, error)).ok()?;
        self.cache.touch(entry, self.clock.now());
        let mut header = ResponseHeader::clone(entry.header());
        dress(&mut header, CacheState::Hit).ok()?;
        header.insert_header(header::AGE, self.age(entry).as_secs()).ok()?;
        if conditional_filter::not_modified_filter(session.req_header(), &header) {
            not_modified(&mut header);
        }
        Some(Decision::Bytes(header, body))
    }

    async fn small_body(&self, entry: &Arc<Entry>) -> io::Result<Bytes> {
        let key = MemoryKey { id: entry.id(), what: What::Body };
        let read = async {
            let bytes = self.cache.read_small(entry).await?;
            io::Result::Ok(Held::Body(Arc::new(Small {
                bytes: self.memory.keep(bytes),
                etag: None,
                heads: Heads::default(),
            })))
        };
        match self.memory.get_or_make(key, read).await? {
            Held::Body(body) => Ok(body.bytes.bytes()),
            _ => Err(io::Error::other("memory holds something else under its key")),
        }
    }
}

fn go_on(ctx: &mut Ctx, key: Key, found: Found, state: CacheState) -> Decision {
    ctx.plan = Plan::Tarball(TarballPlan { key, found, state });
    Decision::GoOn
}

/// Whether a `Range` asks for what is not there (RFC 9110 §14.1.1).
fn is_bad_range(session: &Session, entry: &Entry) -> bool {
    let mut header = ResponseHeader::clone(entry.header());
    matches!(range(session, &mut header), RangeType::Invalid)
}

/// What part of a tarball is asked for; `header` becomes that of the answer.
pub(super) fn range(session: &Session, header: &mut ResponseHeader) -> RangeType {
    write::range(session.req_header(), header, MOST_RANGES)
}

/// Adds what belongs to one response.
pub(super) fn dress(header: &mut ResponseHeader, state: CacheState) -> Result<()> {
    header.insert_header(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF)?;
    header.insert_header(X_CACHE, state.as_str())
}
