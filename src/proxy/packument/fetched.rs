//! What the upstream gave, or why it gave nothing, onto the session.
//! Knows nothing of how a document is fetched and kept (`refresh`).

use super::missing;
use crate::cache::Entry;
use crate::proxy::Door;
use crate::proxy::ctx::{CacheState, Ctx, Plan};
use crate::proxy::failure::Failure;
use crate::proxy::refresh::{Refreshed, Sent};
use crate::proxy::write;
use crate::view::{self, Ask, View, ViewError};
use log::{error, warn};
use pingora::{Error, ErrorType, Result};
use pingora_cache::{CachePhase, NoCacheReason};
use pingora_proxy::Session;
use std::sync::Arc;
use std::time::Duration;

/// A view and its age.
type Viewed = std::result::Result<(Arc<View>, Duration), ViewError>;

impl Door {
    /// `proxy_upstream_filter`: fetches the document, and answers.
    pub(in crate::proxy) async fn fetch_packument(
        self: &Arc<Self>,
        session: &mut Session,
        ctx: &mut Ctx,
    ) -> Result<()> {
        let Plan::Packument(plan) = &ctx.plan else {
            return Error::e_explain(ErrorType::InternalError, "a tarball that was found is lost");
        };
        let (ask, key, mut behalf) = (plan.ask.clone(), plan.key.clone(), ctx.behalf.clone());
        let stale = session.cache.enabled() && matches!(session.cache.phase(), CachePhase::Stale);
        let held = plan.entry.clone().filter(|_| stale);
        let confirm = plan.confirm;
        behalf.hurry = held.as_ref().is_some_and(|held| self.may_be_sent_after_failure(held));
        ctx.asking_upstream();
        let refreshed =
            self.refresh(&mut session.cache, &key, &ask, held.clone(), confirm, &behalf).await;
        let mut viewed = self.view_refreshed(refreshed, &ask).await;
        if matches!(viewed, Ok((_, Err(ViewError::Lost(_))))) {
            // What the upstream confirmed, the disk has lost: this time all of it.
            let refreshed = self.refresh(&mut session.cache, &key, &ask, None, true, &behalf).await;
            viewed = self.view_refreshed(refreshed, &ask).await;
        }
        ctx.upstream_answered();
        let (state, view) = match viewed {
            Ok(viewed) => viewed,
            Err(failure) => return self.answer_failed(session, ctx, &ask, failure, held).await,
        };
        ctx.cache_state = state;
        match view {
            Ok((view, age)) => write::view(session, &view, state, age).await,
            Err(ViewError::NoSuchVersion) => {
                write::reply(session, &missing(&ask).reply(), state).await
            }
            Err(ViewError::Lost(error)) => {
                error!("{}: fetched, but no view of it could be made: {error}", ask.name);
                write::reply(session, &Failure::internal().reply(), state).await
            }
        }
    }

    /// The view of what was refreshed, and how that came about.
    async fn view_refreshed(
        &self,
        refreshed: std::result::Result<Refreshed, Failure>,
        ask: &Ask,
    ) -> std::result::Result<(CacheState, Viewed), Failure> {
        Ok(match refreshed? {
            Refreshed::Kept(entry, sent) => {
                let viewed = match self.views.view(&entry, ask).await {
                    // Evicted at once: it is larger than the cache, or the cache very busy.
                    Err(ViewError::Lost(_)) => render(sent, ask.clone()).await,
                    viewed => viewed,
                };
                (CacheState::Miss, viewed.map(|view| (view, Duration::ZERO)))
            }
            Refreshed::Unkept(sent) => {
                let viewed = render(sent, ask.clone()).await;
                (CacheState::Miss, viewed.map(|view| (view, Duration::ZERO)))
            }
            Refreshed::Confirmed(entry) => {
                (CacheState::Revalidated, self.aged_view(&entry, ask).await)
            }
            Refreshed::Meanwhile(entry) => (CacheState::Hit, self.aged_view(&entry, ask).await),
        })
    }

    async fn aged_view(&self, entry: &Arc<Entry>, ask: &Ask) -> Viewed {
        let (entry, view) = self.current_view(entry, ask).await?;
        Ok((view, self.age(&entry)))
    }

    async fn answer_failed(
        self: &Arc<Self>,
        session: &mut Session,
        ctx: &mut Ctx,
        ask: &Ask,
        failure: Failure,
        held: Option<Arc<Entry>>,
    ) -> Result<()> {
        // "It is gone" is an answer; only its lack makes a stale copy the better one.
        let held = match held {
            _ if !failure.status.is_server_error() => None,
            // Perhaps another process has it.
            None => self.cache.look_again(&self.packument_key(&ask.name)).await,
            held => held,
        };
        if let Some(entry) = held.filter(|entry| self.may_be_sent_after_failure(entry))
            && let Ok((entry, view)) = self.current_view(&entry, ask).await
        {
            session.cache.release_write_lock(NoCacheReason::UpstreamError);
            ctx.cache_state = CacheState::Stale;
            warn!("{}: serving a stale copy: {}", ask.name, failure.error);
            if failure.is_slow() {
                // Now that nobody waits, it may take its time.
                self.update(ask, true);
            }
            return write::view(session, &view, CacheState::Stale, self.age(&entry)).await;
        }
        ctx.cache_state = CacheState::Miss;
        write::reply(session, &failure.reply(), CacheState::Miss).await
    }
}

/// A view of a document that is not in the cache.
async fn render(sent: Sent, ask: Ask) -> std::result::Result<Arc<View>, ViewError> {
    let view = sent.read(move |document| view::of_source(document, &ask)).await?;
    view.map(Arc::new).ok_or(ViewError::NoSuchVersion)
}
