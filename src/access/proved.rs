//! A user of whom it was found out that they are who they say.
//! Knows nothing of how.

use super::tokens::NewToken;
use super::user::User;
use super::users::UserRecord;
use super::{Access, Denied};
use std::sync::Arc;

/// A user who has shown all that is needed for a token, as they were kept then. There is one only where that was found
/// out just now.
#[derive(Clone)]
pub struct Proved {
    pub(super) user: User,
    pub(super) record: Arc<UserRecord>,
}

impl Proved {
    /// Their name.
    pub fn user(&self) -> &str {
        self.user.as_str()
    }
}

impl Access {
    /// A new token for somebody, which is on the disk when it is given out. Works on the blocking pool; if the future is
    /// dropped, there may be a token that nobody knows.
    ///
    /// # Errors
    /// [`Denied::BadLogin`] when they have another password by now, or are no user any more; [`Denied::Failed`] when the
    /// token cannot be kept: there is none then.
    pub async fn token_of(&self, proved: Proved) -> Result<String, Denied> {
        let given = self.give(proved.user, Some(&proved.record), NewToken::login()).await;
        Ok(given.map_err(Denied::of_login)?.0)
    }
}
