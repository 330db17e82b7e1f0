//! The mode in which users show who they are: whether a password or a code is theirs, and what the rules say of them.
//! Knows nothing of tokens, nor of packages. The open mode answers the same questions otherwise.

mod codes;

pub(super) use codes::shown_code;

use super::Denied;
use super::attempts::{Attempt, Attempts};
use super::ground::Ground;
use super::password::{Hash, NewPassword, PasswordTurns, TurnError, Verdict};
use super::remembered::Remembered;
use super::rules::Rules;
use super::session::Proofs;
use super::sign_up::SignUps;
use super::user::User;
use super::users::{Roster, UserRecord, Users, UsersError};
use super::web_login::WebLogins;
use crate::clock::Clock;
use crate::config;
use log::warn;
use parking_lot::{RwLock, RwLockReadGuard};
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;
use tokio::task::spawn_blocking;

/// The accounts of the users, and the rules.
pub(super) struct Accounts {
    users: Users,
    turns: PasswordTurns,
    attempts: Attempts,
    remembered: Remembered,
    clock: Clock,
    rules: RwLock<Rules>,
    web_logins: WebLogins,
    proofs: Proofs,
    sign_ups: SignUps,
    /// Whether people may make accounts for themselves.
    signs_up: AtomicBool,
}

impl Accounts {
    /// Those of the registry in this directory, which `ground` looks after, as the configuration says.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(super) fn open(
        registry: &Path,
        ground: Arc<dyn Ground>,
        config: &config::Access,
        clock: Clock,
    ) -> io::Result<Accounts> {
        Ok(Accounts {
            users: Users::open(registry, ground),
            turns: PasswordTurns::new(),
            attempts: Attempts::new(clock.clone()),
            remembered: Remembered::new(clock.clone())?,
            rules: RwLock::new(rules_of(config)),
            web_logins: WebLogins::new(clock.clone()),
            proofs: Proofs::new()?,
            sign_ups: SignUps::new(clock.clone()),
            signs_up: AtomicBool::new(config.sign_up),
            clock,
        })
    }

    /// The logins that wait to be confirmed.
    pub(super) fn web_logins(&self) -> &WebLogins {
        &self.web_logins
    }

    /// What shows that a password was right, while a code is asked for.
    pub(super) fn proofs(&self) -> &Proofs {
        &self.proofs
    }

    /// The accounts that people made for themselves lately, where they may.
    pub(super) fn sign_ups(&self) -> Option<&SignUps> {
        self.signs_up.load(Ordering::Acquire).then_some(&self.sign_ups)
    }

    /// The rules that hold now, for one question: whoever holds them keeps others from holding. Lists ask of each of
    /// thousands of packages, so nothing is counted for each.
    pub(super) fn rules(&self) -> RwLockReadGuard<'_, Rules> {
        self.rules.read()
    }

    /// Has hold what another configuration says.
    pub(super) fn follow(&self, config: &config::Access) {
        let rules = rules_of(config);
        *self.rules.write() = rules;
        self.signs_up.store(config.sign_up, Ordering::Release);
    }

    /// What is kept of a user, if there is one of this name. A look at the file, on the blocking pool.
    ///
    /// # Errors
    /// [`Denied::Failed`] when nobody can say it.
    pub(super) async fn find(&self, user: &User) -> Result<Option<Arc<UserRecord>>, Denied> {
        let name = user.as_str().to_owned();
        Ok(self.with_users(move |users| users.find(&name)).await?)
    }

    /// Whether that is the user's password, whoever they are: who is unknown costs as much time, and hears the same.
    ///
    /// # Errors
    /// [`Denied::BadCredentials`] when it is not; [`Denied::TooEarly`] and [`Denied::Busy`] when it is not looked at;
    /// [`Denied::Failed`] when nobody can say it.
    pub(super) async fn check_password(
        &self,
        user: &User,
        password: &str,
        from: Option<IpAddr>,
    ) -> Result<Arc<UserRecord>, Denied> {
        let known = self.find(user).await?;
        let hash = known.as_ref().map_or_else(Hash::nobodys, |known| known.password().clone());
        let find_out = self.find_out(user, password, &hash, from);
        let is_right =
            self.remembered.is_right(user.as_str(), password, hash.as_str(), find_out).await?;
        known.filter(|_| is_right).ok_or(Denied::BadCredentials)
    }

    async fn find_out(
        &self,
        user: &User,
        password: &str,
        hash: &Hash,
        from: Option<IpAddr>,
    ) -> Result<bool, Denied> {
        let attempt = self.attempt(user.as_str(), from)?;
        match self.turns.verify(password.to_owned(), hash.clone()).await {
            Ok(Verdict::Right { is_weak }) => {
                attempt.succeeded();
                if is_weak {
                    self.strengthen(user, password, hash).await;
                }
                Ok(true)
            }
            Ok(Verdict::Wrong) => {
                attempt.failed();
                Ok(false)
            }
            Err(TurnError::Busy) => {
                attempt.was_none();
                Err(Denied::Busy)
            }
            Err(TurnError::Unusable(unusable)) => {
                attempt.was_none();
                warn!("access: the password of {} cannot be compared: {unusable}", user.as_str());
                Ok(false)
            }
            Err(TurnError::Failed(source)) => {
                attempt.was_none();
                Err(Denied::Failed { what: "a password could not be checked".to_owned(), source })
            }
        }
    }

    /// Keeps a stronger hash of a password that is right. Best effort: it is right all the same.
    async fn strengthen(&self, user: &User, password: &str, weak: &Hash) {
        let (name, weak) = (user.as_str().to_owned(), weak.clone());
        let Ok(strong) = self.turns.hash_again(password.to_owned()).await else { return };
        let kept = self.with_users(move |users| users.strengthen(&name, &weak, strong)).await;
        if let Err(error) = kept {
            warn!("access: {error}");
        }
    }

    /// An attempt to guess something of somebody.
    fn attempt(&self, of: &str, from: Option<IpAddr>) -> Result<Attempt, Denied> {
        let attempt = self.attempts.begin(of, from);
        attempt.map_err(|early| Denied::TooEarly { seconds: early.seconds() })
    }

    /// The hash of a password that somebody chose.
    ///
    /// # Errors
    /// [`Denied::Busy`] when too many want one, [`Denied::Failed`] when it is not computed.
    pub(super) async fn hash(&self, password: NewPassword) -> Result<Hash, Denied> {
        match self.turns.hash(password).await {
            Ok(hash) => Ok(hash),
            Err(TurnError::Busy) => Err(Denied::Busy),
            Err(error) => {
                let what = "a password could not be hashed".to_owned();
                Err(Denied::Failed { what, source: io::Error::other(error) })
            }
        }
    }

    /// Now, by the clock that codes are looked at by.
    pub(super) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// All users as they are now. A look at the file, which blocks.
    ///
    /// # Errors
    /// [`Denied::Failed`] when it cannot be read.
    pub(super) fn roster(&self) -> Result<Arc<Roster>, Denied> {
        Ok(self.users.all()?)
    }

    /// Works with the file of users on the blocking pool.
    pub(super) async fn with_users<T: Send + 'static, E: From<UsersError> + Send + 'static>(
        &self,
        work: impl FnOnce(&Users) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let users = self.users.clone();
        match spawn_blocking(move || work(&users)).await {
            Ok(done) => done,
            Err(panic) => Err(UsersError::broken(io::Error::other(panic)).into()),
        }
    }
}

fn rules_of(config: &config::Access) -> Rules {
    Rules::new(config.rules.clone(), config.admins.clone())
}
