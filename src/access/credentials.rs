//! What an Authorization header says.
//! Knows nothing of whether it is true.

use super::token::Token;
use super::user::User;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Base64 as people and tools write it into an `.npmrc`: with padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The scheme of tokens, in any case (RFC 9110 §11.1).
const BEARER: &str = "bearer";

/// What somebody shows to be who they are. Has no `Debug`: nobody shall print it.
pub(super) enum Credentials {
    /// `Bearer TOKEN`.
    Token(Token),
    /// `Basic` and the base64 of `USER:PASSWORD`: RFC 7617, here always in UTF-8.
    Password { user: User, password: String },
}

impl Credentials {
    /// Reads the value of a header; `None` when it is neither of the two.
    pub(super) fn parse(header: &str) -> Option<Credentials> {
        let (scheme, rest) = parts(header)?;
        if scheme.eq_ignore_ascii_case(BEARER) {
            return Some(Credentials::Token(Token::of(rest)));
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(BASE64.decode(rest).ok()?).ok()?;
        // A password may have colons, a name may not.
        let (user, password) = text.split_once(':')?;
        Some(Credentials::Password { user: User::parse(user).ok()?, password: password.to_owned() })
    }

    /// The text of the token in a header's value, if that is one.
    pub(super) fn token_in(header: &str) -> Option<&str> {
        parts(header).and_then(|(scheme, rest)| scheme.eq_ignore_ascii_case(BEARER).then_some(rest))
    }

    /// The token, if it is one.
    pub(super) fn into_token(self) -> Option<Token> {
        match self {
            Credentials::Token(token) => Some(token),
            Credentials::Password { .. } => None,
        }
    }
}

/// The scheme of credentials, and what follows. RFC 9110 §11.4: one or more spaces are between them.
fn parts(header: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = header.trim_matches([' ', '\t']).split_once(' ')?;
    Some((scheme, rest.trim_start_matches(' ')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, expected: Option<&str>) {
        let parsed = Credentials::parse(header).map(|credentials| match credentials {
            Credentials::Token(token) => format!("token {}", token.into_text()),
            Credentials::Password { user, password } => format!("{} {password}", user.into_text()),
        });
        assert_eq!(parsed.as_deref(), expected, "{header:?}");
    }

    fn basic(text: impl AsRef<[u8]>) -> String {
        format!("Basic {}", BASE64.encode(text))
    }

    #[test]
    fn tokens() {
        check("Bearer npm_abc", Some("token npm_abc"));
        check("bEARER   npm_abc \t", Some("token npm_abc"));
        // One header that was made of two is none of the tokens in it.
        check("Bearer a, Bearer b", Some("token a, Bearer b"));
    }

    #[test]
    fn users_with_passwords() {
        check(&basic("alice:secret"), Some("alice secret"));
        check(&basic("alice:"), Some("alice "));
        check(&basic("alice:a:b"), Some("alice a:b"));
        check(&basic("jürgen:ß"), Some("jürgen ß"));
        check("BASIC YTpi", Some("a b"));
        check("Basic YWxpY2U6eA==", Some("alice x"));
        check("Basic YWxpY2U6eA", Some("alice x"));
    }

    #[test]
    fn neither() {
        for header in [
            "",
            " ",
            "Bearer",
            "Bearer ",
            "Basic",
            "npm_abc",
            "Bearernpm_abc",
            "Bearer\tnpm_abc",
            "Token npm_abc",
            "Digest username=\"alice\"",
            "Basic !!!!",
            "Basic YWxp Y2U6eA==",
        ] {
            check(header, None);
        }
        check(&basic("alice"), None);
        check(&basic(":secret"), None);
        check(&basic("a/b:secret"), None);
        check(&basic("a\nb:secret"), None);
        check(&basic([b'a', b':', 0xff]), None);
    }
}
