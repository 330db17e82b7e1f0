//! What a new token shall be good for.
//! Knows nothing of the token, nor of whose it will be.

use super::super::{Part, Unfit};
use crate::config::Pattern;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How a token came to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// By a login.
    #[default]
    Login,
    /// Its user asked for it, and put it somewhere.
    Created,
    /// A job showed a token of its issuer.
    Oidc,
    /// Somebody signed in by a page: it is what their browser shows to pages, and to nothing else.
    Session,
}

impl Kind {
    pub(super) fn is_login(&self) -> bool {
        *self == Kind::Login
    }
}

/// What a new token shall be good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// What its user calls it.
    pub name: Option<String>,
    /// Whether nothing can be changed by it.
    pub read_only: bool,
    /// The addresses it may come from; all, if there are none.
    pub cidr: Vec<IpNet>,
    /// How long it is good; always, if not said.
    pub lasts: Option<Duration>,
    /// The packages it is for; all, if not said.
    pub packages: Option<Vec<Pattern>>,
    /// How it comes to be.
    pub kind: Kind,
    /// When the account of its user was made, in seconds since 1970; none where users have no accounts.
    pub account: Option<u64>,
}

/// The length of the longest name of a token, in characters.
const LONGEST_NAME: usize = 100;

impl NewToken {
    /// One for all that its user may do, until it is ended.
    pub fn login() -> NewToken {
        NewToken {
            name: None,
            read_only: false,
            cidr: Vec::new(),
            lasts: None,
            packages: None,
            kind: Kind::Login,
            account: None,
        }
    }

    /// That of a browser whose user has signed in: for all that they may do, and so long.
    pub(in super::super) fn session(lasts: Duration) -> NewToken {
        NewToken { lasts: Some(lasts), kind: Kind::Session, ..NewToken::login() }
    }

    /// Whether there can be such a token. If not, why, as a sentence with what to do.
    pub(super) fn check(&self) -> Result<(), Unfit> {
        let name = self.name.as_deref().unwrap_or_default();
        if name.chars().count() > LONGEST_NAME || name.contains(char::is_control) {
            return Err(Part::TokenName.because(format!(
                "the name of a token has at most {LONGEST_NAME} characters, and no control characters: \
                 give it a shorter one"
            )));
        }
        // Rounded to seconds, it would be one that never was good.
        if self.lasts.is_some_and(|lasts| lasts < Duration::from_secs(1)) {
            let why = "a token must be good for a second at least: say when it expires";
            return Err(Part::TokenDays.because(why));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_token_is_told() {
        let named = |name: &str| NewToken { name: Some(name.to_owned()), ..NewToken::login() };
        let lasting = |lasts| NewToken { lasts: Some(lasts), ..NewToken::login() };
        assert_eq!(NewToken::login().check(), Ok(()));
        assert_eq!(named(&"ü".repeat(LONGEST_NAME)).check(), Ok(()));
        assert_eq!(lasting(Duration::from_secs(1)).check(), Ok(()));
        for wrong in [
            named(&"ü".repeat(LONGEST_NAME + 1)),
            named("a\nb"),
            lasting(Duration::ZERO),
            lasting(Duration::from_millis(999)),
        ] {
            assert!(wrong.check().unwrap_err().why.contains(": "), "{wrong:?}");
        }
    }
}
