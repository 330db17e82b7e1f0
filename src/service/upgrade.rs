//! How another program takes the place of the NOPAR that runs.
//! Knows nothing of who ordered it.

use super::run_files::RunFiles;
use crate::handover::{HandOverError, PATIENCE, Taker};
use crate::listen::Sockets;
use crate::notify;
use crate::stop::StopHandle;
use log::{error, info};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::process::Command;

/// What the file with the process id is called when it is handed over.
pub(super) const PID_FILE: &str = "pid-file";
/// What the socket for orders is.
pub(super) const CONTROL: &str = "control";

/// What only this process is to have heard.
const OWN: [&str; 4] = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID"];

/// Why it did not come to that.
#[derive(Debug, thiserror::Error)]
pub enum UpgradeError {
    /// The other process does not serve.
    #[error(transparent)]
    HandOver(#[from] HandOverError),
    /// There is nothing to be handed over any more.
    #[error("NOPAR is stopping")]
    Stopping,
    /// It cannot be handed over.
    #[error("the sockets cannot be handed over: {0}")]
    Files(#[from] std::io::Error),
}

/// What is handed over, and who is told then.
pub(super) struct Upgrade {
    pub(super) sockets: Sockets,
    pub(super) files: RunFiles,
    pub(super) stop: StopHandle,
}

impl Upgrade {
    /// Starts the program, with the arguments of this process, and leaves when it serves; else goes on. Blocks. Returns its
    /// process id.
    pub(super) fn to(
        &self,
        program: &Path,
        tell: &mut dyn FnMut(&str),
    ) -> Result<u32, UpgradeError> {
        let done = self.try_to(program, tell);
        match &done {
            Ok(pid) => info!("upgrade: process {pid} serves from here on"),
            Err(why) => error!("upgrade: {} did not take over: {why}", program.display()),
        }
        done
    }

    fn try_to(&self, program: &Path, tell: &mut dyn FnMut(&str)) -> Result<u32, UpgradeError> {
        tell(&format!("starting {}", program.display()));
        let mut taker = Taker::start(command(program))?;
        info!("upgrade: {} starts as process {}", program.display(), taker.pid());
        taker.able(PATIENCE)?;
        tell("it is able to serve: it gets what NOPAR listens on");
        hand(&mut taker, &self.sockets, Some(&self.files))?;
        let pid = taker.pid();
        // First, as the manager listens to its main process only.
        notify::main_process(pid);
        if let Err(error) = taker.release(PATIENCE) {
            notify::main_process(std::process::id());
            return Err(error.into());
        }
        self.sockets.handed_on();
        self.stop.succeeded();
        Ok(pid)
    }
}

/// The program, started as this one was.
pub(super) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(std::env::args_os().skip(1));
    for name in OWN {
        command.env_remove(name);
    }
    command
}

/// Hands over what NOPAR listens on, and its files if it has any.
pub(super) fn hand(
    taker: &mut Taker,
    sockets: &Sockets,
    files: Option<&RunFiles>,
) -> Result<(), UpgradeError> {
    let given = sockets.fds()?;
    if given.is_empty() {
        return Err(UpgradeError::Stopping);
    }
    let mut things: Vec<(&str, BorrowedFd<'_>)> =
        given.iter().map(|one| (one.name.as_str(), one.fd.as_fd())).collect();
    if let Some(files) = files {
        things.push((PID_FILE, files.pid_file.as_fd()));
        things.push((CONTROL, files.socket.as_fd()));
    }
    Ok(taker.hand(&things, PATIENCE)?)
}
