//! What a caller may do at most, whoever they are: the limits of the token they came with.
//! Knows nothing of rules, nor of how a token is kept.

use super::Permission;
use crate::config::Pattern;
use crate::npm::PackageName;
use std::sync::Arc;

/// What a caller may do at most. Who shows a password has no limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    read_only: bool,
    /// `None`: all.
    packages: Option<Arc<[Pattern]>>,
    is_grant: bool,
    /// For some addresses or some time only.
    is_bound: bool,
}

impl Limits {
    /// All that the user may do.
    pub fn none() -> Limits {
        Limits::default()
    }

    /// What the user may do, but with these packages only, and no more than read them if it is `read_only`. `None`
    /// is all packages.
    pub fn new(read_only: bool, packages: Option<Vec<Pattern>>) -> Limits {
        Limits { read_only, packages: packages.map(Arc::from), ..Limits::none() }
    }

    /// To read these packages, and, unless it is `read_only`, to publish them: this and nothing else, whatever the rules
    /// say of the caller, who is a job that a `[[trust]]` of the configuration is for.
    pub fn grant(read_only: bool, packages: Vec<Pattern>) -> Limits {
        let packages = Some(packages.into());
        Limits { read_only, packages, is_grant: true, ..Limits::none() }
    }

    /// The same of a token that is for some addresses or some time only, if it `is_bound`: what it does is to be none of
    /// what outlasts it.
    pub fn bound(self, is_bound: bool) -> Limits {
        Limits { is_bound, ..self }
    }

    /// Whether there are none.
    pub fn is_none(&self) -> bool {
        *self == Limits::none()
    }

    /// Whether nothing may be changed.
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Whether they are a job's: who has them is no user.
    pub fn is_grant(&self) -> bool {
        self.is_grant
    }

    /// Whether they leave this to a caller. To read what everybody may read is left to all: nobody asks here.
    pub fn allow(&self, permission: Permission, name: &PackageName) -> bool {
        let is_left = match permission {
            Permission::Read => true,
            Permission::Publish => !self.read_only,
            // A job adds versions. What is there is its people's.
            Permission::Change | Permission::Unpublish => !self.read_only && !self.is_grant,
            // Who has got hold of the token would stay an owner when it has ended.
            Permission::Own => self.is_none(),
        };
        let packages = self.packages.as_deref();
        is_left && packages.is_none_or(|all| all.iter().any(|pattern| pattern.matches(name)))
    }

    /// Whether they are themselves what allows it: no rule need do so.
    pub fn grants(&self, permission: Permission, name: &PackageName) -> bool {
        self.is_grant && self.allow(permission, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Permission; 5] = [
        Permission::Read,
        Permission::Publish,
        Permission::Change,
        Permission::Own,
        Permission::Unpublish,
    ];

    fn patterns(texts: &[&str]) -> Vec<Pattern> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    /// For which of the permissions it is said, in their order.
    fn check(limits: &Limits, name: &str, allowed: [bool; 5], granted: [bool; 5]) {
        let name: PackageName = name.parse().unwrap();
        assert_eq!(ALL.map(|it| limits.allow(it, &name)), allowed, "{limits:?} {name}");
        assert_eq!(ALL.map(|it| limits.grants(it, &name)), granted, "{limits:?} {name}");
    }

    #[test]
    fn limits_leave_what_they_do_not_take() {
        let none = [false; 5];
        check(&Limits::none(), "lodash", [true; 5], none);
        let read = [true, false, false, false, false];
        let all_but_owners = [true, true, true, false, true];
        check(&Limits::new(true, None), "lodash", read, none);
        let some = Limits::new(false, Some(patterns(&["@acme/*", "left-pad"])));
        check(&some, "@acme/ui", all_but_owners, none);
        check(&some, "left-pad", all_but_owners, none);
        check(&Limits::none().bound(true), "lodash", all_but_owners, none);
        check(&some, "lodash", none, none);
        check(&Limits::new(true, Some(patterns(&["@acme/*"]))), "@acme/ui", read, none);
        check(&Limits::new(false, Some(Vec::new())), "lodash", none, none);
    }

    #[test]
    fn a_grant_is_for_its_packages_and_takes_nothing_back() {
        let publish = [true, true, false, false, false];
        let grant = Limits::grant(false, patterns(&["@acme/ui"]));
        check(&grant, "@acme/ui", publish, publish);
        check(&grant, "@acme/x", [false; 5], [false; 5]);
        assert!(grant.is_grant() && !Limits::new(true, None).is_grant());
        let read = [true, false, false, false, false];
        check(&Limits::grant(true, patterns(&["@acme/*"])), "@acme/ui", read, read);
    }

    #[test]
    fn only_those_that_limit_nothing_are_none() {
        assert!(Limits::none().is_none() && Limits::new(false, None).is_none());
        assert!(!Limits::new(true, None).is_none() && Limits::new(true, None).is_read_only());
        assert!(!Limits::grant(false, patterns(&["*"])).is_none());
        assert!(!Limits::none().bound(true).is_none() && Limits::none().bound(false).is_none());
    }
}
