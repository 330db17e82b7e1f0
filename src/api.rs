//! What NOPAR answers as the registry of its own packages: publishing them, changing them, and who does it.
//! Knows nothing of connections, nor of Pingora: a [`Call`] comes in, and a reply goes out.
//!
//! Every call that is about a package passes `access` before anything else is looked at, its body included.

mod account;
mod administer;
mod allow;
mod attestation;
mod audit;
mod browser;
mod change;
mod commit;
mod delete;
mod dist_tag;
mod elsewhere;
mod exchange;
mod incoming;
mod job;
mod keys;
mod owner;
mod page;
mod profile;
mod publish;
mod purge;
mod refresh;
mod refusal;
mod room;
mod search;
mod shown;
mod sign;
mod sign_in;
mod sign_up;
mod stage;
mod timed;
mod tokens;
mod told;
mod web_login;
mod witness;

pub use administer::NOT_NEAR;
pub use audit::{Asked, Told, form_of};
pub use browser::Browser;
pub use elsewhere::{Elsewhere, Evasion, Presence, Purged, Removed, UpstreamKey};
pub use refusal::{Refusal, on_page};
pub use search::{Source, Unsearched};
pub use shown::Unknown;
pub use sign_in::NotSignedIn;
pub use stage::{Staged, Staging, staged};
pub use witness::Notes;

use crate::access::{Access, Caller, Denied, Secrets};
use crate::clock::Clock;
use crate::counters::Counters;
use crate::hosted::{Hosted, Large};
use crate::npm::PackageName;
use crate::reply::Reply;
use crate::route::{Route, is_purge};
use crate::signing::Signing;
use crate::store::Tarball;
use async_trait::async_trait;
use bytes::Bytes;
use http::Method;
use room::Room;
use search::Searching;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::OnceCell;
use witness::Watched;

/// The longest document that is sent, its tarball aside; but one that is sent back may be as long as what it is a copy
/// of.
const DOCUMENT_LIMIT: usize = 32 << 20;

/// npm's commands that send a document back with changes, by `PUT /PKG`, as a publish comes.
const CHANGES: [&str; 4] = ["deprecate", "undeprecate", "star", "unstar"];

/// The endpoints.
pub struct Api {
    hosted: Arc<Hosted>,
    access: Arc<Access>,
    signing: Signing,
    clock: Clock,
    body_limit: AtomicU64,
    /// Whether everybody may administer, where nobody is known.
    open_admin: AtomicBool,
    room: Room,
    staging: Arc<Staging>,
    searching: Searching,
    /// Where it is counted what is published, if anywhere.
    counters: Option<Arc<Counters>>,
    /// The room of questions, which stay until an upstream has answered: no publish waits behind a slow one.
    questions: Room,
}

/// What a call is answered with.
pub enum Answer {
    /// This.
    Reply(Reply),
    /// A tarball that nobody may keep, and its bytes.
    Tarball(Arc<Large>, Tarball),
}

/// A request, as far as an endpoint has to know it.
pub struct Call<'a> {
    /// Who calls.
    pub caller: Caller,
    /// What they show beside that, and where they are.
    pub secrets: Secrets<'a>,
    /// Whether they are at this very machine.
    pub is_near: bool,
    /// The values of all Authorization headers, where they are no credentials of a caller's
    /// ([`Api::wants_authorization`]); else nothing.
    pub authorization: Vec<String>,
    /// The session of the browser that shows the page of a login; for no other call.
    pub browser: Option<Browser<'a>>,
    /// Set once it is found out whether what they show does for a change: a code is good once, and a wrong one is one
    /// attempt, however often an endpoint asks.
    pub verified: OnceCell<Result<(), Refusal>>,
    /// What the client says that it does, in npm's words (`npm-command`), if it says so.
    pub command: Option<String>,
    /// What program the client says that it is.
    pub agent: Option<String>,
    /// The URL by which the client reaches NOPAR, without a slash at its end.
    pub base: &'a str,
    /// What is noted of it for the trail.
    pub notes: Notes,
    /// Whoever can say whether a name is taken elsewhere.
    pub elsewhere: &'a dyn Elsewhere,
}

