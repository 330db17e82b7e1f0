//! `nopar backup` and `nopar restore` on the command line.
//! Knows nothing of how anything is copied.

use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Below the help of `nopar backup`.
const AFTER_BACKUP: &str = "\
DIR is made if it is not there; the directory above it has to be. It gets all of
the registry's directory (NOPAR_REGISTRY_PATH): packages, staged versions, users,
tokens, the signing key and the saved settings; and the configuration file, if
NOPAR has one. Not in it are the cache, and what is set by environment variables.
NOPAR may go on serving and publishing meanwhile: each package is in it as it was
at one moment.

Each backup after the first reads and keeps only what is new, and each can be
restored by itself. DIR holds secrets, and is open to nobody else.

Exit codes: 0, it is made; 1, it is made, and something in the registry is
damaged, or older backups could not be removed; 2, it is not made.

  nopar backup /backup/nopar             make one
  nopar backup /backup/nopar --keep 30   ... and forget all but the last 30
  nopar restore /backup/nopar --list     which there are";

/// Below the help of `nopar restore`.
const AFTER_RESTORE: &str = "\
It restores the last backup in DIR to the directory of the registry
(NOPAR_REGISTRY_PATH), which must not be there, or be empty. NOPAR must not run
on it. All is written beside it, compared with its digests, and looked at as
nopar verify does; only when all is whole, it takes its place. That cannot be a
mount point (a volume of a container): give a directory below it.

Exit codes: 0, it is restored, or (--dry-run) whole; 1, it is not, and nothing
has changed, or (--even-damaged) not all of it is.

  nopar restore /backup/nopar --list                which backups there are
  nopar restore /backup/nopar --dry-run             is the last one whole?
  nopar restore /backup/nopar                       restore it
  nopar restore /backup/nopar --replace             ... in place of what is there
  nopar restore /backup/nopar --to /tmp/registry    ... to look at it";

/// What is kept, and where.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(after_help = AFTER_BACKUP)]
pub struct BackupOptions {
    /// Where backups are
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Keep the last N backups, and remove those before them, unless something is damaged
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub keep: Option<NonZeroUsize>,
    /// Read all files again, also those that have not changed, and mend what is damaged in DIR
    #[arg(long)]
    pub full: bool,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// What is put back, and where.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(after_help = AFTER_RESTORE)]
pub struct RestoreOptions {
    /// Where backups are
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// List the backups that there are, and do nothing else
    #[arg(long, conflicts_with_all = ["snapshot", "to", "replace", "dry_run", "even_damaged", "configuration"])]
    pub list: bool,
    /// Restore this one, by its name in the list, instead of the last
    #[arg(long, value_name = "ID")]
    pub snapshot: Option<String>,
    /// Restore to another directory than that of the configuration
    #[arg(long, value_name = "DIRECTORY")]
    pub to: Option<PathBuf>,
    /// Move a registry that is there aside, under another name beside it; it is not removed
    #[arg(long)]
    pub replace: bool,
    /// Read all of the backup and compare it with its digests, and write nothing
    #[arg(long, conflicts_with_all = ["replace", "configuration"])]
    pub dry_run: bool,
    /// Go on if something is damaged, and restore what is not
    #[arg(long)]
    pub even_damaged: bool,
    /// Write the configuration file of that time to FILE, which must not be there
    #[arg(long, value_name = "FILE")]
    pub configuration: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// How many are kept: to keep none is to make a backup in vain.
fn at_least_one(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "a number, at least 1".to_owned())
}
