//! Which upstream a package comes from: one name has one upstream.
//! Knows nothing of what upstreams are asked.

use super::{Issuers, SetUpError, Upstream};
use crate::config::{Config, Pattern};
use crate::counters::Counters;
use crate::npm::PackageName;
use std::collections::HashMap;
use std::sync::Arc;

/// The configured upstreams.
pub struct Upstreams {
    /// The default one first.
    all: Vec<Upstream>,
    choice: Choice,
    /// The same by patterns in lower case.
    lower: Choice,
    issuers: Arc<Issuers>,
}

impl Upstreams {
    /// The upstreams of `config`; `pseudonym` names this process in `Via` headers (RFC 9110 §7.6.3); what
    /// is asked of them is counted by `counters`.
    ///
    /// # Errors
    /// When one of them has a URL, user agent, token or certificate that cannot be used.
    pub fn new(
        config: &Config,
        pseudonym: &str,
        counters: &Arc<Counters>,
    ) -> Result<Upstreams, SetUpError> {
        let all = config.all_upstreams().map(|one| Upstream::new(one, pseudonym, counters));
        let patterns = || config.all_upstreams().map(|upstream| upstream.packages.as_slice());
        Ok(Upstreams {
            all: all.collect::<Result<_, _>>()?,
            choice: Choice::new(patterns(), str::to_owned),
            lower: Choice::new(patterns(), str::to_lowercase),
            issuers: Arc::new(Issuers::new(config, pseudonym, counters)?),
        })
    }

    /// Who makes ID tokens: no upstreams, but the way there is theirs.
    pub fn issuers(&self) -> &Arc<Issuers> {
        &self.issuers
    }

    /// All of them, the default one first.
    pub fn all(&self) -> &[Upstream] {
        &self.all
    }

    /// The upstream of a package: that of the most specific pattern that matches its name, or else the
    /// default one. Takes a few look-ups, however many upstreams and patterns there are.
    pub fn of(&self, name: &PackageName) -> &Upstream {
        &self.all[self.number_of(name)]
    }

    /// The number of that upstream: what tells it from the others for as long as NOPAR runs.
    pub fn number_of(&self, name: &PackageName) -> usize {
        self.choice.of(name.as_str())
    }

    /// Whether a name in lower case, or what all names of a scope begin with (`@acme/`), belongs by a pattern to another
    /// upstream than this one, other than the default one.
    pub fn is_of_another(&self, upstream: usize, beginning: &str) -> bool {
        let owner = self.lower.of(beginning);
        owner != 0 && owner != upstream
    }

    /// All of them with their numbers: those that are for certain packages, as they are configured, and then the default
    /// one.
    pub fn default_last(&self) -> impl Iterator<Item = (usize, &Upstream)> {
        let certain = self.all.iter().enumerate().skip(1);
        certain.chain(self.all.iter().enumerate().take(1))
    }

    /// The upstream with this number; `None` if there are not so many.
    pub fn numbered(&self, number: usize) -> Option<&Upstream> {
        self.all.get(number)
    }
}

/// Patterns, and which upstream each belongs to.
#[derive(Debug, Default)]
struct Choice {
    names: HashMap<Box<str>, usize>,
    prefixes: HashMap<Box<str>, usize>,
    /// The lengths of the prefixes in bytes, longest first, each once.
    lengths: Vec<usize>,
}

impl Choice {
    /// The choice among upstreams with these patterns, the default one's first, by what `spelled` makes of them.
    fn new<'a>(
        patterns: impl Iterator<Item = &'a [Pattern]>,
        spelled: fn(&str) -> String,
    ) -> Choice {
        let mut choice = Choice::default();
        for (upstream, patterns) in patterns.enumerate() {
            for pattern in patterns.iter().filter(|pattern| !pattern.is_all()) {
                let (table, text) = match pattern {
                    Pattern::Name(name) => (&mut choice.names, name.as_str()),
                    Pattern::Prefix(prefix) => (&mut choice.prefixes, prefix.as_str()),
                };
                table.insert(spelled(text).into(), upstream);
            }
        }
        choice.lengths = choice.prefixes.keys().map(|prefix| prefix.len()).collect();
        choice.lengths.sort_unstable_by(|a, b| b.cmp(a));
        choice.lengths.dedup();
        choice
    }

    fn of(&self, name: &str) -> usize {
        let by_prefix = || {
            let beginnings = self.lengths.iter().filter_map(|length| name.get(..*length));
            beginnings.into_iter().find_map(|beginning| self.prefixes.get(beginning))
        };
        self.names.get(name).or_else(by_prefix).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Pattern {
        Pattern::Name(PackageName::parse(text).unwrap())
    }

    fn prefix(text: &str) -> Pattern {
        Pattern::Prefix(text.to_owned())
    }

    #[test]
    fn the_most_specific_pattern_decides() {
        let patterns = [
            vec![Pattern::all(), name("@acme/open")],
            vec![prefix("@acme/"), name("left-pad")],
            vec![prefix("@acme/ui-"), prefix("a"), prefix("é")],
            vec![name("@acme/ui-kit"), prefix("acme-")],
        ];
        let choice = Choice::new(patterns.iter().map(Vec::as_slice), str::to_owned);
        for (name, expected) in [
            ("lodash", 0),
            ("@acme/open", 0),
            ("@acme/opens", 1),
            ("@acme/x", 1),
            ("@acme2/x", 0),
            ("left-pad", 1),
            ("left-pads", 0),
            ("@acme/ui-", 2),
            ("@acme/ui-button", 2),
            ("@acme/ui-kit", 3),
            ("@acme/ui-kits", 2),
            ("a", 2),
            ("acme-", 3),
            ("acme-x", 3),
            ("acme", 2),
            ("été", 2),
            ("日", 0),
            ("Acme-x", 0),
        ] {
            assert_eq!(choice.of(name), expected, "{name}");
        }
    }

    #[test]
    fn without_patterns_every_name_is_the_defaults() {
        let choice = Choice::new([&[][..]].into_iter(), str::to_owned);
        assert_eq!((choice.of("lodash"), choice.of("@acme/ui")), (0, 0));
    }
}
