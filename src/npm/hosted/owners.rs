//! Who owns a package, and who likes it.
//! Knows nothing of what owners may do, nor whether there are such users.

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
    /// When there would be none, or one without a name, or too many.
    pub fn set_maintainers(
        &mut self,
        owners: &[Person],
        moment: Moment<'_>,
    ) -> Result<(), ChangeError> {
        self.set_owners(owners)?;
        self.date(moment);
        Ok(())
    }

    /// Sets whether a user likes the package. The revision stays as it is if that is known already.
    ///
    /// # Errors
    /// When too many like it.
    pub fn set_star(
        &mut self,
        user: &str,
        starred: bool,
        moment: Moment<'_>,
    ) -> Result<(), ChangeError> {
        if self.is_starred_by(user) != starred {
            self.star(user, starred)?;
            self.date(moment);
        }
        Ok(())
    }

    /// Whether a user likes the package.
    pub fn is_starred_by(&self, user: &str) -> bool {
        is_starred(&self.users(), user)
    }

    /// Who likes the package.
    pub fn stars(&self) -> Vec<String> {
        let users = self.users();
        let stars = users.iter().filter(|(_, raw)| is_star(raw));
        stars.map(|(user, _)| user.to_owned()).collect()
    }

    pub(super) fn set_owners(&mut self, owners: &[Person]) -> Result<(), ChangeError> {
        if owners.is_empty() {
            return Err(ChangeError::LastOwner(self.name.clone()));
        }
        if owners.iter().any(|owner| owner.name.is_empty()) {
            return Err(ChangeError::NamelessOwner);
        }
        let list = members::raw(owners);
        self.check_owners(list.get().len())?;
        self.members.put("maintainers", list);
        Ok(())
    }

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

    fn users(&self) -> Members {
        self.members.object("users").unwrap_or_default()
    }
}

/// Whether a user is among those who like a package.
pub(super) fn is_starred(users: &Members, user: &str) -> bool {
    users.get(user).is_some_and(is_star)
}

/// npm writes `true` for each.
fn is_star(raw: &RawValue) -> bool {
    raw.get() == "true"
}
