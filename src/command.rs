//! What each command does: from what the command line says to what is printed, and the exit code.
//! Knows nothing of requests, nor of how a process serves. One file per command.

mod backup;
mod cache;
mod check;
mod completions;
mod import;
mod installed;
mod keys;
mod man;
mod needs;
mod out;
mod owner;
mod prefetch;
mod progress;
mod prompt;
mod reach;
mod release;
mod restore;
mod status;
mod telling;
mod upgrade;
mod user;
mod verify;
mod words;

use self::installed::{Places, Taken};
use self::out::{Out, is_unread, remark};
use self::owner::become_owner_of;
use self::words::printable_lines;
use crate::app::check_host;
use crate::cli::{Action, Cli, Command};
use crate::config::{Config, Log, Place, Sources};
use crate::{service, telemetry};
use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;

/// Whatever keeps a command from being done: for who reads it.
type Problem = Box<dyn Error + Send + Sync>;

/// What came of a command that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// All is well.
    Well,
    /// What it was to find out is not as it should be: something is damaged, missing, or not ready.
    Unwell,
}

/// The exit code of a command that found out that something is not well, and of all others that could not be done.
const FAILURE: u8 = 1;
/// The exit code of a command that was to find out whether something is well, and could not.
const UNKNOWN: u8 = 2;

/// Does what the command line says, and serves if it says nothing; what is wrong is printed on standard error. Blocks.
pub fn run(cli: Cli) -> ExitCode {
    let is_question = matches!(&cli.command, Command::Do(action) if action.is_question());
    match done(cli) {
        Ok(Outcome::Well) => ExitCode::SUCCESS,
        Ok(Outcome::Unwell) => ExitCode::from(FAILURE),
        // Nothing was to be done but to print it, and whoever read it has read enough.
        Err(problem) if is_unread(problem.as_ref()) => ExitCode::SUCCESS,
        Err(problem) => {
            remark(&printable_lines(&problem.to_string()));
            ExitCode::from(if is_question { UNKNOWN } else { FAILURE })
        }
    }
}

fn done(cli: Cli) -> Result<Outcome, Problem> {
    let mut out = Out::text();
    match &cli.command {
        Command::PrintDefaultConfig => out.print(&Config::default_file())?,
        Command::Do(Action::Completions(options)) => out.print(&completions::run(*options))?,
        Command::Do(Action::Man(options)) => man::run(options, &mut out)?,
        _ => return configured(cli),
    }
    Ok(Outcome::Well)
}

/// All that needs a configuration.
fn configured(cli: Cli) -> Result<Outcome, Problem> {
    let not_text = |name| format!("{name}: its value is not UTF-8");
    let env = texts(std::env::vars_os()).map_err(not_text)?;
    let mut sources = Sources { env, file: cli.config, ignore_saved: cli.ignore_saved };
    let taken = match &cli.command {
        Command::Serve => None,
        // It finds the one that runs also without them.
        Command::Do(Action::Upgrade { .. }) => of_service(&mut sources).unwrap_or_default(),
        _ => of_service(&mut sources)?,
    };
    let done = obey(cli.command, &sources);
    match taken {
        Some(taken) => done.map_err(|problem| taken.told(problem)),
        None => done,
    }
}

fn of_service(sources: &mut Sources) -> Result<Option<Taken>, Problem> {
    installed::take(sources, &Places::of_machine())
}

fn obey(command: Command, sources: &Sources) -> Result<Outcome, Problem> {
    let mut out = Out::text();
    match command {
        Command::Serve => {
            service::serve(sources.clone()).map_err(|problem| problem.to_string())?;
            Ok(Outcome::Well)
        }
        Command::CheckConfig => checked(&Config::load(sources)?, &mut out),
        Command::PrintConfig => printed(&Config::load(sources)?, &mut out),
        // Its configuration may be that of the one that runs, which this process does not share.
        Command::Do(Action::Upgrade { binary }) => upgrade::run(sources, binary, &mut out),
        // These have two directories, whose owners may be two.
        Command::Do(Action::Backup(options)) => {
            backup::run(&Config::load(sources)?, sources.place(), &options)
        }
        Command::Do(Action::Restore(options)) => restore::run(&Config::load(sources)?, &options),
        Command::Do(Action::Import { action }) => import::run(Config::load(sources)?, action),
        Command::Do(action) => act(action, Config::load(sources)?),
        Command::PrintDefaultConfig => unreachable!("it needs no configuration"),
    }
}

