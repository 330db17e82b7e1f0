//! Requests for pages: who comes, from where, and what they ask, as `ui` has to know it.
//! Knows nothing of what is on a page.

use super::Door;
use super::body::{self, Incoming, Packing, Unpacked};
use super::cors::Reach;
use super::cross_site;
use super::ctx::{CacheState, Ctx};
use super::failure::Failure;
use super::near::is_near;
use super::own::Asker;
use super::receive::{Decision, encoding};
use crate::base_url::BaseUrl;
use crate::route::{Parsed, Route};
use crate::ui::{self, Visit};
use http::header;
use http::{Method, StatusCode};
use pingora::http::RequestHeader;
use pingora_proxy::Session;
use std::sync::Arc;

/// Longest query that a page looks at, in bytes; of a longer one nothing is.
const LONGEST_QUERY: usize = 2048;

/// What a browser asks by GET that can only be done by POST: for a page with a button that does it.
pub(super) fn question(
    request: &RequestHeader,
    base: &BaseUrl,
    prefers_html: bool,
) -> Option<Parsed> {
    if !prefers_html || !is_read(&request.method) {
        return None;
    }
    let parsed = Route::parse(&Method::POST, request.raw_path(), base.path_prefix()).ok()?;
    matches!(parsed.route, Route::Delete { .. } | Route::Refresh { .. }).then_some(parsed)
}

impl Door {
    /// Answers a request for a page.
    pub(super) async fn visit(
        self: &Arc<Self>,
        session: &mut Session,
        ctx: &mut Ctx,
        route: &Route,
        base: &BaseUrl,
        accepts_html: bool,
    ) -> Decision {
        // Also of the root, which clients read as JSON: a page tells more.
        ctx.reach = Reach::Nobody;
        let request = session.req_header();
        let method = request.method.clone();
        if !is_read(&method) {
            let (headers, current) = (&request.headers, self.current.get());
            let (known, here) = (&current.known, self.base_url_of(session, None).ok());
            let here = here.as_ref();
            if let Err(failure) = cross_site::check(&method, route, headers, base, here, known) {
                return failure.into();
            }
        }
        let Ok(packing) = Packing::of(&request.headers) else {
            let error = "the request's body is packed in a way that is not known here";
            let failure = Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error, "bad_encoding");
            return failure.into();
        };
        // What pages are made up with is everybody's.
        let is_whose = !matches!(route, Route::Static { .. });
        let shown = if is_whose { sessions(request, base) } else { Vec::new() };
        let query = query(request);
        let from = self.address(session);
        let (caller, known) = match self.ui.caller(&shown, from, !is_read(&method)).await {
            Ok(known) => known,
            Err(reply) => return Decision::Reply(reply, CacheState::None),
        };
        ctx.called_by(&caller);
        if let Route::Raw { name, what } = route {
            return self.raw(session, ctx, name, what, base, caller).await;
        }
        let asker = Asker { door: self, base, behalf: ctx.behalf.clone() };
        let visit = Visit {
            method: &method,
            route,
            base,
            // What clients show by `Authorization` is for their endpoints.
            session: known,
            shown: &shown,
            caller,
            from,
            is_near: self.is_near(session),
            came_by: self.came_by(session),
            accepts_html,
            encoding: encoding(request),
            query: &query,
            elsewhere: &asker,
            running: &**self,
        };
        let pace = body::pace(session);
        let mut body = Unpacked::new(Incoming::of(session, pace), packing);
        Decision::Reply(self.ui.answer(&visit, &mut body).await, CacheState::None)
    }

    /// The origin of the page that sent a request, or else the one that it came to, whatever the base URL is.
    fn came_by(&self, session: &Session) -> Option<String> {
        let origin = session.req_header().headers.get(header::ORIGIN);
        let origin = origin.and_then(|origin| BaseUrl::parse(origin.to_str().ok()?).ok());
        let url = origin.or_else(|| self.base_url_of(session, None).ok())?;
        Some(url.origin().to_owned())
    }

    /// Whether a request is of this very machine: a proxy on it speaks for others.
    pub(super) fn is_near(&self, session: &Session) -> bool {
        let peer = session.client_addr().and_then(|address| address.as_inet());
        let request = session.req_header();
        let authority = request.uri.authority().map(|authority| authority.as_str());
        let current = self.current.get();
        let proxies = &current.trusted_proxies;
        is_near(peer.map(|peer| peer.ip()), proxies, &request.headers, authority)
    }
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// What a browser shows that may be a session of the registry at this URL.
pub(super) fn sessions(request: &RequestHeader, base: &BaseUrl) -> Vec<String> {
    let lines = request.headers.get_all(header::COOKIE).iter();
    let shown = ui::sessions_of(lines.filter_map(|line| line.to_str().ok()), base);
    shown.into_iter().map(str::to_owned).collect()
}

/// The query as received, if it is text of decent length.
fn query(request: &RequestHeader) -> String {
    let target = request.raw_path();
    let at = target.iter().position(|&byte| byte == b'?').map_or(target.len(), |at| at + 1);
    let text = str::from_utf8(&target[at..]).ok();
    text.filter(|text| text.len() <= LONGEST_QUERY).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, lines: &[(&'static str, &'static str)]) -> RequestHeader {
        let mut request = RequestHeader::build("GET", path.as_bytes(), None).unwrap();
        for &(name, value) in lines {
            request.append_header(name, value).unwrap();
        }
        request
    }

    #[test]
    fn the_session_is_found_among_all_cookies() {
        let base = BaseUrl::parse("http://localhost:5984").unwrap();
        let of = |lines: &[(&'static str, &'static str)]| sessions(&request("/", lines), &base);
        assert_eq!(of(&[]), [""; 0]);
        assert_eq!(of(&[("cookie", "a=b; nopar_sessions=x")]), [""; 0]);
        assert_eq!(of(&[("cookie", "a=b"), ("cookie", "c; nopar_session=d")]), ["d"]);
    }

    #[test]
    fn a_query_is_text_of_decent_length_or_none() {
        assert_eq!(query(&request("/a?q=b&c=d?e", &[])), "q=b&c=d?e");
        assert_eq!(query(&request("/a", &[])), "");
        assert_eq!(query(&request(&format!("/a?{}", "x".repeat(2049)), &[])), "");
    }

    #[test]
    fn only_a_browser_is_asked_whether_something_is_to_be_deleted() {
        let base = BaseUrl::parse("http://npm.example/npm").unwrap();
        let asks = |path: &str, html| question(&request(path, &[]), &base, html).is_some();
        assert!(
            asks("/-/package/a/delete", true) && asks("/npm/-/package/@s/n/delete?rev=1", true)
        );
        assert!(asks("/-/package/a/refresh", true) && !asks("/-/package/a/refresh", false));
        assert!(!asks("/-/package/a/delete", false));
        assert!(!asks("/-/logout", true) && !asks("/-/nothing", true) && !asks("/a", true));
    }
}
