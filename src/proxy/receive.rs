//! `request_filter`: parse the path once, decide one plan, answer what can be answered at once.
//! Knows nothing of how a plan is carried out later.

use super::Door;
use super::behalf::via;
use super::body::{self, BodyError};
use super::cors::{self, Reach};
use super::ctx::{CacheState, Ctx};
use super::failure::Failure;
use super::figures;
use super::front;
use super::own::Own;
use super::private;
use super::readers::Reader;
use super::tarball::Wanted;
use super::visit;
use super::write;
use crate::api::Api;
use crate::base_url::{BadHost, BaseUrl};
use crate::counters::Kind;
use crate::hosted::{HostedTarball, Large};
use crate::negotiate;
use crate::npm::PackageName;
use crate::reply::Reply;
use crate::route::{Route, RouteError};
use crate::store::Tarball;
use crate::ui;
use crate::view::{Ask, View, Want};
use bytes::Bytes;
use http::header::{self, HeaderName};
use http::{Method, StatusCode, Version};
use pingora::Result;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora_proxy::Session;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// What is to be done with a request.
pub(super) enum Decision {
    /// Send this.
    Reply(Reply, CacheState),
    /// Send this view, of this age.
    View(Arc<View>, CacheState, Duration),
    /// Send these bytes.
    Bytes(ResponseHeader, Bytes),
    /// Send this tarball out of the store.
    Tarball(HostedTarball),
    /// Send this tarball, which waits to be published.
    Staged(Arc<Large>, Tarball),
    /// Go on to pingora-cache and the upstream, as the plan says.
    GoOn,
}

impl From<Failure> for Decision {
    fn from(failure: Failure) -> Decision {
        Decision::Reply(failure.reply(), CacheState::None)
    }
}

impl Door {
    /// Decides; `true` when the answer is sent.
    pub(super) async fn receive(
        self: &Arc<Self>,
        session: &mut Session,
        ctx: &mut Ctx,
    ) -> Result<bool> {
        self.name_request(session);
        let decision = match without_body(session).await {
            Ok(()) => self.decide(session, ctx).await,
            Err(failure) => failure.into(),
        };
        cors::settle(session, ctx.reach, &self.current.get().cors_origins);
        if ctx.is_private {
            private::settle(session);
        }
        match decision {
            Decision::Reply(reply, state) => {
                ctx.cache_state = state;
                write::reply(session, &reply, state).await?;
            }
            Decision::View(view, state, age) => {
                ctx.cache_state = state;
                write::view(session, &view, state, age).await?;
            }
            Decision::Bytes(header, body) => {
                ctx.cache_state = CacheState::Hit;
                write::finish(session, header, body).await?;
            }
            Decision::Tarball(tarball) => {
                ctx.cache_state = CacheState::Hosted;
                write::tarball(session, &tarball).await?;
            }
            Decision::Staged(tarball, content) => {
                write::staged(session, &tarball, &content).await?;
            }
            Decision::GoOn => return Ok(false),
        }
        Ok(true)
    }

