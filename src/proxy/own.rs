//! Requests that NOPAR answers as a registry of its own packages: their packuments and tarballs, and all that is
//! no packument or tarball.
//! Knows nothing of how packages change (`api`), nor of what is in them (`hosted`).

use super::Door;
use super::behalf::Behalf;
use super::body::{self, Incoming, Packing, Unpacked};
use super::cross_site;
use super::ctx::{CacheState, Ctx};
use super::failure::Failure;
use super::packument::missing;
use super::receive::Decision;
use super::visit;
use crate::access::Secrets;
use crate::api::{
    Answer, Api, Asked, Body, Call, Elsewhere, Evasion, Notes, Presence, Purged, Refusal, Removed,
    Source, Told, Unsearched, UpstreamKey,
};
use crate::base_url::BaseUrl;
use crate::hosted::{Authority, HostedError, Package, Standing};
use crate::npm::{PackageName, TarballName};
use crate::reply::Reply;
use crate::route::Route;
use crate::view::Ask;
use async_trait::async_trait;
use bytes::Bytes;
use http::StatusCode;
use http::header::{self, HeaderName};
use log::error;
use pingora_proxy::Session;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// Which of its commands npm carries out with a request.
const NPM_COMMAND: HeaderName = HeaderName::from_static("npm-command");

/// The code of a second factor.
const NPM_OTP: HeaderName = HeaderName::from_static("npm-otp");

/// Whose a name is.
pub(super) enum Own {
    /// NOPAR's, which holds this.
    Ours(Arc<Package>),
    /// NOPAR's, and there is nothing; or nobody can say whose.
    Refused(Failure),
    /// The upstream's.
    Elsewhere,
    /// The upstream's, and an older NOPAR left a copy of its document.
    Copied(Arc<Package>),
}

impl Door {
    /// Answers a call of an endpoint.
    pub(super) async fn call(
        self: &Arc<Self>,
        session: &mut Session,
        ctx: &mut Ctx,
        route: Route,
        base: &BaseUrl,
    ) -> Decision {
        let request = session.req_header();
        let current = self.current.get();
        let known = &current.known;
        let checked =
            cross_site::check(&request.method, &route, &request.headers, base, None, known);
        if let Err(failure) = checked {
            return failure.into();
        }
        let method = request.method.clone();
        let from = self.address(session);
        let caller = self.api.caller(&method, &route, &credentials(session), from).await;
        let caller = match caller {
            Ok(caller) => caller,
            Err(refusal) => return Decision::Reply(refusal.reply(), CacheState::None),
        };
        ctx.called_by(&caller);
        let shown = credentials(session).first().map(|shown| (*shown).to_owned());
        let pace = body::pace(session);
        let Ok(packing) = Packing::of(&session.req_header().headers) else {
            let error = "the request's body is packed in a way that is not known here";
            let failure = Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error, "bad_encoding");
            return failure.into();
        };
        let asker = Asker { door: self, base, behalf: ctx.behalf.clone() };
        let command = session.req_header().headers.get(NPM_COMMAND);
        let command = command.and_then(|command| command.to_str().ok()).map(str::to_owned);
        let agent = session.req_header().headers.get(header::USER_AGENT);
        let agent = agent.and_then(|agent| agent.to_str().ok()).map(str::to_owned);
        let code = session.req_header().headers.get(NPM_OTP);
        let code = code.and_then(|code| code.to_str().ok()).map(str::to_owned);
        let authorization = match Api::wants_authorization(&route) {
            true => credentials(session).into_iter().map(str::to_owned).collect(),
            false => Vec::new(),
        };
        // No other endpoint looks at what a browser sends by itself.
        let shown_sessions = match route {
            Route::LoginPage { .. } => visit::sessions(session.req_header(), base),
            _ => Vec::new(),
        };
        let browser = match self.ui.browser(&shown_sessions, from).await {
            Ok(browser) => browser,
            Err(reply) => return Decision::Reply(reply, CacheState::None),
        };
        let is_near = self.is_near(session);
        let mut body = Unpacked::new(Incoming::of(session, pace), packing);
        let secrets = Secrets { authorization: shown.as_deref(), code: code.as_deref(), from };
        let (base, verified, notes) = (base.as_str(), OnceCell::new(), Notes::default());
        let call = Call {
            caller,
            secrets,
            is_near,
            authorization,
            browser,
            verified,
            command,
            agent,
            base,
            notes,
            elsewhere: &asker,
        };
        match self.api.answer(&method, route, &call, &mut body).await {
            Answer::Reply(reply) => Decision::Reply(reply, CacheState::None),
            Answer::Tarball(tarball, content) => Decision::Staged(tarball, content),
        }
    }

    /// Whose a name is; `absent` is what is told of nothing.
    pub(super) async fn whose(&self, name: &PackageName, absent: Failure) -> Own {
        match self.hosted.authority(name).await {
            Ok(Authority::Own(package)) => Own::Ours(package),
            Ok(Authority::Claimed(_)) => Own::Refused(absent),
            Ok(Authority::Upstream(None)) => Own::Elsewhere,
            Ok(Authority::Upstream(Some(copy))) => Own::Copied(copy),
            Err(error) => Own::Refused(failure(&error, absent)),
        }
    }

    /// A view of what the store has, signed if it can be.
    pub(super) async fn view_of(&self, package: &Arc<Package>, ask: &Ask) -> Decision {
        let package = &self.api.signed(package).await;
        if package.standing() == Standing::Unpublished {
            return Failure::no_package().into();
        }
        match self.hosted.view(package, ask).await {
            Ok(view) => {
                package.note_request(self.clock.now());
                Decision::View(view, CacheState::Hosted, Duration::ZERO)
            }
            Err(error) => failure(&error, missing(ask)).into(),
        }
    }

    /// A tarball out of the store.
    pub(super) async fn tarball_of(&self, package: &Package, file: &TarballName) -> Decision {
        match self.hosted.tarball(package, file).await {
            Ok(tarball) => {
                package.note_request(self.clock.now());
                Decision::Tarball(tarball)
            }
            Err(error) => failure(&error, Failure::no_tarball(file.as_str())).into(),
        }
    }
}

