//! The cookie by which a browser shows whose session it is of.
//! Knows nothing of what a session is, nor of who may begin one.
//!
//! It is `HttpOnly` (no script reads it), `SameSite=Strict` (no page of another site has it sent along), for the whole
//! site, and for HTTPS alone where the registry is reached by that.

use std::time::Duration;

/// What it is called.
const NAME: &str = "nopar_session";

/// The longest value that is looked at, in bytes: a token has less.
const LONGEST: usize = 100;

/// What a browser shows, by the values of all `Cookie` headers. Two that differ are none: who can set one for a whole
/// domain must not be the one who says which of them counts.
pub fn shown<'a>(cookies: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let pairs = cookies.into_iter().flat_map(|line| line.split(';'));
    let pairs = pairs.filter_map(|pair| pair.trim_matches([' ', '\t']).split_once('='));
    let mut values = pairs.filter(|(name, _)| *name == NAME).map(|(_, value)| value);
    let first = values.next()?;
    let is_fit = !first.is_empty() && first.len() <= LONGEST && values.all(|other| other == first);
    is_fit.then_some(first)
}

/// The value of the header that has a browser keep a session for so long. `base` is the URL of the registry.
pub(super) fn set(session: &str, base: &str, lasts: Duration) -> String {
    with_attributes(&format!("{NAME}={session}; Max-Age={}", lasts.as_secs()), base)
}

/// The value of the header that has it forget the session.
pub(super) fn clear(base: &str) -> String {
    with_attributes(&format!("{NAME}=; Max-Age=0"), base)
}

fn with_attributes(cookie: &str, base: &str) -> String {
    let secure = if base.starts_with("https:") { "; Secure" } else { "" };
    format!("{cookie}; Path=/; HttpOnly; SameSite=Strict{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_found_among_other_cookies() {
        for (lines, expected) in [
            (&["nopar_session=npm_a"][..], Some("npm_a")),
            (&["a=b; nopar_session=npm_a;c=d"], Some("npm_a")),
            (&["a=b", "nopar_session=npm_a"], Some("npm_a")),
            (&["nopar_session=npm_a; nopar_session=npm_a"], Some("npm_a")),
            (&["nopar_session=npm_a; nopar_session=npm_b"], None),
            (&["nopar_session=npm_a", "nopar_session=npm_b"], None),
            (&["nopar_session="], None),
            (&["xnopar_session=npm_a; nopar_sessions=npm_b"], None),
            (&["NOPAR_SESSION=npm_a"], None),
            (&["nopar_session"], None),
            (&["", ";;=;"], None),
            (&[], None),
        ] {
            assert_eq!(shown(lines.iter().copied()), expected, "{lines:?}");
        }
        let long = format!("nopar_session={}", "x".repeat(LONGEST + 1));
        assert_eq!(shown([long.as_str()]), None);
    }

    #[test]
    fn what_is_set_is_for_this_site_alone_and_for_no_script() {
        let at = |base| set("npm_a", base, Duration::from_secs(60));
        let plain = "nopar_session=npm_a; Max-Age=60; Path=/; HttpOnly; SameSite=Strict";
        assert_eq!(at("http://localhost:5984"), plain);
        assert_eq!(at("https://registry.example/npm"), format!("{plain}; Secure"));
        assert_eq!(shown([at("http://localhost").as_str()]), Some("npm_a"));
        let gone = clear("https://registry.example");
        assert_eq!(gone, "nopar_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure");
        assert_eq!(shown([gone.as_str()]), None);
    }
}
