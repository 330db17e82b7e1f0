//! Whether a page of another site may read an answer: what a browser asks before it shows one to a page (the CORS
//! protocol of the Fetch standard). To act is another thing, and no page of another site may (`cross_site`).
//! Knows nothing of what is read.
//!
//! Whoever reaches NOPAR may read, and a page that somebody in a company's network looks at reaches it by that
//! person's browser. So pages of every site may read what everybody gets from the upstream anyway, and all else only
//! pages of the origins that are configured (`NOPAR_CORS_ORIGINS`): what is NOPAR's own, and what an upstream shows
//! to the token of NOPAR, be it a package or an error about one, and lists. Credentials are never let through: no
//! answer allows them, nor `Authorization`.
//!
//! A page that may not read an answer sees a failure in its place. It can tell from that, and from nothing
//! else here, that a name is not of such an upstream: NOPAR's own, published or claimed. What is not there at all is
//! a 404 that it may read.
//! (It could without CORS: an image or a script of that address loads or does not.) It is not told what there is of
//! that name, nor whether anything is: all answers about it fail alike. A preflight is answered by the path alone.
//!
//! Only answers to requests with an `Origin` say anything of this. A cache that keeps one that was given without,
//! and hands it to a page, keeps that page from reading it; no page reads what it must not.

use super::carried::{self, Carried};
use crate::config::Origins;
use crate::reply::Reply;
use crate::route::{Route, RouteError};
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora_proxy::Session;

/// What pages may do: read.
const METHODS: &str = "GET, HEAD";
/// The headers that reading needs. No `Content-Type`: with it a browser would let a page send JSON by POST.
const HEADERS: &str =
    "Accept, Cache-Control, If-Modified-Since, If-None-Match, If-Range, Pragma, Range";
/// What of an answer's headers a page may see, beside those that it always may.
const EXPOSED: &str =
    "Accept-Ranges, Age, Content-Encoding, Content-Range, ETag, Retry-After, X-Cache";
/// How long a browser need not ask again, in seconds: the most that one takes.
const MAX_AGE: &str = "7200";
/// What may be done to one path or another (RFC 9110 §9.3.7).
const ALL_METHODS: &str = "GET, HEAD, PUT, POST, DELETE, PURGE, OPTIONS";

/// Whose pages may read an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reach {
    /// Nobody's: it is about something that acts.
    #[default]
    Nobody,
    /// Those of the origins that are configured.
    Named,
    /// It depends on whose a package is: the same, unless it turns out to be of an upstream that shows it to everybody.
    Package,
    /// Everybody's.
    Everybody,
}

impl Reach {
    /// Of what is asked for by this method, as far as the path says it. `None` for the route is a path to nothing.
    pub(super) fn of(method: &Method, route: Option<&Route>) -> Reach {
        if !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return Reach::Nobody;
        }
        match route {
            Some(Route::Root | Route::Ping | Route::Favicon | Route::Robots) | None => {
                Reach::Everybody
            }
            Some(
                Route::Packument { .. }
                | Route::Manifest { .. }
                | Route::Tarball { .. }
                | Route::DistTags { .. }
                | Route::Attestations { .. },
            ) => Reach::Package,
            // What is on it is for who was sent there.
            Some(Route::LoginPage { .. }) => Reach::Nobody,
            // Pages are for people, who look at them by themselves.
            Some(route) if route.is_of_pages() => Reach::Nobody,
            // What is read has both: a GET that fetches what is there once has no HEAD. Keys are among it: they are this registry's own, and
            // of upstreams with a token, and why there are none says where upstreams are.
            Some(route) if route.allow().starts_with(METHODS) => Reach::Named,
            Some(_) => Reach::Nobody,
        }
    }
}

