//! The page by which people sign in, to see and do on pages what is theirs.
//! Knows nothing of passwords, nor of sessions.

use super::field::Field;
use super::{Frame, page};
use crate::reply::Reply;
use askama::Template;
use http::StatusCode;

/// What its fields are told from others by.
const FORM: &str = "login";

/// The page that asks for a user and a password.
#[derive(Template)]
#[template(path = "sign_in/password.html")]
pub struct SignIn<'a> {
    /// What is around it.
    pub frame: Frame<'a>,
    /// What shows that its form was sent from it.
    pub csrf: &'a str,
    /// Where one goes then.
    pub back: &'a str,
    /// What was wrong with what was sent before.
    pub error: Option<&'a str>,
    /// The name that was sent before.
    pub user: &'a str,
}

/// The page that asks for a code.
#[derive(Template)]
#[template(path = "sign_in/code.html")]
pub struct SignInCode<'a> {
    /// As of [`SignIn`].
    pub frame: Frame<'a>,
    /// As of [`SignIn`].
    pub csrf: &'a str,
    /// As of [`SignIn`].
    pub back: &'a str,
    /// As of [`SignIn`].
    pub error: Option<&'a str>,
    /// Whose.
    pub user: &'a str,
    /// What proves that the password was shown.
    pub proof: &'a str,
}

impl SignIn<'_> {
    /// The page.
    pub fn reply(&self, status: StatusCode) -> Reply {
        page(status, self)
    }

    fn name(&self) -> Field<'_> {
        Field::new(FORM, "user", "User").value(self.user).autocomplete("username").required()
    }

    fn password(&self) -> Field<'_> {
        Field::new(FORM, "password", "Password").password("current-password").error(self.error)
    }
}

impl SignInCode<'_> {
    /// The page.
    pub fn reply(&self, status: StatusCode) -> Reply {
        page(status, self)
    }

    fn code(&self) -> Field<'_> {
        Field::new(FORM, "code", "Code").code().error(self.error)
    }
}
