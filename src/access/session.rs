//! Sessions: who a browser's user is, once they have signed in on a page.
//! Knows nothing of cookies, nor of pages.
//!
//! A session is a token of its own kind, good for pages and for nothing else: what a browser sends by itself must not be
//! what programs are let in by, nor the other way round. It ends by itself, by signing out, and with all tokens of its
//! user, in every process that uses the directory.

mod proof;

use super::proved::Proved;
use super::token::Token;
use super::tokens::{Kind, NewToken};
use super::user::User;
use super::{Access, Caller, Denied, Secrets};
pub(super) use proof::Proofs;
use std::net::IpAddr;
use std::time::Duration;

/// How long a session is good: a day's work.
const LASTS: Duration = Duration::from_secs(12 * 3600);

/// How far signing in is once somebody has shown something.
pub enum SignedIn {
    /// Done; what their browser is to show from now on.
    Session(String),
    /// The password was right, and a code of the second factor is needed as well.
    NeedsCode {
        /// Who shows this, in the next minutes, need not show the password again.
        proof: String,
    },
}

impl Access {
    /// How long a session lasts that begins now.
    pub fn session_lasts() -> Duration {
        LASTS
    }

    /// Whose session this is, if it is one and not over; nobody's in the open mode, which has none. Read from the disk,
    /// on the blocking pool.
    ///
    /// # Errors
    /// [`Denied::Failed`] when nobody can say it.
    pub async fn session(
        &self,
        shown: &str,
        from: Option<IpAddr>,
    ) -> Result<Option<Caller>, Denied> {
        if self.is_open() {
            return Ok(None);
        }
        let Some(seen) = self.tokens.of(Token::of(shown), from).await? else { return Ok(None) };
        if seen.given.kind != Kind::Session {
            return Ok(None);
        }
        match self.check_account(&seen.given).await {
            Ok(()) => {}
            Err(Denied::BadCredentials) => return Ok(None),
            Err(denied) => return Err(denied),
        }
        self.tokens.believe(&seen);
        Ok(Some(Caller::from(&*seen.given)))
    }

    /// The same without waiting for anything, if it was found so in the last two seconds. `None` says nothing about it.
    pub fn known_session(&self, shown: &str, from: Option<IpAddr>) -> Option<Caller> {
        let known = self.tokens.known(shown, from, self.accounts()?.now())?;
        (known.given.kind == Kind::Session).then(|| Caller::clone(&known.caller))
    }

    /// Begins a session by a user's password, if that is all that is needed.
    ///
    /// # Errors
    /// [`Denied::NoLogin`] in the open mode; else as of [`Access::log_in`].
    pub async fn sign_in(
        &self,
        user: &str,
        password: &str,
        secrets: &Secrets<'_>,
    ) -> Result<SignedIn, Denied> {
        let accounts = self.accounts().ok_or(Denied::NoLogin)?;
        let proved = accounts.prove_password(user, password, secrets).await?;
        let secrets = Secrets { code: None, ..*secrets };
        match accounts.prove_code(&proved, &secrets).await {
            Err(Denied::NeedsCode) => {
                let proof = accounts.proofs().of(&proved, accounts.now());
                Ok(SignedIn::NeedsCode { proof })
            }
            Err(denied) => Err(denied),
            Ok(()) => self.begin_session(proved).await,
        }
    }

    /// Begins a session by the code of a second factor, for who has shown the password; whose it is, beside what came
    /// of it, if `proof` is one.
    ///
    /// # Errors
    /// [`Denied::NoLogin`] in the open mode; [`Denied::BadLogin`] when `proof` is none, or not any more.
    pub async fn sign_in_by_code(
        &self,
        proof: &str,
        secrets: &Secrets<'_>,
    ) -> Result<(String, Result<SignedIn, Denied>), Denied> {
        let accounts = self.accounts().ok_or(Denied::NoLogin)?;
        let shown = accounts.proofs().read(proof, accounts.now()).ok_or(Denied::BadLogin)?;
        let record = accounts.find(&shown.user).await?.filter(|record| shown.is_of(record));
        let proved = Proved { record: record.ok_or(Denied::BadLogin)?, user: shown.user };
        let user = proved.user().to_owned();
        let signed_in = match accounts.prove_code(&proved, secrets).await {
            Ok(()) => self.begin_session(proved).await,
            Err(denied) => Err(denied.of_login()),
        };
        Ok((user, signed_in))
    }

    async fn begin_session(&self, proved: Proved) -> Result<SignedIn, Denied> {
        Ok(SignedIn::Session(self.give_to(proved, NewToken::session(LASTS)).await?))
    }

    /// Ends a session; whose it was, `None` when there is none like it. Over for every later request, in every process
    /// that uses the directory.
    ///
    /// # Errors
    /// [`Denied::Failed`] when it cannot be removed, or may be back after a power failure.
    pub async fn sign_out(&self, shown: &str) -> Result<Option<String>, Denied> {
        // Other tokens are not ended by a cookie.
        match self.tokens.of(Token::of(shown), None).await? {
            Some(seen) if seen.given.kind == Kind::Session => self.log_out(shown).await,
            _ => Ok(None),
        }
    }

    /// How many other sessions there are of the user whose session this is: of their other browsers, and of those that
    /// they have closed without signing out.
    ///
    /// # Errors
    /// [`Denied::BadUser`] when that is no name of a user, [`Denied::Failed`] when nobody can say it.
    pub async fn other_sessions(&self, user: &str, shown: &str) -> Result<usize, Denied> {
        self.tokens.other_sessions(User::parse(user)?, Token::of(shown)).await
    }

    /// Ends them, for every later request, in every process that uses the directory; how many there were.
    ///
    /// # Errors
    /// As of [`Access::other_sessions`]; those that could be ended are.
    pub async fn sign_out_elsewhere(&self, user: &str, shown: &str) -> Result<usize, Denied> {
        self.tokens.end_other_sessions(User::parse(user)?, Token::of(shown)).await
    }
}

#[cfg(test)]
mod tests;
