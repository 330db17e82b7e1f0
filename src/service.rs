//! NOPAR as a process: where it gets its sockets from, whom it tells that it serves, and how another takes its place.
//! Knows nothing of what is served.
//!
//! A process that serves has begun in one of three ways: by itself, which binds its sockets or has them from a service
//! manager; started by the NOPAR whose place it takes (`nopar upgrade`); or started by root, to serve as another user.
//! The last two are one to the process that is started: it takes over what is handed to it (`handover`).

mod asks;
mod control;
mod daemon;
mod ground;
mod look;
mod order;
mod run_as;
mod run_files;
mod upgrade;

pub use daemon::DaemonError;
pub use ground::{GroundError, is_roots};
pub use order::OrderError;
pub use run_as::RunAsError;
pub use run_files::RunFilesError;
pub use upgrade::UpgradeError;

use self::asks::Asks;
use self::control::{Followed, Order};
use self::look::State;
use self::run_files::RunFiles;
use self::upgrade::{Failure, Upgrade};
use crate::admin::{Administrator, Question};
use crate::app::{App, Opened, ReloadHandle, Reloads, Stop};
use crate::clock::Clock;
use crate::config::{Config, Place, Sources};
use crate::handover::{Giver, Handed};
use crate::listen::{Address, Given, ListenError, Sockets};
use crate::notify;
use crate::stop::StopHandle;
use crate::telemetry;
use log::{error, info, warn};
use parking_lot::Mutex;
use serde_json::Value;
use std::collections::BTreeSet;
use std::error::Error;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use tokio::runtime::Handle;

/// Whatever ends a process before it serves: for who reads it.
type Problem = Box<dyn Error>;

/// Serves what these sources say, until it is asked to end; or has another process do so, and returns when that does. Blocks.
///
/// # Errors
/// Whatever keeps NOPAR from serving.
pub fn serve(sources: Sources) -> Result<(), Problem> {
    // First of all: before anything is opened whose number one of these could have.
    let activated = Sockets::activated();
    // While there is one thread, and nothing is opened that the user may not.
    let became = run_as::become_told();
    if let Some(giver) = Giver::of_this_process()? {
        return taken_over(sources, giver, became);
    }
    became?;
    let config = Config::load(&sources)?;
    let stays = daemon::stays(&config);
    match &config.server.run_as_user {
        Some(user) if stays.is_none() => Ok(daemon::start(&config, user)?),
        _ => begun(config, sources, stays, activated),
    }
}

/// Has the NOPAR that runs replaced by this program, and returns what came of it, in words. Blocks. `folders` are those
/// in which it may have its files.
///
/// # Errors
/// When none is found, or it goes on as it was.
pub fn upgrade(
    folders: &[PathBuf],
    program: &Path,
    mut tell: impl FnMut(&str),
) -> Result<String, OrderError> {
    let order = Order::Upgrade { program: program.to_owned() };
    order::order(folders, &order, &mut tell)
}

/// Asks the NOPAR that runs, in the same way; `row` is given one answer after the other. Blocks.
///
/// # Errors
/// When none is found, it does not answer, or an answer cannot be passed on.
pub fn ask(
    folders: &[PathBuf],
    question: &Question,
    row: &mut dyn FnMut(Value) -> io::Result<()>,
) -> Result<(), OrderError> {
    order::ask(folders, question, row)
}

