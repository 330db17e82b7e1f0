//! Views of packuments: from what is held at once, or by way of pingora-cache and the upstream.
//! Knows nothing of how a document is fetched and kept (`refresh`).

use super::Door;
use super::ctx::{Answer, CacheState, Ctx, PackumentPlan, Plan};
use super::failure::Failure;
use super::receive::Decision;
use super::refresh::Refreshed;
use super::write;
use crate::cache::{DiskHit, Entry, Key, ReadyHit};
use crate::npm::Document;
use crate::view::{self, Ask, View, ViewError, Want};
use log::{error, warn};
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora::protocols::http::conditional_filter;
use pingora_cache::{CachePhase, ForcedFreshness, HitHandler, NoCacheReason};
use pingora_proxy::Session;
use std::sync::Arc;
use std::time::Duration;

impl Door {
    /// Answers from a fresh entry, or plans to go on.
    pub(super) async fn packument(&self, ctx: &mut Ctx, ask: Ask, mut confirm: bool) -> Decision {
        let key = Key::packument(&ask.name);
        let held = self.cache.get(&key).await;
        if !self.policy.auto_forward {
            return self.without_upstream(held, &ask).await;
        }
        match held {
            None if !confirm => {
                if let Some(failure) = self.negatives.get(&key) {
                    return Decision::Reply(failure.reply(), CacheState::Negative);
                }
            }
            Some(entry) if !confirm && entry.is_fresh(self.clock.now()) => {
                match self.views.view(&entry, &ask).await {
                    Ok(view) => {
                        self.cache.touch(&entry);
                        return Decision::View(view, CacheState::Hit, self.age(&entry));
                    }
                    // The upstream may have it by now: a version is asked for soon after it is
                    // published, and asked for again if it is not there.
                    Err(ViewError::NoSuchVersion) => confirm = true,
                    Err(ViewError::Lost(error)) => self.lost(&entry, &error),
                }
            }
            _ => {}
        }
        ctx.plan = Plan::Packument(PackumentPlan { ask, confirm, entry: None, answer: None });
        Decision::GoOn
    }

    /// The answer of a NOPAR that must not ask the upstream: what it holds, of any age.
    async fn without_upstream(&self, held: Option<Arc<Entry>>, ask: &Ask) -> Decision {
        let Some(entry) = held else { return Failure::no_package().into() };
        match self.views.view(&entry, ask).await {
            Ok(view) => Decision::View(view, CacheState::Hit, self.age(&entry)),
            Err(ViewError::NoSuchVersion) => missing(ask).into(),
            Err(ViewError::Lost(error)) => {
                self.lost(&entry, &error);
                Failure::no_package().into()
            }
        }
    }

    fn age(&self, entry: &Entry) -> Duration {
        self.clock.now().duration_since(entry.freshness().updated).unwrap_or_default()
    }

    fn lost(&self, entry: &Entry, error: &dyn std::error::Error) {
        warn!("cache: dropping {}: {error}", entry.key().as_str());
        self.cache.discard(entry);
    }

    /// `cache_hit_filter`: looks at what pingora-cache's lookup found, and puts a view in its place.
    pub(super) async fn found_packument(
        &self,
        plan: &mut PackumentPlan,
        ticket: u64,
        is_fresh: bool,
        updates: bool,
        handler: &mut HitHandler,
    ) -> Result<Option<ForcedFreshness>> {
        let Some(hit) = handler.as_any().downcast_ref::<DiskHit>() else { return Ok(None) };
        let entry = Arc::clone(hit.entry());
        plan.entry = Some(Arc::clone(&entry));
        let confirmed = entry.confirmed_since(ticket);
        if plan.confirm && !confirmed {
            return Ok(Some(ForcedFreshness::ForceExpiredServeStale { expired_at: None }));
        }
        if !is_fresh && !updates && !confirmed {
            return Ok(None);
        }
        let answer = match self.views.view(&entry, &plan.ask).await {
            Ok(view) => Answer::View(view),
            Err(ViewError::NoSuchVersion) if !confirmed => {
                plan.confirm = true;
                return Ok(Some(ForcedFreshness::ForceExpiredServeStale { expired_at: None }));
            }
            Err(ViewError::NoSuchVersion) => Answer::Reply(missing(&plan.ask).reply()),
            Err(ViewError::Lost(error)) => {
                self.lost(&entry, &error);
                return Ok(Some(ForcedFreshness::ForceMiss));
            }
        };
        let body = match &answer {
            Answer::View(view) => view.body.clone(),
            Answer::Reply(reply) => reply.body.clone(),
        };
        *handler = Box::new(ReadyHit::new(entry, body));
        plan.answer = Some(answer);
        // What was confirmed after the request came in is fresh enough for it, whatever the TTL.
        Ok(confirmed.then_some(ForcedFreshness::ForceFresh))
    }

