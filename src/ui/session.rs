//! The cookie by which a browser shows whose session it is of.
//! Knows nothing of what a session is, nor of who may begin one.
//!
//! It is `HttpOnly` (no script reads it), `SameSite=Strict` (no page of another site has it sent along), for the whole
//! site, and for HTTPS alone where the registry is reached by that. There its name has a prefix by which browsers take it
//! from this host only (`__Host-`, RFC 6265bis §4.1.3.2): any other host of the same domain may set a cookie for all of
//! it. Not where the registry lies below a path: a proxy in front may have cookies be for that path, and browsers would
//! refuse it.

use crate::base_url::BaseUrl;
use std::time::Duration;

/// What it is called.
const NAME: &str = "nopar_session";

/// The same where browsers see to it that it was set by this host.
const OF_THIS_HOST: &str = "__Host-nopar_session";

/// The longest value that is looked at, in bytes: a token has less.
const LONGEST: usize = 100;

/// So many values are looked at: whoever sets more for a whole domain keeps people from signing in, and makes no work.
const MOST: usize = 4;

/// What a browser shows that may be a session of the registry at this URL, by the values of all `Cookie` headers.
pub fn shown<'a>(cookies: impl IntoIterator<Item = &'a str>, base: &BaseUrl) -> Vec<&'a str> {
    let expected = name(base);
    let pairs = cookies.into_iter().flat_map(|line| line.split(';'));
    let pairs = pairs.filter_map(|pair| pair.trim_matches([' ', '\t']).split_once('='));
    let values = pairs.filter(|(name, _)| *name == expected).map(|(_, value)| value);
    let mut shown = Vec::new();
    for value in values.filter(|value| !value.is_empty() && value.len() <= LONGEST) {
        if shown.len() < MOST && !shown.contains(&value) {
            shown.push(value);
        }
    }
    shown
}

/// The value of the header that has a browser keep a session for so long. `base` is the URL of the registry.
pub(super) fn set(session: &str, base: &BaseUrl, lasts: Duration) -> String {
    with_attributes(&format!("{}={session}; Max-Age={}", name(base), lasts.as_secs()), base)
}

/// The value of the header that has it forget the session.
pub(super) fn clear(base: &BaseUrl) -> String {
    with_attributes(&format!("{}=; Max-Age=0", name(base)), base)
}

fn name(base: &BaseUrl) -> &'static str {
    if is_https(base) && base.path_prefix().is_empty() { OF_THIS_HOST } else { NAME }
}

fn with_attributes(cookie: &str, base: &BaseUrl) -> String {
    let secure = if is_https(base) { "; Secure" } else { "" };
    format!("{cookie}; Path=/; HttpOnly; SameSite=Strict{secure}")
}

fn is_https(base: &BaseUrl) -> bool {
    base.as_str().starts_with("https:")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> BaseUrl {
        BaseUrl::parse(text).unwrap()
    }

    #[test]
    fn sessions_are_found_among_other_cookies() {
        let long = format!("nopar_session={}; nopar_session=npm_a", "x".repeat(LONGEST + 1));
        for (lines, expected) in [
            (&["nopar_session=npm_a"][..], &["npm_a"][..]),
            (&["a=b; nopar_session=npm_a;c=d"], &["npm_a"]),
            (&["a=b", "nopar_session=npm_a"], &["npm_a"]),
            (&["nopar_session=npm_a; nopar_session=npm_a"], &["npm_a"]),
            // Others may set one as well: which of them is a session is not to be seen.
            (&["nopar_session=npm_a; nopar_session=npm_b"], &["npm_a", "npm_b"]),
            (&["nopar_session=; nopar_session=x", "nopar_session=npm_a"], &["x", "npm_a"]),
            (
                &[
                    "nopar_session=1; nopar_session=2; nopar_session=3; nopar_session=4; nopar_session=5",
                ],
                &["1", "2", "3", "4"],
            ),
            (&[&*long], &["npm_a"]),
            (&["nopar_session="], &[]),
            (&["xnopar_session=npm_a; nopar_sessions=npm_b"], &[]),
            (&["__Host-nopar_session=npm_a"], &[]),
            (&["NOPAR_SESSION=npm_a"], &[]),
            (&["nopar_session"], &[]),
            (&["", ";;=;"], &[]),
            (&[], &[]),
        ] {
            let found = shown(lines.iter().copied(), &base("http://localhost"));
            assert_eq!(found, expected, "{lines:?}");
        }
    }

    #[test]
    fn what_is_set_is_for_this_site_alone_and_for_no_script() {
        let at = |text| set("npm_a", &base(text), Duration::from_secs(60));
        let kept = "nopar_session=npm_a; Max-Age=60; Path=/; HttpOnly; SameSite=Strict";
        assert_eq!(at("http://localhost:5984"), kept);
        assert_eq!(at("http://localhost:5984/npm"), kept);
        assert_eq!(at("https://registry.example/npm"), format!("{kept}; Secure"));
        assert_eq!(at("https://registry.example"), format!("__Host-{kept}; Secure"));
        let gone = clear(&base("https://registry.example"));
        let nothing = "__Host-nopar_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure";
        assert_eq!(gone, nothing);
        for text in ["http://localhost", "https://registry.example/npm", "https://registry.example"]
        {
            assert_eq!(shown([at(text).as_str()], &base(text)), ["npm_a"]);
            assert!(shown([clear(&base(text)).as_str()], &base(text)).is_empty());
        }
    }

    /// A browser takes a `__Host-` cookie of no other host: what a sibling sets for the domain is none.
    #[test]
    fn by_https_no_other_host_of_the_domain_sets_one() {
        let lines = ["nopar_session=npm_evil; __Host-nopar_session=npm_a"];
        assert_eq!(shown(lines, &base("https://registry.example")), ["npm_a"]);
        assert_eq!(shown(["nopar_session=npm_evil"], &base("https://registry.example")), [""; 0]);
    }
}
