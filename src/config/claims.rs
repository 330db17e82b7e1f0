//! Which names are this registry's own, hosted already or not.
//! Knows nothing of what is hosted.

use super::{Auth, Config, Pattern, Rule};

impl Config {
    /// The names that are claimed: by `NOPAR_LOCAL_PACKAGES`, and by each rule within a scope that hides its packages
    /// from anybody. Who has private packages in a scope wants none of it to be asked for elsewhere, by nobody; while a
    /// rule for a package of an upstream, or for all, restricts who may have what that has.
    pub fn claims(&self) -> Vec<Pattern> {
        let mut claims = self.store.local_packages.clone();
        if self.access.auth == Auth::Users {
            let hiding = self.access.rules.iter().filter(|rule| !rule.read.all);
            claims.extend(hiding.flat_map(scoped).cloned());
        }
        claims
    }
}

/// The patterns of a rule that match packages of one scope only.
fn scoped(rule: &Rule) -> impl Iterator<Item = &Pattern> {
    rule.packages.iter().filter(|pattern| match pattern {
        Pattern::Name(name) => name.scope().is_some(),
        Pattern::Prefix(prefix) => prefix.starts_with('@') && prefix.contains('/'),
    })
}
