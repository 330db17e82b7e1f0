//! NOPAR in the background, as another user: what is only root's to do is done here, and what listens is handed to a
//! process of that user.
//! Knows nothing of what is served.
//!
//! That process is a new one, which runs the same program from its beginning and becomes that user first of all
//! (`run_as`): what a fork would leave of threads, locks and rights of root does not come along. Root binds ports; what
//! is made in the file system to listen on, that process makes, as a directory may be the user's, who could have put a
//! link there.

use super::ground::Ground;
use super::run_files::{RunFiles, folders};
use super::upgrade::{UpgradeError, command, hand_all};
use super::{environment, own_files, run_as};
use crate::app;
use crate::config::Config;
use crate::handover::{PATIENCE, Taker};
use crate::listen::{ListenError, Sockets};
use crate::metrics;
use nix::unistd::{Uid, User};
use std::io;
use std::process::Stdio;

/// Why it is not there.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// It is nobody's.
    #[error(transparent)]
    RunAs(#[from] super::RunAsError),
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
    let user = run_as::user(name)?;
    let ground = Ground { user: user.uid.as_raw(), group: user.gid.as_raw() };
    ground.directory(&config.store.path)?;
    ground.directory(&config.cache.path)?;
    if let Some(file) = &config.log.file {
        ground.file(file)?;
    }
    let files = files_of_root(config, ground)?;
    let started = serve_as(config, &user, files.as_ref());
    if let (Err(_), Some(files)) = (&started, files) {
        files.discard();
    }
    started
}

fn serve_as(config: &Config, user: &User, files: Option<&RunFiles>) -> Result<(), DaemonError> {
    let sockets = sockets(config)?;
    let program = std::env::current_exe().map_err(DaemonError::Itself)?;
    let mut command = command(&program);
    run_as::tell(&mut command, user);
    command.stdout(Stdio::null());
    if config.log.file.is_some() {
        // Whoever started it is not to wait for the end of its words.
        command.stderr(Stdio::null());
    }
    let started = (|| -> Result<(), UpgradeError> {
        let mut taker = Taker::start(command)?;
        taker.able(PATIENCE)?;
        hand_all(&mut taker, &sockets.fds()?, files)?;
        taker.release(PATIENCE)?;
        Ok(())
    })();
    started.map_err(|source| DaemonError::Start { user: user.name.clone(), source })
}

/// What only root may bind, and the metrics' socket with it; the others, in the file system, are the user's to make.
fn sockets(config: &Config) -> Result<Sockets, DaemonError> {
    let sockets = Sockets::bind_inet(&config.server)?;
    // It stays with the sockets, and is served by who gets those.
    app::endpoint(config.metrics.listen, &sockets)?;
    Ok(sockets)
}

/// NOPAR's own files, where only root may make any; else the other process has its own. Their directory is there then: a
/// socket to listen on may be in it.
fn files_of_root(config: &Config, ground: Ground) -> Result<Option<RunFiles>, DaemonError> {
    let Some(folder) =
        folders(config.server.run_path.as_deref(), None, environment).into_iter().next()
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
