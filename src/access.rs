//! Who asks, and whether they may do what they ask for: every change of a package comes this way.
//! Knows nothing of HTTP beside the Authorization header, nor of which packages there are.
//!
//! There are two modes. In the open one ("Admin Party") everybody is who they say they are, and may do
//! everything. In the other one, users show who they are, and rules say what they may do: `accounts.rs`.

mod accounts;
mod attempts;
mod caller;
mod credentials;
mod denied;
mod exchange;
mod ground;
mod limits;
mod network;
mod own;
mod password;
mod profile;
mod proved;
mod random;
mod remembered;
mod rules;
mod second_factor;
mod session;
mod sign_up;
mod strangers;
mod token;
mod tokens;
mod trust;
mod user;
mod users;
mod web_login;

#[cfg(test)]
mod tests;

pub use caller::Caller;
pub use denied::{Denied, Part, Unfit};
pub use exchange::NotExchanged;
pub use ground::Ground;
pub use limits::Limits;
pub(crate) use password::{BadPassword, Hash, NewPassword};
pub use profile::{ProfileChange, ProfileView, SecondFactorState};
pub use proved::Proved;
pub use rules::{Rules, Standing};
pub use session::SignedIn;
pub use sign_up::Newcomer;
pub use tokens::{Kind, NewToken, TokenView, Wish};
pub use trust::{Keys, Refused, Trust, Trusted};
pub(crate) use users::{BadNewUser, NewUser, Users, UsersError};
pub use web_login::{Asking, Begun, Step};

use crate::clock::Clock;
use crate::config::{self, Auth};
use crate::npm::PackageName;
use accounts::Accounts;
use credentials::Credentials;
use parking_lot::RwLock;
use second_factor::Deed;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use token::Token;
use tokens::{Given, Tokens};
use user::User;
use users::UserRecord;

/// Where tokens are, below the directory of hosted packages.
const TOKENS: &str = ".nopar/tokens";

/// Where the users of a registry are, in its directory.
pub fn users_file(registry: &Path) -> PathBuf {
    users::place(registry)
}

/// The users, their tokens, and what they may do.
///
/// Any number of processes may use one directory of tokens and users. What one of them changes counts for the next
/// request of all, but that a token which was good is believed to be so for two seconds.
pub struct Access {
    tokens: Tokens,
    mode: Mode,
    /// Of jobs.
    trust: RwLock<Option<Arc<Trust>>>,
}

/// How users are known.
enum Mode {
    Open,
    Users(Box<Accounts>),
}

/// What somebody shows beside a password, and where they are. Has no `Debug`: nobody shall print it.
#[derive(Clone, Copy, Default)]
pub struct Secrets<'a> {
    /// The value of the `Authorization` header that they came with, if there is one.
    pub authorization: Option<&'a str>,
    /// The code of a second factor (`npm-otp`).
    pub code: Option<&'a str>,
    /// Their address.
    pub from: Option<IpAddr>,
}

/// What a caller wants to do with a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Its document and its tarballs.
    Read,
    /// New versions.
    Publish,
    /// What is there: dist-tags, deprecations; discarding the copy of an upstream's package.
    Change,
    /// Who maintains it.
    Own,
    /// To take versions back, or all of it.
    Unpublish,
}

/// As a verb, for sentences.
impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Permission::Read => "read",
            Permission::Publish => "publish",
            Permission::Change => "change",
            Permission::Own => "change the owners of",
            Permission::Unpublish => "unpublish",
        })
    }
}

impl Access {
    /// The open mode, with its tokens in the directory `tokens`, which lies on `ground`. Nothing is read or made yet: the
    /// directory is made with the first login.
    pub fn open(tokens: PathBuf, ground: Arc<dyn Ground>) -> Access {
        Access { tokens: Tokens::new(tokens, ground), mode: Mode::Open, trust: RwLock::default() }
    }

    /// The same of the registry in this directory.
    pub(crate) fn of_directory(registry: &Path, ground: Arc<dyn Ground>) -> Access {
        Access::open(registry.join(TOKENS), ground)
    }

