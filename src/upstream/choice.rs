//! Which upstream a package comes from: one name has one upstream.
//! Knows nothing of what upstreams are asked.
//!
//! The default one may be replaced while NOPAR serves. Whoever has begun with the one before goes on with it, and lets it
//! go; the next one has another number, so that what was remembered of the one before is not taken for what it said.

use super::{Issuers, SetUpError, Upstream};
use crate::config::{self, Config, Pattern};
use crate::counters::Counters;
use crate::npm::PackageName;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;

/// The configured upstreams.
pub struct Upstreams {
    /// Those that are for certain packages; their numbers begin with 1.
    certain: Vec<Arc<Upstream>>,
    now: RwLock<Now>,
    choice: Choice,
    /// The same by patterns in lower case.
    lower: Choice,
    pseudonym: String,
    counters: Arc<Counters>,
}

/// What the settings of the default upstream decide.
#[derive(Clone)]
struct Now {
    default: Arc<Upstream>,
    /// Its number: 0 at first, and later one that none had before.
    number: usize,
    issuers: Arc<Issuers>,
}

/// A default upstream that could take the place of the one there is.
pub struct Successor {
    default: Upstream,
    issuers: Issuers,
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
        let one = |one: &config::Upstream| Upstream::new(one, pseudonym, counters).map(Arc::new);
        let patterns = || config.all_upstreams().map(|upstream| upstream.packages.as_slice());
        let now = Now {
            default: one(&config.upstream)?,
            number: 0,
            issuers: Arc::new(Issuers::new(config, pseudonym, counters)?),
        };
        Ok(Upstreams {
            certain: config.upstreams.iter().map(one).collect::<Result<_, _>>()?,
            now: RwLock::new(now),
            choice: Choice::new(patterns(), str::to_owned),
            lower: Choice::new(patterns(), str::to_lowercase),
            pseudonym: pseudonym.to_owned(),
            counters: Arc::clone(counters),
        })
    }

    /// Makes a default upstream of another configuration, and does not ask it for anything yet.
    ///
    /// # Errors
    /// As of [`Upstreams::new`].
    pub fn successor(&self, config: &Config) -> Result<Successor, SetUpError> {
        let (pseudonym, counters) = (&self.pseudonym, &self.counters);
        let default = Upstream::new(&config.upstream, pseudonym, counters)?;
        Ok(Successor { default, issuers: Issuers::new(config, pseudonym, counters)? })
    }

    /// Has another default upstream be asked from now on. Whether that is another registry, and not the same by another
    /// way.
    pub fn replace(&self, successor: Successor) -> bool {
        let Successor { default, issuers } = successor;
        let mut now = self.now.write();
        let is_another = now.default.root() != default.root();
        let number = now.number.max(self.certain.len()) + 1;
        *now = Now { default: Arc::new(default), number, issuers: Arc::new(issuers) };
        is_another
    }

    /// Who makes ID tokens: no upstreams, but the way there is theirs.
    pub fn issuers(&self) -> Arc<Issuers> {
        Arc::clone(&self.now.read().issuers)
    }

    /// All of them with their numbers, the default one first.
    pub fn all(&self) -> Vec<(usize, Arc<Upstream>)> {
        let Now { default, number, .. } = self.now.read().clone();
        std::iter::once((number, default)).chain(self.certain()).collect()
    }

    fn certain(&self) -> impl Iterator<Item = (usize, Arc<Upstream>)> {
        self.certain.iter().enumerate().map(|(index, one)| (index + 1, Arc::clone(one)))
    }

    /// The upstream of a package: that of the most specific pattern that matches its name, or else the
    /// default one. Takes a few look-ups, however many upstreams and patterns there are.
    pub fn of(&self, name: &PackageName) -> Arc<Upstream> {
        self.chosen(self.choice.of(name.as_str()))
    }

    /// The default one for 0, else one of certain packages.
    fn chosen(&self, choice: usize) -> Arc<Upstream> {
        let certain = choice.checked_sub(1).and_then(|index| self.certain.get(index));
        certain.map_or_else(|| Arc::clone(&self.now.read().default), Arc::clone)
    }

    /// The number of that upstream: what tells it from the others for as long as NOPAR runs.
    pub fn number_of(&self, name: &PackageName) -> usize {
        match self.choice.of(name.as_str()) {
            0 => self.now.read().number,
            certain => certain,
        }
    }

    /// Whether a name in lower case, or what all names of a scope begin with (`@acme/`), belongs by a pattern to another
    /// upstream than this one, other than the default one.
    pub fn is_of_another(&self, upstream: usize, beginning: &str) -> bool {
        let owner = self.lower.of(beginning);
        owner != 0 && owner != upstream
    }

    /// All of them with their numbers: those that are for certain packages, as they are configured, and then the default
    /// one.
    pub fn default_last(&self) -> Vec<(usize, Arc<Upstream>)> {
        let mut all = self.all();
        all.rotate_left(1);
        all
    }

    /// The upstream with this number; of a default one that was replaced, the one in its place.
    pub fn numbered(&self, number: usize) -> Arc<Upstream> {
        self.chosen(number)
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

    fn configured(url: &str) -> Config {
        use std::io::Write;
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let certain =
            "[[upstream]]\npackages = [\"@acme/*\"]\nurl = \"https://npm.acme.example\"\n";
        let text = format!("{certain}[[upstream]]\nurl = \"{url}\"\n");
        file.write_all(text.as_bytes()).unwrap();
        let file = Some(file.path().to_owned());
        Config::load(&config::Sources { file, ..config::Sources::default() }).unwrap()
    }

    #[test]
    fn another_default_upstream_has_another_number_and_nobody_loses_the_one_before() {
        let first = configured("https://a.example");
        let upstreams = Upstreams::new(&first, "nopar", &Arc::new(Counters::new(1))).unwrap();
        let (lodash, own) = ("lodash".parse().unwrap(), "@acme/ui".parse().unwrap());
        let before = upstreams.of(&lodash);
        assert_eq!((upstreams.number_of(&lodash), upstreams.number_of(&own)), (0, 1));
        for number in [3, 5] {
            let root = format!("https://b{number}.example");
            let next = upstreams.successor(&configured(&root)).unwrap();
            assert!(upstreams.replace(next));
            let again = upstreams.successor(&configured(&root)).unwrap();
            assert!(!upstreams.replace(again), "the same registry");
            assert_eq!((upstreams.number_of(&lodash), upstreams.number_of(&own)), (number, 1));
            assert_eq!(upstreams.of(&lodash).root(), root);
            assert_eq!(upstreams.of(&own).root(), "https://npm.acme.example");
            assert_eq!(upstreams.numbered(number).root(), root);
            // What was asked of the one before is asked of this one.
            assert_eq!(upstreams.numbered(0).root(), root);
            let numbers = |all: Vec<(usize, Arc<Upstream>)>| all.into_iter().map(|(it, _)| it);
            assert!(numbers(upstreams.all()).eq([number, 1]));
            assert!(numbers(upstreams.default_last()).eq([1, number]));
        }
        assert_eq!(before.root(), "https://a.example");
    }
}
