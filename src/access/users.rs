//! The users, in one file: their passwords, their second factors, and what they say of themselves.
//! Knows nothing of tokens, nor of what users may do. Everything here blocks.
//!
//! Any number of threads and processes use the file at once. It is replaced as a whole, under a lock, and read again by
//! whoever finds another file in its place than the one that was read (`users/file.rs`). A file that is damaged is an
//! error for everybody until somebody has put it right: it is never taken for one without users, and never replaced.

mod error;
mod file;
mod new_user;
mod profile;
mod roster;

#[cfg(test)]
mod tests;

pub(crate) use error::UsersError;
pub(super) use new_user::parse_email;
pub(crate) use new_user::{BadNewUser, NewUser};
pub(crate) use profile::KEYS as PROFILE_KEYS;
pub(crate) use roster::{Roster, UserRecord};

use super::ground::Ground;
use super::password::Hash;
use file::RosterFile;
pub(super) use file::place;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// All users. Clones are the same.
#[derive(Clone)]
pub(crate) struct Users {
    file: Arc<RosterFile>,
}

impl Users {
    /// The users of the registry in this directory, which `ground` looks after. Nothing is read or made yet: the file is
    /// made with the first user.
    pub(crate) fn open(registry: &Path, ground: Arc<dyn Ground>) -> Users {
        Users { file: Arc::new(RosterFile::new(registry, ground)) }
    }

    /// All of them, as they are now. A look at the file, as a rule.
    ///
    /// # Errors
    /// When the file cannot be read or is damaged, or its ground is gone.
    pub(crate) fn all(&self) -> Result<Arc<Roster>, UsersError> {
        self.file.read()
    }

    /// The user of this name, if there is one.
    ///
    /// # Errors
    /// As of [`Users::all`].
    pub(crate) fn find(&self, name: &str) -> Result<Option<Arc<UserRecord>>, UsersError> {
        Ok(self.all()?.get(name).cloned())
    }

    /// The user of this name, or of one that differs in case only, as it is spelt.
    ///
    /// # Errors
    /// As of [`Users::all`].
    pub(crate) fn alike(&self, name: &str) -> Result<Option<String>, UsersError> {
        Ok(self.all()?.alike(name).map(str::to_owned))
    }

    /// Adds a user, who is on the disk then.
    ///
    /// # Errors
    /// [`UsersError::Taken`] when there is one of this name, or of one that differs in case only; and when the file
    /// cannot be changed.
    pub(crate) fn add(
        &self,
        user: NewUser,
        password: Hash,
        now: SystemTime,
    ) -> Result<(), UsersError> {
        self.file.change(|roster| {
            if let Some(taken) = roster.alike(user.name()) {
                return Err(UsersError::Taken(taken.to_owned()));
            }
            let (name, email) = user.into_parts();
            roster.put(name, UserRecord::new(password, email, seconds(now)));
            Ok(())
        })
    }

    /// Adds users who are not there yet, all at once; those are told who were left as they are, since there is one of their
    /// name, or of one that differs in case only.
    ///
    /// # Errors
    /// When the file cannot be changed: then nobody was added.
    pub(crate) fn add_all(
        &self,
        users: Vec<(NewUser, Hash)>,
        now: SystemTime,
    ) -> Result<Vec<String>, UsersError> {
        self.file.change(|roster| {
            let mut taken = Vec::new();
            for (user, password) in users {
                let (name, email) = user.into_parts();
                match roster.alike(&name) {
                    Some(_) => taken.push(name),
                    None => roster.put(name, UserRecord::new(password, email, seconds(now))),
                }
            }
            Ok(taken)
        })
    }

    /// Changes a user. What `change` says is on the disk when it is returned; if that is an error, nothing is changed.
    /// It is asked once, while all others who change users wait: it must not wait itself.
    ///
    /// # Errors
    /// [`UsersError::Unknown`] when there is none of this name, and when the file cannot be changed; as of `change`.
    pub(crate) fn update<T, E: From<UsersError>>(
        &self,
        name: &str,
        change: impl FnOnce(&mut UserRecord) -> Result<T, E>,
    ) -> Result<T, E> {
        self.file.change(|roster| {
            let Some(user) = roster.get(name) else {
                return Err(E::from(UsersError::Unknown(name.to_owned())));
            };
            let mut user = UserRecord::clone(user);
            let done = change(&mut user)?;
            roster.put(name.to_owned(), user);
            Ok(done)
        })
    }

    /// Gives a user another password. Whoever calls ends their tokens.
    ///
    /// # Errors
    /// As of [`Users::update`].
    pub(crate) fn set_password(
        &self,
        name: &str,
        password: Hash,
        now: SystemTime,
    ) -> Result<(), UsersError> {
        self.update(name, |user| {
            user.set_password(password, seconds(now));
            Ok(())
        })
    }

    /// The same, and ends their second factor.
    ///
    /// # Errors
    /// As of [`Users::update`].
    pub(crate) fn reset(
        &self,
        name: &str,
        password: Hash,
        now: SystemTime,
    ) -> Result<(), UsersError> {
        self.update(name, |user| {
            user.set_password(password, seconds(now));
            *user.second_factor_mut() = None;
            Ok(())
        })
    }

    /// Keeps a stronger hash of the password a user has, unless they have another one by now.
    ///
    /// # Errors
    /// As of [`Users::update`].
    pub(super) fn strengthen(
        &self,
        name: &str,
        weak: &Hash,
        strong: Hash,
    ) -> Result<(), UsersError> {
        self.update(name, |user| {
            user.strengthen(weak, strong);
            Ok(())
        })
    }

    /// Removes a user; `false` when there is none of this name. Whoever calls ends their tokens.
    ///
    /// # Errors
    /// When the file cannot be changed.
    pub(crate) fn remove(&self, name: &str) -> Result<bool, UsersError> {
        self.file.change(|roster| Ok(roster.remove(name)))
    }
}

/// As times are in the file; those before 1970 are 0.
pub(super) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
