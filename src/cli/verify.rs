//! `nopar verify` on the command line.
//! Knows nothing of how anything is compared.

use clap::{Args, ValueEnum};

/// Below the help of `nopar verify`.
const AFTER_HELP: &str = "\
It reads the directories by itself (NOPAR_REGISTRY_PATH, NOPAR_CACHE_PATH), at
a low priority; NOPAR may go on serving and publishing meanwhile. With
--repair, copies that are broken are dropped, by the NOPAR that runs if one does,
and fetched again when somebody asks for them. What is published here exists
nowhere else: where that is damaged, it is said which file is to be put back from
a backup (nopar restore).

Exit codes: 0, all is well, or was mended; 1, something is damaged; 2, it could
not be found out.

  nopar verify                    all of it
  nopar verify --repair           ... and drop copies that are broken
  nopar verify --only registry    what was published here, with users and keys";

/// What is looked at, and what is done about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Args)]
#[command(after_help = AFTER_HELP)]
pub struct VerifyOptions {
    /// Drop copies that are broken from the cache
    #[arg(long)]
    pub repair: bool,
    /// Look at one of the two directories only
    #[arg(long, value_name = "WHICH")]
    pub only: Option<Only>,
    /// As JSON: a line for each thing that is wrong, and one for the sum at the end
    #[arg(long)]
    pub json: bool,
}

/// One of the two directories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// What was published here, with users, tokens, keys and settings
    Registry,
    /// Copies of what upstreams said
    Cache,
}