    async fn decide(self: &Arc<Self>, session: &mut Session, ctx: &mut Ctx) -> Decision {
        let request = session.req_header();
        ctx.behalf.via = via(request);
        if ctx.behalf.is_endless() || self.came_around(request) {
            let error = "the upstream registry leads back to this NOPAR (NOPAR_FORWARDER_URL)";
            return Failure::new(StatusCode::LOOP_DETECTED, error, "loop_detected").into();
        }
        let base = match self.base_url(session) {
            Ok(base) => base,
            Err(failure) => match self.limited(session, None).await {
                Some(refusal) => return Decision::Reply(refusal, CacheState::None),
                None => return failure.into(),
            },
        };
        let target = request.raw_path();
        let prefers_html = negotiate::prefers_html(text(request, &header::ACCEPT));
        let parsed = Route::parse(&request.method, target, base.path_prefix());
        let parsed =
            parsed.or_else(|error| visit::question(request, &base, prefers_html).ok_or(error));
        if prefers_html {
            self.want_page(session, &base);
        }
        let route = parsed.as_ref().ok().map(|parsed| &parsed.route);
        if let Some(refusal) = self.limited(session, route).await {
            ctx.reach = Reach::of(&session.req_header().method, route);
            ctx.kind = figures::kind_of_any(&session.req_header().method, route);
            return Decision::Reply(refusal, CacheState::None);
        }
        let request = session.req_header();
        let parsed = match parsed {
            Ok(parsed) => parsed,
            Err(error) => return unrouted(ctx, request, base.path_prefix(), &error),
        };
        ctx.reach = Reach::of(&request.method, Some(&parsed.route));
        ctx.kind = figures::kind_of(&request.method, &parsed.route);
        if ui::is_page(&request.method, &parsed.route, prefers_html) {
            // Also at `/`, and where clients read JSON otherwise.
            ctx.kind = Kind::Page;
            return self.visit(session, ctx, &parsed.route, &base, prefers_html).await;
        }
        let confirm = parsed.write || wants_confirmation(request);
        let is_read = matches!(request.method, Method::GET | Method::HEAD);
        // What acts is looked at where it is done.
        if is_read {
            match self.reader(session, ctx, &parsed.route).await {
                Reader::Anybody => {}
                Reader::Somebody => ctx.is_private = true,
                Reader::Nobody(reply) => return Decision::Reply(reply, CacheState::None),
            }
        }
        if self.api.is_personal(&parsed.route) {
            ctx.is_private = true;
        }
        if let Route::Attestations { name, version } = &parsed.route
            && let Some(decision) = self.attestations(ctx, name, version, confirm).await
        {
            return decision;
        }
        if Api::answers(&request.method, &parsed.route) {
            return self.call(session, ctx, parsed.route, &base).await;
        }
        let ask = |name, want| Ask { name, want, encoding: encoding(request), base: base.clone() };
        match parsed.route {
            Route::Packument { name } => {
                let form = negotiate::form(text(request, &header::ACCEPT));
                self.package_view(ctx, ask(name, Want::Packument(form)), confirm).await
            }
            Route::Manifest { name, selector } => {
                self.package_view(ctx, ask(name, Want::Manifest(selector)), confirm).await
            }
            Route::DistTags { name } => {
                self.package_view(ctx, ask(name, Want::DistTags), confirm).await
            }
            Route::Tarball { name, file } => {
                let key = self.tarball_key(&name, &file);
                let behalf = ctx.behalf.clone();
                let needs_length = request.version < Version::HTTP_11;
                let wanted = Wanted { key, name, file, base, behalf, needs_length };
                self.package_tarball(session, ctx, wanted, confirm).await
            }
            Route::Ping => {
                Decision::Reply(Reply::json(StatusCode::OK, &json!({})), CacheState::None)
            }
            Route::Health => Decision::Reply(front::health(), CacheState::None),
            Route::Ready => Decision::Reply(self.ready().await, CacheState::None),
            Route::Root => Decision::Reply(front::root(&base), CacheState::None),
            Route::Robots => Decision::Reply(front::robots(), CacheState::None),
            Route::Favicon => Decision::Reply(front::icon(), CacheState::None),
            // All others are calls.
            _ => Decision::Reply(front::nothing(), CacheState::None),
        }
    }

    /// A view of a package, from whoever is its authority.
    pub(super) async fn package_view(
        self: &Arc<Self>,
        ctx: &mut Ctx,
        ask: Ask,
        confirm: bool,
    ) -> Decision {
        match self.whose(&ask.name, Failure::no_package()).await {
            Own::Ours(package) => self.view_of(&package, &ask).await,
            Own::Refused(failure) => failure.into(),
            Own::Elsewhere => {
                self.reach_upstream(ctx, &ask.name);
                self.packument(ctx, ask, confirm).await
            }
            Own::Copied(copy) => {
                self.reach_upstream(ctx, &ask.name);
                // Asked for first, so that the copy can be sent in place of a failure.
                let obtained = self.obtain(&ask.name, &ask.base, confirm, &ctx.behalf).await;
                match obtained {
                    Err(failure)
                        if failure.status.is_server_error() || !self.is_asked(&ask.name) =>
                    {
                        self.view_of(&copy, &ask).await
                    }
                    _ => self.packument(ctx, ask, confirm).await,
                }
            }
        }
    }

    /// A tarball, from whoever is the authority of its package.
    pub(super) async fn package_tarball(
        self: &Arc<Self>,
        session: &Session,
        ctx: &mut Ctx,
        wanted: Wanted,
        confirm: bool,
    ) -> Decision {
        match self.whose(&wanted.name, Failure::no_tarball(wanted.file.as_str())).await {
            Own::Ours(package) => self.tarball_of(&package, &wanted.file).await,
            Own::Refused(failure) => failure.into(),
            Own::Elsewhere => {
                self.reach_upstream(ctx, &wanted.name);
                self.tarball(session, ctx, wanted, confirm).await
            }
            Own::Copied(copy) => {
                self.reach_upstream(ctx, &wanted.name);
                let (file, is_asked) = (wanted.file.clone(), self.is_asked(&wanted.name));
                match self.tarball(session, ctx, wanted, confirm).await {
                    Decision::Reply(reply, _) if reply.status.is_server_error() || !is_asked => {
                        self.tarball_of(&copy, &file).await
                    }
                    decision => decision,
                }
            }
        }
    }

