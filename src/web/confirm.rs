//! The page between a link and a deed: what will be done, and a button that does it.
//! Knows nothing of packages, nor of who may do it.

use super::field::{Field, Wrong};
use super::refused::Refused;
use super::{Frame, page};
use crate::reply::Reply;
use askama::Template;
use http::StatusCode;

/// What its fields are told from others by.
const FORM: &str = "confirm";

/// The page.
#[derive(Template)]
#[template(path = "confirm/confirm.html")]
pub struct Confirm<'a> {
    /// What is around it.
    pub frame: Frame<'a>,
    /// What shows that its form was sent from it.
    pub csrf: &'a str,
    /// The path that the form is sent to.
    pub action: &'a str,
    /// The path to where one goes who does not want it.
    pub cancel: &'a str,
    /// What is asked.
    pub head: &'a str,
    /// What will happen.
    pub text: &'a str,
    /// What the button says.
    pub button: &'a str,
    /// Whether something is lost by it.
    pub is_danger: bool,
    /// What has to be typed first, as nobody types it by accident.
    pub typed: Option<&'a str>,
    /// Whether a code of a second factor is asked for.
    pub needs_code: bool,
    /// What was wrong with what was sent.
    pub wrong: Wrong<'a>,
}

impl Confirm<'_> {
    /// The page.
    pub fn reply(&self, status: StatusCode) -> Reply {
        page(status, self)
    }

    fn is_refused(&self) -> bool {
        !self.wrong.error.is_empty()
    }

    /// What is wrong, as it is told above all else.
    fn refused(&self) -> Refused {
        let Wrong { field, error, .. } = self.wrong;
        match (self.is_refused(), field) {
            (false, _) => Refused::default(),
            (true, "") => Refused::default().anywhere(error),
            (true, field) => Refused::default().at(format!("{FORM}-{field}"), error),
        }
    }

    fn name(&self) -> Field<'_> {
        let field = Field::new(FORM, "name", "Type the package's name").required();
        field.error(self.wrong.at(FORM, "name"))
    }

    fn code(&self) -> Field<'_> {
        Field::new(FORM, "code", "Code").code().error(self.wrong.at(FORM, "code"))
    }
}
