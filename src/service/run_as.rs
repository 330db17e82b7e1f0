//! The user that root has NOPAR be: looked up, and become, for good.
//! Knows nothing of what that user's process does.
//!
//! With all groups that the user is in besides its own: a key is often a group's to read (`root:ssl-cert`, 0640). Which
//! those are, the system has to be asked, so the process that root starts becomes the user by itself.

use nix::unistd::{Gid, Uid, User, getresgid, getresuid, initgroups, setgid, setuid};
use std::env;
use std::ffi::CString;
use std::io;
use std::process::Command;

/// The variable by which a process that root has started knows whom it is to become, first of all.
pub(super) const VARIABLE: &str = "TAKES_OVER_AS";

/// Nobody was become.
#[derive(Debug, thiserror::Error)]
pub enum RunAsError {
    /// There is no such user.
    #[error("NOPAR_RUNAS_USER: there is no user {0}")]
    Nobody(String),
    /// The system does not tell.
    #[error("NOPAR_RUNAS_USER: {name} cannot be looked up: {source}")]
    Unknown {
        /// The user.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// The system does not allow it.
    #[error("NOPAR_RUNAS_USER: NOPAR cannot become {name}: {source}")]
    Refused {
        /// The user.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// The way back is open.
    #[error(
        "NOPAR_RUNAS_USER: as {0}, NOPAR could become root again: the system does not take its rights away"
    )]
    Reversible(String),
}

/// The user of that name, or of that number.
pub(super) fn user(name: &str) -> Result<User, RunAsError> {
    let unknown = |error: nix::Error| RunAsError::Unknown {
        name: name.to_owned(),
        source: io::Error::from(error),
    };
    let by_number = || match name.parse() {
        Ok(number) => User::from_uid(Uid::from_raw(number)),
        Err(_) => Ok(None),
    };
    let user = match User::from_name(name).map_err(unknown)? {
        None => by_number().map_err(unknown)?,
        found => found,
    };
    user.ok_or_else(|| RunAsError::Nobody(name.to_owned()))
}

/// Has the program that is started become that user.
pub(super) fn tell(command: &mut Command, user: &User) {
    command.env(VARIABLE, &user.name);
}

/// Becomes whom root has told this process to; whether it was told to. To be called while there is one thread.
pub(super) fn become_told() -> Result<bool, RunAsError> {
    let Some(name) = env::var_os(VARIABLE) else { return Ok(false) };
    let user = user(&name.to_string_lossy())?;
    let refused = |error: nix::Error| RunAsError::Refused {
        name: user.name.clone(),
        source: io::Error::from(error),
    };
    let name = CString::new(user.name.as_str()).map_err(|_| refused(nix::Error::EINVAL))?;
    // In this order: each needs rights that the last one takes away.
    initgroups(&name, user.gid).map_err(refused)?;
    setgid(user.gid).map_err(refused)?;
    setuid(user.uid).map_err(refused)?;
    match is_for_good(user.uid, user.gid) {
        true => Ok(true),
        false => Err(RunAsError::Reversible(user.name)),
    }
}

/// Whether this process is nobody but that user, and stays so.
fn is_for_good(user: Uid, group: Gid) -> bool {
    let is_user = getresuid()
        .is_ok_and(|ids| [ids.real, ids.effective, ids.saved].iter().all(|id| *id == user));
    let is_group = getresgid()
        .is_ok_and(|ids| [ids.real, ids.effective, ids.saved].iter().all(|id| *id == group));
    is_user && is_group && (user.is_root() || setuid(Uid::from_raw(0)).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_known_by_name_and_by_number() {
        for name in ["root", "0"] {
            assert!(user(name).unwrap().uid.is_root(), "{name}");
        }
        let told = user("nobody-of-that-name").unwrap_err().to_string();
        assert_eq!(told, "NOPAR_RUNAS_USER: there is no user nobody-of-that-name");
        assert!(matches!(user("4294967290"), Err(RunAsError::Nobody(_))));
    }

    #[test]
    fn who_could_go_back_has_not_become_another() {
        let (user, group) = (Uid::effective(), Gid::effective());
        assert!(is_for_good(user, group));
        assert!(!is_for_good(Uid::from_raw(user.as_raw() + 1), group));
        assert!(!is_for_good(user, Gid::from_raw(group.as_raw() + 1)));
    }
}