/// The body of a request, on its way in.
#[async_trait]
pub trait Body: Send {
    /// Its length in bytes, if the client says it.
    fn stated_len(&self) -> Option<u64>;

    /// How many bytes came of it so far: those that the client sent, be they packed or not.
    fn came(&self) -> u64;

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// When it breaks off, or comes too slowly.
    async fn next(&mut self) -> Result<Option<Bytes>, Refusal>;
}

impl Api {
    /// Endpoints for `hosted`, which may be called by whom `access` lets in; what is published is signed by `signing`. A
    /// body may have `body_limit` bytes.
    pub fn new(
        hosted: Arc<Hosted>,
        access: Arc<Access>,
        signing: Signing,
        clock: Clock,
        body_limit: u64,
    ) -> Api {
        let staging = Arc::new(Staging::new(Arc::clone(&hosted), clock.clone()));
        let searching = Searching::new(clock.clone());
        let (room, questions) = Default::default();
        let (body_limit, open_admin) = (AtomicU64::new(body_limit), AtomicBool::default());
        Api {
            hosted,
            access,
            signing,
            clock,
            body_limit,
            open_admin,
            room,
            questions,
            staging,
            searching,
            counters: None,
        }
    }

    /// The same, in which it is counted what is published.
    pub fn with_counters(self, counters: Arc<Counters>) -> Api {
        Api { counters: Some(counters), ..self }
    }

    /// The same, in which what is staged waits this long to be approved, and has so many bytes together at most.
    pub fn with_stages(self, ttl: Duration, bytes: u64) -> Api {
        self.staging.set_limits(ttl, bytes);
        self
    }

    /// Has bodies of so many bytes be taken from now on.
    pub fn set_body_limit(&self, bytes: u64) {
        self.body_limit.store(bytes, Ordering::Release);
    }

    fn body_limit(&self) -> u64 {
        self.body_limit.load(Ordering::Acquire)
    }

    /// Whether everybody may do everything.
    pub fn is_open(&self) -> bool {
        self.access.is_open()
    }

    /// What waits to be approved.
    pub fn staging(&self) -> &Arc<Staging> {
        &self.staging
    }

    /// Who sends a request of this kind, by the values of all Authorization headers.
    ///
    /// npm sends the token of its `.npmrc` along with everything, also with a login that is due because that token has
    /// ended. So where nobody in particular has to call, bad credentials are none; whether that one may read a package
    /// is then decided as of everybody who shows none.
    ///
    /// # Errors
    /// When they are no credentials, or not any more, and it matters who calls.
    pub async fn caller(
        &self,
        method: &Method,
        route: &Route,
        authorization: &[&str],
        from: Option<IpAddr>,
    ) -> Result<Caller, Refusal> {
        if is_of_account(method, route) {
            return Ok(Caller::anonymous());
        }
        let is_read = match route {
            Route::Whoami | Route::Profile | Route::Tokens { .. } => false,
            // All that waits is for those who may publish it: others would be told that there is nothing.
            Route::Stages { .. } | Route::Stage { .. } | Route::StageTarball { .. } => {
                self.access.is_open() && matches!(*method, Method::GET | Method::HEAD)
            }
            // It asks, and changes nothing.
            Route::Audit(_) => true,
            _ => matches!(*method, Method::GET | Method::HEAD),
        };
        match self.known(authorization, from).await {
            Err(Denied::BadCredentials | Denied::NeedsToken) if is_read => Ok(Caller::anonymous()),
            caller => Ok(caller?),
        }
    }

    /// Whether what is in the Authorization headers of such requests is not who calls, but what the call is about.
    pub fn wants_authorization(route: &Route) -> bool {
        matches!(route, Route::Exchange { .. })
    }

    /// Who shows these values of Authorization headers, coming `from` there.
    ///
    /// # Errors
    /// When they are no credentials, or not any more.
    pub async fn identify(
        &self,
        authorization: &[&str],
        from: Option<IpAddr>,
    ) -> Result<Caller, Refusal> {
        Ok(self.known(authorization, from).await?)
    }

    async fn known(&self, authorization: &[&str], from: Option<IpAddr>) -> Result<Caller, Denied> {
        let caller = self.access.caller_from(authorization, from).await;
        caller.inspect_err(|denied| self.tell_of_password(authorization, from, denied))
    }