fn act(action: Action, config: Config) -> Result<Outcome, Problem> {
    if action.is_in_registry() {
        // Before anything is opened there, and any thread begins.
        become_owner_of(&config.store.path)?;
    }
    let mut out = Out::text();
    match action {
        Action::Status(options) => return status::run(&config, options),
        Action::Cache { action } => return cache::run(&config, action),
        Action::Check(options) => return check::run(&config, &options),
        Action::Prefetch(options) => return prefetch::run(&config, &options),
        Action::Verify(options) => return verify::run(&config, options),
        Action::Release { name, yes } => out.line(&release::run(&config, &name, yes)?)?,
        Action::Keys { action, json } => out.print(&keys::run(&config, action, json)?)?,
        Action::User { action } => {
            let _log = log_of_command(config.log);
            out.print(&user::run(&config.store.path, config.access.auth, action)?)?;
        }
        Action::Backup(_)
        | Action::Completions(_)
        | Action::Import { .. }
        | Action::Man(_)
        | Action::Restore(_)
        | Action::Upgrade { .. } => {
            unreachable!("they are done by themselves")
        }
    }
    Ok(Outcome::Well)
}

fn checked(config: &Config, out: &mut Out) -> Result<Outcome, Problem> {
    config.warnings.iter().for_each(remark);
    check_hosts(config)?;
    out.line(match config.warnings.is_empty() {
        true => "the configuration is valid",
        false => "the configuration is valid, but see the warnings above",
    })?;
    Ok(Outcome::Well)
}

/// What a start would find out besides: names that lead nowhere, and addresses that are not this machine's. The settings page
/// saves none of them; an older NOPAR's did, and configurations move to other machines.
fn check_hosts(config: &Config) -> Result<(), Problem> {
    let server = &config.server;
    let usual = server.listens_on_host().then_some(("NOPAR_HOSTNAME", server.hostname.as_str()));
    let others = server.listen.iter().filter_map(Place::host);
    let others = others.map(|(host, _)| ("NOPAR_LISTEN", host));
    for (variable, host) in usual.into_iter().chain(others) {
        let told = |why| config.mistake(variable, format!("{host:?} {why}"));
        check_host(host).map_err(told)?;
    }
    Ok(())
}

fn printed(config: &Config, out: &mut Out) -> Result<Outcome, Problem> {
    config.warnings.iter().for_each(remark);
    config.settings().iter().try_for_each(|setting| out.line(setting))?;
    Ok(Outcome::Well)
}

/// Log output of a command: where that of NOPAR goes, if that is a file which is there. A file that a command made could
/// be another user's, and NOPAR would not start; and a command is not stopped by what becomes of its lines.
fn log_of_command(mut log: Log) -> Option<telemetry::Running> {
    log.file = log.file.filter(|file| file.is_file());
    let running = telemetry::start(&log);
    running.or_else(|_| telemetry::start(&Log { file: None, ..log })).ok()
}

/// Variables that are text. Those that are not NOPAR's may hold what they like.
///
/// # Errors
/// The name of one that is NOPAR's and is not.
fn texts(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<BTreeMap<String, String>, String> {
    let mut env = BTreeMap::new();
    for (name, value) in variables {
        match (name.into_string(), value.into_string()) {
            (Ok(name), Ok(value)) => drop(env.insert(name, value)),
            (Ok(name), Err(_)) if name.starts_with("NOPAR_") => return Err(name),
            _ => {}
        }
    }
    Ok(env)
}