/// The answer to `OPTIONS`: which methods a path has, and what a browser may let a page ask for. `None` for a path to
/// nothing.
pub(super) fn options(headers: &HeaderMap, target: &[u8], prefix: &str) -> Option<(Reply, Reach)> {
    let allowing =
        |allow| Reply::text(StatusCode::NO_CONTENT, "text/plain", "").with(header::ALLOW, allow);
    if target == b"*" {
        return Some((allowing(ALL_METHODS), Reach::Nobody));
    }
    let route = match Route::parse(&Method::GET, target, prefix) {
        Ok(parsed) => parsed.route,
        Err(RouteError::MethodNotAllowed { allow }) => {
            return Some((allowing(allow), Reach::Nobody));
        }
        Err(_) => return None,
    };
    let reply = allowing(route.allow());
    let reach = match Reach::of(&Method::OPTIONS, Some(&route)) {
        // Not by whose it is: that would tell it.
        Reach::Package => Reach::Everybody,
        reach => reach,
    };
    let asked = headers.get(header::ACCESS_CONTROL_REQUEST_METHOD);
    let reads = asked.is_none_or(|method| matches!(method.as_bytes(), b"GET" | b"HEAD"));
    Some(if reads { (reply, reach) } else { (reply, Reach::Nobody) })
}

/// What an answer says to browsers; nothing by default.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cors {
    /// Whose pages may read it, as browsers are told.
    allowed: Option<HeaderValue>,
    /// Whether another origin would be told something else.
    varies: bool,
    /// Whether it answers a question of what may be asked for.
    is_preflight: bool,
}

impl Cors {
    /// To a request of this method and origin.
    fn of(reach: Reach, method: &Method, origin: &HeaderValue, origins: &Origins) -> Cors {
        let everybody = || Some(HeaderValue::from_static("*"));
        let (allowed, varies) = match (reach, origins) {
            (Reach::Nobody, _) | (_, Origins::Off) => (None, false),
            (Reach::Everybody, _) | (_, Origins::All) => (everybody(), false),
            (_, Origins::None) => (None, false),
            (_, Origins::These(_)) => {
                let is_named = origin.to_str().is_ok_and(|origin| origins.has(origin));
                (is_named.then(|| origin.clone()), true)
            }
        };
        Cors { allowed, varies, is_preflight: *method == Method::OPTIONS }
    }
}

impl Carried for Cors {
    fn dress(&self, header: &mut ResponseHeader) -> Result<()> {
        if self.varies {
            header.append_header(header::VARY, "Origin")?;
        }
        let Some(allowed) = &self.allowed else { return Ok(()) };
        header.insert_header(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed)?;
        if self.is_preflight {
            header.insert_header(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS)?;
            header.insert_header(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS)?;
            header.insert_header(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE)?;
        } else {
            header.insert_header(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED)?;
        }
        Ok(())
    }
}

