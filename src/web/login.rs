//! The pages of a login that a client has begun: who asks for it, and what is needed.
//! Knows nothing of passwords, nor of what comes of a form.

use super::page;
use crate::reply::Reply;
use askama::Template;
use http::StatusCode;

/// The longest of what a client says of itself, in characters.
const LONGEST: usize = 120;

/// Who asks for a login, as the page tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    address: String,
    machine: Option<String>,
    agent: Option<String>,
    elsewhere: Option<String>,
}

impl Client {
    /// A client at this address, which says of itself where and what it is; `here` is the address of who looks.
    pub fn new(
        address: Option<String>,
        machine: Option<&str>,
        agent: Option<&str>,
        here: Option<String>,
    ) -> Client {
        Client {
            elsewhere: here.filter(|here| address.as_ref() != Some(here)),
            address: address.unwrap_or_else(|| "an unknown address".to_owned()),
            machine: machine.and_then(shown),
            agent: agent.and_then(shown),
        }
    }
}

/// A text by somebody who may be no friend, as far as it says something: of letters, digits and usual signs, and short.
fn shown(text: &str) -> Option<String> {
    let usual = |c: char| if c.is_alphanumeric() || (' '..='~').contains(&c) { c } else { '?' };
    let mut shown: String = text.trim().chars().take(LONGEST).map(usual).collect();
    if text.trim().chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    (!shown.is_empty()).then_some(shown)
}

/// Who is signed in already, and can log in by a button.
#[derive(Clone, Copy)]
pub struct SignedInAs<'a> {
    /// Their name.
    pub user: &'a str,
    /// What shows that its form was sent from the page.
    pub csrf: &'a str,
}

/// The page that asks for a user and a password.
#[derive(Template)]
#[template(path = "login/password.html")]
pub struct PasswordForm<'a> {
    /// The URL of the registry.
    pub registry: &'a str,
    /// Where its form is sent, relative to the page.
    pub action: &'a str,
    /// Who asks.
    pub client: &'a Client,
    /// What was wrong with what was sent before.
    pub error: Option<&'a str>,
    /// The name that was sent before.
    pub user: &'a str,
    /// Whether a new account was asked for, and nobody makes one here.
    pub is_closed: bool,
    /// Who is signed in in this browser.
    pub signed_in: Option<SignedInAs<'a>>,
    /// Whether people make accounts for themselves: npm 12 does not ask for one, as it has no `adduser`.
    pub may_sign_up: bool,
}

/// The page that asks for a code.
#[derive(Template)]
#[template(path = "login/code.html")]
pub struct CodeForm<'a> {
    /// As of [`PasswordForm`].
    pub registry: &'a str,
    /// As of [`PasswordForm`].
    pub action: &'a str,
    /// As of [`PasswordForm`].
    pub client: &'a Client,
    /// As of [`PasswordForm`].
    pub error: Option<&'a str>,
    /// Whose.
    pub user: &'a str,
    /// What proves that the password was shown.
    pub proof: &'a str,
}

/// The page that asks for what a new account needs.
#[derive(Template)]
#[template(path = "login/account.html")]
pub struct AccountForm<'a> {
    /// As of [`PasswordForm`].
    pub registry: &'a str,
    /// As of [`PasswordForm`].
    pub action: &'a str,
    /// As of [`PasswordForm`].
    pub client: &'a Client,
    /// As of [`PasswordForm`].
    pub error: Option<&'a str>,
    /// As of [`PasswordForm`].
    pub user: &'a str,
    /// The address that was sent before.
    pub email: &'a str,
}

/// The page that asks for nothing more.
#[derive(Template)]
#[template(path = "login/end.html")]
pub struct End<'a> {
    registry: &'a str,
    head: String,
    text: &'a str,
    is_error: bool,
}

impl PasswordForm<'_> {
    /// The page.
    pub fn reply(&self, status: StatusCode) -> Reply {
        page(status, self)
    }
}

impl CodeForm<'_> {
    /// The page.
    pub fn reply(&self, status: StatusCode) -> Reply {
        page(status, self)
    }
}

impl AccountForm<'_> {
    /// The page.
    pub fn reply(&self, status: StatusCode) -> Reply {
        page(status, self)
    }
}

impl End<'_> {
    /// Somebody is logged in.
    pub fn confirmed(registry: &str, user: &str) -> Reply {
        let head = format!("Logged in as {user}");
        let text =
            "Go back to the terminal: it goes on by itself. This page is not needed any more.";
        page(StatusCode::OK, &End { registry, head, text, is_error: false })
    }

    /// There is nothing to be done here; why.
    pub fn refused(registry: &str, status: StatusCode, error: &str) -> Reply {
        let head = "Not logged in".to_owned();
        page(status, &End { registry, head, text: error, is_error: true })
    }
}

#[cfg(test)]
mod tests;
