//! A user of whom it was found out that they are who they say.
//! Knows nothing of how.

use super::accounts::Accounts;
use super::second_factor::Deed;
use super::tokens::NewToken;
use super::user::User;
use super::users::UserRecord;
use super::{Access, Denied, Secrets};
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

impl Accounts {
    /// A user by their password, who is not known to have the code of a second factor.
    ///
    /// # Errors
    /// [`Denied::BadUser`] when that is no name of a user; else as of [`Accounts::check_password`], told as of a login.
    pub(super) async fn prove_password(
        &self,
        user: &str,
        password: &str,
        secrets: &Secrets<'_>,
    ) -> Result<Proved, Denied> {
        let user = User::parse(user)?;
        let checked = self.check_password(&user, password, secrets.from).await;
        Ok(Proved { record: checked.map_err(Denied::of_login)?, user })
    }

    /// Whether the code of a second factor is shown, if one is needed for what only the user themselves may do.
    ///
    /// # Errors
    /// As of [`Accounts::check_code`].
    pub(super) async fn prove_code(
        &self,
        proved: &Proved,
        secrets: &Secrets<'_>,
    ) -> Result<(), Denied> {
        self.check_code(&proved.user, &proved.record, Deed::Auth, secrets).await
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
        self.give_to(proved, NewToken::login()).await
    }

    /// The same of another token.
    pub(super) async fn give_to(&self, proved: Proved, new: NewToken) -> Result<String, Denied> {
        let given = self.give(proved.user, Some(&proved.record), new).await;
        Ok(given.map_err(Denied::of_login)?.0)
    }
}
