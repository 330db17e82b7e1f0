//! The configuration file: reading it, and writing the commented default one.

use super::mistakes::Mistakes;
use super::rules::{self, Rule};
use super::several::{self, Entry};
use super::table::{SETTINGS, Setting};
use super::trust::{self, Trust};
use super::who::Teams;
use std::path::Path;
use toml::{Table, Value};

/// The section that may be there several times.
pub(super) const UPSTREAM: &str = "upstream";

/// The section that rules go with.
pub(super) const ACCESS: &str = "access";

/// A value of the file: the setting and its text.
pub(super) type Found = (&'static Setting, String);

/// What a file holds.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) found: Vec<Found>,
    /// Its `[[upstream]]` tables.
    pub(super) upstreams: Vec<Entry>,
    /// Its `[teams]`, and its `[[rule]]` tables.
    pub(super) teams: Teams,
    pub(super) rules: Vec<Rule>,
    /// Its `[[trust]]` tables.
    pub(super) trust: Vec<Trust>,
}

/// Reads the file's values; whatever is wrong with it goes to `mistakes`.
pub(super) fn read(path: &Path, mistakes: &mut Mistakes) -> Contents {
    let shown = path.display().to_string();
    let mut contents = Contents::default();
    let Some(mut table) = parse(path, &shown, mistakes) else { return contents };
    (contents.teams, contents.rules) = rules(&mut table, &shown, mistakes);
    contents.trust = trust::take(&mut table, &shown, mistakes);
    for (section, values) in table {
        match values {
            Value::Table(values) => {
                contents.found.extend(found(&section, &values, &shown, mistakes))
            }
            Value::Array(entries) if section == UPSTREAM => {
                for (index, values) in entries.iter().enumerate() {
                    contents.upstreams.extend(entry(index + 1, values, &shown, mistakes));
                }
            }
            _ => unknown(&section, &shown, mistakes),
        }
    }
    contents
}

fn parse(path: &Path, shown: &str, mistakes: &mut Mistakes) -> Option<Table> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            mistakes.add(shown, format!("it cannot be read: {error}"));
            return None;
        }
    };
    match text.parse::<Table>() {
        Ok(table) => Some(table),
        Err(error) => {
            let is = |header: &str| text.lines().any(|line| line.trim() == header);
            let both = if is("[upstream]") && is("[[upstream]]") {
                "\nEither [upstream] or [[upstream]] is allowed, not both"
            } else {
                ""
            };
            // Of the line itself nothing is told: there may be a secret in it.
            let line = error.span().and_then(|span| text.get(..span.start));
            let line = line.map_or(1, |before| before.matches('\n').count() + 1);
            let problem = error.message();
            mistakes.add(shown, format!("it is not TOML, in line {line}: {problem}{both}"));
            None
        }
    }
}

/// The rules, which are taken out of the table together with the teams that they name.
fn rules(table: &mut Table, file: &str, mistakes: &mut Mistakes) -> (Teams, Vec<Rule>) {
    let teams = table.remove(rules::TEAMS);
    let teams = teams.map(|teams| rules::teams(&teams, file, mistakes)).unwrap_or_default();
    let Some(entries) = table.remove(rules::RULE) else { return (teams, Vec::new()) };
    let Value::Array(entries) = entries else {
        mistakes.add(format!("{} in {file}", rules::RULE), "[[rule]] is needed, for each rule");
        return (teams, Vec::new());
    };
    let numbered = entries.iter().enumerate();
    let rule = |(index, value)| rules::rule(index + 1, value, &teams, file, mistakes);
    let rules = numbered.filter_map(rule).collect();
    (teams, rules)
}

/// The settings of one table.
fn found(section: &str, values: &Table, file: &str, mistakes: &mut Mistakes) -> Vec<Found> {
    let key = |key: &str| format!("{section}.{key}");
    values.iter().filter_map(|(name, value)| one(&key(name), value, file, mistakes)).collect()
}

/// One of several upstreams.
fn entry(number: usize, values: &Value, file: &str, mistakes: &mut Mistakes) -> Option<Entry> {
    let place = several::place(number, file);
    let Value::Table(values) = values else {
        mistakes.add(format!("{UPSTREAM} in {place}"), "a table, [[upstream]], is allowed");
        return None;
    };
    let mut values = values.clone();
    let packages = several::packages(values.remove("packages").as_ref(), &place, mistakes);
    let found = found(UPSTREAM, &values, &place, mistakes);
    Some(Entry { number, packages, found })
}

