//! What is known of the browser that shows the page of a login.
//! Knows nothing of cookies, nor of how a session is kept.

use sha2::{Digest, Sha256};

/// The session that a browser has shown, and that was found to be one. Has no `Debug`: nobody shall print it.
pub struct Browser<'a> {
    /// What it has shown.
    pub session: &'a str,
    /// Who has signed in.
    pub user: String,
    /// What a form holds that is sent from a page that was made for it.
    pub csrf: String,
}

impl Browser<'_> {
    /// Whether a form was sent from such a page. Digests are compared, so that how long it takes tells nothing.
    pub(super) fn has_sent(&self, csrf: &str) -> bool {
        Sha256::digest(csrf) == Sha256::digest(&self.csrf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_known_by_what_its_page_held() {
        let browser = Browser { session: "npm_a", user: "ann".to_owned(), csrf: "abc".to_owned() };
        assert!(browser.has_sent("abc"));
        assert!(["", "abd", "abcd", "npm_a"].iter().all(|made_up| !browser.has_sent(made_up)));
    }
}
