//! `nopar completions` on the command line.
//! Knows nothing of how a shell completes.

use clap::Args;
use clap_complete::Shell;

/// Below the help of `nopar completions`.
const AFTER_HELP: &str = "\
Where the shells look for them:
  mkdir -p ~/.local/share/bash-completion/completions
  nopar completions bash > ~/.local/share/bash-completion/completions/nopar
  mkdir -p ~/.config/fish/completions
  nopar completions fish > ~/.config/fish/completions/nopar.fish
  nopar completions zsh > DIRECTORY/_nopar   a directory of $fpath
The Debian package installs those for bash, fish and zsh.

Exit codes: 0, they are printed; 2, there are none for such a shell.";

/// For whom they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args)]
#[command(after_help = AFTER_HELP)]
pub struct CompletionsOptions {
    /// The shell to complete for
    #[arg(value_enum)]
    pub shell: Shell,
}
