//! How a command is called, in a line: its options with their values, and what else it takes.
//! Knows nothing of how a page is written.

use clap::{Arg, ArgAction, Command};

/// All that may stand behind the name of a command whose definition is built.
pub(super) fn of(command: &Command) -> String {
    let shown = || command.get_arguments().filter(|arg| !arg.is_hide_set());
    let options = shown().filter(|arg| !arg.is_positional()).map(option);
    let places = shown().filter(|arg| arg.is_positional()).map(place);
    let more = command.has_subcommands().then(|| match command.is_arg_required_else_help_set() {
        true => "COMMAND".to_owned(),
        false => "[COMMAND]".to_owned(),
    });
    options.chain(places).chain(more).collect::<Vec<_>>().join(" ")
}

/// `[-j|--jobs NUMBER]`, `[--package NAME]...`.
fn option(arg: &Arg) -> String {
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let names = [short, long].into_iter().flatten().collect::<Vec<_>>().join("|");
    let text = match arg.get_action().takes_values() {
        true => format!("{names} {}", value(arg)),
        false => names,
    };
    within(arg, &text)
}

/// `LOCKFILE...`, `[PATTERN]...`.
fn place(arg: &Arg) -> String {
    within(arg, &value(arg))
}

fn value(arg: &Arg) -> String {
    let id = || arg.get_id().as_str().to_uppercase();
    arg.get_value_names().map_or_else(id, |names| names.join(" "))
}

/// In brackets, if it may be left out, and with dots, if there may be several.
fn within(arg: &Arg, text: &str) -> String {
    let is_many = matches!(arg.get_action(), ArgAction::Append | ArgAction::Count);
    let dots = if is_many { "..." } else { "" };
    match arg.is_required_set() {
        true => format!("{text}{dots}"),
        false => format!("[{text}]{dots}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::arg;

    #[test]
    fn values_and_what_may_be_repeated_are_shown() {
        let mut command = Command::new("x").disable_help_flag(true).args([
            arg!(-j --jobs <NUMBER> "how many").required(false),
            arg!(--package <NAME> ... "which").required(false),
            arg!(--list "no value"),
            arg!(<DIR> "where"),
            arg!([PATTERN] ... "what"),
        ]);
        command.build();
        let expected = "[-j|--jobs NUMBER] [--package NAME]... [--list] DIR [PATTERN]...";
        assert_eq!(of(&command), expected);
    }
}
