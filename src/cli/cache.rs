//! `nopar cache …` on the command line.
//! Knows nothing of how copies are kept.

use clap::{Args, Subcommand, ValueEnum};

/// Below the help of `nopar cache`.
pub(super) const AFTER_HELP: &str = "\
The cache holds copies of packages from upstream registries (NOPAR_CACHE_PATH). If a
NOPAR is running, it is asked through the socket in its NOPAR_RUN_PATH, and goes on
serving; if not, the directory itself is read. These commands never touch packages that
were published here; and whatever is removed is fetched again when it is next asked for.

  nopar cache ls 'lodash*'         what is held of these packages
  nopar cache rm lodash@4.17.21    have a version fetched again
  nopar cache stat                 how much there is, and how much there may be
  nopar cache gc --size 5GiB       make room

Exit codes: 0, it was done; 1, a pattern matched nothing, or it could not be done.";

/// What patterns mean.
const PATTERNS: &str = "\
A PATTERN is the name of a package (lodash, @types/node), the beginning of names followed
by a * ('@types/*', 'acme-*', '*'; quote it, so that the shell leaves it alone), or a name
and a version (lodash@4.17.21): the tarball and the attestations of that version, but not
the packument, which all versions share.";

/// What is done with the cache.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum CacheAction {
    /// List what is held: packuments, tarballs and so on
    #[command(after_help = ls_help())]
    Ls(LsOptions),
    /// Remove what is held of packages or versions; it is fetched again when it is next asked for
    #[command(after_help = rm_help())]
    Rm(RmOptions),
    /// Sum up what is held and how much there may be; if a NOPAR is running, with its hits and misses
    #[command(after_help = STAT_HELP)]
    Stat {
        /// Print JSON: one object
        #[arg(long)]
        json: bool,
    },
    /// Remove what nobody needs: from upstreams that the settings no longer name, damaged, or left behind
    #[command(after_help = GC_HELP)]
    Gc(GcOptions),
}

fn ls_help() -> String {
    format!(
        "{PATTERNS}

HITS and USED are counted from the start of the running NOPAR; listing something does not
count as use. With --json there is an object on each line; times are in ISO 8601, sizes in
bytes.

  nopar cache ls --sort size --packages | head
  nopar cache ls --json --tarballs '@types/*'

Exit codes: 0, all patterns matched something; 1, one did not, or nothing can be listed."
    )
}

fn rm_help() -> String {
    format!(
        "{PATTERNS}

Downloads of what is removed are not cut off. With --json there is an object on each line
for what was removed, and a summary at the end.

  nopar cache rm lodash '@types/*'
  nopar cache rm --dry-run 'acme-*'

Exit codes: 0, all patterns matched something; 1, one did not (the others were removed), or
nothing can be removed."
    )
}

const STAT_HELP: &str = "\
Sizes are of files on the disk. Hits are requests that were answered from the cache, misses
those that waited for an upstream, both since the running NOPAR was started.

  nopar cache stat --json

Exit codes: 0, it was summed up; 1, it could not be.";

const GC_HELP: &str = "\
It removes what came from an upstream that the settings no longer name, or no longer for
that package; files whose heads cannot be read (nopar verify finds damage further in); views
whose packument is gone; files that a newer one has replaced; and what a process that has
ended left unfinished. With --size, it then removes what was used least recently; if no NOPAR
is running, what was fetched first.

  nopar cache gc --dry-run
  nopar cache gc --size 5GiB

Exit codes: 0, it was done, also if there was nothing to do; 1, it could not be.";

/// What is listed, and how.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct LsOptions {
    /// Of which packages; of all if there is none
    #[arg(value_name = "PATTERN")]
    pub patterns: Vec<String>,
    /// In which order
    #[arg(long, value_enum, default_value_t = Sort::Name)]
    pub sort: Sort,
    /// In the opposite order
    #[arg(long)]
    pub reverse: bool,
    /// Tarballs only
    #[arg(long)]
    pub tarballs: bool,
    /// One line for each package and upstream, with sums
    #[arg(long)]
    pub packages: bool,
    /// Print JSON: one object on each line
    #[arg(long)]
    pub json: bool,
}

impl LsOptions {
    /// Whether nothing is left out of the list.
    pub fn is_all(&self) -> bool {
        self.patterns.is_empty() && !self.tarballs
    }
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    /// By package and version
    Name,
    /// The largest first
    Size,
    /// What was fetched first, first
    Age,
    /// What was confirmed last, first
    Confirmed,
    /// What was asked for most often, first
    Hits,
    /// What was used last, first
    Used,
}

/// What is removed.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct RmOptions {
    /// Of which packages
    #[arg(value_name = "PATTERN", required = true)]
    pub patterns: Vec<String>,
    /// Tell what would be removed, and remove nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON: one object on each line
    #[arg(long)]
    pub json: bool,
}

/// What is left.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct GcOptions {
    /// Leave this much at most: bytes, or a number with kB, MB, GB, KiB, MiB, GiB, …
    #[arg(long, value_name = "SIZE")]
    pub size: Option<String>,
    /// Tell what would be removed, and remove nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON: one object
    #[arg(long)]
    pub json: bool,
}
