//! `nopar completions` on the command line.
//! Knows nothing of how a shell completes.

use clap::Args;
use clap_complete::Shell;

/// Below the help of `nopar completions`.
const AFTER_HELP: &str = "\
Where each shell looks for them, for a user of this machine:
  nopar completions bash > ~/.local/share/bash-completion/completions/nopar
  nopar completions fish > ~/.config/fish/completions/nopar.fish
  nopar completions zsh > DIRECTORY/_nopar   a directory of $fpath
The Debian package has brought those of bash, fish and zsh along.";

/// For whom they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args)]
#[command(after_help = AFTER_HELP)]
pub struct CompletionsOptions {
    /// The shell that they are for
    #[arg(value_enum)]
    pub shell: Shell,
}
