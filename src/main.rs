//! The `nopar` binary: command line in, exit code out.

use nopar::allocator;
use nopar::cli::owner::become_owner_of;
use nopar::cli::{Cli, Command, user};
use nopar::clock::Clock;
use nopar::config::{Config, Log, Sources};
use nopar::hosted;
use nopar::npm::PackageName;
use nopar::service;
use nopar::signing::{self, Signing};
use nopar::store::DiskStore;
use nopar::telemetry;
use std::collections::BTreeMap;
use std::path::PathBuf;
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
    if matches!(cli.command, Command::Serve) {
        return service::serve(sources);
    }
    if let Command::Upgrade(program) = cli.command {
        println!("{}", upgrade(&sources, program)?);
        return Ok(());
    }
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
    Ok(())
}

/// What came of an upgrade to that program, or to this one. The configuration says where NOPAR has its files, and nothing
/// else here: that of the one that runs may be in an environment that this command does not share.
#[expect(clippy::print_stdout, reason = "what this command is for")]
fn upgrade(
    sources: &Sources,
    program: Option<PathBuf>,
) -> Result<String, Box<dyn std::error::Error>> {
    let program = program.map_or_else(std::env::current_exe, Ok)?;
    // The NOPAR that runs is in another directory.
    let program =
        program.canonicalize().map_err(|error| format!("{}: {error}", program.display()))?;
    let run_path = match Config::load(sources) {
        Ok(config) => config.server.run_path,
        Err(_) => sources.env.get("NOPAR_RUN_PATH").map(PathBuf::from),
    };
    Ok(service::upgrade(run_path.as_deref(), &program, |step| println!("{step}"))?)
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
