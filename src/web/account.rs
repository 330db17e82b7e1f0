//! The page of a user's own affairs: what they say of themselves, their password, second factor and tokens.
//! Knows nothing of how any of it is kept, nor of what may be changed.

mod once;

pub use once::{FactorBegun, RecoveryCodes, TokenShown};

use super::field::{Field, Wrong};
use super::refused::Refused;
use super::{Frame, page};
use crate::reply::Reply;
use askama::Template;
use http::StatusCode;

/// The page.
#[derive(Template)]
#[template(path = "account/account.html")]
pub struct Account<'a> {
    /// What is around it.
    pub frame: Frame<'a>,
    /// What shows that its forms were sent from it.
    pub csrf: &'a str,
    /// What was wrong with what was sent.
    pub wrong: Wrong<'a>,
    /// Their name.
    pub name: &'a str,
    /// Their address.
    pub email: &'a str,
    /// What they are called in full.
    pub full_name: &'a str,
    /// Their second factor.
    pub factor: Factor,
    /// A part of their tokens.
    pub tokens: Vec<TokenRow>,
    /// How many they have.
    pub count: usize,
    /// The number of the page before this one, and of the next one, if there are any.
    pub pages: (Option<usize>, Option<usize>),
    /// The token that is about to be revoked.
    pub revoking: Option<TokenRow>,
    /// How many other browsers they are signed in by.
    pub sessions: usize,
    /// What a new token was to be, so far.
    pub draft: Draft<'a>,
}

/// A second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    /// There is none.
    None,
    /// An app was told a secret, and has shown no code yet.
    Pending,
    /// It is asked for.
    InUse {
        /// Also before packages are changed.
        writes: bool,
    },
}

/// A token in a list.
#[derive(Clone, Debug, Default)]
pub struct TokenRow {
    /// What it is named by.
    pub key: String,
    /// How it begins.
    pub hint: String,
    /// What its user calls it.
    pub name: String,
    /// Whether nothing can be changed by it.
    pub read_only: bool,
    /// The packages it is for; all, if there are none.
    pub packages: String,
    /// The addresses it may come from; all, if there are none.
    pub addresses: String,
    /// When it was made.
    pub created: When,
    /// When it was used last, by the hour, if it was.
    pub used: Option<When>,
    /// When it ends.
    pub expires: Option<When>,
}

/// A time.
#[derive(Clone, Debug, Default)]
pub struct When {
    /// As ISO 8601 writes it, in UTC.
    pub exact: String,
}

impl When {
    /// Its day.
    fn day(&self) -> &str {
        self.exact.get(..10).unwrap_or(&self.exact)
    }
}

/// What was typed into the form for a new token.
#[derive(Clone, Copy, Debug, Default)]
pub struct Draft<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its packages.
    pub packages: &'a str,
    /// Its addresses.
    pub addresses: &'a str,
    /// In how many days it ends.
    pub days: &'a str,
    /// Whether it only reads.
    pub read_only: bool,
}

impl<'a> Account<'a> {
    /// The page.
    pub fn reply(&self, status: StatusCode) -> Reply {
        page(status, self)
    }

    /// A field, with what is wrong with it.
    fn field<'s>(&'s self, form: &str, name: &'s str, label: &'s str) -> Field<'s> {
        Field::new(form, name, label).error(self.wrong.at(form, name))
    }

    /// The field for the user's password in a form.
    fn password(&self, form: &str) -> Field<'_> {
        self.field(form, "password", "Your password").password("current-password")
    }

    /// The field for a code, where one is needed.
    fn code(&self, form: &str) -> String {
        match self.factor {
            Factor::InUse { .. } => self.field(form, "code", "Code").code().to_string(),
            Factor::None | Factor::Pending => String::new(),
        }
    }

    /// What is wrong with a form as a whole.
    fn whole(&self, form: &str) -> Option<&str> {
        self.wrong.at(form, "")
    }

    /// What is wrong, as it is told above all else.
    fn refused(&self) -> Refused {
        let Wrong { form, field, error } = self.wrong;
        match (error, self.section(form), field) {
            ("", ..) => Refused::default(),
            (error, None, _) => Refused::default().anywhere(error),
            (error, Some(section), "") => Refused::default().at(section, error),
            (error, Some(_), field) => Refused::default().at(format!("{form}-{field}"), error),
        }
    }

    /// The section that a form stands in; none of one that the page does not show (any more).
    fn section(&self, form: &'a str) -> Option<&'a str> {
        match form {
            "profile" | "password" | "factor" | "token" | "sessions" => Some(form),
            "revoke" => self.revoking.is_some().then_some(form),
            "confirm" => (self.factor == Factor::Pending).then_some("factor"),
            _ => None,
        }
    }

    /// The mode that is not in use, in npm's words.
    fn other_mode(&self) -> &'static str {
        match self.factor {
            Factor::InUse { writes: true } => "auth-only",
            _ => "auth-and-writes",
        }
    }
}
