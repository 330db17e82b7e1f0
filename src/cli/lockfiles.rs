//! `nopar prefetch` and `nopar check` on the command line.
//! Knows nothing of lock files.

use clap::Args;
use std::path::PathBuf;

/// Below the help of `nopar prefetch`.
pub(super) const AFTER_PREFETCH: &str = "\
It fetches the packument and the tarball of each package that a lock file names, for
every platform, as if a client had asked for them, and compares the tarball with the
digests in the lock file. What is here already is not fetched again, so if something
failed, just run it again. If a NOPAR with the same settings is running, it fetches;
if not, this command does.

It reads package-lock.json and npm-shrinkwrap.json (versions 1 to 3), pnpm-lock.yaml
(6 and 9), yarn.lock (of yarn 1, and of 2 and later) and bun.lock. What comes from git,
a folder or a URL of its own is listed, and not fetched: it is not from a registry.

Exit codes: 0, everything is here; 1, something is missing, or it failed.

  nopar prefetch package-lock.json ../other/pnpm-lock.yaml";

/// Below the help of `nopar check`.
pub(super) const AFTER_CHECK: &str = "\
It asks no upstream registry. What it finds can be installed from the lock file while no
upstream can be reached: the packument is here and lists the version, and the tarball is
here and has the digests in the lock file. The last line says if packuments are too old
for that, by NOPAR_STALE_IF_ERROR. An entry that NOPAR does not understand counts as
missing. nopar prefetch fetches what is missing; its help says which lock files can be read.

Exit codes: 0, everything is here; 1, something is missing; 2, it could not be found out.

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
    /// Print JSON: a line for each lock file, for each package that is missing or not from a registry, and a summary
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
    /// Print JSON: a line for each lock file, for each package that is missing or not from a registry, and a summary
    #[arg(long)]
    pub json: bool,
}
