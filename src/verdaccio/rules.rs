//! A Verdaccio's `packages:` as this registry's rules, as far as they can be said in those: a suggestion, for a person to read.
//! Knows nothing of what a rule does.

use super::settings::{Access, Settings};
use crate::npm::PackageName;
use std::collections::BTreeSet;
use std::fmt::Write;

/// What may be put into the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suggestion {
    /// Text in the form of the configuration file.
    pub text: String,
}

/// How a word is said here.
enum Word {
    /// So.
    Said(String),
    /// So, which is not quite the same, and why.
    Nearly(&'static str, &'static str),
    /// Not at all.
    Unsaid,
}

impl Suggestion {
    /// The rules of a configuration; `None` if it has none. `users` are the users there are: other words may be groups.
    pub fn of(settings: &Settings, users: &[String]) -> Option<Suggestion> {
        if settings.packages.is_empty() {
            return None;
        }
        let mut text = "[access]\nauth = \"users\"\n".to_owned();
        let local: Vec<String> = settings
            .packages
            .iter()
            .filter(|(pattern, access)| access.proxy.is_empty() && pattern != "**")
            .filter_map(|(pattern, _)| said_pattern(pattern).filter(|it| it != "*"))
            .collect();
        if !local.is_empty() {
            // Writing into a string does not fail, here and below.
            let _ = write!(text, "\n# No uplink is asked for these.\n[store]\nlocal_packages = ");
            let _ = writeln!(text, "{}", quoted(&local.join(", ")));
        }
        for (pattern, access) in &settings.packages {
            let _ = write!(text, "\n{}", rule(pattern, access, users));
        }
        Some(Suggestion { text })
    }
}

fn rule(pattern: &str, access: &Access, users: &[String]) -> String {
    let Some(packages) = said_pattern(pattern) else {
        return format!(
            "# {} has no counterpart here: a rule is for one name, or for all names with the same beginning.\n",
            quoted(pattern)
        );
    };
    let mut notes = Vec::new();
    if pattern == "*" {
        notes.push("In Verdaccio, this matched only names without a scope.".to_owned());
    }
    let unpublish = access.unpublish.as_ref().unwrap_or(&access.publish);
    let lists = [("read", &access.access), ("publish", &access.publish), ("unpublish", unpublish)];
    let lists = lists.map(|(key, words)| {
        let said: Vec<String> =
            words.iter().filter_map(|word| said_word(word, users, &mut notes)).collect();
        format!("{key} = [{}]\n", said.join(", "))
    });
    // Who may publish may also unpublish, as a rule: what there is to say of a word is said once.
    let mut told = BTreeSet::new();
    notes.retain(|note| told.insert(note.clone()));
    let notes: String = notes.iter().map(|note| format!("# {note}\n")).collect();
    format!("{notes}[[rule]]\npackages = [{}]\n{}", quoted(&packages), lists.concat())
}

/// A word of a list as it is said here, in quotes; what there is to say of that is noted.
fn said_word(word: &str, users: &[String], notes: &mut Vec<String>) -> Option<String> {
    match of_word(word) {
        Word::Said(said) => {
            let quoted = quoted(&said);
            if !said.starts_with('$') && !users.contains(&said) {
                notes.push(format!(
                    "{quoted} is not a known user: if it is a group, make it a team (\"team:NAME\")."
                ));
            }
            Some(quoted)
        }
        Word::Nearly(said, why) => {
            notes.push(why.to_owned());
            Some(quoted(said))
        }
        Word::Unsaid => {
            notes.push(format!("{} cannot be a user here, and is left out.", quoted(word)));
            None
        }
    }
}

/// A pattern as it is said here: a name, or the beginning of one and a `*`.
fn said_pattern(pattern: &str) -> Option<String> {
    let said = match pattern {
        "**" | "*" | "all" | "$all" => "*".to_owned(),
        "@*/*" | "@*/**" => "@*".to_owned(),
        _ => pattern.replace("**", "*"),
    };
    let (beginning, is_open) = match said.strip_suffix('*') {
        Some(beginning) => (beginning, true),
        None => (said.as_str(), false),
    };
    if beginning.contains(|c: char| "*?[]{}()!|+\\,\"".contains(c) || c.is_control()) {
        return None;
    }
    let is_name = |text: &str| PackageName::parse(text).is_ok();
    let begins = || ["x", "x/x"].iter().any(|rest| is_name(&format!("{beginning}{rest}")));
    if is_open { begins() } else { is_name(beginning) }.then_some(said)
}

fn of_word(word: &str) -> Word {
    match word {
        "$all" | "@all" | "all" => Word::Said("$all".to_owned()),
        "$authenticated" | "@authenticated" => Word::Said("$authenticated".to_owned()),
        "$anonymous" | "@anonymous" | "anonymous" => Word::Nearly(
            "$all",
            "$anonymous was only for those who are not logged in; here it is $all.",
        ),
        _ if word.starts_with('$') || word.contains([':', '/']) => Word::Unsaid,
        _ if word.contains(char::is_control) => Word::Unsaid,
        _ => Word::Said(word.to_owned()),
    }
}

/// A text of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggested(packages: &str, users: &[&str]) -> String {
        let settings = Settings::parse(&format!("packages:\n{packages}")).unwrap();
        let users: Vec<String> = users.iter().map(|user| (*user).to_owned()).collect();
        Suggestion::of(&settings, &users).unwrap().text
    }

    #[test]
    fn the_usual_configuration_becomes_rules() {
        let text = suggested(
            "  '@acme/*': { access: $authenticated, publish: ann staff, unpublish: ann }\n  \
               '@*/*': { access: $all, publish: $authenticated, proxy: npmjs }\n  \
               '**': { access: '@all', publish: $authenticated, proxy: npmjs }\n",
            &["ann"],
        );
        let expected = "\
[access]
auth = \"users\"

# No uplink is asked for these.
[store]
local_packages = \"@acme/*\"

# \"staff\" is not a known user: if it is a group, make it a team (\"team:NAME\").
[[rule]]
packages = [\"@acme/*\"]
read = [\"$authenticated\"]
publish = [\"ann\", \"staff\"]
unpublish = [\"ann\"]

[[rule]]
packages = [\"@*\"]
read = [\"$all\"]
publish = [\"$authenticated\"]
unpublish = [\"$authenticated\"]

[[rule]]
packages = [\"*\"]
read = [\"$all\"]
publish = [\"$authenticated\"]
unpublish = [\"$authenticated\"]
";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_cannot_be_said_is_said_to_be_so() {
        for pattern in ["*-plugin", "@{a,b}/*", "a?", "@(a|b)/x", "!x", "a*b*", "../*"] {
            let text = suggested(&format!("  '{pattern}': {{ access: $all }}\n"), &[]);
            assert!(
                text.contains("has no counterpart here") && !text.contains("[[rule]]"),
                "{text}"
            );
        }
        let text = suggested("  '*': { access: $anonymous, publish: 'a:b $team' }\n", &[]);
        assert!(
            text.contains("names without a scope") && text.contains("read = [\"$all\"]"),
            "{text}"
        );
        assert!(
            text.contains("\"a:b\" cannot be a user") && text.contains("publish = []"),
            "{text}"
        );
        assert_eq!(Suggestion::of(&Settings::default(), &[]), None);
    }
}
