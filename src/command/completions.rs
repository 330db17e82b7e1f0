//! `nopar completions`: what has a shell complete the command line.
//! Knows nothing of any command.

use crate::cli::{Cli, CompletionsOptions};

/// A script of that shell.
pub(super) fn run(options: CompletionsOptions) -> String {
    let mut definition = Cli::definition();
    let name = definition.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut definition, name, &mut script);
    String::from_utf8(script).expect("the definition is text, and so is what is made of it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;
    use clap_complete::Shell;

    #[test]
    fn every_shell_gets_to_know_every_command() {
        let definition = Cli::definition();
        let commands: Vec<&str> = definition.get_subcommands().map(|it| it.get_name()).collect();
        assert!(commands.contains(&"user") && commands.contains(&"completions"), "{commands:?}");
        for shell in Shell::value_variants() {
            let script = run(CompletionsOptions { shell: *shell });
            for command in &commands {
                assert!(script.contains(command), "{shell}: {command}");
            }
            assert!(script.contains("print-default-config"), "{shell}");
        }
    }
}
