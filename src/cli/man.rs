//! `nopar man` on the command line.
//! Knows nothing of how a page is written.

use clap::Args;
use std::path::PathBuf;

/// Below the help of `nopar man`.
const AFTER_HELP: &str = "\
Read it now, or write all pages to where man looks for them:
  nopar man | man -l -
  nopar man --dir /usr/local/share/man/man1
The Debian package installs them: man nopar, man nopar-user.

Exit codes: 0, it is printed, or all pages are written; 1, they are not.";

/// Where it goes.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(after_help = AFTER_HELP)]
pub struct ManOptions {
    /// Write this page and one for each command to DIR, which is made if it is not there
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}
