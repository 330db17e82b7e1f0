//! Logins that a client begins, a person confirms on a page, and the client fetches (`npm login`).
//! Knows nothing of HTTP, nor of how the page looks.
//!
//! A login has two secrets: who knows the one, sees and confirms it; who knows the other, gets the token. So whoever sees
//! the address of the page gets nothing by it, nor does the client by its own see a password. The token is made when it is
//! fetched: nobody has one that no client has asked for. What waits is in memory only.

mod table;

use super::accounts::Accounts;
use super::proved::Proved;
use super::user::User;
use super::{Access, Denied, Secrets};
use std::net::IpAddr;
use std::sync::Arc;
pub(super) use table::WebLogins;

/// What is known of the client that wants to be logged in. All of it but the address is what the client says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asking {
    /// Where it is.
    pub from: Option<IpAddr>,
    /// What program it says it is, if it does.
    pub agent: Option<String>,
    /// On which machine it says it is, if it does.
    pub machine: Option<String>,
    /// Whether its user wants a new account.
    pub wants_account: bool,
}

/// A login that has begun: its two secrets, each of 256 random bits in base64url. Has no `Debug`: nobody shall print it.
pub struct Begun {
    /// By which it is seen and confirmed.
    pub page: String,
    /// By which its token is fetched.
    pub done: String,
}

/// How far a login is once somebody has shown something.
pub enum Step {
    /// It is confirmed, by the user of this name.
    Confirmed(String),
    /// The password was right, and a code of the second factor is needed as well.
    NeedsCode {
        /// Whose.
        user: String,
        /// Who shows this need not show the password again.
        proof: String,
    },
}

impl Access {
    /// Begins a login for a client.
    ///
    /// # Errors
    /// [`Denied::Crowded`] when too many wait to be confirmed, of all or of those from there; [`Denied::NoLogin`] in the
    /// open mode; [`Denied::Failed`] when the system has no randomness.
    pub fn begin_web_login(&self, asking: Asking) -> Result<Begun, Denied> {
        self.kept_logins()?.web_logins().begin(asking)
    }

    /// Who asks for a login that waits to be confirmed.
    ///
    /// # Errors
    /// [`Denied::NoLogin`] when there is none (any more), [`Denied::UsedLogin`] when it is confirmed.
    pub fn web_login(&self, page: &str) -> Result<Arc<Asking>, Denied> {
        self.kept_logins()?.web_logins().waiting(page)
    }

    /// Confirms a login by a user's password, if that is all that is needed.
    ///
    /// # Errors
    /// As of [`Access::web_login`], before anything is looked at, and of [`Access::log_in`].
    pub async fn confirm_by_password(
        &self,
        page: &str,
        user: &str,
        password: &str,
        secrets: &Secrets<'_>,
    ) -> Result<Step, Denied> {
        let accounts = self.kept_logins()?;
        accounts.web_logins().waiting(page)?;
        let proved = accounts.prove_password(user, password, secrets).await?;
        self.confirm_unless_code(accounts, page, proved, secrets).await
    }

    /// Confirms a login for a user who is signed in on pages by this session: they have shown their password there. The
    /// code of a second factor is asked for as of who has just shown it, since a token lasts longer than a session.
    ///
    /// # Errors
    /// As of [`Access::web_login`], before anything is looked at; [`Denied::BadCredentials`] when it is no session (any
    /// more); [`Denied::Failed`] when nobody can say it.
    pub async fn confirm_by_session(
        &self,
        page: &str,
        session: &str,
        secrets: &Secrets<'_>,
    ) -> Result<Step, Denied> {
        let accounts = self.kept_logins()?;
        accounts.web_logins().waiting(page)?;
        let caller = self.session(session, secrets.from).await?.ok_or(Denied::BadCredentials)?;
        let user = User::parse(caller.logged_in()?).map_err(|_| Denied::BadCredentials)?;
        let record = accounts.find(&user).await?.ok_or(Denied::BadCredentials)?;
        self.confirm_unless_code(accounts, page, Proved { user, record }, secrets).await
    }

    async fn confirm_unless_code(
        &self,
        accounts: &Accounts,
        page: &str,
        proved: Proved,
        secrets: &Secrets<'_>,
    ) -> Result<Step, Denied> {
        let secrets = Secrets { code: None, ..*secrets };
        match accounts.prove_code(&proved, &secrets).await {
            Err(Denied::NeedsCode) => {
                let user = proved.user().to_owned();
                let proof = accounts.web_logins().prove(page, proved)?;
                Ok(Step::NeedsCode { user, proof })
            }
            Err(denied) => Err(denied),
            Ok(()) => {
                let user = proved.user().to_owned();
                self.confirm(page, proved)?;
                Ok(Step::Confirmed(user))
            }
        }
    }

    /// Confirms a login by the code of a second factor, for who has shown the password; whose it is, beside what came of
    /// it, if `proof` is one.
    ///
    /// # Errors
    /// As of [`Access::web_login`]; [`Denied::BadLogin`] when `proof` is none, or not any more.
    pub async fn confirm_by_code(
        &self,
        page: &str,
        proof: &str,
        secrets: &Secrets<'_>,
    ) -> Result<(String, Result<(), Denied>), Denied> {
        let accounts = self.kept_logins()?;
        let proved = accounts.web_logins().proved(page, proof)?;
        let user = proved.user().to_owned();
        let confirmed = match accounts.prove_code(&proved, secrets).await {
            Ok(()) => self.confirm(page, proved),
            Err(denied) => Err(denied.of_login()),
        };
        Ok((user, confirmed))
    }

    /// Confirms a login for somebody who has shown all that is needed.
    ///
    /// # Errors
    /// As of [`Access::web_login`]: of all who confirm a login, one does.
    pub fn confirm(&self, page: &str, proved: Proved) -> Result<(), Denied> {
        self.kept_logins()?.web_logins().confirm(page, proved)
    }

    /// The user of a login that is confirmed, and their new token; `None` as long as it waits. Once fetched, or begun to
    /// be, there is none.
    ///
    /// # Errors
    /// [`Denied::NoLogin`] when there is none (any more), and as of [`Access::token_of`].
    pub async fn fetch_token(&self, done: &str) -> Result<Option<(String, String)>, Denied> {
        let Some(proved) = self.kept_logins()?.web_logins().fetch(done)? else { return Ok(None) };
        let user = proved.user().to_owned();
        Ok(Some((user, self.token_of(proved).await?)))
    }

    /// The accounts, where there are any to log in to.
    fn kept_logins(&self) -> Result<&Accounts, Denied> {
        self.accounts().ok_or(Denied::NoLogin)
    }
}
