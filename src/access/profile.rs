//! What users see and change of themselves: their profile, their password, their second factor.
//! Knows nothing of tokens, but that another password ends them; nor of how any of it is asked for.

#[cfg(test)]
mod tests;

use super::accounts::{Accounts, shown_code};
use super::credentials::Credentials;
use super::password::NewPassword;
use super::second_factor::{Deed, Mode, SecondFactor};
use super::user::User;
use super::users::{PROFILE_KEYS, UserRecord, parse_email, seconds};
use super::{Access, Denied, Part, Secrets};
use std::sync::Arc;

/// What a user sees of themselves. Times are in seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileView {
    /// Their name.
    pub name: String,
    /// Their address, which may be empty.
    pub email: String,
    /// When they came, if that is written down.
    pub created: Option<u64>,
    /// When their password was set, if they have one.
    pub changed: Option<u64>,
    /// npm's members of a profile, with what they say in them.
    pub members: Vec<(&'static str, String)>,
    /// What codes are asked for, in npm's words, if there is a second factor; and whether it waits for its first code.
    pub second_factor: Option<(&'static str, bool)>,
}

/// What is to be changed. Has no `Debug`: there may be passwords in it.
#[derive(Default)]
pub struct ProfileChange {
    /// Another address; none by an empty one.
    pub email: Option<String>,
    /// Members of a profile, and what they are to say.
    pub members: Vec<(String, String)>,
    /// The password they have, and another one.
    pub password: Option<(String, String)>,
}

/// What is so once a second factor was asked for.
pub enum SecondFactorState {
    /// It waits for a first code of an app that has been told this URL.
    Begun(String),
    /// It was there, and is asked for elsewhere now; in npm's words.
    Moved(&'static str),
    /// There is none any more.
    Ended,
}

impl Access {
    /// What a user sees of themselves. In the open mode that is their name.
    ///
    /// # Errors
    /// [`Denied::BadCredentials`] when there is none of this name (any more), [`Denied::Failed`] when nobody can say it.
    pub async fn profile(&self, user: &str) -> Result<ProfileView, Denied> {
        let Some(accounts) = self.accounts() else {
            let members = PROFILE_KEYS.map(|key| (key, String::new())).to_vec();
            return Ok(ProfileView { name: user.to_owned(), members, ..ProfileView::default() });
        };
        let user = User::parse(user)?;
        let record = known(accounts, &user).await?;
        let member = |key| (key, record.profile().get(key).to_owned());
        Ok(ProfileView {
            email: record.email().to_owned(),
            created: Some(record.created()),
            changed: Some(record.changed()),
            members: PROFILE_KEYS.map(member).to_vec(),
            second_factor: record.second_factor().map(|it| (it.mode().as_str(), it.is_pending())),
            name: user.into_text(),
        })
    }

    /// Changes what users say of themselves, and their password: all of it, or nothing. With another password all
    /// tokens of the user end but the one that is shown with the request; how many did.
    ///
    /// # Errors
    /// [`Denied::Invalid`] and [`Denied::Unfit`] when something cannot be kept, or nothing is, as in the open mode; as of
    /// `prove` for the password they have, and for a code; [`Denied::Failed`] when it cannot be kept;
    /// [`Denied::TokensLeft`] when it is, and not all tokens could be ended: those that could be are.
    pub async fn change_profile(
        &self,
        user: &str,
        change: ProfileChange,
        secrets: &Secrets<'_>,
    ) -> Result<usize, Denied> {
        let accounts = self.kept_accounts()?;
        let user = User::parse(user)?;
        let email = change.email.map(|email| parse_email(&email)).transpose();
        let email = email.map_err(|bad| Part::Email.because(bad.to_string()))?;
        let (record, hash) = match change.password {
            None => (known(accounts, &user).await?, None),
            Some((old, new)) => {
                let new = NewPassword::of(user.as_str(), new);
                let new = new.map_err(|bad| Denied::Invalid(bad.to_string()))?;
                let record = own_password(accounts, &user, &old, secrets).await?;
                shown_code(&record, Deed::Auth, secrets)?;
                (record, Some(accounts.hash(new).await?))
            }
        };
        let (members, now, is_another) = (change.members, accounts.now(), hash.is_some());
        let apply = move |user: &mut UserRecord| {
            if let Some(email) = email {
                user.set_email(email);
            }
            for (key, text) in members {
                let said = user.profile_mut().set(&key, &text);
                said.map_err(|bad| match key.as_str() {
                    "fullname" => Denied::from(Part::FullName.because(bad.to_string())),
                    _ => Denied::Invalid(format!("{key}: {bad}")),
                })?;
            }
            if let Some(hash) = hash {
                user.set_password(hash, seconds(now));
            }
            Ok(())
        };
        accounts.change(&user, &record, Deed::Auth, secrets, apply).await?;
        let mut ended = 0;
        if is_another {
            let kept = secrets.authorization.and_then(Credentials::parse);
            let kept = kept.and_then(Credentials::into_token);
            let others = self.tokens.end_others(user, kept).await;
            ended = others.map_err(|left| Denied::TokensLeft(Box::new(left)))?;
        }
        Ok(ended)
    }

    /// Begins a second factor of a user, or asks for the one they have elsewhere. `mode` is `auth-only` or
    /// `auth-and-writes`, else it is `disable`, which ends it; `issuer` is what the user's app shows beside their name.
    ///
    /// # Errors
    /// As of [`Access::change_profile`].
    pub async fn set_second_factor(
        &self,
        user: &str,
        mode: &str,
        password: &str,
        issuer: &str,
        secrets: &Secrets<'_>,
    ) -> Result<SecondFactorState, Denied> {
        let accounts = self.kept_accounts()?;
        let user = User::parse(user)?;
        let wanted = match (mode, Mode::parse(mode)) {
            ("disable", _) => None,
            (_, Some(mode)) => Some(mode),
            _ => {
                let modes = "the mode of a second factor is auth-only, auth-and-writes or disable";
                return Err(Denied::Invalid(modes.to_owned()));
            }
        };
        let record = own_password(accounts, &user, password, secrets).await?;
        let (name, issuer) = (user.as_str().to_owned(), issuer.to_owned());
        let apply = move |user: &mut UserRecord| set(user, wanted, &name, &issuer);
        accounts.change(&user, &record, Deed::Auth, secrets, apply).await
    }

    /// Ends the waiting of a second factor by a code of the user's app: the codes for paper.
    ///
    /// # Errors
    /// [`Denied::Invalid`] when it is no code of the app, or nothing waits for one; [`Denied::TooEarly`] after too many
    /// that were none; and as of [`Access::change_profile`].
    pub async fn confirm_second_factor(
        &self,
        user: &str,
        code: &str,
        secrets: &Secrets<'_>,
    ) -> Result<Vec<String>, Denied> {
        let accounts = self.kept_accounts()?;
        let user = User::parse(user)?;
        let record = known(accounts, &user).await?;
        if record.second_factor().is_none_or(|factor| !factor.is_pending()) {
            let none = "no second factor waits for a code: begin with `npm profile enable-2fa`";
            return Err(Denied::Invalid(none.to_owned()));
        }
        let codes = accounts.confirm(&user, &record, code, secrets).await?;
        Ok(codes.into_texts())
    }

    /// What is kept of a user, if that is their password, and they have shown the code that is needed for tokens. In the
    /// open mode nothing is, and all are right.
    ///
    /// # Errors
    /// [`Denied::WrongPassword`] when it is not; [`Denied::NeedsCode`] when a code is needed; [`Denied::TooEarly`] and
    /// [`Denied::Busy`] when they are not looked at; [`Denied::Failed`] when nobody can say it.
    pub(super) async fn prove(
        &self,
        user: &User,
        password: &str,
        secrets: &Secrets<'_>,
    ) -> Result<Option<Arc<UserRecord>>, Denied> {
        let Some(accounts) = self.accounts() else { return Ok(None) };
        let record = own_password(accounts, user, password, secrets).await?;
        accounts.check_code(user, &record, Deed::Auth, secrets).await?;
        Ok(Some(record))
    }

    /// Whether a user may do what is done with tokens, as far as a second factor of theirs is concerned.
    ///
    /// # Errors
    /// [`Denied::NeedsCode`] and [`Denied::TooEarly`]; [`Denied::BadCredentials`] when they are no user any more;
    /// [`Denied::Failed`] when nobody can say it.
    pub(super) async fn check_auth(&self, user: &str, secrets: &Secrets<'_>) -> Result<(), Denied> {
        let Some(accounts) = self.accounts() else { return Ok(()) };
        let user = User::parse(user)?;
        let record = known(accounts, &user).await?;
        accounts.check_code(&user, &record, Deed::Auth, secrets).await
    }

    /// The accounts, where there are any to change.
    fn kept_accounts(&self) -> Result<&Accounts, Denied> {
        let none = "this registry keeps no profiles, passwords or second factors of users, as everybody \
                    may log in under any name (NOPAR_AUTH=open); NOPAR_AUTH=users does";
        self.accounts().ok_or_else(|| Denied::Invalid(none.to_owned()))
    }
}

/// What is kept of a user who was one a moment ago.
async fn known(accounts: &Accounts, user: &User) -> Result<Arc<UserRecord>, Denied> {
    accounts.find(user).await?.ok_or(Denied::BadCredentials)
}

/// The same, if that is their password. What they came with is good, whether or not it is.
async fn own_password(
    accounts: &Accounts,
    user: &User,
    password: &str,
    secrets: &Secrets<'_>,
) -> Result<Arc<UserRecord>, Denied> {
    match accounts.check_password(user, password, secrets.from).await {
        Err(Denied::BadCredentials) => Err(Denied::WrongPassword),
        checked => checked,
    }
}

/// Has a user's second factor be so.
fn set(
    user: &mut UserRecord,
    wanted: Option<Mode>,
    name: &str,
    issuer: &str,
) -> Result<SecondFactorState, Denied> {
    let factor = user.second_factor_mut();
    match (wanted, factor.as_mut().filter(|factor| !factor.is_pending())) {
        (None, _) => {
            *factor = None;
            Ok(SecondFactorState::Ended)
        }
        (Some(mode), Some(in_use)) => {
            in_use.set_mode(mode);
            Ok(SecondFactorState::Moved(mode.as_str()))
        }
        (Some(mode), None) => {
            let begun = SecondFactor::begin(mode).map_err(|source| {
                let what = "a second factor could not be begun".to_owned();
                Denied::Failed { what, source }
            })?;
            let url = begun.url(name, issuer);
            *factor = Some(begun);
            Ok(SecondFactorState::Begun(url))
        }
    }
}
