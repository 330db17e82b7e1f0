//! What is shown once: a new token, the secret of a second factor, codes for paper.
//! Knows nothing of how they are made. No such page is kept by a browser, as none of `web` is.

use super::super::field::Field;
use super::super::qr::Qr;
use super::super::{Frame, page};
use crate::reply::Reply;
use askama::Template;
use http::StatusCode;

/// A new token. Has no `Debug`: nobody shall print it.
#[derive(Template)]
#[template(path = "account/token_shown.html")]
pub struct TokenShown<'a> {
    /// What is around it.
    pub frame: Frame<'a>,
    /// What its user calls it.
    pub name: &'a str,
    /// The token.
    pub token: &'a str,
}

/// A second factor that waits for its first code. Has no `Debug`: nobody shall print it.
#[derive(Template)]
#[template(path = "account/factor_begun.html")]
pub struct FactorBegun<'a> {
    /// What is around it.
    pub frame: Frame<'a>,
    /// What shows that its form was sent from it.
    pub csrf: &'a str,
    /// The secret, to be typed.
    pub secret: &'a str,
    /// The same, with all that an app is to know.
    pub url: &'a str,
}

/// Codes for when the app is lost. Has no `Debug`: nobody shall print it.
#[derive(Template)]
#[template(path = "account/recovery_codes.html")]
pub struct RecoveryCodes<'a> {
    /// What is around it.
    pub frame: Frame<'a>,
    /// The codes.
    pub codes: &'a [String],
}

impl TokenShown<'_> {
    /// The page.
    pub fn reply(&self) -> Reply {
        page(StatusCode::OK, self)
    }

    /// The line of an `.npmrc` that holds it.
    fn npmrc(&self) -> String {
        let registry = self.frame.registry;
        let place = registry.find("//").map_or(registry, |at| &registry[at..]);
        format!("{place}/:_authToken={}", self.token)
    }
}

impl FactorBegun<'_> {
    /// The page.
    pub fn reply(&self) -> Reply {
        page(StatusCode::OK, self)
    }

    fn qr(&self) -> Option<Qr> {
        Qr::of(self.url)
    }

    fn code(&self) -> Field<'_> {
        Field::new("confirm", "code", "The code that the app shows now")
            .autocomplete("one-time-code")
            .required()
    }
}

impl RecoveryCodes<'_> {
    /// The page.
    pub fn reply(&self) -> Reply {
        page(StatusCode::OK, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_shown_with_where_it_belongs() {
        let frame = Frame::new("https://registry.example/npm");
        let reply = TokenShown { frame, name: "<b>ci</b>", token: "npm_abc" }.reply();
        let text = String::from_utf8(reply.body.to_vec()).unwrap();
        assert!(text.contains("//registry.example/npm/:_authToken=npm_abc"), "{text}");
        assert!(!text.contains("<b>ci") && text.contains("&#60;b&#62;ci"), "{text}");
        let (name, value) = (http::header::CACHE_CONTROL, "no-store");
        assert!(reply.headers.iter().any(|(one, says)| *one == name && says == value));
    }

    #[test]
    fn a_secret_is_shown_as_text_and_as_a_picture_in_the_page() {
        let frame = Frame::new("https://registry.example");
        let url = "otpauth://totp/ann?secret=GEZDGNBV&issuer=registry.example";
        let reply = FactorBegun { frame, csrf: "c", secret: "GEZDGNBV", url }.reply();
        let text = String::from_utf8(reply.body.to_vec()).unwrap();
        assert!(text.contains("GEZDGNBV") && text.contains("<svg"), "{text}");
        assert!(!text.contains("style=") && !text.contains("<img"), "{text}");
    }
}
