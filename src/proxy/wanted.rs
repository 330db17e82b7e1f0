//! Errors as pages, for who prefers to read pages: whichever way they go out.
//! Knows nothing of what went wrong, nor of how pages look.

use super::Door;
use super::carried::{self, Carried, carried};
use crate::base_url::BaseUrl;
use crate::reply::Reply;
use crate::ui;
use pingora_proxy::Session;

/// Whose errors a request wants to have as pages: the registry's by this URL. Those of a request that is a client's
/// stay JSON.
#[derive(Default)]
pub(super) struct Wanted(Option<Registry>);

impl Carried for Wanted {}

#[derive(Clone)]
pub(super) struct Registry {
    base: BaseUrl,
    has_users: bool,
}

impl Door {
    /// Errors of this request are to be pages.
    pub(super) fn want_page(&self, session: &mut Session, base: &BaseUrl) {
        let registry = Registry { base: base.clone(), has_users: !self.api.is_open() };
        carried::settle(session, Wanted(Some(registry)));
    }
}

/// The page in place of a reply, if that is an error and a page is wanted.
pub(super) fn page(session: &Session, reply: &Reply) -> Option<Reply> {
    wanted(session)?.page(reply)
}

/// The registry whose errors are to be pages, if they are.
pub(super) fn registry(session: &Session) -> Option<Registry> {
    wanted(session).cloned()
}

fn wanted(session: &Session) -> Option<&Registry> {
    carried::<Wanted>(session)?.0.as_ref()
}

impl Registry {
    /// The page in place of a reply, if that is an error.
    pub(super) fn page(&self, reply: &Reply) -> Option<Reply> {
        let is_error = reply.status.is_client_error() || reply.status.is_server_error();
        is_error.then(|| ui::wrong(&self.base, self.has_users, reply.clone()))
    }
}
