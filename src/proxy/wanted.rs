//! Errors as pages, for who prefers to read pages: whichever way they go out.
//! Knows nothing of what went wrong, nor of how pages look.

use super::Door;
use crate::base_url::BaseUrl;
use crate::reply::Reply;
use crate::ui;
use async_trait::async_trait;
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora::modules::http::{HttpModule, HttpModuleBuilder, Module};
use pingora_proxy::Session;
use std::any::Any;

/// Whose errors a request wants to have as pages: the registry's by this URL. Those of a request that is a client's
/// stay JSON.
#[derive(Default)]
struct Wanted(Option<Registry>);

#[derive(Clone)]
pub(super) struct Registry {
    base: BaseUrl,
    has_users: bool,
}

impl Door {
    /// Errors of this request are to be pages.
    pub(super) fn want_page(&self, session: &mut Session, base: &BaseUrl) {
        if let Some(wanted) = session.downstream_modules_ctx.get_mut::<Wanted>() {
            let has_users = !self.api.is_open();
            wanted.0 = Some(Registry { base: base.clone(), has_users });
        }
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
    session.downstream_modules_ctx.get::<Wanted>()?.0.as_ref()
}

impl Registry {
    /// The page in place of a reply, if that is an error.
    pub(super) fn page(&self, reply: &Reply) -> Option<Reply> {
        let is_error = reply.status.is_client_error() || reply.status.is_server_error();
        is_error.then(|| ui::wrong(&self.base, self.has_users, reply.clone()))
    }
}

/// Makes one for each request.
pub(super) struct WantedBuilder;

impl HttpModuleBuilder for WantedBuilder {
    fn init(&self) -> Module {
        Box::new(Wanted::default())
    }
}

#[async_trait]
impl HttpModule for Wanted {
    async fn response_header_filter(
        &mut self,
        _header: &mut ResponseHeader,
        _end_of_stream: bool,
    ) -> Result<()> {
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}
