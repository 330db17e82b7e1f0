//! Pages for people: what stands on them, by what this registry holds and who looks.
//! Knows nothing of connections, nor of how pages look (`web`). No page asks an upstream for anything.

mod account;
mod admin;
mod aside;
mod back;
mod calls;
mod clients;
mod confirm;
mod copies;
mod csrf;
mod files;
mod form;
mod home;
mod notice;
mod package;
mod packages;
mod packed;
mod remembered;
mod running;
mod seen;
mod session;
mod settings;
mod sign_in;

pub use copies::Copies;
pub use running::{Running, UpstreamState};
pub use session::shown as sessions_of;

use crate::access::{Access, Caller};
use crate::api::{Api, Body, Browser, Elsewhere, Refusal};
use crate::base_url::BaseUrl;
use crate::catalogue::Catalogue;
use crate::clock::Clock;
use crate::history::History;
use crate::hosted::Hosted;
use crate::negotiate::Encoding;
use crate::reply::Reply;
use crate::route::Route;
use crate::settings::Settings;
use crate::web::{self, Frame};
use aside::Aside;
use csrf::Csrf;
use http::{Method, StatusCode, header};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

/// What pages are about.
pub struct Parts {
    /// The packages of this registry.
    pub hosted: Arc<Hosted>,
    /// Who may see them, and what can be done.
    pub api: Arc<Api>,
    /// Who looks, by the session of their browser.
    pub access: Arc<Access>,
    /// The settings that may be changed.
    pub settings: Arc<Settings>,
    /// Which packages of upstreams are held.
    pub catalogue: Arc<Catalogue>,
    /// What was done in the last hour and day.
    pub history: Arc<History>,
    /// The time.
    pub clock: Clock,
    /// The copies of packages of upstreams themselves.
    pub copies: Copies,
}

/// The pages.
pub struct Ui {
    hosted: Arc<Hosted>,
    api: Arc<Api>,
    access: Arc<Access>,
    settings: Arc<Settings>,
    csrf: Csrf,
    catalogue: Arc<Catalogue>,
    history: Arc<History>,
    clock: Clock,
    started: SystemTime,
    copies: Copies,
    others: Arc<seen::Others>,
    aside: Aside,
    abouts: package::Abouts,
    readmes: package::Readmes,
    reading: files::Reading,
}

/// A request for a page, as far as a page has to know it.
pub struct Visit<'a> {
    /// GET, HEAD or POST.
    pub method: &'a Method,
    /// What is asked for.
    pub route: &'a Route,
    /// The URL by which the browser reaches this registry.
    pub base: &'a BaseUrl,
    /// Who looks, by their session: what is in `Authorization` does not count for pages.
    pub caller: Caller,
    /// Their session, if they have one.
    pub session: Option<&'a str>,
    /// All that their browser shows as one.
    pub shown: &'a [String],
    /// Their address.
    pub from: Option<IpAddr>,
    /// Whether they are at this very machine.
    pub is_near: bool,
    /// The origin of the address by which they come, whatever the base URL is, if that is known.
    pub came_by: Option<String>,
    /// Whether they prefer to read HTML: if not, they are no browser.
    pub accepts_html: bool,
    /// How a body may be packed for them.
    pub encoding: Encoding,
    /// The query as received, at most 2048 bytes.
    pub query: &'a str,
    /// For what a button on a page does: pages themselves ask nobody.
    pub elsewhere: &'a dyn Elsewhere,
    /// What the process can tell of itself.
    pub running: &'a dyn Running,
}

/// Whether a request is answered by a page: some paths are of pages only, others are of clients as well, which read JSON.
pub fn is_page(method: &Method, route: &Route, prefers_html: bool) -> bool {
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    match route {
        _ if route.is_of_pages() => true,
        Route::Root => is_read && prefers_html,
        Route::Refresh { .. } | Route::Delete { .. } => prefers_html,
        _ => false,
    }
}

/// An error as a page, of a registry with this URL; what is no error stays as it is.
pub fn wrong(base: &BaseUrl, has_users: bool, reply: Reply) -> Reply {
    web::wrong(Frame { has_users, ..Frame::new(base.as_str()) }, reply)
}

impl Visit<'_> {
    /// Whether something is to be done, and not only shown.
    pub fn acts(&self) -> bool {
        *self.method == Method::POST
    }
}