/// What is told when the store or a document is the matter.
fn failure(error: &HostedError, absent: Failure) -> Failure {
    if matches!(error, HostedError::Absent) {
        return absent;
    }
    error!("{error}");
    let told = match error {
        HostedError::Damaged { .. } => {
            "this tarball is damaged in the registry's store, and not sent; its log says more"
        }
        _ => "the registry's store could not be read; its log says why",
    };
    Failure::new(StatusCode::INTERNAL_SERVER_ERROR, told, "store_error")
}

/// The values of all Authorization headers. One that is no text is no credentials.
pub(super) fn credentials(session: &Session) -> Vec<&str> {
    let lines = session.req_header().headers.get_all(header::AUTHORIZATION);
    lines.iter().map(|line| line.to_str().unwrap_or_default()).collect()
}

#[async_trait]
impl Body for Unpacked<'_> {
    fn stated_len(&self) -> Option<u64> {
        self.stated_length()
    }

    fn came(&self) -> u64 {
        Unpacked::came(self)
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        Unpacked::next(self).await.map_err(|error| {
            let (status, reason) = error.told();
            Refusal::new(status, error.to_string(), reason)
        })
    }
}

/// Asks the upstream for a package, as for a client who asks for it; and sees to what is held of it.
pub(super) struct Asker<'a> {
    pub(super) door: &'a Arc<Door>,
    pub(super) base: &'a BaseUrl,
    pub(super) behalf: Behalf,
}

#[async_trait]
impl Elsewhere for Asker<'_> {
    async fn has(&self, name: &PackageName) -> Presence {
        let door = self.door;
        let said = if door.is_asked(name) {
            // Confirmed: that it was not there is remembered for a while, in which it may have come up.
            match door.obtain(name, self.base, true, &self.behalf).await {
                Ok(_) => Presence::There,
                Err(failure) => presence(failure),
            }
        } else {
            Presence::Unasked
        };
        match said {
            Presence::Unasked | Presence::Unsaid(_) => {
                // A copy that is served is a package that there is.
                let held = door.cache.get(&door.packument_key(name)).await;
                if held.is_some() { Presence::There } else { said }
            }
            said => said,
        }
    }

    async fn refresh(&self, name: &PackageName) -> Result<(), Reply> {
        let refreshed = self.door.refresh_copy(name, self.base, &self.behalf).await;
        refreshed.map_err(|failure| failure.reply())
    }

    async fn discard(&self, name: &PackageName) -> bool {
        self.door.discard_copy(name).await
    }

    async fn purge(&self, name: &PackageName, part: &Purged) -> Removed {
        self.door.purge(name, part).await
    }

    async fn keys(&self) -> Result<Vec<Arc<[UpstreamKey]>>, Reply> {
        self.door.keys_of_upstreams(&self.behalf).await.map_err(|failure| failure.reply())
    }

    fn upstream_of(&self, name: &PackageName) -> usize {
        self.door.upstreams.number_of(name)
    }

    fn is_of_another(&self, source: usize, beginning: &str) -> bool {
        self.door.upstreams.is_of_another(source, beginning)
    }

    fn sources(&self) -> Vec<Source> {
        self.door.sources()
    }

    async fn search(&self, source: usize, query: &str) -> Result<Bytes, Unsearched> {
        self.door.search(source, query, &self.behalf).await
    }

    async fn audit(&self, asked: Asked) -> Result<Told, Reply> {
        let told = self.door.audit(asked, &self.behalf).await;
        told.map_err(|failure| failure.reply())
    }
}

/// What an upstream that sent no packument says of there being one.
fn presence(failure: Failure) -> Presence {
    match failure.status {
        StatusCode::NOT_FOUND | StatusCode::GONE => Presence::Absent,
        // It must not give it out, and has it.
        StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS => Presence::There,
        // It answered with a document, if not with one that can be kept.
        _ if failure.is_too_large() => Presence::There,
        _ if failure.is_evasion() => Presence::Unsaid(Evasion {
            is_passing: failure.is_passing(),
            retry_after: failure.retry_after,
            said: failure.error,
        }),
        _ => Presence::Unasked,
    }
}