    /// What the configuration says, for the registry in this directory, which `ground` looks after.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn of(
        config: &config::Access,
        registry: &Path,
        ground: Arc<dyn Ground>,
        clock: Clock,
    ) -> io::Result<Access> {
        let mode = match config.auth {
            Auth::Open => Mode::Open,
            Auth::Users => {
                let ground = Arc::clone(&ground);
                let accounts = Accounts::open(registry, ground, config, clock.clone())?;
                Mode::Users(Box::new(accounts))
            }
        };
        let tokens = Tokens::new(registry.join(TOKENS), ground).by(clock);
        Ok(Access { tokens, mode, trust: RwLock::default() })
    }

    /// The same, by another clock than the system's.
    #[cfg(test)]
    fn by(self, clock: Clock) -> Access {
        Access { tokens: self.tokens.by(clock), ..self }
    }

    /// Has hold what another configuration says of rules, administrators, accounts and jobs; who shows who they are, and by
    /// what, stays.
    pub fn follow(&self, config: &config::Access) {
        if let Some(accounts) = self.accounts() {
            accounts.follow(config);
        }
        let mut trust = self.trust.write();
        *trust = trust.take().map(|trust| Arc::new(trust.with(config.trust.clone())));
    }

    /// Whether everybody may do everything.
    pub fn is_open(&self) -> bool {
        matches!(self.mode, Mode::Open)
    }

    /// Whether that is somebody who may do everything, where not everybody may: one whom the configuration names.
    pub fn is_admin(&self, caller: &Caller) -> bool {
        let is_named = |accounts: &Accounts| accounts.rules().is_admin(caller.user());
        caller.limits().is_none() && self.accounts().is_some_and(is_named)
    }

    /// Whether everybody may read packages of this name, so that nobody need be asked who they are.
    pub fn is_public(&self, name: &PackageName) -> bool {
        self.accounts().is_none_or(|accounts| accounts.rules().is_public(name))
    }

    /// Whether it matters what a caller is to a package of this name, which is to be found out then.
    pub fn asks_standing(
        &self,
        caller: &Caller,
        permission: Permission,
        name: &PackageName,
    ) -> bool {
        let accounts = self.accounts();
        accounts.is_some_and(|it| it.rules().asks_standing(caller, permission, name))
    }

    fn accounts(&self) -> Option<&Accounts> {
        match &self.mode {
            Mode::Open => None,
            Mode::Users(accounts) => Some(accounts),
        }
    }

    /// Who sent a request with these values of `Authorization`, one for each such header: nobody in
    /// particular if there is none. A token is looked up on the disk, on the blocking pool.
    ///
    /// # Errors
    /// [`Denied::BadCredentials`] when the token is not (or no longer) one, the password is wrong, or there
    /// is more than one header or one that cannot be understood; [`Denied::NeedsToken`] when a password alone does not
    /// do for this user; [`Denied::Failed`] when the token cannot be
    /// looked up, also as its ground is gone.
    pub async fn caller(&self, authorization: &[&str]) -> Result<Caller, Denied> {
        self.caller_from(authorization, None).await
    }

    /// The same of a request that comes `from` this address: a token may be for some addresses only, and is not valid
    /// where that of the client is not known.
    ///
    /// # Errors
    /// As for [`caller`](Access::caller).
    pub async fn caller_from(
        &self,
        authorization: &[&str],
        from: Option<IpAddr>,
    ) -> Result<Caller, Denied> {
        let header = match authorization {
            [] => return Ok(Caller::anonymous()),
            [header] => header,
            // Who stands between us and the client may have looked at the other one.
            _ => return Err(Denied::BadCredentials),
        };
        match Credentials::parse(header).ok_or(Denied::BadCredentials)? {
            Credentials::Token(token) => {
                let seen = self.tokens.of(token, from).await?.ok_or(Denied::BadCredentials)?;
                // What a browser sends by itself must be no way past its pages.
                if seen.given.kind == Kind::Session {
                    return Err(Denied::BadCredentials);
                }
                self.check_account(&seen.given).await?;
                self.tokens.believe(&seen);
                Ok(Caller::from(&*seen.given))
            }
            Credentials::Password { user, password } => {
                let record = self.check_password(&user, &password, from).await?;
                if record.is_some_and(|record| record.has_second_factor()) {
                    return Err(Denied::NeedsToken);
                }
                Ok(Caller::from(user))
            }
        }
    }

    /// Whether a token is one of the account that its user has now: where users have none (any more), or have another one,
    /// nobody may be them by a token from before; in the open mode everybody could have one under any name.
    async fn check_account(&self, given: &Given) -> Result<(), Denied> {
        let Some(accounts) = self.accounts().filter(|_| given.kind != Kind::Oidc) else {
            return Ok(());
        };
        let record = accounts.find(&given.user).await?;
        let is_its = record.is_some_and(|record| given.account == Some(record.created()));
        if is_its { Ok(()) } else { Err(Denied::BadCredentials) }
    }

    /// Whether that is the user's password. In the open mode every one is, and nothing is kept of anybody.
    async fn check_password(
        &self,
        user: &User,
        password: &str,
        from: Option<IpAddr>,
    ) -> Result<Option<Arc<UserRecord>>, Denied> {
        let Some(accounts) = self.accounts() else { return Ok(None) };
        Ok(Some(accounts.check_password(user, password, from).await?))
    }

    /// Whether the caller may do that with the package of this name, be there one or not; `standing` says what they are to
    /// it, where [`asks_standing`](Access::asks_standing) says that it matters. Who may not read it may do nothing with it.
    ///
    /// # Errors
    /// [`Denied::Hidden`] when they want to read it and may not; [`Denied::NotLoggedIn`] when it might help to log in, else
    /// [`Denied::Forbidden`]. None of it happens in the open mode.
    pub fn allow(
        &self,
        caller: &Caller,
        permission: Permission,
        name: &PackageName,
        standing: Standing,
    ) -> Result<(), Denied> {
        let Some(accounts) = self.accounts() else { return Ok(()) };
        let rules = accounts.rules();
        if rules.allow(caller, permission, name, standing) {
            return Ok(());
        }
        // Where one has to log in for every name, that is no secret, and helps who forgot to.
        let is_known = caller.user().is_none() && rules.is_for_all(name);
        if permission == Permission::Read && !is_known {
            return Err(Denied::Hidden);
        }
        Err(Denied::refusal(caller, permission, name))
    }

    /// Whether the caller may write, as far as a second factor of theirs is concerned.
    ///
    /// # Errors
    /// [`Denied::NeedsCode`] and [`Denied::TooEarly`]; [`Denied::Failed`] when nobody can say it.
    pub async fn check_write(&self, caller: &Caller, secrets: &Secrets<'_>) -> Result<(), Denied> {
        let Some(accounts) = self.accounts() else { return Ok(()) };
        // Jobs have none, and anonymous callers are told to log in by the rules.
        let Some(user) = caller.user().and_then(|name| User::parse(name).ok()) else {
            return Ok(());
        };
        let Some(record) = accounts.find(&user).await? else { return Ok(()) };
        accounts.check_code(&user, &record, Deed::Write, secrets).await
    }

    /// The address of the user of this name, which may be empty; `None` if there is no such user. In the open mode
    /// everybody is one, and has none.
    ///
    /// # Errors
    /// [`Denied::Failed`] when nobody can say it.
    pub async fn email_of(&self, name: &str) -> Result<Option<String>, Denied> {
        let Ok(user) = User::parse(name) else { return Ok(None) };
        let Some(accounts) = self.accounts() else { return Ok(Some(String::new())) };
        Ok(accounts.find(&user).await?.map(|record| record.email().to_owned()))
    }

    /// A new token for a user, which is on the disk when it is given out. Works on the blocking pool; if the
    /// future is dropped, there may be a token that nobody knows.
    ///
    /// # Errors
    /// [`Denied::BadUser`] when that is no name of a user, [`Denied::BadLogin`] when there is no such user, or that is
    /// not their password, [`Denied::NeedsCode`] when a code is needed as well, [`Denied::TooEarly`] and [`Denied::Busy`] when it is
    /// not looked at, [`Denied::Failed`] when the token cannot be kept: there is none then.
    pub async fn log_in(
        &self,
        user: &str,
        password: &str,
        secrets: &Secrets<'_>,
    ) -> Result<String, Denied> {
        let user = User::parse(user)?;
        let logged_in = self.log_in_as(user, password, secrets).await;
        logged_in.map_err(Denied::of_login)
    }

    async fn log_in_as(
        &self,
        user: User,
        password: &str,
        secrets: &Secrets<'_>,
    ) -> Result<String, Denied> {
        let record = self.check_password(&user, password, secrets.from).await?;
        if let (Some(accounts), Some(record)) = (self.accounts(), &record) {
            accounts.check_code(&user, record, Deed::Auth, secrets).await?;
        }
        let (token, _) = self.give(user, record.as_deref(), NewToken::login()).await?;
        Ok(token)
    }

    /// A new token of a user, who was `record` when it was found that they may have one.
    ///
    /// Another password ends all tokens, and so does the end of a user: if that came meanwhile, this one ends here.
    async fn give(
        &self,
        user: User,
        record: Option<&UserRecord>,
        new: NewToken,
    ) -> Result<(String, TokenView), Denied> {
        let new = NewToken { account: record.map(UserRecord::created), ..new };
        let (token, view) = self.tokens.give(user.clone(), new).await?;
        let token = token.into_text();
        let (Some(accounts), Some(record)) = (self.accounts(), record) else {
            return Ok((token, view));
        };
        let is_same = |now: &Arc<UserRecord>| now.changed() == record.changed();
        let denied = match accounts.find(&user).await {
            Ok(now) if now.as_ref().is_some_and(is_same) => return Ok((token, view)),
            Ok(_) => Denied::BadCredentials,
            Err(error) => error,
        };
        self.log_out(&token).await?;
        Err(denied)
    }

    /// Ends a token; whose it was, `None` when there is none like it. It is no token for every later request, in every
    /// process that uses the directory. Works on the blocking pool, to its end also when nobody waits for it
    /// any more.
    ///
    /// # Errors
    /// [`Denied::Failed`] when it cannot be removed, or may be back after a power failure.
    pub async fn log_out(&self, token: &str) -> Result<Option<String>, Denied> {
        self.tokens.end(Token::of(token)).await
    }

    /// What a token is named by, where it is spoken of; whether or not it is one.
    pub fn key_of(token: &str) -> String {
        tokens::key(&Token::of(token).digest()).to_owned()
    }

    /// Who somebody says they are who shows this value of `Authorization`, if they show a password.
    pub fn claimed(&self, authorization: &str) -> Option<String> {
        match Credentials::parse(authorization)? {
            Credentials::Token(_) => None,
            Credentials::Password { user, .. } => Some(user.into_text()),
        }
    }
}