impl Ui {
    /// Pages about these.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn new(parts: Parts) -> io::Result<Ui> {
        let Parts { hosted, api, access, settings, catalogue, history, clock, copies } = parts;
        let (started, csrf, aside) = (clock.now(), Csrf::new()?, Aside::new()?);
        let (others, abouts, readmes, reading) = Default::default();
        Ok(Ui {
            hosted,
            api,
            access,
            settings,
            csrf,
            catalogue,
            history,
            clock,
            started,
            copies,
            others,
            aside,
            abouts,
            readmes,
            reading,
        })
    }

    /// Whose session a browser shows, and which of what it shows that is: nobody's if it is none (any more). Who `acts`
    /// by it is looked up on the disk; else what was so in the last two seconds is believed. Another host of the domain
    /// may have set what else is shown; if that is the session of somebody else, nobody can say whose browser it is.
    ///
    /// # Errors
    /// When nobody can say it.
    pub async fn caller<'s>(
        &self,
        shown: &'s [String],
        from: Option<IpAddr>,
        acts: bool,
    ) -> Result<(Caller, Option<&'s str>), Reply> {
        let mut found: Option<(Caller, &str)> = None;
        for one in shown {
            let Some(caller) = self.caller_of(one, from, acts).await? else { continue };
            match &found {
                None => found = Some((caller, one)),
                Some((first, _)) if first.user() == caller.user() => {}
                Some(_) => return Ok((Caller::anonymous(), None)),
            }
        }
        Ok(found.map_or((Caller::anonymous(), None), |(caller, one)| (caller, Some(one))))
    }

    async fn caller_of(
        &self,
        shown: &str,
        from: Option<IpAddr>,
        acts: bool,
    ) -> Result<Option<Caller>, Reply> {
        if let Some(known) = self.access.known_session(shown, from).filter(|_| !acts) {
            return Ok(Some(known));
        }
        self.access.session(shown, from).await.map_err(|denied| Refusal::from(denied).reply())
    }

    /// The browser that shows the page of a login, if somebody is signed in there.
    ///
    /// # Errors
    /// As of [`Ui::caller`].
    pub async fn browser<'a>(
        &self,
        shown: &'a [String],
        from: Option<IpAddr>,
    ) -> Result<Option<Browser<'a>>, Reply> {
        let (caller, session) = self.caller(shown, from, true).await?;
        let known = session.zip(caller.user());
        Ok(known.map(|(session, user)| {
            let csrf = self.csrf.token(Some(session), from);
            Browser { session, user: user.to_owned(), csrf }
        }))
    }

    /// The page that is asked for. An error is in JSON for who does not want one.
    pub async fn answer(&self, visit: &Visit<'_>, body: &mut dyn Body) -> Reply {
        let reply = self.made(visit, body).await;
        let reply = if visit.accepts_html { web::wrong(self.frame(visit), reply) } else { reply };
        self.packed(visit, reply).await
    }

    async fn made(&self, visit: &Visit<'_>, body: &mut dyn Body) -> Reply {
        match visit.route {
            Route::Root => self.home(visit).await,
            Route::Packages { which, query } => self.packages(visit, *which, query).await,
            Route::PackagePage { name, query } => self.package(visit, name, query).await,
            Route::Files { name, version, path } => self.files(visit, name, version, path).await,
            Route::Settings => self.settings(visit, body).await,
            Route::Static { file } => self.file(visit, file),
            Route::SignIn => self.sign_in(visit, body).await,
            Route::SignOut => self.sign_out(visit, body).await,
            Route::Account => self.account(visit, body).await,
            Route::Refresh { name } | Route::Delete { name, .. } => {
                self.confirm(visit, name, body).await
            }
            _ => nothing("this is no page"),
        }
    }

    /// The frame of a page for who looks at it.
    fn frame<'a>(&self, visit: &'a Visit<'_>) -> Frame<'a> {
        let (user, has_users) = (visit.caller.user(), !self.access.is_open());
        let (administers, notice) = (self.may_administer(visit), notice::of(visit.query));
        Frame { user, has_users, administers, notice, ..Frame::new(visit.base.as_str()) }
    }

    /// A file that pages are made up with.
    fn file(&self, visit: &Visit<'_>, file: &str) -> Reply {
        let file = web::file(file, visit.encoding == Encoding::Gzip);
        file.unwrap_or_else(|| nothing("no page has such a file: load the page again"))
    }
}

/// There is no such package, or nobody tells this one.
fn no_package() -> Reply {
    Reply::error(StatusCode::NOT_FOUND, "not_found", "document not found")
}

fn nothing(error: &str) -> Reply {
    Reply::error(StatusCode::NOT_FOUND, error, "no_page")
}

/// Too many pages are being made.
fn no_place() -> Reply {
    let text = "too many pages are asked for at once: try again in a moment";
    Reply::error(StatusCode::SERVICE_UNAVAILABLE, text, "busy").with(header::RETRY_AFTER, "1")
}

fn not_allowed(error: &str) -> Reply {
    Reply::error(StatusCode::FORBIDDEN, error, "forbidden")
}
