//! Who asks, and whether they may do what they ask for: every change of a package comes this way.
//! Knows nothing of HTTP beside the Authorization header, nor of which packages there are.
//!
//! There is one mode, the open one ("Admin Party"): everybody is who they say they are, and may do
//! everything. What is special about it stands in `open_mode.rs`, and nowhere else.

mod caller;
mod credentials;
mod denied;
mod ground;
mod open_mode;
mod token;
mod tokens;
mod user;

#[cfg(test)]
mod tests;

pub use caller::Caller;
pub use denied::Denied;
pub use ground::Ground;

use crate::npm::PackageName;
use credentials::Credentials;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use token::Token;
use tokens::Tokens;
use user::User;

/// The users, their tokens, and what they may do.
///
/// Any number of processes may use one directory of tokens. Nothing is remembered between two requests, so
/// what one of them changes counts for the next request of all.
pub struct Access {
    tokens: Tokens,
}

/// What a caller wants to do with a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Its document and its tarballs.
    Read,
    /// New versions.
    Publish,
    /// What is there: dist-tags, deprecations, owners; unpublishing, and discarding the copy of an upstream's package.
    Change,
}

/// As a verb, for sentences.
impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Permission::Read => "read",
            Permission::Publish => "publish",
            Permission::Change => "change",
        })
    }
}

impl Access {
    /// Access with its tokens in the directory `tokens`, which lies on `ground`. Nothing is read or made yet: the
    /// directory is made with the first login.
    pub fn open(tokens: PathBuf, ground: Arc<dyn Ground>) -> Access {
        Access { tokens: Tokens::new(tokens, ground) }
    }

    /// Who sent a request with these values of `Authorization`, one for each such header: nobody in
    /// particular if there is none. A token is looked up on the disk, on the blocking pool.
    ///
    /// # Errors
    /// [`Denied::BadCredentials`] when the token is not (or no longer) one, the password is wrong, or there
    /// is more than one header or one that cannot be understood; [`Denied::Failed`] when the token cannot be
    /// looked up, also as its ground is gone.
    pub async fn caller(&self, authorization: &[&str]) -> Result<Caller, Denied> {
        let header = match authorization {
            [] => return Ok(Caller::anonymous()),
            [header] => header,
            // Who stands between us and the client may have looked at the other one.
            _ => return Err(Denied::BadCredentials),
        };
        match Credentials::parse(header).ok_or(Denied::BadCredentials)? {
            Credentials::Token(token) => {
                let user = self.tokens.user(token).await?;
                user.map(Caller::from).ok_or(Denied::BadCredentials)
            }
            Credentials::Password { user, password } => {
                check_password(&user, &password)?;
                Ok(Caller::from(user))
            }
        }
    }

    /// Whether the caller may do that with the package of this name, be there one or not.
    ///
    /// # Errors
    /// [`Denied::NotLoggedIn`] when it might help to log in, else [`Denied::Forbidden`]. Neither happens in
    /// the open mode.
    pub fn allow(
        &self,
        caller: &Caller,
        permission: Permission,
        name: &PackageName,
    ) -> Result<(), Denied> {
        if open_mode::allows(caller, permission, name) {
            return Ok(());
        }
        Err(Denied::refusal(caller, permission, name))
    }

    /// A new token for a user, which is on the disk when it is given out. Works on the blocking pool; if the
    /// future is dropped, there may be a token that nobody knows.
    ///
    /// # Errors
    /// [`Denied::BadUser`] when that is no name of a user, [`Denied::BadCredentials`] when the password is
    /// wrong, [`Denied::Failed`] when the token cannot be kept: there is none then.
    pub async fn log_in(&self, user: &str, password: &str) -> Result<String, Denied> {
        let user = User::parse(user).map_err(|invalid| Denied::BadUser(invalid.to_string()))?;
        check_password(&user, password)?;
        Ok(self.tokens.give(user).await?.into_text())
    }

    /// Ends a token; `false` when there is none like it. It is no token for every later request, in every
    /// process that uses the directory. Works on the blocking pool, to its end also when nobody waits for it
    /// any more.
    ///
    /// # Errors
    /// [`Denied::Failed`] when it cannot be removed, or may be back after a power failure.
    pub async fn log_out(&self, token: &str) -> Result<bool, Denied> {
        self.tokens.end(Token::of(token)).await
    }
}

fn check_password(user: &User, password: &str) -> Result<(), Denied> {
    if open_mode::is_password(user, password) { Ok(()) } else { Err(Denied::BadCredentials) }
}