fn one(key: &str, value: &Value, file: &str, mistakes: &mut Mistakes) -> Option<Found> {
    if key == several::PACKAGES {
        mistakes.add(
            format!("{key} in {file}"),
            "[upstream] is for all packages: [[upstream]] is needed",
        );
        return None;
    }
    let Some(setting) = SETTINGS.iter().find(|setting| setting.key == key) else {
        unknown(key, file, mistakes);
        return None;
    };
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        other => {
            let problem = format!(
                "a text, a number or true/false is allowed, not a TOML {}",
                other.type_str()
            );
            mistakes.add(format!("{key} in {file}"), problem);
            return None;
        }
    };
    Some((setting, text))
}

fn unknown(key: &str, file: &str, mistakes: &mut Mistakes) {
    let known = SETTINGS.iter().map(|setting| setting.key).chain([several::PACKAGES]);
    let hint =
        nearest(key, known).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    mistakes.add(format!("{key} in {file}"), format!("there is no such setting{hint}"));
}

/// The name that `text` is most likely a slip of.
pub(super) fn nearest<'a>(text: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distances = known.map(|name| (strsim::damerau_levenshtein(text, name), name));
    let (distance, name) = distances.min()?;
    (distance <= 3 && distance * 3 <= text.len()).then_some(name)
}

const HEAD: &str = "\
# NOPAR's configuration, every setting at its default.
# Each can also be set by the environment variable named with it, which goes first; what is saved on the
# settings page (in registry.json in the directory of hosted packages) goes before both.
# Empty means unset. Sizes: 512KiB, 10GiB, 5MB. Times: 500ms, 30s, 5m, 6h, 1d.
";

/// What follows the settings of the upstream.
const SEVERAL: &str = r#"
# Several upstreams: in place of [upstream], an [[upstream]] for each, with the keys above and the
# packages it is for. The most specific pattern decides; the one for * (or without packages) is for all
# others, and the only one that environment variables speak of.
#
# [[upstream]]
# packages = ["*"]
# url = "https://registry.example"
#
# [[upstream]]
# packages = ["@acme/*", "acme-*", "left-pad"]
# url = "https://npm.acme.example"
# token_file = "acme.token"
"#;

/// What follows the settings of access.
const RULES: &str = r#"
# Who may do what, where NOPAR_AUTH=users. The first rule that matches a name, in any case of letters, holds;
# what it does not say, and what no rule matches, is as in the last one here, but that create is as publish where
# it says only that. Lists: $all, $authenticated, $maintainers, users, team:NAME. What not everybody may read is hidden from those who may not, as if it
# were not there, and they may do nothing with it; and names in a scope are then this registry's own, as
# with NOPAR_LOCAL_PACKAGES.
#
# [teams]
# ui = ["ann", "bob"]
#
# [[rule]]
# packages = ["@acme/*"]
# read = ["$authenticated"]
# create = ["team:ui"]
# publish = ["team:ui"]
#
# [[rule]]
# packages = ["*"]
# read = ["$all"]
# create = ["$authenticated"]
# publish = ["$maintainers"]
# unpublish = ["$maintainers"]
"#;

/// What follows the rules.
const TRUST: &str = r#"
# Jobs that publish without a password (trusted publishing), where NOPAR_AUTH=users: who shows a token of this
# issuer, for this audience (npm:HOST, of NOPAR_BASE_URL, where it is not said), with all these claims, may publish
# these packages, and nothing else; or, with permission = "read", read them. A * at the end is for any end.
#
# [[trust]]
# issuer = "https://token.actions.githubusercontent.com"
# claims = { repository = "acme/ui", ref = "refs/heads/main" }
# packages = ["@acme/ui", "@acme/ui-*"]
# permission = "publish"
"#;

/// The commented file with every setting at its default.
pub(super) fn default_file() -> String {
    let mut text = HEAD.to_owned();
    let mut section = "";
    for setting in SETTINGS.iter() {
        let (of, key) = setting.key.split_once('.').unwrap_or(("", setting.key));
        if of != section {
            match section {
                UPSTREAM => text += SEVERAL,
                ACCESS => text.extend([RULES, TRUST]),
                _ => {}
            }
            text += &format!("\n[{of}]\n");
            section = of;
        }
        text += "\n";
        setting.doc.lines().for_each(|line| text += &format!("# {line}\n"));
        text += &format!("# {}\n#{key} = {}\n", setting.env, Value::from(setting.default));
    }
    text
}
