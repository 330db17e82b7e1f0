//! The command line: what can be asked for, and how.
//! Knows nothing of settings, which are configuration, nor of how anything is done.

mod backup;
mod cache;
mod completions;
mod import;
mod lockfiles;
mod man;
mod status;
mod user;
mod verify;

pub use backup::{BackupOptions, RestoreOptions};
pub use cache::{CacheAction, GcOptions, LsOptions, RmOptions, Sort};
pub use completions::CompletionsOptions;
pub use import::{ImportAction, VerdaccioOptions};
pub use lockfiles::{CheckOptions, PrefetchOptions};
pub use man::ManOptions;
pub use status::StatusOptions;
pub use user::UserAction;
pub use verify::{Only, VerifyOptions};

use crate::npm::PackageName;
use clap::{CommandFactory, Parser, Subcommand};
use std::path::PathBuf;

/// What the command line says.
#[derive(Debug, PartialEq, Eq)]
pub struct Cli {
    /// The configuration file.
    pub config: Option<PathBuf>,
    /// Whether what was saved on the settings page is left out.
    pub ignore_saved: bool,
    /// What to do.
    pub command: Command,
}

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Serve the registry.
    Serve,
    /// Read the configuration, say what is wrong with it, and end.
    CheckConfig,
    /// Print the commented default configuration, and end.
    PrintDefaultConfig,
    /// Print every setting of the configuration with where it comes from, and end.
    PrintConfig,
    /// Do something else than serving, and end.
    Do(Action),
}

const AFTER_HELP: &str = "\
Without options NOPAR serves on http://localhost:5984/ what the registry
https://registry.yarnpkg.com holds, and keeps copies in ./cache; what is
published to it lies in ./registry.

Every setting is an environment variable, or a key of the file; the most used:
  NOPAR_HOSTNAME, NOPAR_PORT    where to listen
  NOPAR_FORWARDER_URL           the upstream registry
  NOPAR_CACHE_PATH, _SIZE       where copies are kept, and how many bytes of them
  NOPAR_LOCAL_PACKAGES          names that are this registry's own
  NOPAR_BASE_URL                the URL clients use, behind a reverse proxy
nopar --print-default-config shows them all, nopar --print-config what they are.
Where NOPAR is installed as a service (nopar.service, /etc/default/nopar,
/etc/nopar.toml), commands use the settings of the service; NOPAR_ variables go
before them. With another --config, or NOPAR_HOME, none of them counts.

Point a package manager at it:  npm config set registry http://localhost:5984/";

/// Below the help of `nopar release`.
const AFTER_RELEASE: &str = "\
On a terminal it says what will happen, and asks; --yes goes on without that.

  nopar release @acme/ui

Exit codes: 0, the name is given back; 1, it is not, and nothing has changed.";

/// Below the help of `nopar upgrade`.
const AFTER_UPGRADE: &str = "\
  install -m 755 nopar /usr/bin/nopar && nopar upgrade

Exit codes: 0, the new NOPAR serves; 1, it does not, and the old one goes on.";

/// Below the help of `nopar keys`.
const AFTER_KEYS: &str = "\
  nopar keys            which keys there are
  nopar keys rotate     make a new one

Exit codes: 0, they are listed, even if there are none yet; 1, they cannot be.";

/// Below the help of `nopar keys rotate`.
const AFTER_ROTATE: &str = "Exit codes: 0, there is a new key; 1, there is none.";

#[derive(Parser)]
#[command(name = "nopar", version, about = "The Node PAckage Registry & proxy", after_help = AFTER_HELP)]
struct Options {
    /// Read settings from FILE (also: NOPAR_CONFIG)
    #[arg(short, long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Leave out what was saved on the settings page (the way back in if it keeps NOPAR from starting)
    #[arg(long)]
    ignore_saved_settings: bool,
    /// Check the configuration and exit
    #[arg(long, conflicts_with_all = ["print_config", "print_default_config"])]
    check_config: bool,
    /// Print every setting as it is, with where that comes from, and exit; secrets are masked
    #[arg(long, conflicts_with = "print_default_config")]
    print_config: bool,
    /// Print a file with every setting, explained, at its default, and exit
    #[arg(long)]
    print_default_config: bool,
    #[command(subcommand)]
    action: Option<Action>,
}

