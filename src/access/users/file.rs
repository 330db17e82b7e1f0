//! The file of users: read once as long as it is the same, replaced as a whole under a lock.
//! Knows nothing of what users are.
//!
//! ```text
//! <registry>/.nopar/users.json       the users
//! <registry>/.nopar/users.lock       held by who changes them
//! <registry>/.nopar/users.json.new   what is being written; a crash may leave it, and the next change replaces it
//! ```
//!
//! The file that was read is kept open: the disk gives its number to no other file then, so whoever finds the same
//! number, length and times has the same file, however coarse the disk's clock is.

mod disk;

use super::super::ground::Ground;
use super::{Roster, UserRecord, UsersError};
use crate::regular::{self, Stamp};
use parking_lot::{Mutex, RwLock};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// NOPAR's own folder in the directory of the registry.
const OWN: &str = ".nopar";
/// The longest file, in bytes: it is in memory as a whole, several times while it is changed.
const LONGEST: usize = 64 << 20;
/// So many users at most.
const MOST: usize = 100_000;
/// The most bytes that are kept of one of them: what a password, a profile and a second factor have, several times.
const LONGEST_USER: usize = 16 << 10;

/// The file, and what it said when it was read last.
pub(super) struct RosterFile {
    place: PathBuf,
    ground: Arc<dyn Ground>,
    seen: RwLock<Option<Seen>>,
    /// Held by who reads the file anew: of all who find another one, one reads it.
    reading: Mutex<()>,
    /// Held by who changes it, for those of this process.
    changing: Mutex<()>,
    bounds: Bounds,
}

/// How much there may be.
#[derive(Clone, Copy)]
struct Bounds {
    file: usize,
    users: usize,
    user: usize,
}

/// A file that was read, or none.
struct Seen {
    stamp: Option<Stamp>,
    said: Result<Arc<Roster>, UsersError>,
    /// See the head of this file.
    _held: Option<File>,
}

/// The file of a registry.
pub(in crate::access) fn place(registry: &Path) -> PathBuf {
    registry.join(OWN).join("users.json")
}

impl RosterFile {
    pub(super) fn new(registry: &Path, ground: Arc<dyn Ground>) -> RosterFile {
        RosterFile {
            place: place(registry),
            ground,
            seen: RwLock::default(),
            reading: Mutex::default(),
            changing: Mutex::default(),
            bounds: Bounds { file: LONGEST, users: MOST, user: LONGEST_USER },
        }
    }

    /// What it says. Without a file, nobody is a user.
    pub(super) fn read(&self) -> Result<Arc<Roster>, UsersError> {
        if let Some(said) = self.known()? {
            return said;
        }
        let _reading = self.reading.lock();
        if let Some(said) = self.known()? {
            return said;
        }
        let seen = self.read_anew()?;
        let said = seen.said.clone();
        *self.seen.write() = Some(seen);
        said
    }

    /// Changes what it says: reads it while nobody else changes it, and writes what `change` makes of it, if that is
    /// something else. Where that is an error, nothing is written.
    pub(super) fn change<T, E: From<UsersError>>(
        &self,
        change: impl FnOnce(&mut Roster) -> Result<T, E>,
    ) -> Result<T, E> {
        let failed = UsersError::failed(&self.place, "changed");
        let _turn = self.changing.lock();
        self.ground.prepare().map_err(failed)?;
        let _lock = disk::lock(&self.place).map_err(failed)?;
        let before = self.read()?;
        let mut roster = Roster::clone(&before);
        let done = change(&mut roster)?;
        if roster != *before {
            let text = self.text_of(&roster, &before)?;
            disk::replace(&self.place, &text).map_err(failed)?;
        }
        Ok(done)
    }

    /// What was read, if the file is still that one. `None`: it is to be read.
    fn known(&self) -> Result<Option<Result<Arc<Roster>, UsersError>>, UsersError> {
        let stamp = self.stamp()?;
        let seen = self.seen.read();
        let same = seen.as_ref().filter(|seen| seen.stamp == stamp);
        Ok(same.map(|seen| seen.said.clone()))
    }

    /// Which file is there; `None` if there is none and none could be missed.
    fn stamp(&self) -> Result<Option<Stamp>, UsersError> {
        let failed = UsersError::failed(&self.place, "read");
        match Stamp::at(&self.place).map_err(failed)? {
            None => self.ground.check().map(|()| None).map_err(failed),
            found => Ok(found),
        }
    }

    fn read_anew(&self) -> Result<Seen, UsersError> {
        let failed = UsersError::failed(&self.place, "read");
        let file = match regular::open(&self.place).map_err(regular::naming(&self.place)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.ground.check().map_err(failed)?;
                return Ok(Seen { stamp: None, said: Ok(Arc::default()), _held: None });
            }
            opened => opened.map_err(failed)?,
        };
        // Before it is read: who writes into it meanwhile leaves another one.
        let stamp = Stamp::of(&file).map_err(failed)?;
        let mut text = Vec::new();
        let most = self.bounds.file as u64 + 1;
        (&file).take(most).read_to_end(&mut text).map_err(failed)?;
        let said = self.parse(&text).map(Arc::new);
        Ok(Seen { stamp: Some(stamp), said, _held: Some(file) })
    }

    /// Errors do not say what is there instead: that may be a secret.
    fn parse(&self, text: &[u8]) -> Result<Roster, UsersError> {
        let damaged = |what: String| UsersError::Damaged {
            place: self.place.clone(),
            why: format!("{what}: put it right, or a good copy in its place").into(),
        };
        if text.len() > self.bounds.file {
            return Err(damaged(format!("the file is longer than {} bytes", self.bounds.file)));
        }
        serde_json::from_slice(text).map_err(|error| {
            damaged(format!("it is damaged in line {}, column {}", error.line(), error.column()))
        })
    }

    /// What is written, if it may be: there may be no more than before where there is too much.
    fn text_of(&self, roster: &Roster, before: &Roster) -> Result<Vec<u8>, UsersError> {
        if roster.len() > self.bounds.users && roster.len() > before.len() {
            return Err(UsersError::Full(before.len()));
        }
        let is_new = |(name, user): &(&str, &UserRecord)| {
            before.get(name).is_none_or(|before| **before != **user)
        };
        for (name, user) in roster.iter().filter(is_new) {
            let text = serde_json::to_vec(user).map_err(|error| self.unwritable(error))?;
            if text.len() > self.bounds.user {
                return Err(UsersError::Long(name.to_owned()));
            }
        }
        let mut text = serde_json::to_vec(roster).map_err(|error| self.unwritable(error))?;
        text.push(b'\n');
        if text.len() > self.bounds.file {
            return Err(UsersError::Full(before.len()));
        }
        Ok(text)
    }

    fn unwritable(&self, error: serde_json::Error) -> UsersError {
        UsersError::failed(&self.place, "changed")(io::Error::other(error))
    }
}

#[cfg(test)]
mod tests;