    /// Whether what is told of no package in particular depends on who asks.
    pub fn is_personal(&self, route: &Route) -> bool {
        let is_list = matches!(
            route,
            Route::Search { .. }
                | Route::PackagesOf { .. }
                | Route::Stars { .. }
                | Route::StarredBy { .. }
                | Route::Stages { .. }
                | Route::Stage { .. }
                | Route::StageTarball { .. }
        );
        is_list && !self.access.is_open()
    }

    /// Whether everybody may read packages of this name.
    pub fn is_public(&self, name: &PackageName) -> bool {
        self.access.is_public(name)
    }

    /// Whether requests of this kind are answered here, and not out of a packument.
    pub fn answers(method: &Method, route: &Route) -> bool {
        let is_read = matches!(*method, Method::GET | Method::HEAD);
        match route {
            Route::Packument { .. } | Route::Manifest { .. } | Route::Tarball { .. } => !is_read,
            Route::DistTags { .. } => false,
            Route::Root | Route::Ping | Route::Favicon | Route::Robots => false,
            Route::Health | Route::Ready => false,
            // Pages are `ui`'s.
            Route::Packages { .. }
            | Route::PackagePage { .. }
            | Route::Files { .. }
            | Route::Raw { .. }
            | Route::Settings
            | Route::Static { .. }
            | Route::SignIn
            | Route::SignOut
            | Route::Account => false,
            Route::Revision { .. }
            | Route::TarballRevision { .. }
            | Route::DistTag { .. }
            | Route::Visibility { .. }
            | Route::Collaborators { .. }
            | Route::Attestations { .. }
            | Route::Owners { .. }
            | Route::Owner { .. }
            | Route::Access { .. }
            | Route::Refresh { .. }
            | Route::Delete { .. }
            | Route::User { .. }
            | Route::Token { .. }
            | Route::Exchange { .. }
            | Route::Whoami
            | Route::Profile
            | Route::Tokens { .. }
            | Route::TokenOf { .. }
            | Route::WebLogin
            | Route::LoginPage { .. }
            | Route::LoginDone { .. }
            | Route::Session
            | Route::PackagesOf { .. }
            | Route::Stars { .. }
            | Route::StarredBy { .. }
            | Route::Search { .. }
            | Route::Audit(_)
            | Route::Keys
            | Route::Stages { .. }
            | Route::StageOf { .. }
            | Route::Stage { .. }
            | Route::StageTarball { .. }
            | Route::StageApproval { .. } => true,
        }
    }

    /// The answer to a call of one of those.
    pub async fn answer(
        &self,
        method: &Method,
        route: Route,
        call: &Call<'_>,
        body: &mut dyn Body,
    ) -> Answer {
        let watched = Watched::of(method, &route);
        let answered = match route {
            Route::StageTarball { id } => {
                let found = self.staged_tarball(call, &id).await;
                found.map(|(tarball, content)| Answer::Tarball(tarball, content))
            }
            route => self.call(method, route, call, body).await.map(Answer::Reply),
        };
        if let Some(watched) = watched {
            watched.answered(call, answered.as_ref().err());
        }
        answered.unwrap_or_else(|refusal| Answer::Reply(refusal.reply()))
    }

