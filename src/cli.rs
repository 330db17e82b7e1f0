//! The command line.
//! Knows nothing of settings: those are configuration.

pub mod owner;
mod prompt;
pub mod user;

use crate::npm::PackageName;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use user::UserAction;

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
    /// Forget a package that was unpublished, and end.
    Release(PackageName),
    /// Tell which keys versions are signed with, and end.
    Keys,
    /// Make the key that signs from now on, and end.
    RotateKeys,
    /// Change or list the users, and end.
    User(UserAction),
    /// Have this program, or another, take the place of the NOPAR that runs, and end.
    Upgrade(Option<PathBuf>),
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

Point a package manager at it:  npm config set registry http://localhost:5984/";

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
#[derive(Subcommand)]
enum Action {
    /// Forget a package that was unpublished as a whole: its name is the upstream registry's again, unless
    /// NOPAR_LOCAL_PACKAGES claims it, and its versions may be published again
    Release {
        /// The package's name
        name: PackageName,
    },
    /// Add, change, remove and list the users who may log in where NOPAR_AUTH=users
    #[command(after_help = user::AFTER_HELP, arg_required_else_help = true)]
    User {
        #[command(subcommand)]
        action: UserAction,
    },
    /// Have this program take the place of the NOPAR that runs (the one whose NOPAR_RUN_PATH is the same), which goes on
    /// until the new one serves; what was going on there comes to its end there
    Upgrade {
        /// Another program than this one
        #[arg(long, value_name = "PATH")]
        binary: Option<PathBuf>,
    },
    /// List the keys that versions published here are signed with
    Keys {
        #[command(subcommand)]
        action: Option<KeysAction>,
    },
}

/// What is done with the keys instead of listing them.
#[derive(Subcommand)]
enum KeysAction {
    /// Make a new key, which signs from now on, also in a NOPAR that runs; the one before is offered on for what it
    /// has signed, and its private half is deleted
    Rotate,
}

impl Command {
    /// Whether it works in the directory of the registry, beside whoever serves it.
    pub fn is_in_registry(&self) -> bool {
        match self {
            Command::Release(_) | Command::Keys | Command::RotateKeys | Command::User(_) => true,
            Command::Serve
            | Command::CheckConfig
            | Command::PrintDefaultConfig
            | Command::PrintConfig
            | Command::Upgrade(_) => false,
        }
    }
}

impl Cli {
    /// Reads the process's arguments; prints help, version or what is wrong with them, and exits, if
    /// they ask for it.
    pub fn parse_args() -> Cli {
        Options::parse().into()
    }
}

impl From<Options> for Cli {
    fn from(options: Options) -> Cli {
        let command = match options.action {
            Some(Action::Release { name }) => Command::Release(name),
            Some(Action::Keys { action: None }) => Command::Keys,
            Some(Action::Keys { action: Some(KeysAction::Rotate) }) => Command::RotateKeys,
            Some(Action::User { action }) => Command::User(action),
            Some(Action::Upgrade { binary }) => Command::Upgrade(binary),
            None if options.check_config => Command::CheckConfig,
            None if options.print_config => Command::PrintConfig,
            None if options.print_default_config => Command::PrintDefaultConfig,
            None => Command::Serve,
        };
        // What works in the registry beside who serves it needs none of that, and goes on without it.
        let ignore_saved = options.ignore_saved_settings || command.is_in_registry();
        Cli { config: options.config, ignore_saved, command }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
        Options::try_parse_from([&["nopar"], arguments].concat()).map(Cli::from)
    }

    #[test]
    fn arguments_are_read() {
        let serve = Cli { config: None, ignore_saved: false, command: Command::Serve };
        assert_eq!(parse(&[]).unwrap(), serve);
        assert!(parse(&["--ignore-saved-settings", "--check-config"]).unwrap().ignore_saved);
        assert!(parse(&["keys"]).unwrap().ignore_saved);
        let cli = parse(&["--config", "x.toml", "--check-config"]).unwrap();
        assert_eq!(
            cli,
            Cli {
                config: Some("x.toml".into()),
                ignore_saved: false,
                command: Command::CheckConfig
            }
        );
        assert_eq!(parse(&["--print-config"]).unwrap().command, Command::PrintConfig);
        for other in ["--check-config", "--print-default-config"] {
            assert!(parse(&["--print-config", other]).is_err());
        }
        assert!(parse(&["--check-config", "--print-default-config"]).is_err());
        assert!(parse(&["--prot"]).is_err());
        let cli = parse(&["release", "@acme/ui"]).unwrap();
        assert_eq!(cli.command, Command::Release("@acme/ui".parse().unwrap()));
        assert_eq!(parse(&["keys"]).unwrap().command, Command::Keys);
        assert_eq!(parse(&["keys", "rotate"]).unwrap().command, Command::RotateKeys);
        assert!(parse(&["keys", "rotat"]).is_err());
        assert_eq!(parse(&["upgrade"]).unwrap().command, Command::Upgrade(None));
        let other = Command::Upgrade(Some("/opt/nopar".into()));
        assert_eq!(parse(&["upgrade", "--binary", "/opt/nopar"]).unwrap().command, other);
        assert!(parse(&["release"]).is_err() && parse(&["release", "../x"]).is_err());
    }

    #[test]
    fn users_are_named_and_passwords_are_no_arguments() {
        let user = |arguments: &[&str]| {
            parse(&[&["user"], arguments].concat()).map(|cli| match cli.command {
                Command::User(action) => action,
                other => panic!("{other:?}"),
            })
        };
        let (name, email) = ("ann".to_owned(), "ann@acme.example".to_owned());
        let added = user(&["add", "ann", "--email", "ann@acme.example"]).unwrap();
        assert_eq!(added, UserAction::Add { name: name.clone(), email });
        let added = user(&["add", "ann"]).unwrap();
        assert_eq!(added, UserAction::Add { name: name.clone(), email: String::new() });
        assert_eq!(
            user(&["passwd", "ann"]).unwrap(),
            UserAction::Passwd { name: name.clone(), reset_2fa: false }
        );
        assert_eq!(
            user(&["passwd", "ann", "--reset-2fa"]).unwrap(),
            UserAction::Passwd { name: name.clone(), reset_2fa: true }
        );
        assert!(parse(&["user", "ls", "-c", "x.toml"]).unwrap().config.is_some());
        assert_eq!(user(&["rm", "ann"]).unwrap(), UserAction::Rm { name });
        assert_eq!(user(&["ls"]).unwrap(), UserAction::Ls { json: false });
        assert_eq!(user(&["ls", "--json"]).unwrap(), UserAction::Ls { json: true });
        for wrong in [&["add"][..], &["add", "ann", "secret"], &["passwd", "ann", "secret"], &[]] {
            assert!(user(wrong).is_err(), "{wrong:?}");
        }
    }
}
