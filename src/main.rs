//! The `nopar` binary: command line in, exit code out.

use nopar::allocator;
use nopar::app::{App, Stop};
use nopar::cli::owner::become_owner_of;
use nopar::cli::{Cli, Command, user};
use nopar::clock::Clock;
use nopar::config::{Config, Log, Sources};
use nopar::hosted;
use nopar::listen::{ListenError, Sockets};
use nopar::npm::PackageName;
use nopar::signing::{self, Signing};
use nopar::store::DiskStore;
use nopar::telemetry;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    allocator::give_back_large_buffers();
    let cli = Cli::parse_args();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("nopar: {problem}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "what these commands are for")]
fn run(cli: Cli) -> Result<(), Box<dyn std::error::Error>> {
    if matches!(cli.command, Command::PrintDefaultConfig) {
        print!("{}", Config::default_file());
        return Ok(());
    }
    let sources = Sources { env: environment()?, file: cli.config, ignore_saved: cli.ignore_saved };
    let config = Config::load(&sources)?;
    if matches!(cli.command, Command::CheckConfig) {
        config.warnings.iter().for_each(|warning| eprintln!("nopar: {warning}"));
        println!("the configuration is valid");
        return Ok(());
    }
    if matches!(cli.command, Command::PrintConfig) {
        config.warnings.iter().for_each(|warning| eprintln!("nopar: {warning}"));
        config.settings().iter().for_each(|setting| println!("{setting}"));
        return Ok(());
    }
    if cli.command.is_in_registry() {
        // Before anything is opened there, and any thread begins.
        become_owner_of(&config.store.path)?;
    }
    if let Command::Release(name) = cli.command {
        release(&config, &name)?;
        println!("{}", hosted::released(&name, &config.store.local_packages));
        return Ok(());
    }
    if let Command::Keys | Command::RotateKeys = cli.command {
        print!("{}", keys(&config, cli.command == Command::RotateKeys)?);
        return Ok(());
    }
    if let Command::User(action) = cli.command {
        let _log = log_of_command(config.log);
        print!("{}", user::run(&config.store.path, action)?);
        return Ok(());
    }
    serve(config)
}

/// The keys in the registry directory, once there is another one if that is asked for.
fn keys(config: &Config, rotate: bool) -> Result<String, Box<dyn std::error::Error>> {
    let path = &config.store.path;
    if !path.is_dir() {
        // A path that is mistyped is not made.
        let path = path.display();
        return Err(format!("there is no registry directory {path} (NOPAR_REGISTRY_PATH)").into());
    }
    let store = DiskStore::open(path)?;
    let signing = Signing::of_directory(path, Arc::new(store));
    let keys = match rotate {
        true => Some(signing.rotate(Clock::system().now())?),
        false => signing.look()?,
    };
    Ok(keys.map_or_else(|| signing::NONE.to_owned(), |keys| keys.told()))
}

fn release(config: &Config, name: &PackageName) -> Result<(), Box<dyn std::error::Error>> {
    let store = DiskStore::open(&config.store.path)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    Ok(runtime.block_on(hosted::release(&store, name))?)
}

/// Log output of a command: where that of NOPAR goes, if that is a file which is there. A file that a command made could
/// be another user's, and NOPAR would not start; and a command is not stopped by what becomes of its lines.
fn log_of_command(mut log: Log) -> Option<telemetry::Running> {
    log.file = log.file.filter(|file| file.is_file());
    let running = telemetry::start(&log);
    running.or_else(|_| telemetry::start(&Log { file: None, ..log })).ok()
}

/// The environment. Variables that are not NOPAR's may hold what they like.
fn environment() -> Result<BTreeMap<String, String>, String> {
    let mut env = BTreeMap::new();
    for (name, value) in std::env::vars_os() {
        match (name.into_string(), value.into_string()) {
            (Ok(name), Ok(value)) => drop(env.insert(name, value)),
            (Ok(name), Err(_)) if name.starts_with("NOPAR_") => {
                return Err(format!("{name}: its value is not UTF-8"));
            }
            _ => {}
        }
    }
    Ok(env)
}

fn serve(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    let stop = Stop::signals(telemetry::reopen)
        .map_err(|error| format!("signals cannot be heard: {error}"))?;
    // Held to the end: it writes the last lines, also those of what went wrong.
    let _log = telemetry::start(&config.log).map_err(|error| {
        let path = config.log.file.as_deref().unwrap_or_else(|| "".as_ref());
        format!("NOPAR_LOGFILE: {}: {error}", path.display())
    })?;
    config.warnings.iter().for_each(|warning| log::warn!("{warning}"));
    log::info!("nopar {}", env!("CARGO_PKG_VERSION"));
    raise_open_files();
    let sockets = sockets(&config)?;
    App::on(config, Clock::system(), sockets)?.run(stop);
    Ok(())
}

/// What the service manager has bound for NOPAR; else what the settings say.
fn sockets(config: &Config) -> Result<Sockets, ListenError> {
    if let Some(sockets) = Sockets::activated()? {
        log::info!(
            "the sockets are the service manager's: NOPAR_HOSTNAME, NOPAR_PORT and NOPAR_LISTEN are left aside"
        );
        return Ok(sockets);
    }
    Sockets::bind(&config.server)
}

/// Every connection is an open file, and the usual soft limit of 1,024 is from another time.
fn raise_open_files() {
    match rlimit::increase_nofile_limit(rlimit::INFINITY) {
        Ok(limit) => log::debug!("{limit} open files are allowed"),
        Err(error) => log::warn!("the limit of open files could not be raised: {error}"),
    }
}
