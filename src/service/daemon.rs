//! NOPAR in the background, as another user: what is only root's to do is done here, and what listens is handed to a
//! process of that user.
//! Knows nothing of what is served.
//!
//! That process is a new one, which runs the same program from its beginning: what a fork would leave of threads, locks
//! and rights of root does not come along.

use super::ground::Ground;
use super::run_files::{RunFiles, folders};
use super::upgrade::{UpgradeError, command, hand};
use super::{environment, own_files};
use crate::config::Config;
use crate::handover::{PATIENCE, Taker};
use crate::listen::{Address, ListenError, Sockets};
use crate::metrics;
use nix::unistd::{Uid, User};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Stdio;

/// Why it is not there.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
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
    /// No socket.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// No socket for metrics.
    #[error(transparent)]
    Metrics(#[from] metrics::BindError),
    /// A file is not there and cannot be made.
    #[error(transparent)]
    Ground(#[from] super::GroundError),
    /// Its own files are another process's.
    #[error(transparent)]
    Files(#[from] super::RunFilesError),
    /// This program cannot be found.
    #[error("NOPAR does not find itself: {0}")]
    Itself(#[source] io::Error),
    /// It does not serve.
    #[error("as user {user}: {source}")]
    Start {
        /// The user.
        user: String,
        /// Why.
        source: UpgradeError,
    },
}

/// Why NOPAR stays in the foreground although it is told whose process it is to be; `None` if it does not, or is not.
pub(super) fn stays(config: &Config) -> Option<&'static str> {
    config.server.run_as_user.as_ref()?;
    let is_set = |name| std::env::var_os(name).is_some();
    if is_set("NOTIFY_SOCKET") || is_set("LISTEN_FDS") {
        return Some("a service manager sees to who it is and where it runs");
    }
    (!Uid::effective().is_root()).then_some("only root becomes another user")
}

/// Has a process of that user serve, and returns when it does. Blocks.
pub(super) fn start(config: &Config, name: &str) -> Result<(), DaemonError> {
    let user = user(name)?;
    let (uid, gid) = (user.uid.as_raw(), user.gid.as_raw());
    let ground = Ground { user: uid, group: gid };
    ground.directory(&config.store.path)?;
    ground.directory(&config.cache.path)?;
    if let Some(file) = &config.log.file {
        ground.file(file)?;
    }
    let sockets = sockets(config, ground)?;
    let files = files_of_root(config, ground)?;
    let program = std::env::current_exe().map_err(DaemonError::Itself)?;
    let mut command = command(&program);
    command.uid(uid).gid(gid).stdout(Stdio::null());
    if config.log.file.is_some() {
        // Whoever started it is not to wait for the end of its words.
        command.stderr(Stdio::null());
    }
    let started = (|| -> Result<(), UpgradeError> {
        let mut taker = Taker::start(command)?;
        taker.able(PATIENCE)?;
        hand(&mut taker, &sockets, files.as_ref())?;
        taker.release(PATIENCE)?;
        Ok(())
    })();
    started.map_err(|source| DaemonError::Start { user: name.to_owned(), source })?;
    sockets.handed_on();
    Ok(())
}

fn user(name: &str) -> Result<User, DaemonError> {
    let unknown = |error: nix::Error| DaemonError::Unknown {
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
    user.ok_or_else(|| DaemonError::Nobody(name.to_owned()))
}

/// Everything that listens, bound by root.
fn sockets(config: &Config, ground: Ground) -> Result<Sockets, DaemonError> {
    let sockets = Sockets::bind(&config.server)?;
    for address in sockets.addresses() {
        if let Address::Unix(path) = address {
            ground.give(path)?;
        }
    }
    if let Some(address) = config.metrics.listen {
        let metrics = metrics::Endpoint::bind(address)?;
        let held = sockets.hold_metrics(metrics.socket());
        held.map_err(metrics::BindError::Inherited)?;
    }
    Ok(sockets)
}

/// NOPAR's own files, where only root may make any; else the other process has its own.
fn files_of_root(config: &Config, ground: Ground) -> Result<Option<RunFiles>, DaemonError> {
    let Some(folder) = folders(config.server.run_path.as_deref(), environment).into_iter().next()
    else {
        return Ok(None);
    };
    ground.directory(&folder)?;
    if !ground.is_roots(&folder) {
        return Ok(None);
    }
    let Some(files) = own_files(std::slice::from_ref(&folder), true)? else { return Ok(None) };
    ground.give_files(&files)?;
    Ok(Some(files))
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
        assert!(matches!(user("4294967290"), Err(DaemonError::Nobody(_))));
    }
}