/// What is done instead of serving.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub enum Action {
    /// Say whether a NOPAR is running, since when, where it listens, and whether it is well
    Status(StatusOptions),
    /// List, remove and sum up the copies of packages from upstream registries
    #[command(after_help = cache::AFTER_HELP, arg_required_else_help = true)]
    Cache {
        /// What is done with them
        #[command(subcommand)]
        action: CacheAction,
    },
    /// Fetch everything that lock files name, for when there is no network
    Prefetch(PrefetchOptions),
    /// Check whether everything that lock files name is here, and list what is missing
    Check(CheckOptions),
    /// Compare all that is kept with its digests
    ///
    /// That is what was published here, users, tokens and keys, and the cache.
    Verify(VerifyOptions),
    /// Keep all of the registry's directory elsewhere, while NOPAR runs
    ///
    /// Each backup after the first keeps what is new.
    Backup(BackupOptions),
    /// Put a backup back, once all of it is known to be whole
    Restore(RestoreOptions),
    /// Import packages and users from another registry
    #[command(arg_required_else_help = true)]
    Import {
        /// From which registry
        #[command(subcommand)]
        action: ImportAction,
    },
    /// Add, change, remove and list the users who may log in where NOPAR_AUTH=users
    #[command(after_help = user::AFTER_HELP, arg_required_else_help = true)]
    User {
        /// What is done with them
        #[command(subcommand)]
        action: UserAction,
    },
    /// List or change the keys that versions published here are signed with
    #[command(after_help = AFTER_KEYS)]
    Keys {
        /// What is done with them instead of listing them
        #[command(subcommand)]
        action: Option<KeysAction>,
        /// Print JSON: one object for each key
        #[arg(long, global = true)]
        json: bool,
    },
    /// Give the name of a package that was unpublished back to the upstream registry
    ///
    /// It is forgotten which versions there were: they may be published again. A name that NOPAR_LOCAL_PACKAGES claims
    /// stays this registry's own.
    #[command(after_help = AFTER_RELEASE)]
    Release {
        /// The package's name
        name: PackageName,
        /// Do not ask on a terminal whether to go on
        #[arg(short, long)]
        yes: bool,
    },
    /// Have this program take the place of the running NOPAR, without a pause
    ///
    /// It is found by its NOPAR_RUN_PATH, and goes on until the new one serves; what was going on there comes to its end
    /// there.
    #[command(after_help = AFTER_UPGRADE)]
    Upgrade {
        /// Another program than this one
        #[arg(long, value_name = "PATH")]
        binary: Option<PathBuf>,
    },
    /// Print shell completions for nopar
    Completions(CompletionsOptions),
    /// Print the manual page
    Man(ManOptions),
}

/// What is done with the keys instead of listing them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum KeysAction {
    /// Make a new key, which signs from now on, also in a NOPAR that runs
    ///
    /// The one before is offered on for what it has signed, and its private half is deleted.
    #[command(after_help = AFTER_ROTATE)]
    Rotate,
}

impl Action {
    /// Whether it works in the directory of the registry, beside whoever serves it.
    pub fn is_in_registry(&self) -> bool {
        match self {
            Action::Release { .. } | Action::Keys { .. } | Action::User { .. } => true,
            Action::Backup(_) | Action::Import { .. } | Action::Restore(_) | Action::Verify(_) => {
                true
            }
            Action::Status(_) | Action::Cache { .. } | Action::Upgrade { .. } => false,
            Action::Check(_) | Action::Prefetch(_) => false,
            Action::Completions(_) | Action::Man(_) => false,
        }
    }

    /// Whether it finds out if something is well: that it is not has an exit code of its own then.
    pub fn is_question(&self) -> bool {
        matches!(self, Action::Status(_) | Action::Backup(_) | Action::Check(_) | Action::Verify(_))
    }
}

impl Cli {
    /// Reads the process's arguments; prints help, version or what is wrong with them, and exits, if
    /// they ask for it.
    pub fn parse_args() -> Cli {
        Options::parse().into()
    }

    /// The whole definition, for completions and the manual page.
    pub fn definition() -> clap::Command {
        Options::command()
    }
}

impl From<Options> for Cli {
    fn from(options: Options) -> Cli {
        let command = match options.action {
            Some(action) => Command::Do(action),
            None if options.check_config => Command::CheckConfig,
            None if options.print_config => Command::PrintConfig,
            None if options.print_default_config => Command::PrintDefaultConfig,
            None => Command::Serve,
        };
        // What works in the registry beside who serves it needs none of that, and goes on without it.
        let is_in_registry = matches!(&command, Command::Do(action) if action.is_in_registry());
        let ignore_saved = options.ignore_saved_settings || is_in_registry;
        Cli { config: options.config, ignore_saved, command }
    }
}

#[cfg(test)]
mod tests;
