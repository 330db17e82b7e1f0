//! `nopar status` on the command line.
//! Knows nothing of how it is found out.

use clap::Args;

/// Below the help of `nopar status`.
const AFTER_HELP: &str = "\
It asks the NOPAR that has the same NOPAR_RUN_PATH. Exit codes: 0, it is running and
ready; 1, none is running, or it is stopping, or cannot write to its cache or store;
2, it cannot be asked.";

/// How it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args)]
#[command(after_help = AFTER_HELP)]
pub struct StatusOptions {
    /// Print JSON: one object
    #[arg(long)]
    pub json: bool,
}
