//! Tarballs: small ones from memory, large ones through pingora-cache, absent ones from the upstream.
//! Knows nothing of packuments beyond where a tarball is (`locate`).

use super::Door;
use super::ctx::{CacheState, Ctx, Plan, TarballPlan};
use super::failure::Failure;
use super::receive::Decision;
use super::write::{X_CACHE, not_modified};
use crate::base_url::BaseUrl;
use crate::cache::{CHUNK, Entry, Key};
use crate::npm::name::PackageName;
use crate::npm::tarball::TarballName;
use crate::view::{Held, MemoryKey, What};
use bytes::Bytes;
use http::StatusCode;
use http::header::{self, HeaderName};
use log::{info, warn};
use pingora::http::ResponseHeader;
use pingora::protocols::http::conditional_filter;
use pingora::{Error, ErrorSource, ErrorType, Result, RetryType};
use pingora_cache::{CacheMeta, RespCacheable};
use pingora_proxy::Session;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Tarballs up to this length are kept in memory: nine of ten are smaller.
const SMALL: u64 = CHUNK;
/// A tarball never changes under its name; ten years is for ever.
const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
const TARBALL_CONTROL: &str = "public, max-age=31536000, immutable";
/// Redirects followed for one tarball.
const REDIRECTS: usize = 5;

impl Door {
    /// Answers from memory or small files, or plans to go on.
    pub(super) async fn tarball(
        &self,
        session: &Session,
        ctx: &mut Ctx,
        name: PackageName,
        file: TarballName,
        base: BaseUrl,
        confirm: bool,
    ) -> Decision {
        let key = self.tarball_key(&name, &file);
        let held = self.cache.get(&key).await;
        if let Some(entry) = &held
            && let Some(decision) = self.small(session, entry).await
        {
            return decision;
        }
        if held.is_none() {
            if let Some(failure) = self.remembered(&key, &name, confirm).await {
                return Decision::Reply(failure.reply(), CacheState::Negative);
            }
            if !self.upstreams.of(&name).is_asked() {
                return Failure::no_tarball(file.as_str()).into();
            }
        }
        let located = match held {
            // Not asked for unless the file turns out to be damaged.
            Some(_) => Ok(super::locate::Located {
                target: self.upstreams.of(&name).tarball(&name, &file),
                known: false,
            }),
            None => self.locate(&name, &file, &base, &ctx.behalf).await,
        };
        match located {
            Ok(located) => {
                let plan =
                    TarballPlan { name, file, base, key, located, redirects: 0, connects: 0 };
                ctx.plan = Plan::Tarball(plan);
                Decision::GoOn
            }
            Err(failure) => {
                self.remember_absent(&key, &failure);
                failure.into()
            }
        }
    }

    /// What is remembered of an absent tarball: nothing for who wants confirmation, and nothing that
    /// is older than the packument.
    async fn remembered(&self, key: &Key, name: &PackageName, confirm: bool) -> Option<Failure> {
        let (failure, ticket) = self.negatives.get_with_ticket(key).filter(|_| !confirm)?;
        match self.cache.get(&self.packument_key(name)).await {
            Some(packument) if packument.confirmed_since(ticket) => None,
            _ => Some(failure),
        }
    }

    /// A small tarball, whole. `None` leaves it to pingora-cache's hit path: large ones and ranges.
    async fn small(&self, session: &Session, entry: &Arc<Entry>) -> Option<Decision> {
        let request = session.req_header();
        if entry.body_len() > SMALL || request.headers.contains_key(header::RANGE) {
            return None;
        }
        let body = match self.small_body(entry).await {
            Ok(body) => body,
            Err(error) => {
                self.cache.drop_damaged(entry, &error);
                return None;
            }
        };
        self.cache.touch(entry);
        let mut header = ResponseHeader::clone(entry.header());
        dress(&mut header, CacheState::Hit).ok()?;
        header.insert_header(header::AGE, self.age(entry).as_secs()).ok()?;
        if conditional_filter::not_modified_filter(request, &header) {
            not_modified(&mut header);
        }
        Some(Decision::Bytes(header, body))
    }