    async fn call(
        &self,
        method: &Method,
        route: Route,
        call: &Call<'_>,
        body: &mut dyn Body,
    ) -> Result<Reply, Refusal> {
        let is_delete = *method == Method::DELETE;
        match route {
            Route::Packument { name } if is_purge(method) => {
                self.purge(call, &name, Purged::Package).await
            }
            Route::Manifest { name, selector } if is_purge(method) => {
                self.purge(call, &name, Purged::Version(selector)).await
            }
            Route::Tarball { name, file } if is_purge(method) => {
                self.purge(call, &name, Purged::Tarball(file)).await
            }
            Route::Packument { name } => self.put_package(call, body, name).await,
            Route::Manifest { name, selector } => {
                self.set_tag(call, body, name, selector.as_str()).await
            }
            Route::Revision { name, rev } if is_delete => {
                self.unpublish(call, name, Some(rev.as_str())).await
            }
            Route::Revision { name, rev } => self.put_revision(call, body, name, &rev).await,
            Route::TarballRevision { name, file, .. } => {
                self.remove_tarball(call, name, &file).await
            }
            Route::DistTag { name, tag } if is_delete => self.remove_tag(call, name, &tag).await,
            Route::DistTag { name, tag } => self.set_tag(call, body, name, &tag).await,
            Route::User { user } if *method == Method::PUT => self.log_in(call, body, &user).await,
            Route::User { user } => self.user(call, &user).await,
            Route::Token { token } => self.log_out(call, &token).await,
            Route::Exchange { name } => Ok(self.exchange(call, &name).await),
            Route::Whoami => self.whoami(call),
            Route::Profile if *method == Method::POST => self.change_profile(call, body).await,
            Route::Profile => self.profile(call).await,
            Route::Tokens { .. } if *method == Method::POST => self.create_token(call, body).await,
            Route::Tokens { query } => self.tokens(call, &query).await,
            Route::TokenOf { shown } => self.revoke_token(call, &shown).await,
            Route::WebLogin => self.begin_web_login(call, body).await,
            Route::LoginPage { secret } if *method == Method::POST => {
                self.confirm_login(call, body, &secret).await
            }
            Route::LoginPage { secret } => self.login_page(call, &secret),
            Route::LoginDone { secret } => self.web_login_done(call, &secret).await,
            Route::Session => self.session(body).await,
            Route::Visibility { name } => self.visibility(call, &name).await,
            Route::Attestations { name, version } => {
                self.attestations(call, &name, version.as_str()).await
            }
            Route::Owners { name } if *method == Method::PUT => {
                self.add_owner(call, body, name).await
            }
            Route::Owners { name } => self.owners(call, &name).await,
            Route::Owner { name, user } => self.remove_owner(call, name, &user).await,
            Route::Access { name } if *method == Method::POST => {
                self.set_access(call, body, &name).await
            }
            Route::Access { name } => self.access_of(call, &name).await,
            Route::Refresh { name } => self.refresh(call, &name).await,
            Route::Delete { name, rev } => self.delete(call, name, rev.as_deref()).await,
            Route::Collaborators { name } => self.collaborators(call, &name).await,
            Route::PackagesOf { user } => self.packages_of(call, &user).await,
            Route::Stars { user } => self.stars(call, &user).await,
            Route::StarredBy { user } => self.starred_by(call, &user).await,
            Route::Search { query } => self.search(call, &query).await,
            Route::Audit(audit) => self.audit(call, body, audit).await,
            Route::Keys => self.keys(call).await,
            Route::Stages { query } => self.stages(call, &query).await,
            Route::StageOf { name } => self.stage(call, body, name).await,
            Route::Stage { id } if is_delete => self.reject(call, &id).await,
            Route::Stage { id } => self.staged(call, &id).await,
            Route::StageApproval { id } => self.approve(call, &id).await,
            Route::Root
            | Route::Ping
            | Route::Health
            | Route::Ready
            | Route::Favicon
            | Route::Robots
            | Route::Tarball { .. }
            | Route::DistTags { .. }
            | Route::StageTarball { .. }
            | Route::Packages { .. }
            | Route::PackagePage { .. }
            | Route::Files { .. }
            | Route::Raw { .. }
            | Route::Settings
            | Route::Static { .. }
            | Route::SignIn
            | Route::SignOut
            | Route::Account => Err(Refusal::no_endpoint()),
        }
    }
}

/// Whether a request logs in or out, or is of a job that has no token yet: what counts is in its path and body, or in a
/// header that is no credentials, whoever sends it.
fn is_of_account(method: &Method, route: &Route) -> bool {
    match route {
        Route::User { .. } => *method == Method::PUT,
        Route::Token { .. } | Route::Session | Route::Exchange { .. } => true,
        Route::WebLogin | Route::LoginPage { .. } | Route::LoginDone { .. } => true,
        _ => false,
    }
}

impl Call<'_> {
    /// Whether it is a change of what is published, as far as the client says.
    fn is_change(&self) -> bool {
        self.command.as_deref().is_some_and(|command| CHANGES.contains(&command))
    }

    /// The caller as packuments and the log name people.
    fn name(&self) -> &str {
        self.caller.user().unwrap_or("anonymous")
    }
}
