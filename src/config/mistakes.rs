//! What is wrong with a configuration, all of it at once.

use std::fmt;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Environment variable, or key and file.
    pub key: String,
    /// What is wrong, and what is allowed.
    pub problem: String,
}

/// All mistakes of a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl Mistakes {
    pub(super) fn add(&mut self, key: impl Into<String>, problem: impl Into<String>) {
        self.0.push(Mistake { key: key.into(), problem: problem.into() });
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(f, "the configuration has {count} mistake{}", if count == 1 { "" } else { "s" })?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n  {}: {}", mistake.key, mistake.problem))
    }
}

impl std::error::Error for Mistakes {}
