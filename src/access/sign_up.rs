//! Accounts that people make for themselves, where that is allowed (`NOPAR_SIGN_UP`).
//! Knows nothing of packages: whether a name is that of somebody who has left some is found out between two steps.
//!
//! A name that a rule or the list of administrators uses is given to nobody who just asks for it, whether or not it has an
//! account yet: with it they would have what the rule says.

mod lately;

use super::password::NewPassword;
use super::proved::Proved;
use super::user::User;
use super::users::{NewUser, Users, UsersError};
use super::{Access, Denied};
pub(super) use lately::SignUps;
use log::warn;
use std::net::IpAddr;

/// Somebody who may have an account, as far as their name, address and password say. Has no `Debug`.
pub struct Newcomer {
    user: User,
    new: NewUser,
    password: NewPassword,
}

impl Access {
    /// Whether everybody may make an account.
    pub fn signs_up(&self) -> bool {
        self.accounts().is_some_and(|accounts| accounts.sign_ups().is_some())
    }

    /// Looks at what somebody would have an account with. It counts as one, whatever comes of it: else it could be asked
    /// without end which names are taken.
    ///
    /// # Errors
    /// [`Denied::Forbidden`], with what to do, when it cannot be had, or when nobody may have one; [`Denied::Crowded`]
    /// when too many were made lately.
    pub fn begin_sign_up(
        &self,
        name: &str,
        email: &str,
        password: String,
        from: Option<IpAddr>,
    ) -> Result<Newcomer, Denied> {
        let accounts = self.accounts().and_then(|it| Some((it, it.sign_ups()?)));
        let (accounts, sign_ups) = accounts.ok_or_else(|| {
            Denied::Forbidden("accounts are made by who runs this registry: ask for one".to_owned())
        })?;
        sign_ups.begin(from)?;
        let forbidden = |bad: &dyn ToString| Denied::Forbidden(bad.to_string());
        let new = NewUser::parse(name, email).map_err(|bad| forbidden(&bad))?;
        let user = User::parse(name).map_err(|bad| forbidden(&bad))?;
        let password = NewPassword::of(name, password).map_err(|bad| forbidden(&bad))?;
        if accounts.rules().names(name) {
            return Err(Denied::reserved());
        }
        Ok(Newcomer { user, new, password })
    }

    /// Makes the account, which is on the disk then. Tokens of whoever was called so before are of another account, and good
    /// for nothing; they are removed as well, so that no list has them.
    ///
    /// # Errors
    /// [`Denied::Forbidden`], with what to do, when there is a user of this name, or of one that differs in case only, or
    /// too many users; [`Denied::Busy`]; [`Denied::Failed`] when it cannot be kept.
    pub async fn sign_up(&self, newcomer: Newcomer) -> Result<Proved, Denied> {
        let Newcomer { user, new, password } = newcomer;
        let accounts = self.accounts().ok_or_else(Denied::reserved)?;
        let (hash, now) = (accounts.hash(password).await?, accounts.now());
        let name = user.as_str().to_owned();
        let add = move |users: &Users| {
            users.add(new, hash, now)?;
            users.find(&name)
        };
        let record = accounts.with_users(add).await.map_err(refusal)?;
        let record = record.ok_or(Denied::BadLogin)?;
        // Not before: there could be a user of that name.
        if let Err(left) = self.tokens.end_others(user.clone(), None).await {
            warn!("access: of who was called {:?} before, {left}", user.as_str());
        }
        Ok(Proved { user, record })
    }
}

/// Why there is no account.
fn refusal(error: UsersError) -> Denied {
    match error {
        UsersError::Taken(_) => Denied::Forbidden(format!("{error}: choose another")),
        UsersError::Full(_) => {
            let full = "this registry has as many users as it can keep: ask who runs it";
            Denied::Forbidden(full.to_owned())
        }
        error => error.into(),
    }
}

#[cfg(test)]
mod tests;
