//! What pingora-cache's lookup found: a view goes in its place, and its header is dressed after it.
//! Knows nothing of fetching.

use super::missing;
use crate::cache::{DiskHit, ReadyHit};
use crate::proxy::Door;
use crate::proxy::ctx::{Answer, CacheState, PackumentPlan};
use crate::proxy::wanted::Registry;
use crate::proxy::write;
use crate::view::ViewError;
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora::protocols::http::conditional_filter;
use pingora_cache::{ForcedFreshness, HitHandler};
use pingora_proxy::Session;
use std::sync::Arc;
use std::time::Duration;

impl Door {
    /// `cache_hit_filter`: what is fresh, or was confirmed while this request waited, is sent; that there is no such
    /// version as a page of the registry that wants one.
    pub(in crate::proxy) async fn found_packument(
        &self,
        plan: &mut PackumentPlan,
        ticket: u64,
        is_fresh: bool,
        handler: &mut HitHandler,
        wanted: Option<Registry>,
    ) -> Result<Option<ForcedFreshness>> {
        let Some(hit) = handler.as_any().downcast_ref::<DiskHit>() else { return Ok(None) };
        let entry = Arc::clone(hit.entry());
        plan.entry = Some(Arc::clone(&entry));
        let confirmed = entry.confirmed_since(ticket);
        if plan.confirm && !confirmed {
            return Ok(Some(ForcedFreshness::ForceExpiredServeStale { expired_at: None }));
        }
        if !is_fresh && !confirmed {
            return Ok(None);
        }
        let (entry, answer) = match self.current_view(&entry, &plan.ask).await {
            Ok((entry, view)) => (entry, Answer::View(view)),
            Err(ViewError::NoSuchVersion) if !confirmed => {
                plan.confirm = true;
                return Ok(Some(ForcedFreshness::ForceExpiredServeStale { expired_at: None }));
            }
            Err(ViewError::NoSuchVersion) => {
                let reply = missing(&plan.ask).reply();
                let page = wanted.and_then(|registry| registry.page(&reply));
                (entry, Answer::Reply(page.unwrap_or(reply)))
            }
            Err(ViewError::Lost(_)) => return Ok(Some(ForcedFreshness::ForceMiss)),
        };
        let body = match &answer {
            Answer::View(view) => view.body.bytes(),
            Answer::Reply(reply) => reply.body.clone(),
        };
        *handler = Box::new(ReadyHit::new(Arc::clone(&entry), body));
        // What was confirmed after the request came in is fresh enough for it, whatever the TTL.
        let fresh = entry.confirmed_since(ticket);
        plan.entry = Some(entry);
        plan.answer = Some(answer);
        Ok(fresh.then_some(ForcedFreshness::ForceFresh))
    }

    /// `response_filter`: the header of the view, in place of the entry's.
    pub(in crate::proxy) fn dress_packument(
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
}

/// `cache_not_modified_filter`: the view's validators, not the entry's (which are the upstream's).
pub(in crate::proxy) fn not_modified(session: &Session, plan: &PackumentPlan) -> Result<bool> {
    let Some(Answer::View(view)) = &plan.answer else { return Ok(false) };
    let header = write::view_header(view, CacheState::Hit, Duration::ZERO)?;
    Ok(conditional_filter::not_modified_filter(session.req_header(), &header))
}
