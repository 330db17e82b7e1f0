//! Who asks.
//! Knows nothing of how it was found out, or of what they may do.

use super::tokens::Given;
use super::user::User;
use super::{Denied, Limits};

/// Who asks: a user, or nobody in particular.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    user: Option<String>,
    limits: Limits,
}

impl Caller {
    /// Who has not said who they are.
    pub fn anonymous() -> Caller {
        Caller { user: None, limits: Limits::none() }
    }

    /// The user of this name, who is known to be them.
    pub fn named(user: &str) -> Caller {
        Caller { user: Some(user.to_owned()), limits: Limits::none() }
    }

    /// The same, but who may do no more than this.
    pub fn with_limits(self, limits: Limits) -> Caller {
        Caller { limits, ..self }
    }

    /// What they may do at most: that of the token they came with.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The user's name, if the caller is one.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The user's name, for what only users can ask.
    ///
    /// # Errors
    /// [`Denied::NotLoggedIn`] to who is nobody in particular.
    pub fn logged_in(&self) -> Result<&str, Denied> {
        self.user().ok_or(Denied::NotLoggedIn)
    }
}

impl From<User> for Caller {
    fn from(user: User) -> Caller {
        Caller { user: Some(user.into_text()), limits: Limits::none() }
    }
}

impl From<&Given> for Caller {
    fn from(given: &Given) -> Caller {
        Caller { user: Some(given.user.as_str().to_owned()), limits: given.limits.clone() }
    }
}
