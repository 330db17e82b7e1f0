//! `nopar user …` on the command line.
//! Knows nothing of how users are kept.

use clap::Subcommand;

/// Below the help of `nopar user`.
pub(super) const AFTER_HELP: &str = "\
The users are in .nopar/users.json in the directory of the registry
(NOPAR_REGISTRY_PATH): run this with the settings that NOPAR runs with, as its
user or as root. Those of a NOPAR that is installed as a service are found:
  sudo nopar user add ann
NOPAR need not be stopped; what changes counts for its next request.

A password is asked for on a terminal; else it is the line on standard input:
  nopar user add ann < password.txt";

/// Below the help of `nopar user add`.
const AFTER_ADD: &str = "\
  sudo nopar user add ann --email ann@acme.example
  nopar user add ann < password.txt

Exit codes: 0, the user was added; 1, nothing was changed.";

/// Below the help of `nopar user passwd`.
const AFTER_PASSWD: &str = "\
  sudo nopar user passwd ann
  sudo nopar user passwd ann --reset-2fa

Exit codes: 0, the password was changed; 1, it was not, or their tokens could not
be ended.";

/// Below the help of `nopar user rm`.
const AFTER_RM: &str = "\
  sudo nopar user rm ann

Exit codes: 0, the user was removed; 1, there is none, or their tokens could not
be ended.";

/// Below the help of `nopar user ls`.
const AFTER_LS: &str = "\
  sudo nopar user ls
  sudo nopar user ls --json

Exit codes: 0, they are listed, even if there are none; 1, they cannot be.";

/// What is done with users.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum UserAction {
    /// Add a user; the password is asked for, or read from standard input
    #[command(after_help = AFTER_ADD)]
    Add {
        /// The user's name
        name: String,
        /// The user's e-mail address, which packages they publish will name
        #[arg(long, value_name = "ADDRESS", default_value = "", hide_default_value = true)]
        email: String,
    },
    /// Give a user another password, which ends their tokens; it is asked for, or read from standard input
    #[command(after_help = AFTER_PASSWD)]
    Passwd {
        /// The user's name
        name: String,
        /// End their second factor as well: they have lost it
        #[arg(long)]
        reset_2fa: bool,
    },
    /// Remove a user, and end their tokens; what they published stays
    #[command(after_help = AFTER_RM)]
    Rm {
        /// The user's name
        name: String,
    },
    /// List the users
    #[command(after_help = AFTER_LS)]
    Ls {
        /// Print JSON: one object for each user
        #[arg(long)]
        json: bool,
    },
}