    async fn small_body(&self, entry: &Arc<Entry>) -> io::Result<Bytes> {
        let key = MemoryKey { id: entry.id(), what: What::Body };
        let read = async { self.cache.read_small(entry).await.map(Held::Body) };
        match self.memory.get_or_make(key, read).await? {
            Held::Body(body) => Ok(body),
            _ => Err(io::Error::other("memory holds something else under its key")),
        }
    }

    /// `upstream_response_filter`: only a whole tarball passes; everything else is another try
    /// elsewhere, or a failure.
    pub(super) async fn tarball_answered(
        &self,
        ctx: &mut Ctx,
        header: &mut ResponseHeader,
    ) -> Result<()> {
        ctx.upstream_answered();
        let behalf = ctx.behalf.clone();
        let Plan::Tarball(plan) = &mut ctx.plan else { return Ok(()) };
        let failure = match header.status.as_u16() {
            200 => return dress_upstream(header),
            301 | 302 | 303 | 307 | 308 if plan.redirects < REDIRECTS => {
                match redirect(plan, header) {
                    Some(()) => return elsewhere(),
                    None => Failure::upstream_status(header.status, None),
                }
            }
            404 | 410 if !plan.located.known => {
                match self.locate_anew(&plan.name, &plan.file, &plan.base, &behalf).await {
                    Ok(located) => {
                        info!("{}: {} is at {}", plan.name, plan.file.as_str(), located.target);
                        plan.located = located;
                        return elsewhere();
                    }
                    Err(failure) => failure,
                }
            }
            404 | 410 => Failure::no_tarball(plan.file.as_str()),
            _ => {
                warn!("{}: the upstream answered {}", plan.located.target, header.status);
                let retry_after = header.headers.get(header::RETRY_AFTER);
                Failure::upstream_status(
                    header.status,
                    retry_after.and_then(|value| value.to_str().ok()),
                )
            }
        };
        self.remember_absent(&plan.key, &failure);
        let status = failure.status.as_u16();
        ctx.failure = Some(failure);
        Error::e_explain(ErrorType::HTTPStatus(status), "the upstream has no tarball for us")
    }

    fn remember_absent(&self, key: &Key, failure: &Failure) {
        if failure.status == StatusCode::NOT_FOUND {
            let ttl = self.policy.not_found_ttl;
            self.negatives.put(key, failure.clone(), ttl, self.cache.next_ticket());
        }
    }

    /// `response_cache_filter`: what passed [`Door::tarball_answered`] is kept for ever.
    pub(super) fn keep_tarball(&self, header: &ResponseHeader) -> RespCacheable {
        let now = self.clock.to_system(self.clock.now());
        let mut kept = header.clone();
        kept.remove_header(&header::TRANSFER_ENCODING);
        RespCacheable::Cacheable(CacheMeta::new(now + FOR_EVER, now, 0, u32::MAX, kept))
    }
}

/// Leaves of an upstream's header what clients may see, and says what the body is.
fn dress_upstream(header: &mut ResponseHeader) -> Result<()> {
    const KEPT: [HeaderName; 4] =
        [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::ETAG, header::LAST_MODIFIED];
    let names: Vec<HeaderName> =
        header.headers.keys().filter(|name| !KEPT.contains(name)).cloned().collect();
    for name in names {
        header.remove_header(&name);
    }
    header.insert_header(header::CONTENT_TYPE, "application/octet-stream")?;
    header.insert_header(header::ACCEPT_RANGES, "bytes")?;
    header.insert_header(header::CACHE_CONTROL, TARBALL_CONTROL)
}

/// Adds what belongs to one response.
pub(super) fn dress(header: &mut ResponseHeader, state: CacheState) -> Result<()> {
    header.insert_header(X_CACHE, state.as_str())
}

fn redirect(plan: &mut TarballPlan, header: &ResponseHeader) -> Option<()> {
    let location = header.headers.get(header::LOCATION)?.to_str().ok()?;
    plan.located.target = plan.located.target.redirected(location).ok()?;
    plan.redirects += 1;
    Some(())
}

/// Makes Pingora ask `upstream_peer` again, which goes where the plan now says.
fn elsewhere<T>() -> Result<T> {
    let mut error = Error::explain(ErrorType::Custom("Elsewhere"), "the tarball is elsewhere");
    error.esource = ErrorSource::Upstream;
    error.retry = RetryType::Decided(true);
    Err(error)
}
