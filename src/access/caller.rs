//! Who asks.
//! Knows nothing of how it was found out, or of what they may do.

use super::Denied;
use super::user::User;

/// Who asks: a user, or nobody in particular.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    user: Option<String>,
}

impl Caller {
    /// Who has not said who they are.
    pub fn anonymous() -> Caller {
        Caller { user: None }
    }

    /// The user of this name, who is known to be them.
    pub fn named(user: &str) -> Caller {
        Caller { user: Some(user.to_owned()) }
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
        Caller { user: Some(user.into_text()) }
    }
}
