//! `nopar import …` on the command line.
//! Knows nothing of what other registries keep.

use crate::npm::PackageName;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Below the help of `nopar import verdaccio`.
const AFTER_HELP: &str = "\
Packages that were published to that Verdaccio are imported with their versions,
tarballs, dist-tags, times, readme and deprecations; each tarball is compared with
its digests first. What it only proxied is not: NOPAR fetches that itself. Nothing
is overwritten, and a second run imports what is new. NOPAR need not be stopped;
stop Verdaccio, or run this again after its last publish.

Users are imported if their passwords are stored as bcrypt; others are named, for
`nopar user add`. Tokens are not imported, so everybody logs in again. Run this with
the settings that NOPAR runs with, as root or as the user who owns the registry:
  nopar import verdaccio --dry-run /etc/verdaccio
  nopar import verdaccio /etc/verdaccio

Exit codes: 0, all that was published there is here; 1, something is not, and
is named, or nothing could be done.";

/// From which registry.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum ImportAction {
    /// From Verdaccio 5 or 6: the packages that were published to it, and its users
    Verdaccio(VerdaccioOptions),
}

/// What is taken over from a Verdaccio, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(after_help = AFTER_HELP)]
pub struct VerdaccioOptions {
    /// The directory with its config.yaml, or its storage
    pub dir: PathBuf,
    /// Where its storage is, if config.yaml does not say so, or is for another machine
    #[arg(long, value_name = "DIR")]
    pub storage: Option<PathBuf>,
    /// Its file of users, if it is neither where config.yaml says nor next to it
    #[arg(long, value_name = "FILE", conflicts_with = "no_users")]
    pub htpasswd: Option<PathBuf>,
    /// Import only this package, even if nothing says that it was published there (may be given several times)
    #[arg(long, value_name = "NAME")]
    pub package: Vec<PackageName>,
    /// Who is to own packages without an owner, which is usually all of them (may be given several times); without it,
    /// the next user to publish to one becomes its owner
    #[arg(long, value_name = "USER")]
    pub owner: Vec<String>,
    /// Add versions also to packages that have versions here which Verdaccio does not have
    #[arg(long)]
    pub merge: bool,
    /// Do not import users
    #[arg(long)]
    pub no_users: bool,
    /// Check everything and say what would be done, but write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print JSON: a line for each package and each user, one for the suggested rules, and a summary
    #[arg(long)]
    pub json: bool,
}
