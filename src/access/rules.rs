//! Who may do what with which packages, where not everybody may do everything.
//! Knows nothing of how a caller was found out, nor of which packages there are.

mod first;

#[cfg(test)]
mod tests;

use super::{Caller, Permission};
use crate::config::{Pattern, Rule, Who};
use crate::npm::PackageName;
use first::First;
use std::collections::BTreeSet;

/// What a caller is to a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is no such package here, or nobody maintains it.
    Nothing,
    /// It has maintainers, and the caller is none of them.
    Stranger,
    /// The caller is one of its maintainers.
    Maintainer,
}

/// The rules in their order, the usual one at their end; and who may do everything.
#[derive(Clone, Debug)]
pub struct Rules {
    rules: Vec<Rule>,
    first: First,
    /// Whether everybody may read everything.
    is_open: bool,
    admins: BTreeSet<String>,
    /// The names that any of it uses, in lower case.
    named: BTreeSet<String>,
}

impl Rules {
    /// These rules, of which the first that matches a name holds, and the usual one where none does; `admins` may do
    /// everything.
    pub fn new(mut rules: Vec<Rule>, admins: BTreeSet<String>) -> Rules {
        let lists = rules
            .iter()
            .flat_map(|rule| [&rule.read, &rule.create, &rule.publish, &rule.unpublish]);
        let named = lists.flat_map(|who| &who.users).chain(&admins);
        let named = named.map(|name| name.to_lowercase()).collect();
        rules.push(Rule::usual());
        let first = First::new(rules.iter().map(|rule| rule.packages.as_slice()));
        let is_open = rules.iter().all(|rule| rule.read.all);
        Rules { rules, first, is_open, admins, named }
    }

    /// Whether a caller may do that with a package of this name, to which they are what `standing` says. Who may not read
    /// it may do nothing with it.
    pub fn allow(
        &self,
        caller: &Caller,
        permission: Permission,
        name: &PackageName,
        standing: Standing,
    ) -> bool {
        self.allow_by(self.of(name), caller, permission, name, standing)
    }

    fn allow_by(
        &self,
        rule: &Rule,
        caller: &Caller,
        permission: Permission,
        name: &PackageName,
        standing: Standing,
    ) -> bool {
        let is_theirs = standing == Standing::Maintainer;
        // Whoever publishes the first version is its maintainer from then on.
        let is_first = permission == Permission::Publish && standing == Standing::Nothing;
        let may = |permission, who: &Who, is_theirs| {
            let (user, limits) = (caller.user(), caller.limits());
            let is_in = || {
                who.includes(user, is_theirs)
                    || self.is_admin(user)
                    || limits.grants(permission, name)
            };
            limits.allow(permission, name) && is_in()
        };
        // What all may read, also by a token that is for other packages: its owner could come without it.
        let may_read = rule.read.all || may(Permission::Read, &rule.read, is_theirs || is_first);
        let is_read = permission == Permission::Read;
        may_read && (is_read || may(permission, who(rule, permission, standing), is_theirs))
    }

    /// Whether everybody may read packages of this name: nobody need be asked who they are. Takes a few look-ups,
    /// however many rules there are.
    pub fn is_public(&self, name: &PackageName) -> bool {
        self.is_open || self.of(name).read.all
    }

    /// Whether the rule for this name is for all names: that one has to be logged in is no secret then.
    pub fn is_for_all(&self, name: &PackageName) -> bool {
        self.of(name).packages.iter().any(Pattern::is_all)
    }

    /// Whether it depends on what a caller is to the package whether they may do that, so that it need be found out.
    pub fn asks_standing(
        &self,
        caller: &Caller,
        permission: Permission,
        name: &PackageName,
    ) -> bool {
        let rule = self.of(name);
        let may = |standing| self.allow_by(rule, caller, permission, name, standing);
        let is_allowed = may(Standing::Nothing);
        may(Standing::Stranger) != is_allowed || may(Standing::Maintainer) != is_allowed
    }

    /// Whether a user may do everything.
    pub fn is_admin(&self, user: Option<&str>) -> bool {
        user.is_some_and(|user| self.admins.contains(user))
    }

    /// Whether a user of this name, or of one that differs in case only, is spoken of.
    pub fn names(&self, user: &str) -> bool {
        self.named.contains(&user.to_lowercase())
    }

    fn of(&self, name: &PackageName) -> &Rule {
        // The last one is for all names.
        &self.rules[self.first.of(name.as_str()).unwrap_or(self.rules.len() - 1)]
    }
}

/// Who may do that by a rule.
fn who(rule: &Rule, permission: Permission, standing: Standing) -> &Who {
    match permission {
        Permission::Read => &rule.read,
        Permission::Publish if standing == Standing::Nothing => &rule.create,
        Permission::Publish | Permission::Change => &rule.publish,
        // Maintainers may do what `$maintainers` may: who makes some, gives them all of that.
        Permission::Own | Permission::Unpublish => &rule.unpublish,
    }
}
