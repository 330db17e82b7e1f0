//! Whether a page of another site had a browser send a request that does something.
//! Knows nothing of who may do it: whoever reaches NOPAR by that browser may, and did not ask for it.
//!
//! A page can have a browser send a GET or a POST wherever it likes, by an image, a form or a script, and with any
//! body. It does not see the answer, but by then it is done. Of all else a browser first asks whether that page may
//! send it (the preflight of CORS), and no answer of NOPAR's ever says so; but not if it takes the page for one of
//! NOPAR's own. It does when the page's name leads to NOPAR by now, as whoever owns a name can have it lead to any
//! address (DNS rebinding). So of every request that does something it is asked whether a page of NOPAR's sent it,
//! and whether it came by a name that nobody else has: one that is configured, an address, or this machine's own
//! (`localhost`, which no name server is asked for, RFC 6761 §6.3).
//!
//! Browsers tell on whose behalf they ask: in `Sec-Fetch-Site` (Fetch Metadata), by HTTPS and to their own machine, and
//! in `Origin` (RFC 6454 §7), with all but GET and HEAD. npm, curl and their kin send neither, and pass; `fetch` of
//! Node.js, which pnpm uses, sends `Sec-Fetch-Mode`, which is not looked at.

use super::failure::Failure;
use crate::base_url::BaseUrl;
use crate::config;
use crate::route::Route;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use std::net::{IpAddr, Ipv4Addr};

/// Where the page is from that asks, as seen from where it asks.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What it says of a page of this registry, and of the person at the browser.
const OWN: [&str; 2] = ["same-origin", "none"];

/// Which addresses are NOPAR's, and cannot be another's that leads to it.
pub(super) struct Known {
    /// There is one URL that it is reached by.
    has_url: bool,
    /// The names that it listens on.
    names: Vec<String>,
}

impl Known {
    /// By what the configuration says of the server.
    pub(super) fn of(server: &config::Server) -> Known {
        let names = server.hosts().map(|(name, _)| undotted(name).to_ascii_lowercase());
        Known { has_url: server.base_url.is_some(), names: names.collect() }
    }

    /// The same if there is a URL that it is reached by, or none.
    pub(super) fn with_url(&self, has_url: bool) -> Known {
        Known { has_url, names: self.names.clone() }
    }

    /// Whether the URL by which a request came is one of them.
    fn is(&self, base: &BaseUrl) -> bool {
        let host = undotted(base.host());
        let is_address = host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok();
        let is_local = host == "localhost" || host.ends_with(".localhost");
        self.has_url || is_address || is_local || self.names.iter().any(|name| host == name)
    }
}

