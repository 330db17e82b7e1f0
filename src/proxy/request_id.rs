//! What a request is called: as the trusted proxy called it that passed it on, or anew. Its line of the log has that, and so
//! has an answer that is an error, for who asks after it.
//! Knows nothing of the line.

use super::Door;
use super::carried::{self, Carried};
use crate::access_log::RequestId;
use crate::connection::{Caller, Plain};
use http::header::HeaderName;
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora_proxy::Session;

/// The header that has it.
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the request is called, where requests are logged.
#[derive(Default)]
pub(super) struct Called(Option<RequestId>);

impl Carried for Called {
    fn dress(&self, header: &mut ResponseHeader) -> Result<()> {
        let is_error = header.status.is_client_error() || header.status.is_server_error();
        if let Some(id) = self.0.as_ref().filter(|_| is_error) {
            header.insert_header(X_REQUEST_ID, id.to_string())?;
        }
        Ok(())
    }
}

impl Door {
    /// Gives a request its name.
    pub(super) fn name_request(&self, session: &mut Session) {
        if self.current.logs() {
            let mut lines = session.req_header().headers.get_all(X_REQUEST_ID).iter();
            let said = lines.next().filter(|_| lines.next().is_none() && self.trusts(session));
            let given = said.and_then(|said| RequestId::given(said.as_bytes()));
            let id = given.unwrap_or_else(RequestId::made);
            carried::settle(session, Called(Some(id)));
        }
    }

    /// What a request with a ready answer is called.
    pub(super) fn name_of_ready(&self, request: &Plain<'_>, caller: &Caller) -> RequestId {
        let said = request.line(X_REQUEST_ID.as_str());
        let current = self.current.get();
        let peer = caller.address.map(|address| address.ip());
        let said = said.filter(|_| current.trusted_proxies.trust(peer));
        said.and_then(RequestId::given).unwrap_or_else(RequestId::made)
    }

    /// Whether a request comes from a proxy that is believed.
    fn trusts(&self, session: &Session) -> bool {
        let peer = session.client_addr().and_then(|address| address.as_inet());
        self.current.get().trusted_proxies.trust(peer.map(|peer| peer.ip()))
    }
}

/// What a request is called that has a line.
pub(super) fn of(session: &Session) -> RequestId {
    let called = carried::carried::<Called>(session).and_then(|called| called.0.clone());
    called.unwrap_or_else(RequestId::made)
}