    /// `response_filter`: the header of the view, in place of the entry's.
    pub(super) fn dress_packument(
        &self,
        plan: &PackumentPlan,
        state: CacheState,
        header: &mut ResponseHeader,
    ) -> Result<()> {
        let not_modified = header.status == http::StatusCode::NOT_MODIFIED;
        let age = plan.entry.as_ref().map(|entry| self.age(entry)).unwrap_or_default();
        *header = match &plan.answer {
            Some(Answer::View(view)) => write::view_header(view, state, age)?,
            Some(Answer::Reply(reply)) => write::reply_header(reply, state)?,
            None => return Ok(()),
        };
        if not_modified {
            write::not_modified(header);
        }
        Ok(())
    }

    /// `proxy_upstream_filter`: fetches the document, and answers.
    pub(super) async fn fetch_packument(&self, session: &mut Session, ctx: &mut Ctx) -> Result<()> {
        let Plan::Packument(plan) = &ctx.plan else { return Ok(()) };
        let (ask, ticket) = (plan.ask.clone(), ctx.ticket);
        let stale = session.cache.enabled() && matches!(session.cache.phase(), CachePhase::Stale);
        let held = plan.entry.clone().filter(|_| stale);
        ctx.asking_upstream();
        let refreshed = self.refresh(&mut session.cache, &ask, held.clone(), ticket).await;
        ctx.upstream_answered();
        if session.is_subrequest() {
            // A background update: nobody reads an answer.
            return Ok(());
        }
        match refreshed {
            Ok(refreshed) => self.answer_refreshed(session, ctx, &ask, refreshed).await,
            Err(failure) => self.answer_failed(session, ctx, &ask, failure, held).await,
        }
    }

    async fn answer_refreshed(
        &self,
        session: &mut Session,
        ctx: &mut Ctx,
        ask: &Ask,
        refreshed: Refreshed,
    ) -> Result<()> {
        let (viewed, state) = match refreshed {
            Refreshed::Kept(entry) => (self.views.view(&entry, ask).await, CacheState::Miss),
            Refreshed::Confirmed(entry) => {
                (self.views.view(&entry, ask).await, CacheState::Revalidated)
            }
            Refreshed::Unkept(text) => (render(text, ask.clone()).await, CacheState::Miss),
        };
        ctx.cache_state = state;
        match viewed {
            Ok(view) => write::view(session, &view, state, Duration::ZERO).await,
            Err(ViewError::NoSuchVersion) => {
                write::reply(session, &missing(ask).reply(), state).await
            }
            Err(ViewError::Lost(error)) => {
                error!("{}: fetched, but no view of it could be made: {error}", ask.name);
                write::reply(session, &Failure::internal().reply(), state).await
            }
        }
    }

    async fn answer_failed(
        &self,
        session: &mut Session,
        ctx: &mut Ctx,
        ask: &Ask,
        failure: Failure,
        held: Option<Arc<Entry>>,
    ) -> Result<()> {
        let may_be_stale =
            failure.status != http::StatusCode::NOT_FOUND && session.cache.can_serve_stale_error();
        if let Some(entry) = held.filter(|_| may_be_stale) {
            session.cache.release_write_lock(NoCacheReason::UpstreamError);
            ctx.cache_state = CacheState::Stale;
            warn!("{}: serving a stale copy: {}", ask.name, failure.error);
            return match self.views.view(&entry, ask).await {
                Ok(view) => write::view(session, &view, CacheState::Stale, self.age(&entry)).await,
                // Whether the upstream has this version by now cannot be known.
                Err(_) => write::reply(session, &failure.reply(), CacheState::None).await,
            };
        }
        ctx.cache_state = CacheState::Miss;
        write::reply(session, &failure.reply(), CacheState::Miss).await
    }
}

/// `cache_not_modified_filter`: the view's validators, not the entry's (which are the upstream's).
pub(super) fn not_modified(session: &Session, plan: &PackumentPlan) -> Result<bool> {
    let Some(Answer::View(view)) = &plan.answer else { return Ok(false) };
    let header = write::view_header(view, CacheState::Hit, Duration::ZERO)?;
    Ok(conditional_filter::not_modified_filter(session.req_header(), &header))
}

fn missing(ask: &Ask) -> Failure {
    match &ask.want {
        Want::Manifest(selector) => Failure::no_version(selector.as_str()),
        _ => Failure::no_package(),
    }
}

/// A view of a document that could not be kept.
async fn render(text: Arc<Vec<u8>>, ask: Ask) -> std::result::Result<Arc<View>, ViewError> {
    let rendered = tokio::task::spawn_blocking(move || {
        let document = Document::parse(&text).map_err(crate::document::DocumentLost::from)?;
        view::of_source(&document, &ask).ok_or(ViewError::NoSuchVersion)
    });
    rendered.await.map_err(crate::document::DocumentLost::from)?.map(Arc::new)
}
