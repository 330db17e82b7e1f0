//! Whether a page of another site had a browser send a request that does something.
//! Knows nothing of who may do it: whoever reaches NOPAR by that browser may, and did not ask for it.
//!
//! A page can have a browser send a GET or a POST wherever it likes, by an image, a form or a script, and with any
//! body. It does not see the answer, but by then it is done. So every POST is looked at, and the one GET that does
//! something. PUT and DELETE need no look, be there a body or none: of those a browser first asks whether that page
//! may send them (the preflight of CORS), and no answer of NOPAR's ever says so.
//!
//! Browsers tell on whose behalf they ask: in `Sec-Fetch-Site` (Fetch Metadata), by HTTPS and to their own machine, and
//! in `Origin` (RFC 6454 §7), with each POST. npm, curl and their kin send neither, and pass. So does a GET of a
//! browser that tells neither: all it brings about is what any request with `no-cache` does.

use super::failure::Failure;
use crate::base_url::BaseUrl;
use crate::route::Route;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

/// Where the page is from that asks, as seen from where it asks.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What it says of a page of this registry, and of the person at the browser.
const OWN: [&str; 2] = ["same-origin", "none"];

/// Lets a request pass that reads, and one that no page of another site had sent. `base` is the URL by which it came.
///
/// # Errors
/// A 403 for all others.
pub(super) fn check(
    method: &Method,
    route: &Route,
    headers: &HeaderMap,
    base: &BaseUrl,
) -> Result<(), Failure> {
    let acts = *method == Method::POST || matches!(route, Route::Refresh { .. });
    if !acts || is_own(headers, base) {
        return Ok(());
    }
    let error = format!(
        "a page of another site had the browser ask for this, and nothing was done; pages of this registry are below {base}/ (NOPAR_BASE_URL)"
    );
    Err(Failure::new(StatusCode::FORBIDDEN, error, "cross_site"))
}

/// Whether nothing in a request says that it is of another site.
fn is_own(headers: &HeaderMap, base: &BaseUrl) -> bool {
    headers.get_all(SEC_FETCH_SITE).iter().all(is_own_site)
        && headers.get_all(header::ORIGIN).iter().all(|origin| is_origin_of(base, origin))
}

fn is_own_site(site: &HeaderValue) -> bool {
    OWN.iter().any(|own| own.as_bytes() == site.as_bytes())
}

/// Whether pages below `base` are of this origin. It is read as base URLs are: one origin has one spelling then.
fn is_origin_of(base: &BaseUrl, origin: &HeaderValue) -> bool {
    let origin = origin.to_str().ok().and_then(|text| BaseUrl::parse(text).ok());
    origin.is_some_and(|origin| origin.as_str() == base.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &str = "sec-fetch-site";
    const ORIGIN: &str = "origin";

    /// Whether a request with these headers passes, of a client who knows NOPAR by this URL.
    fn passes_at(
        base: &str,
        method: &Method,
        path: &str,
        lines: &[(&'static str, &'static str)],
    ) -> bool {
        let base = BaseUrl::parse(base).unwrap();
        let route = Route::parse(method, path.as_bytes(), base.path_prefix()).unwrap().route;
        let mut headers = HeaderMap::new();
        for &(name, value) in lines {
            headers.append(name, HeaderValue::from_static(value));
        }
        match check(method, &route, &headers, &base) {
            Ok(()) => true,
            Err(failure) => {
                assert_eq!((failure.status.as_u16(), failure.reason.as_str()), (403, "cross_site"));
                assert!(failure.error.contains(&format!("{base}/")), "{}", failure.error);
                false
            }
        }
    }

    /// The same of each request that does something and that a page could have sent.
    fn passes(lines: &[(&'static str, &'static str)]) -> bool {
        let base = "https://npm.example:8443/npm";
        let all = [
            (Method::GET, "/-/package/a/refresh"),
            (Method::POST, "/-/package/a/refresh"),
            (Method::POST, "/npm/-/package/@s%2fn/delete?rev=1"),
            (Method::POST, "/-/package/a/dist-tags/beta"),
            (Method::POST, "/-/package/a/access"),
            (Method::POST, "/_session"),
        ];
        let passed = all.map(|(method, path)| passes_at(base, &method, path, lines));
        assert!(passed.iter().all(|one| *one == passed[0]), "{passed:?} {lines:?}");
        passed[0]
    }

    #[test]
    fn who_is_no_browser_passes() {
        assert!(passes(&[]));
        assert!(passes(&[("referer", "https://other.example/"), ("sec-fetch-mode", "cors")]));
    }

    #[test]
    fn the_browser_tells_by_which_site_it_was_sent() {
        for (site, expected) in [
            ("same-origin", true),
            ("none", true),
            ("same-site", false),
            ("cross-site", false),
            // Of the future, or nobody's: not known to be ours.
            ("", false),
            ("sibling", false),
        ] {
            assert_eq!(passes(&[(SITE, site)]), expected, "{site}");
        }
        assert!(!passes(&[(SITE, "same-origin"), (SITE, "cross-site")]));
    }

    #[test]
    fn the_origin_is_that_of_the_base_url() {
        for (origin, expected) in [
            ("https://npm.example:8443", true),
            ("https://NPM.example:8443", true),
            ("http://npm.example:8443", false),
            ("https://npm.example", false),
            ("https://npm.example:443", false),
            ("https://other.example:8443", false),
            ("https://npm.example.other.example:8443", false),
            ("https://npm.example:8443/npm", false),
            ("https://npm.example:8443, https://other.example", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(passes(&[(ORIGIN, origin)]), expected, "{origin}");
        }
        let own = (ORIGIN, "https://npm.example:8443");
        assert!(passes(&[own, (SITE, "same-origin")]));
        assert!(!passes(&[own, (SITE, "same-site")]), "one of the two is enough");
        assert!(!passes(&[(ORIGIN, "null"), (SITE, "same-origin")]), "one of the two is enough");
        assert!(!passes(&[own, (ORIGIN, "https://other.example")]));
    }

    #[test]
    fn the_usual_port_and_addresses_have_one_spelling() {
        let path = "/-/package/a/refresh";
        for (base, origin) in [
            ("http://npm.example:80", "http://npm.example"),
            ("https://npm.example", "https://npm.example"),
            ("http://localhost:5984", "http://localhost:5984"),
            ("http://[::ffff:10.0.0.1]:5984", "http://[::ffff:a00:1]:5984"),
        ] {
            assert!(passes_at(base, &Method::POST, path, &[(ORIGIN, origin)]), "{base}");
        }
    }

    #[test]
    fn what_reads_or_is_asked_about_first_is_not_looked_at() {
        let lines = [(SITE, "cross-site"), (ORIGIN, "https://other.example")];
        for (method, path) in [
            (Method::GET, "/a"),
            (Method::HEAD, "/a"),
            (Method::GET, "/-/package/a/dist-tags"),
            (Method::GET, "/-/package/a/access"),
            (Method::PUT, "/a"),
            (Method::PUT, "/-/package/a/dist-tags/beta"),
            (Method::DELETE, "/a/-rev/1"),
        ] {
            let base = "https://npm.example";
            assert!(passes_at(base, &method, path, &lines), "{method} {path}");
        }
    }
}
