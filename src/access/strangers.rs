//! Names that the configuration uses and that are no user's: slips, as a rule, and places that somebody else could take.
//! Knows nothing of what the names are used for.

use super::users::Roster;
use super::{Access, Denied};
use crate::config;
use std::collections::BTreeSet;

/// So many names are told of in a sentence.
const TOLD: usize = 10;

impl Access {
    /// A sentence for administrators who are no users, and one for the names in rules; none in the open mode. Blocks.
    ///
    /// # Errors
    /// [`Denied::Failed`] when the users cannot be read.
    pub fn strangers(&self, config: &config::Access) -> Result<Vec<String>, Denied> {
        match self.accounts() {
            Some(accounts) => Ok(of(config, &*accounts.roster()?)),
            None => Ok(Vec::new()),
        }
    }
}

/// The sentences.
fn of(config: &config::Access, roster: &Roster) -> Vec<String> {
    let rules = config.rules.iter();
    let lists = rules.flat_map(|rule| [&rule.read, &rule.create, &rule.publish, &rule.unpublish]);
    let ruled: BTreeSet<&String> = lists.flat_map(|who| &who.users).collect();
    let places = [("NOPAR_ADMINS", config.admins.iter().collect()), ("[[rule]]", ruled)];
    let sentences = places.into_iter().filter_map(|(place, names): (_, BTreeSet<&String>)| {
        let none = names.into_iter().filter(|name| roster.get(name).is_none());
        sentence(place, &none.map(String::as_str).collect::<Vec<_>>(), roster)
    });
    sentences.collect()
}

fn sentence(place: &str, names: &[&str], roster: &Roster) -> Option<String> {
    let (told, more) = names.split_at(names.len().min(TOLD));
    if told.is_empty() {
        return None;
    }
    let told = told.iter().map(|name| match roster.alike(name) {
        Some(alike) => format!("{name:?} (there is {alike:?})"),
        None => format!("{name:?}"),
    });
    let mut told = told.collect::<Vec<_>>().join(", ");
    if !more.is_empty() {
        told += &format!(" and {} more", more.len());
    }
    let are = if names.len() == 1 { "is no user" } else { "are no users" };
    Some(format!(
        "{place}: {told} {are} of this registry: see how the name is spelt, or add it by nopar user add"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Rule, Who};

    fn names(all: &[&str]) -> BTreeSet<String> {
        all.iter().map(ToString::to_string).collect()
    }

    fn told(admins: &[&str], ruled: &[&str], users: &[&str]) -> Vec<String> {
        let read = Who { users: names(ruled), ..Who::default() };
        let rules = vec![Rule { read, ..Rule::usual() }];
        let config = config::Access { admins: names(admins), rules, ..Config::default().access };
        let record = r#"{"password":"x","created":1,"changed":1}"#;
        let users: Vec<String> = users.iter().map(|name| format!("{name:?}:{record}")).collect();
        let roster = format!(r#"{{"users":{{{}}}}}"#, users.join(","));
        of(&config, &serde_json::from_str(&roster).unwrap())
    }

    #[test]
    fn names_of_nobody_are_told_by_their_place() {
        assert!(told(&["ann"], &["ann", "bob"], &["ann", "bob"]).is_empty());
        let said = told(&["ann"], &["bob", "carl"], &["bob", "Ann"]);
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("NOPAR_ADMINS: \"ann\" (there is \"Ann\") is no user"));
        assert!(said[1].starts_with("[[rule]]: \"carl\" is no user of this registry"), "{said:?}");
        let many: Vec<String> = (0..12).map(|number| format!("u{number:02}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let said = told(&many, &[], &[]);
        assert!(said[0].contains("\"u09\" and 2 more are no users"), "{said:?}");
    }
}
