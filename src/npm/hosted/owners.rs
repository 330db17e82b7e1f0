//! Who owns a package, and who likes it.
//! Knows nothing of what owners may do, nor whether there are such users.

use std::collections::HashSet;

use serde_json::value::RawValue;

use super::members::{self, Members};
use super::{ChangeError, HostedDocument, Moment, Person};

impl HostedDocument {
    /// The owners. What stands among them in documents of old and is no person is left out.
    pub fn maintainers(&self) -> Vec<Person> {
        let person = |raw: &&RawValue| serde_json::from_str(raw.get()).ok();
        self.listed_owners().iter().filter_map(person).collect()
    }

    /// Sets the owners.
    ///
    /// # Errors
    /// When there would be none, or one without a name, or too many. Some can always be left out.
    pub fn set_maintainers(
        &mut self,
        owners: &[Person],
        moment: Moment<'_>,
    ) -> Result<(), ChangeError> {
        self.set_owners(owners)?;
        self.date(moment);
        Ok(())
    }

    /// Whether a user likes the package.
    pub fn is_starred_by(&self, user: &str) -> bool {
        self.users().get(user).is_some_and(is_star)
    }

    /// Who likes the package.
    pub fn stars(&self) -> Vec<String> {
        let users = self.users();
        let stars = users.iter().filter(|(_, raw)| is_star(raw));
        stars.map(|(user, _)| user.to_owned()).collect()
    }

    /// Whether the same users like the package in a copy.
    pub(super) fn has_stars_of(&self, copied: &Members) -> bool {
        let held = self.users();
        let are_in = |stars: &Members, others: &Members| {
            let is_in = |user| others.get(user).is_some_and(is_star);
            stars.iter().all(|(user, raw)| !is_star(raw) || is_in(user))
        };
        are_in(&held, copied) && are_in(copied, &held)
    }

    pub(super) fn set_owners(&mut self, owners: &[Person]) -> Result<(), ChangeError> {
        if owners.is_empty() {
            return Err(ChangeError::LastOwner(self.name.clone()));
        }
        if owners.iter().any(|owner| owner.name.is_empty()) {
            return Err(ChangeError::NamelessOwner);
        }
        let list = members::raw(owners);
        if !self.only_loses_owners(owners) {
            self.check_owners(list.get().len())?;
        }
        self.members.put("maintainers", list);
        Ok(())
    }

    /// Whether these are fewer of the owners that there are. Their list may be the longer one all the same: in one of
    /// old, people may be without the members that are always written.
    fn only_loses_owners(&self, owners: &[Person]) -> bool {
        let held = self.maintainers();
        let held: HashSet<(&str, &str)> =
            held.iter().map(|it| (it.name.as_str(), it.email.as_str())).collect();
        let is_held = |it: &Person| held.contains(&(it.name.as_str(), it.email.as_str()));
        owners.len() < self.listed_owners().len() && owners.iter().all(is_held)
    }

    /// Sets whether a user likes the package.
    pub(super) fn star(&mut self, user: &str, starred: bool) -> Result<(), ChangeError> {
        let mut users = self.users();
        if starred {
            users.put_value(user, &true);
            self.check_stars(&users)?;
        } else {
            users.remove(user);
        }
        self.members.put_value("users", &users);
        Ok(())
    }

    /// Whether anything stands among the owners, be it a person or not.
    pub(super) fn has_owner(&self) -> bool {
        !self.listed_owners().is_empty()
    }

    fn listed_owners(&self) -> Vec<&RawValue> {
        let raw = self.members.get("maintainers");
        raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }

    pub(super) fn users(&self) -> Members {
        self.members.object("users").unwrap_or_default()
    }
}

/// Whether somebody likes a package: npm writes `true` for each who does.
pub(super) fn is_star(raw: &RawValue) -> bool {
    raw.get() == "true"
}
