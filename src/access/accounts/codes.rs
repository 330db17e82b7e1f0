//! Codes of a second factor: whether one is needed, and what is changed with it.
//! Knows nothing of how codes are made, nor of what is changed.

use super::super::second_factor::{Deed, RecoveryCodes};
use super::super::user::User;
use super::super::users::{UserRecord, Users};
use super::super::{Denied, Secrets};
use super::Accounts;

/// What is no code of an app that has just been told a secret.
const NO_CODE: &str = "this is not the code that your authenticator app shows now: see that its clock is right, and \
                       begin again";

impl Accounts {
    /// Whether the user may do that with the code that was shown, if a code is needed for it. One that was taken is none
    /// from then on.
    ///
    /// # Errors
    /// [`Denied::NeedsCode`] when one is needed, and none was shown or it is none; [`Denied::TooEarly`] after too many
    /// wrong ones; [`Denied::Failed`] when it cannot be noted that it was taken.
    pub(in crate::access) async fn check_code(
        &self,
        user: &User,
        record: &UserRecord,
        deed: Deed,
        secrets: &Secrets<'_>,
    ) -> Result<(), Denied> {
        if !needs_code(record, deed) {
            return Ok(());
        }
        self.change(user, record, deed, secrets, |_| Ok(())).await
    }

    /// Changes what is kept of a user, who is `record` so far, with the code that was shown, if one is needed for the
    /// deed: the code is taken, or nothing is changed.
    ///
    /// # Errors
    /// As of [`check_code`](Accounts::check_code) and of `change`; [`Denied::BadCredentials`] when the user has another
    /// password meanwhile, or is no more.
    pub(in crate::access) async fn change<T: Send + 'static>(
        &self,
        user: &User,
        record: &UserRecord,
        deed: Deed,
        secrets: &Secrets<'_>,
        change: impl FnOnce(&mut UserRecord) -> Result<T, Denied> + Send + 'static,
    ) -> Result<T, Denied> {
        let code = shown_code(record, deed, secrets)?.map(str::to_owned);
        let attempt = match code {
            Some(_) => Some(self.attempt(&of_codes(user), secrets.from)?),
            None => None,
        };
        let (name, since, now) = (user.as_str().to_owned(), record.changed(), self.clock.now());
        let work = move |users: &Users| {
            users.update(&name, |user| {
                if user.changed() != since {
                    return Err(Denied::BadCredentials);
                }
                // As they are now: they may have begun to use codes since.
                if needs_code(user, deed) {
                    let factor = user.second_factor_mut().as_mut();
                    let is_taken = code.zip(factor).is_some_and(|(code, it)| it.take(&code, now));
                    is_taken.then_some(()).ok_or(Denied::NeedsCode)?;
                }
                change(user)
            })
        };
        let done = self.with_users(work).await;
        if let Some(attempt) = attempt {
            match &done {
                Ok(_) => attempt.succeeded(),
                Err(Denied::NeedsCode) => attempt.failed(),
                Err(_) => attempt.was_none(),
            }
        }
        done
    }

    /// Ends the waiting of a user's second factor with a code of their app: the codes for paper, which are kept before
    /// they are told.
    ///
    /// # Errors
    /// [`Denied::Invalid`] when it is none; and as of [`change`](Accounts::change).
    pub(in crate::access) async fn confirm(
        &self,
        user: &User,
        record: &UserRecord,
        code: &str,
        secrets: &Secrets<'_>,
    ) -> Result<RecoveryCodes, Denied> {
        let attempt = self.attempt(&of_codes(user), secrets.from)?;
        let (code, now) = (code.to_owned(), self.clock.now());
        let confirm = move |user: &mut UserRecord| {
            let factor = user.second_factor_mut().as_mut();
            let codes = factor.map(|factor| factor.confirm(&code, now)).transpose();
            let codes = codes.map_err(|source| {
                let what = "recovery codes could not be made".to_owned();
                Denied::Failed { what, source }
            })?;
            codes.flatten().ok_or_else(|| Denied::Invalid(NO_CODE.to_owned()))
        };
        let confirmed = self.change(user, record, Deed::Auth, secrets, confirm).await;
        match &confirmed {
            Ok(_) => attempt.succeeded(),
            Err(Denied::Invalid(_)) => attempt.failed(),
            Err(_) => attempt.was_none(),
        }
        confirmed
    }
}

/// The code that was shown, if one is needed.
///
/// # Errors
/// [`Denied::NeedsCode`] when one is needed and there is none, which is told before anything is computed.
pub(in crate::access) fn shown_code<'a>(
    user: &UserRecord,
    deed: Deed,
    secrets: &Secrets<'a>,
) -> Result<Option<&'a str>, Denied> {
    if !needs_code(user, deed) {
        return Ok(None);
    }
    let code = secrets.code.filter(|code| !code.is_empty());
    code.map(Some).ok_or(Denied::NeedsCode)
}

/// Whether a code is asked for before somebody does that.
fn needs_code(user: &UserRecord, deed: Deed) -> bool {
    user.second_factor().is_some_and(|factor| factor.is_needed_for(deed))
}

/// Under what guesses at codes are counted, beside those at passwords: who knows the password guesses codes. No user is
/// called so.
fn of_codes(user: &User) -> String {
    format!("{}:code", user.as_str())
}
