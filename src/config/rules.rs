//! Who may do what with which packages: the `[[rule]]` and `[teams]` tables of the file.
//! Knows nothing of callers.

use super::mistakes::Mistakes;
use super::pattern::{self, Pattern};
use super::who::{self, Teams, Who};
use super::wrong::Wrong;
use toml::Value;

/// The section with the members of teams.
pub(super) const TEAMS: &str = "teams";
/// The section of a rule.
pub(super) const RULE: &str = "rule";

/// What some packages are for whom. Of several rules, the first that matches a name holds, all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// For which packages it is.
    pub packages: Vec<Pattern>,
    /// Who may see them.
    pub read: Who,
    /// Who may publish the first version of one.
    pub create: Who,
    /// Who may publish another version, and change what is there but its versions.
    pub publish: Who,
    /// Who may take versions back.
    pub unpublish: Who,
}

impl Rule {
    /// What holds where no other rule does: everybody reads, who is logged in creates, maintainers publish
    /// and unpublish.
    pub fn usual() -> Rule {
        Rule {
            packages: vec![Pattern::all()],
            read: Who::all(),
            create: Who::authenticated(),
            publish: Who::maintainers(),
            unpublish: Who::maintainers(),
        }
    }

    /// Whether a package is one that it is for, in any case of letters.
    pub fn matches(&self, name: &crate::npm::PackageName) -> bool {
        self.packages.iter().any(|pattern| pattern.matches_any_case(name))
    }
}

/// The teams of a file.
pub(super) fn teams(value: &Value, file: &str, mistakes: &mut Mistakes) -> Teams {
    let mut teams = Teams::new();
    let Value::Table(table) = value else {
        mistakes.add(format!("{TEAMS} in {file}"), "a table, [teams], is allowed");
        return teams;
    };
    for (team, members) in table {
        let key = format!("{TEAMS}.{team} in {file}");
        match texts(members) {
            Some(members) if members.iter().all(|member| who::is_user(member)) => {
                teams.insert(team.clone(), members.into_iter().map(str::to_owned).collect());
            }
            _ => mistakes.add(key, "a list of users is allowed, such as [\"ann\", \"bob\"]"),
        }
    }
    teams
}

/// One `[[rule]]`; `None` if it is a mistake.
pub(super) fn rule(
    number: usize,
    value: &Value,
    teams: &Teams,
    file: &str,
    mistakes: &mut Mistakes,
) -> Option<Rule> {
    let place = format!("{file} ([[{RULE}]] number {number})");
    let Value::Table(table) = value else {
        mistakes.add(format!("{RULE} in {place}"), "a table, [[rule]], is allowed");
        return None;
    };
    let before = mistakes.0.len();
    let mut rule = Rule { packages: Vec::new(), ..Rule::usual() };
    let mut creates = None;
    for (key, value) in table {
        let shown = format!("{RULE}.{key} in {place}");
        let Some(words) = texts(value) else {
            mistakes.add(shown, "a list of texts is allowed, such as [\"@acme/*\"]");
            continue;
        };
        match key.as_str() {
            "packages" => set(&mut rule.packages, patterns(&words), shown, mistakes),
            "read" => set(&mut rule.read, who::parse(&words, teams), shown, mistakes),
            "create" => {
                set(creates.get_or_insert_default(), who::parse(&words, teams), shown, mistakes);
            }
            "publish" => {
                set(&mut rule.publish, who::parse(&words, teams), shown, mistakes);
                // Whoever creates a package is its first maintainer.
                let publish = rule.publish.clone();
                let anybody = publish.authenticated || publish.maintainers;
                rule.create = Who { authenticated: anybody, maintainers: false, ..publish };
            }
            "unpublish" => set(&mut rule.unpublish, who::parse(&words, teams), shown, mistakes),
            _ => mistakes.add(
                shown,
                "there is no such key: packages, read, create, publish or unpublish is allowed",
            ),
        }
    }
    if let Some(create) = creates {
        rule.create = create;
    }
    if rule.packages.is_empty() && mistakes.0.len() == before {
        let problem = "it is missing: for which packages the rule is, such as [\"@acme/*\"]";
        mistakes.add(format!("{RULE}.packages in {place}"), problem);
    }
    (mistakes.0.len() == before).then_some(rule)
}

fn set<T>(place: &mut T, value: Result<T, Wrong>, key: String, mistakes: &mut Mistakes) {
    match value {
        Ok(value) => *place = value,
        Err(Wrong { part, problem, allowed }) => {
            let part = part.unwrap_or_default();
            mistakes.add(key, format!("{part:?} {problem}: {allowed}"));
        }
    }
}

fn patterns(words: &[&str]) -> Result<Vec<Pattern>, Wrong> {
    let one = |word: &&str| {
        pattern::parse(word).map_err(|wrong| Wrong { part: Some((*word).to_owned()), ..wrong })
    };
    words.iter().map(one).collect()
}

fn texts(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}
