//! `nopar cache …` on the command line.
//! Knows nothing of how copies are kept.

use clap::{Args, Subcommand, ValueEnum};

/// Below the help of `nopar cache`.
pub(super) const AFTER_HELP: &str = "\
The cache holds copies of what upstream registries said (NOPAR_CACHE_PATH). A NOPAR
that runs is asked through the socket in its NOPAR_RUN_PATH, and goes on serving; where
none runs, the directory is looked at. Packages that are published here are no copies:
none of these commands touches them, and whatever is removed is fetched again when
somebody asks for it.

  nopar cache ls 'lodash*'         what is held of these packages
  nopar cache rm lodash@4.17.21    have a version fetched anew
  nopar cache stat                 how much there is, and how much there may be
  nopar cache gc --size 5GiB       make room

Exit codes: 0, it was done; 1, a pattern matched nothing, or it could not be done.";

/// What patterns mean.
const PATTERNS: &str = "\
A PATTERN is the name of a package (lodash, @types/node), the beginning of names with a
* behind it ('@types/*', 'acme-*', '*'; in quotes, so that the shell leaves it alone), or
a name and a version (lodash@4.17.21), which means its tarball and its attestations, but
not the packument, which is of all versions.";

/// What is done with the cache.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum CacheAction {
    /// List what is held: packuments, tarballs and what else there is of packages
    #[command(after_help = ls_help())]
    Ls(LsOptions),
    /// Remove what is held of packages or versions: it is fetched anew when somebody asks for it
    #[command(after_help = rm_help())]
    Rm(RmOptions),
    /// Sum up what is held, and how much there may be; where a NOPAR runs, with its hits and misses
    #[command(after_help = STAT_HELP)]
    Stat {
        /// As JSON: one object
        #[arg(long)]
        json: bool,
    },
    /// Remove what nobody needs: of upstreams that the settings do not name, damaged, or left behind
    #[command(after_help = GC_HELP)]
    Gc(GcOptions),
}

fn ls_help() -> String {
    format!(
        "{PATTERNS}

HITS and USED are known for what was asked for since the NOPAR that runs has started; to
list something is no use of it. With --json there is an object on each line; times are in
ISO 8601, sizes in bytes.

  nopar cache ls --sort size --packages | head
  nopar cache ls --json --tarballs '@types/*'

Exit codes: 0, all patterns matched something; 1, one did not, or nothing can be listed."
    )
}

fn rm_help() -> String {
    format!(
        "{PATTERNS}

What is being sent while it is removed is sent to its end. With --json there is an object on
each line for what was removed, and at the end one that sums it up.

  nopar cache rm lodash '@types/*'
  nopar cache rm --dry-run 'acme-*'

Exit codes: 0, all patterns matched something; 1, one did not (the others were removed), or
nothing can be removed."
    )
}

const STAT_HELP: &str = "\
Sizes are of files on the disk. Hits are requests that were answered from what was held,
misses those that waited for an upstream, both since the NOPAR that runs has started.

  nopar cache stat --json

Exit codes: 0, it was summed up; 1, it could not be.";

const GC_HELP: &str = "\
Removed are: what is of an upstream that the settings do not name any more, or not for that
package; files whose heads cannot be read (nopar verify finds damage further in); views of
packuments that are not held; files that a newer one has replaced; what a process that is
gone left unfinished. With --size, what was used least recently leaves after that: in the
order of use where a NOPAR runs, else in the order in which it was fetched.

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
    /// As JSON: one object on each line
    #[arg(long)]
    pub json: bool,
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
    /// What was found most often, first
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
    /// As JSON: one object on each line
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
    /// As JSON: one object
    #[arg(long)]
    pub json: bool,
}
