//! What shows that a form was sent from a page of this process, made for whoever sends it.
//! Knows nothing of what forms do. `proxy/cross_site.rs` stands in front of it, and asks who had the form sent.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac::{self, HMAC_SHA256};
use ring::rand::SystemRandom;
use std::io;
use std::net::IpAddr;

/// The name of the hidden field.
pub(super) const FIELD: &str = "csrf";

/// What signs forms: a key of this process.
pub(super) struct Csrf(hmac::Key);

impl Csrf {
    /// With a key of its own.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(super) fn new() -> io::Result<Csrf> {
        let key = hmac::Key::generate(HMAC_SHA256, &SystemRandom::new());
        key.map(Csrf).map_err(|_| io::Error::other("the system has no randomness"))
    }

    /// What forms hold that are shown to the browser of a session; without one, to browsers of this address: what
    /// somebody is shown elsewhere is of no use to them here.
    pub(super) fn token(&self, session: Option<&str>, from: Option<IpAddr>) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, &signed(session, from)))
    }

    /// Whether a form holds that; in constant time.
    pub(super) fn is(&self, shown: &str, session: Option<&str>, from: Option<IpAddr>) -> bool {
        let shown = URL_SAFE_NO_PAD.decode(shown);
        shown.is_ok_and(|shown| hmac::verify(&self.0, &signed(session, from), &shown).is_ok())
    }
}

/// No session has a space in it.
fn signed(session: Option<&str>, from: Option<IpAddr>) -> Vec<u8> {
    let text = match (session, from) {
        (Some(session), _) => session.to_owned(),
        (None, Some(from)) => format!(" {}", from.to_canonical()),
        (None, None) => " ".to_owned(),
    };
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_of_one_session_and_one_process() {
        let (csrf, other) = (Csrf::new().unwrap(), Csrf::new().unwrap());
        let here = Some("192.0.2.7".parse().unwrap());
        let there = Some("192.0.2.8".parse().unwrap());
        let token = csrf.token(Some("npm_a"), here);
        assert_eq!(token.len(), 43);
        // Who is signed in may get another address meanwhile.
        assert!(csrf.is(&token, Some("npm_a"), here) && csrf.is(&token, Some("npm_a"), there));
        assert!(!csrf.is(&token, Some("npm_b"), here) && !csrf.is(&token, None, here));
        assert!(!other.is(&token, Some("npm_a"), here));
        let nobodys = csrf.token(None, here);
        assert!(csrf.is(&nobodys, None, here));
        assert!(!csrf.is(&nobodys, None, there) && !csrf.is(&nobodys, None, None));
        assert!(!csrf.is(&nobodys, Some("npm_a"), here));
        for made_up in ["", "x", &token[1..], &format!("{token}A"), "!!!!"] {
            assert!(!csrf.is(made_up, Some("npm_a"), here), "{made_up}");
        }
    }
}
