//! Who a rule is for: everybody, users, the members of teams, a package's maintainers.
//! Knows nothing of what they may do then.

use super::wrong::Wrong;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Teams by their names, with the names of their members.
pub type Teams = BTreeMap<String, BTreeSet<String>>;

/// How a team is named in a list.
const TEAM: &str = "team:";

/// Everybody, logged in or not.
const ALL: &str = "$all";
/// Everybody who is logged in.
const AUTHENTICATED: &str = "$authenticated";
/// The maintainers of the package.
const MAINTAINERS: &str = "$maintainers";

const ALLOWED: &str =
    "$all, $authenticated, $maintainers, team:NAME or the name of a user is allowed";

/// Who a rule is for. With nothing in it, nobody (but administrators).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// Everybody, logged in or not.
    pub all: bool,
    /// Everybody who is logged in.
    pub authenticated: bool,
    /// The maintainers of the package.
    pub maintainers: bool,
    /// These users, the members of teams among them.
    pub users: BTreeSet<String>,
}

impl Who {
    /// Everybody.
    pub fn all() -> Who {
        Who { all: true, ..Who::default() }
    }

    /// Who is logged in.
    pub fn authenticated() -> Who {
        Who { authenticated: true, ..Who::default() }
    }

    /// The maintainers of the package.
    pub fn maintainers() -> Who {
        Who { maintainers: true, ..Who::default() }
    }

    /// Whether it is for a user, or for nobody in particular (`None`); `maintains` says whether that one is a
    /// maintainer of the package.
    pub fn includes(&self, user: Option<&str>, maintains: bool) -> bool {
        let Some(user) = user else { return self.all };
        self.all
            || self.authenticated
            || (self.maintainers && maintains)
            || self.users.contains(user)
    }
}

/// As a list is written, each member of a team by name.
impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words =
            [(self.all, ALL), (self.authenticated, AUTHENTICATED), (self.maintainers, MAINTAINERS)];
        let words = words.into_iter().filter_map(|(is_in, word)| is_in.then_some(word));
        let all: Vec<&str> = words.chain(self.users.iter().map(String::as_str)).collect();
        f.write_str(if all.is_empty() { "nobody" } else { "" })?;
        f.write_str(&all.join(", "))
    }
}

/// Reads one word of a list. `$…` and `team:…` that mean nothing are mistakes, and not users of that name.
fn add(who: &mut Who, word: &str, teams: &Teams) -> Result<(), Wrong> {
    let wrong = |problem| Wrong { part: Some(word.to_owned()), ..Wrong::new(problem, ALLOWED) };
    match word {
        ALL => who.all = true,
        AUTHENTICATED => who.authenticated = true,
        MAINTAINERS => who.maintainers = true,
        _ => match word.strip_prefix(TEAM) {
            Some(team) => {
                let members = teams.get(team).ok_or(wrong("is no team of [teams]"))?;
                who.users.extend(members.iter().cloned());
            }
            None if is_user(word) => {
                who.users.insert(word.to_owned());
            }
            None => return Err(wrong("is nobody")),
        },
    }
    Ok(())
}

/// Reads the words of a list.
pub(super) fn parse(words: &[&str], teams: &Teams) -> Result<Who, Wrong> {
    let mut who = Who::default();
    words.iter().try_for_each(|word| add(&mut who, word.trim(), teams))?;
    Ok(who)
}

/// Whether a text can be the name of a user here: what begins with a `$` is a word of the rules, and what has a
/// colon or a slash cannot be logged in with.
pub(super) fn is_user(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && !text.starts_with('$')
        && !text.contains(|c: char| c.is_control() || matches!(c, ':' | '/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn teams() -> Teams {
        let members = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        [("ui".to_owned(), members(&["ann", "bob"])), ("none".to_owned(), members(&[]))].into()
    }

    #[test]
    fn a_list_is_for_those_in_it() {
        for (words, anonymous, ann, eve, maintainer) in [
            (&["$all"][..], true, true, true, true),
            (&["$authenticated"], false, true, true, true),
            (&["$maintainers"], false, false, false, true),
            (&["team:ui"], false, true, false, false),
            (&["team:none"], false, false, false, false),
            (&["ann", "$maintainers"], false, true, false, true),
            (&["eve", "team:ui"], false, true, true, false),
            (&[], false, false, false, false),
        ] {
            let who = parse(words, &teams()).ok().unwrap();
            assert_eq!(who.includes(None, false), anonymous, "{words:?}");
            assert_eq!(who.includes(Some("ann"), false), ann, "{words:?}");
            assert_eq!(who.includes(Some("eve"), false), eve, "{words:?}");
            assert_eq!(who.includes(Some("max"), true), maintainer, "{words:?}");
        }
    }

    #[test]
    fn a_word_that_means_nothing_is_a_mistake_and_no_user() {
        for word in ["$everybody", "$ALL", "team:", "team:gone", "", "a:b", "a/b", "a\nb"] {
            let wrong = parse(&["ann", word], &teams()).err().unwrap();
            assert_eq!(wrong.part.as_deref(), Some(word));
        }
    }
}
