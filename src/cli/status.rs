//! `nopar status` on the command line.
//! Knows nothing of how it is found out.

use clap::Args;

/// Below the help of `nopar status`.
const AFTER_HELP: &str = "\
It asks the NOPAR whose NOPAR_RUN_PATH is the same. Exit codes: 0, it runs and is
ready; 1, none runs, or it is about to end, or cannot write its cache or store;
2, it cannot be asked.";

/// How it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args)]
#[command(after_help = AFTER_HELP)]
pub struct StatusOptions {
    /// As JSON
    #[arg(long)]
    pub json: bool,
}
