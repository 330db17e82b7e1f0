//! Why a caller does not get further.
//! Knows nothing of HTTP; tells apart what HTTP needs told apart.

use super::user::InvalidUser;
use super::{Caller, Permission};
use crate::npm::PackageName;
use std::io;

/// What is wrong with a part of what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Unfit {
    /// Which part.
    pub part: Part,
    /// Why it cannot be, as a sentence with what can.
    pub why: String,
}

/// A part of what users ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What a token is called.
    TokenName,
    /// How long it is good.
    TokenDays,
    /// Where it may come from.
    TokenAddresses,
    /// Which packages it is for.
    TokenPackages,
    /// The address of a user.
    Email,
    /// What they are called in full.
    FullName,
}

impl Part {
    /// It is the matter, for this reason.
    pub(super) fn because(self, why: impl Into<String>) -> Unfit {
        Unfit { part: self, why: why.into() }
    }

    /// What programs are told of it.
    pub const fn reason(self) -> &'static str {
        match self {
            Part::TokenName => "bad_token_name",
            Part::TokenDays => "bad_token_days",
            Part::TokenAddresses => "bad_token_addresses",
            Part::TokenPackages => "bad_token_packages",
            Part::Email => "bad_email",
            Part::FullName => "bad_fullname",
        }
    }
}

/// So many seconds, as a sentence says it.
pub(super) fn in_seconds(seconds: u64) -> String {
    format!("{seconds} second{}", if seconds == 1 { "" } else { "s" })
}

/// Why a caller does not get further. None of it holds a token or a password.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// The caller said who they are, and that is not true, or not any more, or cannot be understood.
    #[error("the token or the password is not valid (any more): log in again")]
    BadCredentials,
    /// What was given for the user's password, beside credentials that are good, is not it.
    #[error("the password is not right: type it again")]
    WrongPassword,
    /// Who logs in is no user, or that is not their password: nobody is told which.
    #[error("the user's name or the password is not right: type them again")]
    BadLogin,
    /// There is no login that waits, by this address.
    #[error("this login is not known here, or not any more: begin it again (npm login)")]
    NoLogin,
    /// The login by this address was confirmed.
    #[error(
        "this login is confirmed already: go back to the terminal, or begin another one (npm login)"
    )]
    UsedLogin,
    /// Too much of something that must have a bound.
    #[error("too many {what}: try again in {}", in_seconds(*seconds))]
    Crowded {
        /// Of what, with a verb.
        what: &'static str,
        /// In how many seconds there may be room.
        seconds: u64,
    },
    /// A code of the user's second factor is needed, or the one that was shown is none (any more).
    #[error(
        "a one-time password of your authenticator app is needed, or the one you sent is not valid (any more)"
    )]
    NeedsCode,
    /// The password is right, but not enough for this user, and a code cannot come with every request.
    #[error(
        "this user has a second factor, for which a password alone does not do: log in (npm login) and use the token"
    )]
    NeedsToken,
    /// Too many guesses were wrong.
    #[error("too many logins have failed: try again in {}", in_seconds(*seconds))]
    TooEarly {
        /// In how many seconds another may be made.
        seconds: u64,
    },
    /// Too many log in just now.
    #[error("too many log in just now: try again in a few seconds")]
    Busy,
    /// What is hidden from the caller: they hear what they would hear if it were not there.
    #[error("document not found")]
    Hidden,
    /// The caller did not say who they are, and has to.
    #[error("you must be logged in for this")]
    NotLoggedIn,
    /// That cannot be the name of a user; why, as a sentence.
    #[error("this cannot be the name of a user: {0}")]
    BadUser(String),
    /// What was asked for cannot be; why, as a sentence with what can.
    #[error("{0}")]
    Invalid(String),
    /// The same of one part of it.
    #[error("{0}")]
    Unfit(Unfit),
    /// The caller is known, and may not do it; the sentence that says so.
    #[error("{0}")]
    Forbidden(String),
    /// The user has another password, and not all tokens that were to end by it could be ended. Names places on the disk:
    /// for the log, not for the caller.
    #[error("a password is changed, but {0}")]
    TokensLeft(Box<Denied>),
    /// The tokens or the users could not be read or written, or what is made for them could not be. Names places on the disk: for the log, not for the caller.
    #[error("{what}: {source}")]
    Failed {
        /// What was tried, as a sentence without its end.
        what: String,
        /// What the system said.
        source: io::Error,
    },
}

impl Denied {
    /// The same of who logs in: what they came with beside that is not the matter.
    pub(super) fn of_login(self) -> Denied {
        match self {
            Denied::BadCredentials => Denied::BadLogin,
            denied => denied,
        }
    }

    /// The name is kept for somebody.
    pub fn reserved() -> Denied {
        let error = "this name is not given to everybody: choose another, or ask who runs this registry for it";
        Denied::Forbidden(error.to_owned())
    }

    /// What somebody hears who may not do it.
    pub(super) fn refusal(caller: &Caller, permission: Permission, name: &PackageName) -> Denied {
        let limits = caller.limits();
        match caller.user() {
            None => Denied::NotLoggedIn,
            // Else somebody would look for what is wrong with the rules. A job has no other token.
            Some(user) if !limits.is_grant() && !limits.allow(permission, name) => {
                Denied::Forbidden(format!(
                    "{user} may not {permission} {name} with this token, which is limited: log in (npm login), or create another (npm token create)"
                ))
            }
            Some(user) if limits.is_grant() && limits.is_read_only() => Denied::Forbidden(format!(
                "{user} may not {permission} {name}: by its [[trust]] this job may only read, and no other one is for what its ID token claims"
            )),
            Some(user) => Denied::Forbidden(format!("{user} may not {permission} {name}")),
        }
    }
}

impl From<Unfit> for Denied {
    fn from(unfit: Unfit) -> Denied {
        Denied::Unfit(unfit)
    }
}

impl From<InvalidUser> for Denied {
    fn from(invalid: InvalidUser) -> Denied {
        Denied::BadUser(invalid.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Limits;
    use super::*;

    #[test]
    fn who_may_not_hears_what_would_help() {
        let name: PackageName = "@acme/ui".parse().unwrap();
        let refusal = |caller| Denied::refusal(&caller, Permission::Change, &name).to_string();
        assert_eq!(refusal(Caller::named("alice")), "alice may not change @acme/ui");
        let reading = Caller::named("alice").with_limits(Limits::new(true, None));
        assert!(refusal(reading).starts_with("alice may not change @acme/ui with this token"));
        let job = Caller::named("job").with_limits(Limits::grant(false, Vec::new()));
        assert_eq!(refusal(job), "job may not change @acme/ui");
        assert_eq!(refusal(Caller::anonymous()), Denied::NotLoggedIn.to_string());
    }

    #[test]
    fn a_second_is_no_seconds() {
        for (seconds, words) in [(1, "in 1 second"), (2, "in 2 seconds"), (0, "in 0 seconds")] {
            let early = Denied::TooEarly { seconds }.to_string();
            let crowded = Denied::Crowded { what: "pages are read", seconds }.to_string();
            assert!(early.ends_with(words) && crowded.ends_with(words), "{early} {crowded}");
        }
    }

    /// npm takes any 401 with these words for a question for a one-time password.
    #[test]
    fn no_answer_is_taken_for_a_second_factor() {
        for denied in [
            Denied::BadCredentials,
            Denied::BadLogin,
            Denied::NoLogin,
            Denied::WrongPassword,
            Denied::NotLoggedIn,
        ] {
            assert!(!denied.to_string().to_lowercase().contains("one-time pass"));
        }
    }
}