/// Where a NOPAR that runs may have its files, by where it is told to have them and has its copies, as far as that is
/// known.
pub fn folders(run_path: Option<&Path>, cache: Option<&Path>) -> Vec<PathBuf> {
    let mut folders = run_files::folders(run_path, cache, environment);
    // Where the unit has it, whose environment a command does not share.
    folders.push(PathBuf::from("/run/nopar"));
    // One that is known by two ways is looked into once.
    let mut seen = BTreeSet::new();
    folders.retain(|folder| seen.insert(folder.clone()));
    folders
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Serves with sockets of its own.
fn begun(
    config: Config,
    sources: Sources,
    stays: Option<&'static str>,
    activated: Result<Option<Sockets>, ListenError>,
) -> Result<(), Problem> {
    let process = Process::begin(&config, sources)?;
    if let Some(why) = stays {
        warn!("NOPAR_RUNAS_USER: NOPAR stays in the foreground, as the user who starts it: {why}");
    }
    let files = files_of(&config)?;
    if let Some(files) = &files {
        note(files);
    }
    let bound = || -> Result<App, Problem> {
        let sockets = sockets(&config, activated)?;
        Ok(App::on(config, Clock::system(), sockets)?)
    };
    match bound() {
        Ok(app) => process.run(app, files, None)?,
        Err(problem) => {
            if let Some(files) = files {
                files.remove();
            }
            return Err(problem);
        }
    }
    Ok(())
}

/// Serves with what another process hands over, once it does. Whatever is wrong is told there.
fn taken_over(
    mut sources: Sources,
    giver: Giver,
    became: Result<bool, RunAsError>,
) -> Result<(), Problem> {
    // The arguments are those of the first process: what was saved since holds, if it held there.
    sources.ignore_saved &= std::env::var_os(upgrade::USES_SAVED).is_none();
    // Whatever becomes of the other process and its terminal is not this one's affair.
    let _ = rustix::process::setsid();
    let failed = |problem: Problem| {
        giver.failed(&problem.to_string());
        problem
    };
    let is_of_root = became.map_err(|refused| failed(refused.into()))?;
    let begin = || -> Result<(Config, Process, Opened), Problem> {
        let config = Config::load(&sources)?;
        let process = Process::begin(&config, sources)?;
        let opened = Opened::open(config.clone(), Clock::system())?;
        Ok((config, process, opened))
    };
    let (config, process, opened) = begin().map_err(failed)?;
    let handed = giver.able()?;
    let serve = || -> Result<(App, Option<RunFiles>), Problem> {
        let (given, files) = belongings(handed)?;
        // Whoever started it had none that this user may have. Their directory may be that of a socket.
        let files = files.map_or_else(|| files_of(&config), |files| Ok(Some(files)))?;
        let sockets = match is_of_root {
            true => Sockets::completed(given, &config.server)?,
            false => Sockets::inherited(given)?,
        };
        warn_of_other_places(&config, &sockets);
        Ok((opened.listen_on(sockets)?, files))
    };
    let (app, files) = serve().map_err(failed)?;
    process.run(app, files, Some(giver))
}

/// NOPAR's own files, if there is a directory for them.
fn files_of(config: &Config) -> Result<Option<RunFiles>, RunFilesError> {
    let told = config.server.run_path.as_deref();
    let folders = run_files::folders(told, Some(&config.cache.path), environment);
    own_files(&folders, told.is_some())
}

/// The first of these directories that can be had, for NOPAR's own files.
fn own_files(folders: &[PathBuf], is_told: bool) -> Result<Option<RunFiles>, RunFilesError> {
    let mut why_not = Vec::new();
    for (at, folder) in folders.iter().enumerate() {
        match RunFiles::take(folder) {
            Ok(files) => {
                if is_told && at > 0 {
                    let (why_not, folder) = (why_not.join("; "), folder.display());
                    warn!("nopar.pid and nopar.sock are in {folder}: {why_not}");
                }
                return Ok(Some(files));
            }
            Err(taken) if taken.is_anothers() && is_told && at == 0 => return Err(taken),
            Err(other) => why_not.push(other.to_string()),
        }
    }
    let why_not = why_not.join("; ");
    match is_told {
        true => {
            warn!("there is no nopar.pid, nor can this NOPAR be upgraded while it runs: {why_not}")
        }
        false if !why_not.is_empty() => info!("{why_not}"),
        false => {}
    }
    Ok(None)
}

/// What the service manager has bound for NOPAR; else what the settings say.
fn sockets(
    config: &Config,
    activated: Result<Option<Sockets>, ListenError>,
) -> Result<Sockets, ListenError> {
    if let Some(sockets) = activated? {
        info!(
            "the sockets are the service manager's: NOPAR_HOSTNAME, NOPAR_PORT and NOPAR_LISTEN are left aside"
        );
        return Ok(sockets);
    }
    Sockets::bind(&config.server)
}

/// What was handed over, sorted.
fn belongings(handed: Vec<Handed>) -> Result<(Vec<Given>, Option<RunFiles>), Problem> {
    let (mut given, mut pid_file, mut control) = (Vec::new(), None, None);
    for (name, fd) in handed {
        match name.as_str() {
            upgrade::PID_FILE => pid_file = Some(File::from(fd)),
            upgrade::CONTROL => control = Some(control_of(fd)?),
            _ => given.push(Given { name, fd }),
        }
    }
    let files = pid_file.zip(control).map(|(pid_file, (socket, folder))| RunFiles {
        folder,
        pid_file,
        socket,
    });
    Ok((given, files))
}

/// Sockets are handed on as they are: who has configured other ports is told that those need a restart.
fn warn_of_other_places(config: &Config, sockets: &Sockets) {
    let inet = sockets.inet();
    let has = |port: u16| port == 0 || inet.iter().any(|address| address.port() == port);
    let server = &config.server;
    let on_host = server.listens_on_host() && !has(server.port);
    let elsewhere = server.listen.iter().any(|place| match place {
        Place::Host { port, .. } => !has(*port),
        Place::Unix(path) => !sockets.addresses().contains(&Address::Unix(path.clone())),
    });
    if on_host || elsewhere {
        let now: Vec<String> = sockets.addresses().iter().map(Address::to_string).collect();
        warn!(
            "an upgrade listens where NOPAR did, on {}: other places need a restart (NOPAR_PORT, NOPAR_LISTEN)",
            now.join(" and ")
        );
    }
    let metrics = sockets.metrics().ok().flatten().and_then(|it| it.local_addr().ok());
    if let Some(now) =
        metrics.filter(|now| config.metrics.listen.is_none_or(|it| it.port() != 0 && it != *now))
    {
        warn!(
            "an upgrade has metrics where they were, on {now}: NOPAR_METRICS_LISTEN needs a restart"
        );
    }
}

/// The socket for orders, and the directory it is in.
fn control_of(fd: OwnedFd) -> io::Result<(UnixListener, PathBuf)> {
    let socket = UnixListener::from(fd);
    let address = socket.local_addr()?;
    let folder = address.as_pathname().and_then(Path::parent).map(Path::to_owned);
    Ok((socket, folder.unwrap_or_default()))
}

/// A process that hears signals and has a log.
struct Process {
    stop: Stop,
    handle: StopHandle,
    reload: ReloadHandle,
    reloads: Reloads,
    /// What the configuration is read from, again when that is asked for.
    sources: Sources,
    /// Held to the end: it writes the last lines, also those of what went wrong.
    _log: telemetry::Running,
}

impl Process {
    fn begin(config: &Config, sources: Sources) -> Result<Process, Problem> {
        let (reload, reloads) = Reloads::channel();
        let asking = reload.clone();
        let (handle, stop) = Stop::signals(telemetry::reopen, move || asking.ask())
            .map_err(|error| format!("signals cannot be heard: {error}"))?;
        let log = telemetry::start(&config.log).map_err(|error| {
            let path = config.log.file.as_deref().unwrap_or_else(|| "".as_ref());
            format!("NOPAR_LOGFILE: {}: {error}", path.display())
        })?;
        config.warnings.iter().for_each(|warning| warn!("{warning}"));
        info!("nopar {}", env!("CARGO_PKG_VERSION"));
        raise_open_files();
        Ok(Process { stop, handle, reload, reloads, sources, _log: log })
    }

    /// Serves to the end.
    fn run(self, app: App, files: Option<RunFiles>, giver: Option<Giver>) -> Result<(), Problem> {
        let own = Own {
            files: Arc::new(Mutex::new(files)),
            sockets: app.sockets(),
            stop: self.handle,
            ignores_saved: Arc::new(app.ignores_saved()),
            failure: Arc::default(),
            administrator: Arc::new(app.administration()),
        };
        let look_again = app.cache_looker();
        let (files, reload) = (Arc::clone(&own.files), self.reload);
        let failure = Arc::clone(&own.failure);
        let app = app.when_serving(move |status| {
            let (status, runtime) = (status.to_owned(), Handle::current());
            match giver {
                None => own.begin(&status, runtime),
                // It waits for the other process.
                Some(giver) => aside("handover", move || match giver.serving() {
                    Ok(()) => {
                        own.sockets.taken_over();
                        own.begin(&status, runtime);
                        giver.known();
                        // Its files may have changed since they were read here.
                        reload.catch_up();
                        giver.ended();
                        // What it still downloaded lies in the cache, and is known to nobody here.
                        look_again();
                    }
                    Err(why) => {
                        error!("{why}: this one stops");
                        *own.failure.lock() = Some(why.to_string());
                        own.stop.stop();
                    }
                }),
            }
        });
        app.with_reloads(self.reloads, self.sources).run(self.stop);
        // A successor has them, if there is one.
        let files = files.lock().take();
        if let Some(files) = files {
            files.remove();
        }
        let failure = failure.lock().take();
        failure.map_or(Ok(()), |why| Err(why.into()))
    }
}

/// What is a process's own as long as no other serves in its place.
struct Own {
    files: Arc<Mutex<Option<RunFiles>>>,
    sockets: Sockets,
    stop: StopHandle,
    ignores_saved: Arc<dyn Fn() -> bool + Send + Sync>,
    failure: Arc<Failure>,
    administrator: Arc<dyn Administrator>,
}

impl Own {
    /// This process serves, and no other does in its place: tells it to whom it may concern, and hears orders.
    fn begin(&self, status: &str, runtime: Handle) {
        let files = self.files.lock();
        // Whoever hears that it serves may look for it there.
        files.iter().for_each(note);
        notify::ready(status);
        let Some(files) = &*files else { return };
        let control = files.socket.try_clone();
        let upgrade = Upgrade {
            sockets: self.sockets.clone(),
            files: Arc::clone(&self.files),
            stop: self.stop.clone(),
            ignores_saved: Arc::clone(&self.ignores_saved),
            failure: Arc::clone(&self.failure),
        };
        let asks = Asks::new(Arc::clone(&self.administrator), runtime);
        match control {
            Ok(socket) => aside("control", move || hear(&socket, &asks, &upgrade)),
            Err(error) => warn!("this NOPAR cannot be upgraded while it runs: {error}"),
        }
    }
}

/// Follows orders until another process serves.
fn hear(socket: &UnixListener, asks: &Asks, upgrade: &Upgrade) {
    control::hear(socket, Some(asks), |order, tell| match order {
        // Heard beside orders, before it comes here.
        Order::Ask(_) => Followed { told: Err("it is no order".to_owned()), goes_on: true },
        Order::Look => {
            let state = State::own(upgrade.stop.is_asked());
            Followed { told: Ok(state.to_string()), goes_on: true }
        }
        Order::Upgrade { program } => {
            let done = upgrade.to(&program, tell);
            let goes_on = done.is_err();
            let told = done.map(|pid| format!("process {pid} serves from now on"));
            Followed { told: told.map_err(|why| why.to_string()), goes_on }
        }
    });
}

fn note(files: &RunFiles) {
    if let Err(error) = files.note() {
        warn!("{} cannot be written: {error}", files.pid_path().display());
    }
}

fn aside(name: &str, work: impl FnOnce() + Send + 'static) {
    if let Err(error) = thread::Builder::new().name(name.to_owned()).spawn(work) {
        error!("no thread ({name}): {error}");
    }
}

/// Every connection is an open file, and the usual soft limit of 1,024 is from another time.
fn raise_open_files() {
    match rlimit::increase_nofile_limit(rlimit::INFINITY) {
        Ok(limit) => log::debug!("{limit} open files are allowed"),
        Err(error) => warn!("the limit of open files could not be raised: {error}"),
    }
}