/// Settles what the answer will say, whichever way it goes out.
pub(super) fn settle(session: &mut Session, reach: Reach, origins: &Origins) {
    let request = session.req_header();
    let mut said = request.headers.get_all(header::ORIGIN).iter();
    let (Some(origin), None) = (said.next(), said.next()) else { return };
    let settled = Cors::of(reach, &request.method, origin, origins);
    carried::settle(session, settled);
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://docs.example";

    fn reach(method: &str, path: &str) -> Reach {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let route = Route::parse(&method, path.as_bytes(), "").ok().map(|parsed| parsed.route);
        Reach::of(&method, route.as_ref())
    }

    #[test]
    fn what_acts_is_nobodys_and_what_lists_is_for_named_origins() {
        for (method, path, expected) in [
            ("GET", "/", Reach::Everybody),
            ("HEAD", "/-/ping", Reach::Everybody),
            ("GET", "/-/nothing", Reach::Everybody),
            ("GET", "/a", Reach::Package),
            ("HEAD", "/a/latest", Reach::Package),
            ("GET", "/a/-/a-1.0.0.tgz", Reach::Package),
            ("GET", "/-/package/a/dist-tags", Reach::Package),
            ("GET", "/-/npm/v1/attestations/a@1.0.0", Reach::Package),
            ("GET", "/-/v1/search?text=a", Reach::Named),
            ("GET", "/-/npm/v1/keys", Reach::Named),
            ("GET", "/-/whoami", Reach::Named),
            ("GET", "/-/npm/v1/user", Reach::Named),
            ("GET", "/-/npm/v1/tokens", Reach::Named),
            ("POST", "/-/npm/v1/tokens", Reach::Nobody),
            ("DELETE", "/-/npm/v1/tokens/token/ab12", Reach::Nobody),
            ("POST", "/-/v1/login", Reach::Nobody),
            ("GET", "/-/v1/login/abc", Reach::Nobody),
            ("HEAD", "/-/v1/login/abc", Reach::Nobody),
            ("GET", "/-/v1/done/abc", Reach::Nobody),
            ("GET", "/-/package/a/access", Reach::Named),
            ("GET", "/-/stage", Reach::Named),
            ("GET", "/-/packages/all", Reach::Nobody),
            ("GET", "/-/package/a", Reach::Nobody),
            ("GET", "/-/package/a/raw", Reach::Nobody),
            ("GET", "/-/static/a.css", Reach::Nobody),
            ("GET", "/-/account", Reach::Nobody),
            ("PUT", "/a", Reach::Nobody),
            ("POST", "/-/package/a/refresh", Reach::Nobody),
            ("PURGE", "/a/-/a-1.0.0.tgz", Reach::Nobody),
            ("DELETE", "/nothing/-/", Reach::Nobody),
        ] {
            assert_eq!(reach(method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn pages_are_told_apart_by_their_origin_only_where_that_counts() {
        let these = Origins::These(vec![ORIGIN.to_owned()]);
        for (reach, origins, origin, allowed, varies) in [
            (Reach::Everybody, &Origins::None, ORIGIN, Some("*"), false),
            (Reach::Everybody, &these, "null", Some("*"), false),
            (Reach::Package, &Origins::None, ORIGIN, None, false),
            (Reach::Package, &Origins::All, ORIGIN, Some("*"), false),
            (Reach::Package, &these, ORIGIN, Some(ORIGIN), true),
            (Reach::Named, &these, ORIGIN, Some(ORIGIN), true),
            (Reach::Named, &these, "https://evil.example", None, true),
            (Reach::Named, &these, "null", None, true),
            (Reach::Everybody, &Origins::Off, ORIGIN, None, false),
            (Reach::Package, &Origins::Off, ORIGIN, None, false),
            (Reach::Nobody, &Origins::All, ORIGIN, None, false),
            (Reach::Nobody, &these, ORIGIN, None, false),
        ] {
            let value = HeaderValue::from_static(origin);
            let cors = Cors::of(reach, &Method::GET, &value, origins);
            let said = cors.allowed.as_ref().map(|allowed| allowed.to_str().unwrap());
            assert_eq!((said, cors.varies), (allowed, varies), "{reach:?} {origins:?} {origin}");
        }
    }

    #[test]
    fn a_preflight_is_answered_by_its_path_and_for_reading_only() {
        let ask = |path: &str, method: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(method) = method {
                let name = header::ACCESS_CONTROL_REQUEST_METHOD;
                headers.insert(name, HeaderValue::from_static(method));
            }
            options(&headers, path.as_bytes(), "/npm").map(|(reply, reach)| {
                let allow = reply.headers.iter().find(|(name, _)| *name == header::ALLOW);
                (allow.unwrap().1.to_str().unwrap().to_owned(), reach)
            })
        };
        for (path, method, allow, reach) in [
            ("/npm/a", Some("GET"), "GET, HEAD, PUT, PURGE", Reach::Everybody),
            ("/a", None, "GET, HEAD, PUT, PURGE", Reach::Everybody),
            ("/a", Some("PUT"), "GET, HEAD, PUT, PURGE", Reach::Nobody),
            ("/a", Some("POST"), "GET, HEAD, PUT, PURGE", Reach::Nobody),
            ("/a/-/a-1.0.0.tgz", Some("HEAD"), "GET, HEAD, PURGE", Reach::Everybody),
            ("/-/v1/search?text=a", Some("GET"), "GET, HEAD", Reach::Named),
            ("/-/package/a/refresh", Some("GET"), "POST", Reach::Nobody),
            ("/a/-rev/1", Some("GET"), "PUT, DELETE", Reach::Nobody),
            ("/-/v1/login/abc", Some("GET"), "GET, HEAD, POST", Reach::Nobody),
            ("*", Some("GET"), ALL_METHODS, Reach::Nobody),
        ] {
            assert_eq!(ask(path, method), Some((allow.to_owned(), reach)), "{path} {method:?}");
        }
        for path in ["/-/nothing", "/_all_docs", "//"] {
            assert_eq!(ask(path, Some("GET")), None, "{path}");
        }
    }
}
