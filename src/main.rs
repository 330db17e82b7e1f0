//! The `nopar` binary: command line in, exit code out.

use nopar::app::{App, Stop};
use nopar::cli::{Cli, Command};
use nopar::clock::Clock;
use nopar::config::{Config, Sources};
use nopar::telemetry;
use std::process::ExitCode;

fn main() -> ExitCode {
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
    let sources = Sources { env: std::env::vars().collect(), file: cli.config };
    let config = Config::load(&sources)?;
    if matches!(cli.command, Command::CheckConfig) {
        config.warnings.iter().for_each(|warning| eprintln!("nopar: {warning}"));
        println!("the configuration is valid");
        return Ok(());
    }
    serve(config)
}

fn serve(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    telemetry::start(&config.log).map_err(|error| format!("NOPAR_LOGFILE: {error}"))?;
    config.warnings.iter().for_each(|warning| log::warn!("{warning}"));
    log::info!("nopar {}", env!("CARGO_PKG_VERSION"));
    raise_open_files();
    App::bind(config, Clock::system())?.run(Stop::signals());
    Ok(())
}

/// Every connection is an open file, and the usual soft limit of 1,024 is from another time.
fn raise_open_files() {
    match rlimit::increase_nofile_limit(rlimit::INFINITY) {
        Ok(limit) => log::debug!("{limit} open files are allowed"),
        Err(error) => log::warn!("the limit of open files could not be raised: {error}"),
    }
}
