//! Pingora's phases: each carries out what `request_filter` decided, in a few lines.
//! Knows nothing that the functions it calls know.

use super::cors::Cors;
use super::ctx::{CacheState, Ctx, Plan};
use super::failure::Failure;
use super::private::Private;
use super::request_id::Called;
use super::wanted::Wanted;
use super::{Proxy, body, carried, figures, packument, raw, tarball, trouble, wanted, write};
use crate::access_log::shown;
use crate::cache::in_parts;
use crate::connection::{self, STREAM_PIECE};
use async_trait::async_trait;
use log::{error, warn};
use pingora::http::ResponseHeader;
use pingora::modules::http::HttpModules;
use pingora::protocols::http::conditional_filter;
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType, Result};
use pingora_cache::{CacheKey, CacheMeta, ForcedFreshness, HitHandler, NoCacheReason};
use pingora_proxy::{FailToProxy, ProxyHttp, RangeType, Session};

#[async_trait]
impl ProxyHttp for Proxy {
    type CTX = Ctx;

    fn new_ctx(&self) -> Ctx {
        Ctx::new(self.door.cache.ticket(), self.door.in_flight.begin())
    }

    // No compression: views are packed once, and tarballs are packed already.
    fn init_downstream_modules(&self, modules: &mut HttpModules) {
        modules.add_module(carried::builder::<Cors>());
        modules.add_module(carried::builder::<Private>());
        modules.add_module(raw::module());
        modules.add_module(carried::builder::<Wanted>());
        modules.add_module(carried::builder::<Called>());
        modules.add_module(trouble::module());
    }

    async fn early_request_filter(&self, session: &mut Session, _ctx: &mut Ctx) -> Result<()> {
        let body_read = session.is_body_done();
        if let Some(connection) = connection::of(session) {
            connection.request_begins(body_read);
            let idle = connection.patience().idle.as_secs();
            // Pingora would wait for the next request for ever.
            if session.get_keepalive().is_some() {
                session.set_keepalive(Some(idle));
            }
        }
        Ok(())
    }

    async fn request_filter(&self, session: &mut Session, ctx: &mut Ctx) -> Result<bool> {
        self.door.receive(session, ctx).await
    }

    fn request_cache_filter(&self, session: &mut Session, ctx: &mut Ctx) -> Result<()> {
        match ctx.plan {
            Plan::Packument(_) => self.door.enable(&mut session.cache, self.door.documents),
            Plan::Tarball(_) => self.door.enable(&mut session.cache, self.door.tarballs),
            Plan::Answered => {}
        }
        Ok(())
    }

    fn cache_key_callback(&self, _session: &Session, ctx: &mut Ctx) -> Result<CacheKey> {
        match &ctx.plan {
            Plan::Packument(plan) => Ok(plan.key.to_pingora()),
            Plan::Tarball(plan) => {
                let mut key = plan.key.to_pingora();
                key.extensions.insert(plan.found.clone());
                Ok(key)
            }
            Plan::Answered => Error::e_explain(ErrorType::InternalError, "nothing to look up"),
        }
    }

    async fn cache_hit_filter(
        &self,
        session: &mut Session,
        _meta: &CacheMeta,
        handler: &mut HitHandler,
        is_fresh: bool,
        ctx: &mut Ctx,
    ) -> Result<Option<ForcedFreshness>> {
        let ticket = ctx.behalf.ticket;
        let forced = match &mut ctx.plan {
            Plan::Packument(plan) => {
                let wanted = wanted::registry(session);
                self.door.found_packument(plan, ticket, is_fresh, handler, wanted).await?
            }
            _ => None,
        };
        if session.is_http2() {
            in_parts(handler, STREAM_PIECE);
        }
        Ok(forced)
    }

    fn cache_not_modified_filter(
        &self,
        session: &Session,
        header: &ResponseHeader,
        ctx: &mut Ctx,
    ) -> Result<bool> {
        match &ctx.plan {
            Plan::Packument(plan) => packument::not_modified(session, plan),
            _ => Ok(conditional_filter::not_modified_filter(session.req_header(), header)),
        }
    }

    fn range_header_filter(
        &self,
        session: &mut Session,
        header: &mut ResponseHeader,
        ctx: &mut Ctx,
    ) -> RangeType {
        match &ctx.plan {
            Plan::Tarball(_) => tarball::range(session, header),
            _ => RangeType::None,
        }
    }

    async fn proxy_upstream_filter(&self, session: &mut Session, ctx: &mut Ctx) -> Result<bool> {
        self.door.fetch_packument(session, ctx).await.map(|()| false)
    }

    // NOPAR asks upstreams itself: a fetch serves many requests, and outlives each of them.
    async fn upstream_peer(&self, _session: &mut Session, _ctx: &mut Ctx) -> Result<Box<HttpPeer>> {
        Error::e_explain(ErrorType::InternalError, "nothing to ask an upstream for")
    }

    async fn response_filter(
        &self,
        _session: &mut Session,
        header: &mut ResponseHeader,
        ctx: &mut Ctx,
    ) -> Result<()> {
        match &ctx.plan {
            Plan::Packument(plan) => {
                // What is fetched is written by who fetched it; here it was found.
                ctx.cache_state = CacheState::Hit;
                self.door.dress_packument(plan, ctx.cache_state, header)
            }
            Plan::Tarball(plan) => {
                ctx.cache_state = plan.state;
                tarball::dress(header, plan.state)
            }
            Plan::Answered => Ok(()),
        }
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        ctx: &mut Ctx,
    ) -> FailToProxy {
        let failure = Failure::of_pingora(error).inspect(|_| {
            let target = String::from_utf8_lossy(session.req_header().raw_path());
            warn!("{}: {error}", shown(&target));
        });
        let mut code = 0;
        let answered = session.response_written().is_some_and(|it| !it.status.is_informational());
        if let Some(failure) = failure.filter(|_| !answered) {
            code = failure.status.as_u16();
            // Pingora closes the connection after an error; the client should know, rather than lose
            // its next request.
            session.set_keepalive(None);
            ctx.cache_state = CacheState::Miss;
            if let Err(error) = write::reply(session, &failure.reply(), CacheState::Miss).await {
                error!("an error could not be sent: {error}");
            }
        }
        FailToProxy { error_code: code, can_reuse_downstream: false }
    }

    // `fail_to_proxy` says it once, in NOPAR's words.
    fn suppress_error_log(&self, _session: &Session, _ctx: &Ctx, _error: &Error) -> bool {
        true
    }

    fn suppress_proxy_warn_log(
        &self,
        _session: &Session,
        _ctx: &Ctx,
        _error: &Error,
        _context: pingora_proxy::ProxyWarnLogContext,
    ) -> bool {
        true
    }

    async fn logging(&self, session: &mut Session, error: Option<&Error>, ctx: &mut Ctx) {
        // A fetch that failed still holds the lock of its key when the client left before it was told;
        // let go, the next in line fetches.
        if session.cache.enabled() && session.cache.is_cache_lock_writer() {
            session.cache.disable(NoCacheReason::InternalError);
        }
        figures::count(&self.door.counters, session, error, ctx);
        if self.door.current.logs() {
            super::access_log::write(session, error, ctx);
        }
        let body_read = body::drain(session).await;
        if let Some(connection) = connection::of(session) {
            connection.request_ends(body_read);
        }
    }
}