    /// The answer is about an upstream's package: what that shows to everybody, everybody's pages may read.
    pub(super) fn reach_upstream(&self, ctx: &mut Ctx, name: &PackageName) {
        if !self.upstreams.of(name).has_token() && !ctx.is_private {
            ctx.reach = Reach::Everybody;
        }
    }

    /// Whether what is not held of a package is asked of its upstream.
    pub(super) fn is_asked(&self, name: &PackageName) -> bool {
        self.upstreams.of(name).is_asked()
    }

    /// Whether this process sent the request out itself (RFC 9110 §7.6.3).
    fn came_around(&self, request: &RequestHeader) -> bool {
        request
            .headers
            .get_all(header::VIA)
            .iter()
            .any(|via| via.to_str().is_ok_and(|via| via.contains(&self.pseudonym)))
    }

    /// The URL by which the client reached NOPAR.
    fn base_url(&self, session: &Session) -> std::result::Result<BaseUrl, Failure> {
        let current = self.current.get();
        self.base_url_of(session, current.base_url.as_ref())
            .map_err(|bad| Failure::new(StatusCode::BAD_REQUEST, bad.to_string(), "bad_host"))
    }

    /// The same where this one is configured, or none.
    pub(super) fn base_url_of(
        &self,
        session: &Session,
        configured: Option<&BaseUrl>,
    ) -> std::result::Result<BaseUrl, BadHost> {
        let request = session.req_header();
        let peer = session.client_addr().and_then(|address| address.as_inet());
        let trusted = self.current.get().trusted_proxies.trust(peer.map(|peer| peer.ip()));
        // HTTP/1.1 requires a Host (RFC 9112 §3.2); before it, the address it came to stands in.
        let own = session.server_addr().and_then(|address| address.as_inet()).copied();
        let own = own.filter(|_| request.version < Version::HTTP_11);
        let tls = session.digest().is_some_and(|digest| digest.ssl_digest.is_some());
        let authority = request.uri.authority().map(|authority| authority.as_str());
        BaseUrl::of_request(configured, trusted, tls, &request.headers, authority, own)
    }
}

/// Sees to it that what goes on has no body: nothing that is read has one, and it would lie before
/// the next request. An empty one, in chunks, is what some proxies make of none.
async fn without_body(session: &mut Session) -> std::result::Result<(), Failure> {
    if session.is_body_empty() {
        return Ok(());
    }
    if !matches!(session.req_header().method, Method::GET | Method::HEAD) {
        body::keep_connection_if_short(session);
        return Ok(());
    }
    let pace = body::pace(session);
    body::read(session, 0, pace).await.map(drop).map_err(|error| match error {
        BodyError::TooLarge { .. } => {
            let error = "a GET or HEAD request has no body here";
            Failure::new(StatusCode::BAD_REQUEST, error, "bad_body")
        }
        error => error.into(),
    })
}

/// The answer to what has no route; to `OPTIONS`, which no path has of its own.
fn unrouted(ctx: &mut Ctx, request: &RequestHeader, prefix: &str, error: &RouteError) -> Decision {
    if request.method == Method::OPTIONS
        && let Some((reply, reach)) = cors::options(&request.headers, request.raw_path(), prefix)
    {
        ctx.reach = reach;
        return Decision::Reply(reply, CacheState::None);
    }
    ctx.reach = Reach::of(&request.method, None);
    let reply = match error {
        RouteError::BadPath(_) => {
            Reply::error(StatusCode::BAD_REQUEST, &error.to_string(), "bad_path")
        }
        RouteError::NotFound => front::nothing(),
        RouteError::MethodNotAllowed { allow } => {
            let reply = Reply::error(
                StatusCode::METHOD_NOT_ALLOWED,
                "this method is not allowed here",
                "method_not_allowed",
            );
            reply.with(header::ALLOW, allow)
        }
    };
    Decision::Reply(reply, CacheState::None)
}

/// Whether the client asks not to be served from a cache without confirmation: `npm
/// --prefer-online`, `npm view`, and others send this.
fn wants_confirmation(request: &RequestHeader) -> bool {
    let lines = request.headers.get_all(header::CACHE_CONTROL).iter();
    let mut directives =
        lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    directives.any(|directive| directive.trim().eq_ignore_ascii_case("no-cache"))
}

pub(super) fn encoding(request: &RequestHeader) -> negotiate::Encoding {
    negotiate::encoding(text(request, &header::ACCEPT_ENCODING))
}

/// A header's text, if it is there and is text; of several, the first.
fn text<'a>(request: &'a RequestHeader, name: &HeaderName) -> Option<&'a str> {
    request.headers.get(name)?.to_str().ok()
}
