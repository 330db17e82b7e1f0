//! `nopar prefetch` and `nopar check` on the command line.
//! Knows nothing of lock files.

use clap::Args;
use std::path::PathBuf;

/// Below the help of `nopar prefetch`.
pub(super) const AFTER_PREFETCH: &str = "\
Of each package that a lock file names, the packument and the tarball are fetched as
for a client, for every platform, and compared with the digests in the lock file.
What is held and right is not fetched again: run it once more for what could not be
had. It works through the NOPAR that runs with the same settings, or alone where none
does.

Read are package-lock.json and npm-shrinkwrap.json (versions 1 to 3), pnpm-lock.yaml
(6 and 9), yarn.lock (of yarn 1, and of 2 and later) and bun.lock. What comes from git,
a folder or an address of its own is listed, and not fetched: no registry has it.

Exit codes: 0, all of it is here; 1, something is not, or could not be done.

  nopar prefetch package-lock.json ../other/pnpm-lock.yaml";

/// Below the help of `nopar check`.
pub(super) const AFTER_CHECK: &str = "\
It asks no upstream registry: what is here can be installed while none can be reached,
by clients that follow the lock file. A package counts as here with its packument,
which knows the version, and its tarball, which has the digests in the lock file.
nopar prefetch fetches what is missing, and its help says which lock files are read.

Exit codes: 0, all of it is here; 1, something is missing; 2, it cannot be told.

  nopar check package-lock.json && npm ci --registry=http://localhost:5984/";

/// As many are waited for at once at the most.
const MOST_JOBS: i64 = 32;

/// What is fetched, and how that is told.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(after_help = AFTER_PREFETCH)]
pub struct PrefetchOptions {
    /// The lock files; - is standard input
    #[arg(required = true, value_name = "LOCKFILE")]
    pub files: Vec<PathBuf>,
    /// How many packages are fetched at once
    #[arg(short, long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=MOST_JOBS))]
    pub jobs: u8,
    /// As JSON: a line for each that is not here ("missing") or of no registry ("other"), and at the end one in all
    /// ("summary")
    #[arg(long)]
    pub json: bool,
}

/// What is looked for, and how that is told.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(after_help = AFTER_CHECK)]
pub struct CheckOptions {
    /// The lock files; - is standard input
    #[arg(required = true, value_name = "LOCKFILE")]
    pub files: Vec<PathBuf>,
    /// As JSON: a line for each that is not here ("missing") or of no registry ("other"), and at the end one in all
    /// ("summary")
    #[arg(long)]
    pub json: bool,
}
