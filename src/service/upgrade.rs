//! How another program takes the place of the NOPAR that runs.
//! Knows nothing of who ordered it.

use super::run_files::RunFiles;
use crate::handover::{HandOverError, PATIENCE, Taker};
use crate::listen::{Given, Sockets};
use crate::notify;
use crate::stop::StopHandle;
use log::{error, info};
use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::thread;

/// What the file with the process id is called when it is handed over.
pub(super) const PID_FILE: &str = "pid-file";
/// What the socket for orders is.
pub(super) const CONTROL: &str = "control";

/// What only this process is to have heard.
const OWN: [&str; 6] = [
    "LISTEN_PID",
    "LISTEN_FDS",
    "LISTEN_FDNAMES",
    "WATCHDOG_PID",
    USES_SAVED,
    super::run_as::VARIABLE,
];

/// The variable that says that what is saved on the settings page holds, whatever the arguments are: they are those of the
/// first process, and it may have been saved anew since.
pub(super) const USES_SAVED: &str = "USES_SAVED_SETTINGS_OF_NOPAR";

/// Why it did not come to that.
#[derive(Debug, thiserror::Error)]
pub enum UpgradeError {
    /// The other process does not serve.
    #[error(transparent)]
    HandOver(#[from] HandOverError),
    /// There is nothing to be handed over any more.
    #[error("NOPAR is stopping")]
    Stopping,
    /// All that runs beside it would end with it.
    #[error(
        "NOPAR is process 1 here, as in a container: whatever takes over would end with it; start another container in its place"
    )]
    First,
    /// It cannot be handed over.
    #[error("the sockets cannot be handed over: {0}")]
    Files(#[from] std::io::Error),
}

/// Why this process ends otherwise than it was asked to, if it does.
pub(super) type Failure = Mutex<Option<String>>;

/// What is handed over, and who is told then.
pub(super) struct Upgrade {
    pub(super) sockets: Sockets,
    /// Until they are another's.
    pub(super) files: Arc<Mutex<Option<RunFiles>>>,
    pub(super) stop: StopHandle,
    pub(super) ignores_saved: Arc<dyn Fn() -> bool + Send + Sync>,
    pub(super) failure: Arc<Failure>,
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
            Err(why) => {
                let why = why.to_string();
                let why: Vec<&str> = why.lines().map(str::trim).collect();
                error!("upgrade: {} did not take over: {}", program.display(), why.join(" "));
            }
        }
        done
    }

    fn try_to(&self, program: &Path, tell: &mut dyn FnMut(&str)) -> Result<u32, UpgradeError> {
        if std::process::id() == 1 {
            return Err(UpgradeError::First);
        }
        tell(&format!("starting {}", program.display()));
        let mut command = command(program);
        if !(self.ignores_saved)() {
            command.env(USES_SAVED, "yes");
        }
        let mut taker = Taker::start(command)?;
        info!("upgrade: {} starts as process {}", program.display(), taker.pid());
        taker.able(PATIENCE)?;
        tell("it is able to serve: it gets what NOPAR listens on");
        // Not under the lock: it may take its time, and a stop is not to wait for that.
        let files = self.files.lock().as_ref().map(RunFiles::try_clone).transpose()?;
        hand(&mut taker, &self.sockets, files.as_ref().ok_or(UpgradeError::Stopping)?)?;
        if self.stop.is_asked() {
            return Err(UpgradeError::Stopping);
        }
        let pid = taker.pid();
        self.give(taker, pid)?;
        Ok(pid)
    }

    /// The last step: all is that process's.
    fn give(&self, taker: Taker, pid: u32) -> Result<(), UpgradeError> {
        // First, as the manager listens to its main process only; and before that one may be gone, its files are not this
        // one's to remove.
        notify::main_process(pid);
        self.sockets.handed_on();
        let child = match taker.release(PATIENCE) {
            Ok(child) => child,
            Err(error) => {
                self.sockets.taken_over();
                if let Some(files) = &*self.files.lock()
                    && let Err(error) = files.note()
                {
                    error!("{} cannot be written: {error}", files.pid_path().display());
                }
                notify::main_process(std::process::id());
                return Err(error.into());
            }
        };
        self.stop.succeeded();
        // Should that one end before this has left, nothing here keeps another from being started in its place.
        self.sockets.close();
        drop(self.files.lock().take());
        let is_late = self.stop.is_asked();
        wait_for(child, self.stop.clone(), Arc::clone(&self.failure));
        if is_late && let Some(pid) = Pid::from_raw(pid.cast_signed()) {
            // Whoever asked this one meant whoever serves.
            let _ = kill_process(pid, Signal::TERM);
        }
        Ok(())
    }
}

/// Waits for the process that serves by now, for as long as this one is there: a service manager that has not started it
/// itself may not notice its end, but does when nothing is left of the service.
fn wait_for(mut child: Child, stop: StopHandle, failure: Arc<Failure>) {
    let wait = move || {
        let Ok(status) = child.wait() else { return };
        // It was asked to, or has a successor itself.
        if status.success() {
            return;
        }
        let pid = child.id();
        let why = format!("process {pid}, which had taken over, has ended ({status})");
        error!("{why}: this one ends as well");
        *failure.lock() = Some(why);
        // Nobody serves any more: the sooner it is started again, the better.
        stop.stop();
        stop.stop();
    };
    if let Err(error) = thread::Builder::new().name("successor".to_owned()).spawn(wait) {
        error!("no thread waits for the process that took over: {error}");
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

/// Hands over what NOPAR listens on, and its files.
fn hand(taker: &mut Taker, sockets: &Sockets, files: &RunFiles) -> Result<(), UpgradeError> {
    let given = sockets.fds()?;
    if given.is_empty() {
        return Err(UpgradeError::Stopping);
    }
    hand_all(taker, &given, Some(files))
}

/// Hands over these sockets, and NOPAR's files if it has any.
pub(super) fn hand_all(
    taker: &mut Taker,
    given: &[Given],
    files: Option<&RunFiles>,
) -> Result<(), UpgradeError> {
    let mut things: Vec<(&str, BorrowedFd<'_>)> =
        given.iter().map(|one| (one.name.as_str(), one.fd.as_fd())).collect();
    if let Some(files) = files {
        things.push((PID_FILE, files.pid_file.as_fd()));
        things.push((CONTROL, files.socket.as_fd()));
    }
    Ok(taker.hand(&things, PATIENCE)?)
}