/// A name without the dot that may be behind it.
fn undotted(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

/// Lets a request pass that reads, and one that no page of another site had sent. `base` is the URL by which it came, and
/// `here` the same where no URL is configured, if that is known.
///
/// # Errors
/// A 403 for all others.
pub(super) fn check(
    method: &Method,
    route: &Route,
    headers: &HeaderMap,
    base: &BaseUrl,
    here: Option<&BaseUrl>,
    known: &Known,
) -> Result<(), Failure> {
    let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || !is_of_browser(headers) {
        return Ok(());
    }
    let is_mended = || is_way_back(route) && here.is_some_and(|here| is_own_here(headers, here));
    if !(is_own(headers, base) || is_mended()) {
        return Err(refusal(format!(
            "a page of another site had the browser ask for this, and nothing was done; pages of this registry are below {base}/, its base URL (NOPAR_BASE_URL, or what the settings page has saved)"
        )));
    }
    // The page of a login has an address that nobody can guess, and does nothing by itself: who has it may come by
    // whichever name they were told.
    if !known.is(base) && !matches!(route, Route::LoginPage { .. }) {
        return Err(refusal(format!(
            "a browser asked for this by {base}/, a name that any site may have lead here, and nothing was done; set NOPAR_BASE_URL to the URL by which browsers reach this registry, and restart NOPAR"
        )));
    }
    Ok(())
}

fn refusal(error: String) -> Failure {
    Failure::new(StatusCode::FORBIDDEN, error, "cross_site")
}

/// Whether a request says on whose behalf it is sent.
fn is_of_browser(headers: &HeaderMap) -> bool {
    headers.contains_key(SEC_FETCH_SITE) || headers.contains_key(header::ORIGIN)
}

/// Whether nothing in a request says that it is of another site.
fn is_own(headers: &HeaderMap, base: &BaseUrl) -> bool {
    headers.get_all(SEC_FETCH_SITE).iter().all(is_own_site)
        && headers.get_all(header::ORIGIN).iter().all(|origin| is_origin_of(base, origin))
}

/// What helps who has saved a base URL by which nobody comes: the settings, and the way to them.
fn is_way_back(route: &Route) -> bool {
    matches!(route, Route::Settings | Route::SignIn)
}

/// Whether a request is sent by a page of `here`, the very address that it came to, which is this machine's own: that page
/// is NOPAR's, whatever its base URL is.
fn is_own_here(headers: &HeaderMap, here: &BaseUrl) -> bool {
    let name = here.host().trim_matches(['[', ']']);
    let is_loopback = name.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
    (name == "localhost" || is_loopback)
        && headers.contains_key(header::ORIGIN)
        && is_own(headers, here)
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

    /// A NOPAR with one URL.
    const WITH_URL: Known = Known { has_url: true, names: Vec::new() };

    /// Whether a request with these headers passes, of a client who knows NOPAR by this URL.
    fn passes_at(
        known: &Known,
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
        let host = headers.get("host").map(|host| format!("http://{}", host.to_str().unwrap()));
        let here = host.map(|url| BaseUrl::parse(&url).unwrap());
        match check(method, &route, &headers, &base, here.as_ref(), known) {
            Ok(()) => true,
            Err(failure) => {
                assert_eq!((failure.status.as_u16(), failure.reason.as_str()), (403, "cross_site"));
                assert!(failure.error.contains(&format!("{base}/")), "{}", failure.error);
                false
            }
        }
    }

    /// The same of each request that does something, at a NOPAR with one URL.
    fn passes(lines: &[(&'static str, &'static str)]) -> bool {
        let base = "https://npm.example:8443/npm";
        let all = [
            (Method::POST, "/-/package/a/refresh"),
            (Method::POST, "/npm/-/package/@s%2fn/delete?rev=1"),
            (Method::POST, "/-/package/a/dist-tags/beta"),
            (Method::POST, "/-/package/a/access"),
            (Method::POST, "/-/npm/v1/oidc/token/exchange/package/a"),
            (Method::POST, "/_session"),
            (Method::POST, "/-/v1/login"),
            (Method::POST, "/npm/-/v1/login/abc"),
            (Method::PUT, "/a"),
            (Method::PUT, "/-/package/a/dist-tags/beta"),
            (Method::DELETE, "/a/-rev/1"),
            (purge(), "/a"),
            (purge(), "/npm/a/-/a-1.0.0.tgz"),
        ];
        let passed = all.map(|(method, path)| passes_at(&WITH_URL, base, &method, path, lines));
        assert!(passed.iter().all(|one| *one == passed[0]), "{passed:?} {lines:?}");
        passed[0]
    }

    fn purge() -> Method {
        Method::from_bytes(b"PURGE").unwrap()
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
            let own = [(ORIGIN, origin)];
            assert!(passes_at(&WITH_URL, base, &Method::POST, path, &own), "{base}");
        }
    }

    /// Whoever owns a name can have it lead here: a page below it is one of NOPAR's own to the browser.
    #[test]
    fn a_name_that_may_be_anybodys_is_not_nopars() {
        let listening = |hostname: &str| Known {
            has_url: false,
            names: vec!["other.example".to_owned(), hostname.to_owned()],
        };
        for (base, hostname, expected) in [
            ("http://evil.example:5984", "localhost", false),
            ("http://evil.example:5984", "0.0.0.0", false),
            ("http://evil.example:5984", "npm.example", false),
            ("http://npm.example.evil.example", "npm.example", false),
            ("http://localhost.evil.example", "localhost", false),
            ("http://notlocalhost", "localhost", false),
            ("http://npm.example:5984", "npm.example", true),
            ("http://npm.example.:5984", "npm.example", true),
            ("http://localhost:5984", "npm.example", true),
            ("http://npm.localhost", "npm.example", true),
            ("http://127.0.0.1:5984", "localhost", true),
            ("https://10.0.0.1", "npm.example", true),
            ("http://[::1]:5984", "localhost", true),
        ] {
            let (known, origin) = (listening(hostname), BaseUrl::parse(base).unwrap());
            let origin: &'static str = origin.origin().to_owned().leak();
            for (method, path) in [
                (Method::POST, "/-/package/a/delete"),
                (Method::POST, "/-/package/a/refresh"),
                (Method::PUT, "/a"),
                (Method::DELETE, "/a/-rev/1"),
                (purge(), "/a/1.0.0"),
            ] {
                let own = [(ORIGIN, origin), (SITE, "same-origin")];
                assert_eq!(passes_at(&known, base, &method, path, &own), expected, "{base}");
                assert_eq!(passes_at(&known, base, &method, path, &own[1..]), expected, "{base}");
                // npm, curl.
                assert!(passes_at(&known, base, &method, path, &[]), "{base}");
                assert!(passes_at(&WITH_URL, base, &method, path, &own), "{base}");
            }
        }
    }

    /// Its address is a secret, and it is of use to who types a password.
    #[test]
    fn the_page_of_a_login_may_be_come_to_by_any_name_but_from_no_other_site() {
        let known = Known { has_url: false, names: vec!["localhost".to_owned()] };
        let at = |path: &str, lines: &[(&'static str, &'static str)]| {
            passes_at(&known, "http://npm.example:5984", &Method::POST, path, lines)
        };
        let own = [(ORIGIN, "http://npm.example:5984"), (SITE, "same-origin")];
        let page = "/-/v1/login/abc";
        assert!(at(page, &own) && at(page, &own[..1]) && at(page, &[]));
        assert!(!at("/-/v1/login", &own), "it is begun by no browser");
        for other in [
            (ORIGIN, "http://other.example"),
            (ORIGIN, "null"),
            (SITE, "cross-site"),
            (SITE, "same-site"),
        ] {
            assert!(!at(page, &[other]), "{other:?}");
        }
    }

    /// A base URL that was saved by a slip had the page of settings refuse all that would mend it.
    #[test]
    fn settings_can_be_changed_from_this_machine_whatever_the_base_url_is() {
        let at = |path: &str, lines: &[(&'static str, &'static str)]| {
            passes_at(&WITH_URL, "https://npm.example", &Method::POST, path, lines)
        };
        for (origin, host, expected) in [
            ("http://127.0.0.1:5984", "127.0.0.1:5984", true),
            ("http://localhost:5984", "localhost:5984", true),
            ("http://[::1]:5984", "[::1]:5984", true),
            ("http://localhost", "localhost:80", true),
            ("http://127.0.0.1:5984", "127.0.0.1:5985", false),
            ("http://localhost:8080", "localhost:5984", false),
            ("http://localhost:5984", "127.0.0.1:5984", false),
            ("https://localhost:5984", "localhost:5984", false),
            ("http://evil.example:5984", "evil.example:5984", false),
            ("http://npm.localhost:5984", "npm.localhost:5984", false),
            ("http://10.0.0.1:5984", "10.0.0.1:5984", false),
            ("null", "localhost", false),
        ] {
            let own = [(ORIGIN, origin), ("host", host)];
            for path in ["/-/settings", "/-/login"] {
                assert_eq!(at(path, &own), expected, "{path} {origin} {host}");
            }
            assert!(!at("/-/account", &own) && !at("/-/package/a/delete", &own), "{origin}");
            assert!(!at("/-/settings", &[own[0], own[1], (SITE, "cross-site")]), "{origin}");
            assert!(!at("/-/settings", &[own[0], own[1], (ORIGIN, "null")]), "{origin}");
        }
    }

    #[test]
    fn the_name_that_is_listened_on_has_one_spelling() {
        let mut config = config::Config::default().server;
        config.hostname = "NPM.Example.".to_owned();
        assert_eq!(Known::of(&config).names, ["npm.example"]);
        assert!(!Known::of(&config).has_url);
        config.base_url = Some(BaseUrl::parse("http://npm.example").unwrap());
        assert!(Known::of(&config).has_url);
    }

    #[test]
    fn what_reads_is_not_looked_at() {
        let lines = [(SITE, "cross-site"), (ORIGIN, "https://other.example")];
        for (method, path) in [
            (Method::GET, "/a"),
            (Method::HEAD, "/a"),
            (Method::GET, "/-/package/a/dist-tags"),
            (Method::GET, "/-/package/a/access"),
        ] {
            let base = "https://npm.example";
            assert!(passes_at(&WITH_URL, base, &method, path, &lines), "{method} {path}");
        }
    }
}
