//! Which upstream a package comes from: one name has one upstream.
//! Knows nothing of what upstreams are asked.
//!
//! They may be replaced while NOPAR serves. Whoever has begun with one goes on with it, and lets it go; the next one has
//! another number, so that what was remembered of the one before is not taken for what it said, and what was to be asked
//! there is asked of no other. One whose configuration is the same stays as it is.

use super::{Issuers, SetUpError, Upstream};
use crate::clock::Clock;
use crate::config::{self, Config, Pattern, Trust};
use crate::counters::Counters;
use crate::npm::PackageName;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::iter;
use std::sync::Arc;

/// The configured upstreams.
pub struct Upstreams {
    now: RwLock<Arc<Now>>,
    pseudonym: String,
    counters: Arc<Counters>,
    clock: Clock,
}

/// Those that there are.
struct Now {
    default: One,
    /// Those that are for certain packages.
    certain: Vec<One>,
    choice: Choice,
    /// The same by patterns in lower case.
    lower: Choice,
    issuers: Arc<Issuers>,
    trust: Vec<Trust>,
    /// The number that none has had.
    next: usize,
}

#[derive(Clone)]
struct One {
    config: config::Upstream,
    number: usize,
    upstream: Arc<Upstream>,
}

/// Upstreams that could take the place of those there are.
pub struct Successor(Now);

impl Upstreams {
    /// The upstreams of `config`; `pseudonym` names this process in `Via` headers (RFC 9110 §7.6.3); what
    /// is asked of them is counted by `counters`; pauses are measured by `clock`.
    ///
    /// # Errors
    /// When one of them has a URL, user agent, token or certificate that cannot be used.
    pub fn new(
        config: &Config,
        pseudonym: &str,
        counters: &Arc<Counters>,
        clock: &Clock,
    ) -> Result<Upstreams, SetUpError> {
        let now = Now::of(config, None, pseudonym, (counters, clock))?;
        let (pseudonym, counters) = (pseudonym.to_owned(), Arc::clone(counters));
        Ok(Upstreams { now: RwLock::new(Arc::new(now)), pseudonym, counters, clock: clock.clone() })
    }

    /// Makes the upstreams of another configuration, and does not ask them for anything yet.
    ///
    /// # Errors
    /// As of [`Upstreams::new`].
    pub fn successor(&self, config: &Config) -> Result<Successor, SetUpError> {
        let now = self.now();
        let beside = (&self.counters, &self.clock);
        Now::of(config, Some(&*now), &self.pseudonym, beside).map(Successor)
    }

    /// Has others be asked from now on. Whether any of them is another registry, or for other packages, and not the same by
    /// another way.
    pub fn replace(&self, successor: Successor) -> bool {
        let Successor(next) = successor;
        let mut now = self.now.write();
        let are_same = now.all().count() == next.all().count()
            && now
                .all()
                .zip(next.all())
                .all(|(one, other)| config::are_of_one_place(&one.config, &other.config));
        *now = Arc::new(next);
        !are_same
    }

    fn now(&self) -> Arc<Now> {
        Arc::clone(&self.now.read())
    }

    /// Who makes ID tokens: no upstreams, but the way there is that to the default one.
    pub fn issuers(&self) -> Arc<Issuers> {
        Arc::clone(&self.now.read().issuers)
    }

    /// All of them with their numbers, the default one first.
    pub fn all(&self) -> Vec<(usize, Arc<Upstream>)> {
        let now = self.now();
        now.all().map(|one| (one.number, Arc::clone(&one.upstream))).collect()
    }

    /// The upstream of a package: that of the most specific pattern that matches its name, or else the
    /// default one. Takes a few look-ups, however many upstreams and patterns there are.
    pub fn of(&self, name: &PackageName) -> Arc<Upstream> {
        Arc::clone(&self.now.read().of_name(name).upstream)
    }

    /// The number of that upstream: what tells it from the others for as long as NOPAR runs.
    pub fn number_of(&self, name: &PackageName) -> usize {
        self.now.read().of_name(name).number
    }

    /// Whether a name in lower case, or what all names of a scope begin with (`@acme/`), belongs by a pattern to another
    /// upstream than this one, other than the default one.
    pub fn is_of_another(&self, upstream: usize, beginning: &str) -> bool {
        let now = self.now.read();
        let owner = now.lower.of(beginning);
        owner != 0 && now.chosen(owner).number != upstream
    }

    /// All of them with their numbers: those that are for certain packages, as they are configured, and then the default
    /// one.
    pub fn default_last(&self) -> Vec<(usize, Arc<Upstream>)> {
        let mut all = self.all();
        all.rotate_left(1);
        all
    }

    /// The upstream with this number, unless it was replaced: what is for it is for no other.
    pub fn numbered(&self, number: usize) -> Option<Arc<Upstream>> {
        let now = self.now.read();
        let one = now.all().find(|one| one.number == number);
        one.map(|one| Arc::clone(&one.upstream))
    }
}

impl Now {
    /// Those of a configuration; of those `before`, whichever are the same.
    fn of(
        config: &Config,
        before: Option<&Now>,
        pseudonym: &str,
        (counters, clock): (&Arc<Counters>, &Clock),
    ) -> Result<Now, SetUpError> {
        let mut next = before.map_or(0, |before| before.next);
        let mut one = |config: &config::Upstream, before: &[One]| -> Result<One, SetUpError> {
            if let Some(same) = before.iter().find(|one| one.config == *config) {
                return Ok(same.clone());
            }
            let upstream = Arc::new(Upstream::new(config, pseudonym, counters, clock)?);
            let number = next;
            next += 1;
            Ok(One { config: config.clone(), number, upstream })
        };
        let default =
            one(&config.upstream, before.map_or(&[], |it| std::slice::from_ref(&it.default)))?;
        let known = before.map_or(&[][..], |before| &before.certain);
        let certain = config.upstreams.iter().map(|config| one(config, known));
        let certain = certain.collect::<Result<Vec<One>, _>>()?;
        let trust = config.access.trust.clone();
        // Their way is the default upstream's.
        let same = before.filter(|it| it.trust == trust && it.default.config == default.config);
        let issuers = match same {
            Some(before) => Arc::clone(&before.issuers),
            None => Arc::new(Issuers::new(config, pseudonym, counters, clock)?),
        };
        let patterns = || config.all_upstreams().map(|upstream| upstream.packages.as_slice());
        let choice = Choice::new(patterns(), str::to_owned);
        let lower = Choice::new(patterns(), str::to_lowercase);
        Ok(Now { default, certain, choice, lower, issuers, trust, next })
    }

    fn all(&self) -> impl Iterator<Item = &One> {
        iter::once(&self.default).chain(&self.certain)
    }

    fn of_name(&self, name: &PackageName) -> &One {
        self.chosen(self.choice.of(name.as_str()))
    }

    /// The default one for 0, else one of certain packages.
    fn chosen(&self, choice: usize) -> &One {
        let certain = choice.checked_sub(1).and_then(|index| self.certain.get(index));
        certain.unwrap_or(&self.default)
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
        let upstreams =
            Upstreams::new(&first, "nopar", &Arc::new(Counters::new(1)), &Clock::system());
        let upstreams = upstreams.unwrap();
        let (lodash, own) = ("lodash".parse().unwrap(), "@acme/ui".parse().unwrap());
        let before = upstreams.of(&lodash);
        assert_eq!((upstreams.number_of(&lodash), upstreams.number_of(&own)), (0, 1));
        for number in [2, 3] {
            let root = format!("https://b{number}.example");
            let next = upstreams.successor(&configured(&root)).unwrap();
            assert!(upstreams.replace(next));
            let again = upstreams.successor(&configured(&root)).unwrap();
            assert!(!upstreams.replace(again), "the same registry");
            assert_eq!((upstreams.number_of(&lodash), upstreams.number_of(&own)), (number, 1));
            assert_eq!(upstreams.of(&lodash).root(), root);
            assert_eq!(upstreams.of(&own).root(), "https://npm.acme.example");
            assert_eq!(upstreams.numbered(number).unwrap().root(), root);
            // What was to be asked of the one before is asked of no other.
            assert!(upstreams.numbered(0).is_none());
            let numbers = |all: Vec<(usize, Arc<Upstream>)>| all.into_iter().map(|(it, _)| it);
            assert!(numbers(upstreams.all()).eq([number, 1]));
            assert!(numbers(upstreams.default_last()).eq([1, number]));
        }
        assert_eq!(before.root(), "https://a.example");
    }

    /// A configuration with these upstreams of certain packages: a pattern, and a host.
    fn with_certain(certain: &[(&str, &str)]) -> Config {
        use std::io::Write;
        let mut file = tempfile::NamedTempFile::new().unwrap();
        for (pattern, host) in certain {
            let url = format!("https://{host}");
            writeln!(file, "[[upstream]]\npackages = [{pattern:?}]\nurl = {url:?}").unwrap();
        }
        let file = Some(file.path().to_owned());
        Config::load(&config::Sources { file, ..config::Sources::default() }).unwrap()
    }

    #[test]
    fn those_of_certain_packages_come_and_go_and_the_same_ones_stay() {
        let start = with_certain(&[("@a/*", "a.example"), ("@b/*", "b.example")]);
        let upstreams =
            Upstreams::new(&start, "nopar", &Arc::new(Counters::new(1)), &Clock::system()).unwrap();
        let of = |name: &str| upstreams.of(&name.parse().unwrap());
        let number_of = |name: &str| upstreams.number_of(&name.parse().unwrap());
        let (default, b) = (of("x"), of("@b/x"));
        let replace = |certain: &[(&str, &str)]| {
            upstreams.replace(upstreams.successor(&with_certain(certain)).unwrap())
        };
        assert!(replace(&[("@b/*", "b.example"), ("@c/*", "c.example")]));
        assert!(Arc::ptr_eq(&of("x"), &default) && Arc::ptr_eq(&of("@b/x"), &b));
        assert!(Arc::ptr_eq(&of("@a/x"), &default));
        assert_eq!((number_of("x"), number_of("@b/x"), number_of("@c/x")), (0, 2, 3));
        assert!(upstreams.numbered(1).is_none(), "nobody hears what was for it");
        assert!(upstreams.is_of_another(0, "@c/") && upstreams.is_of_another(2, "@c/"));
        assert!(!upstreams.is_of_another(3, "@c/") && !upstreams.is_of_another(2, "@a/"));
        assert!(replace(&[("@c/*", "b.example")]));
        assert_eq!((of("@c/x").root(), number_of("@c/x")), ("https://b.example", 4));
        assert!(!replace(&[("@c/*", "b.example")]) && number_of("@c/x") == 4);
        assert!(replace(&[]) && Arc::ptr_eq(&of("@c/x"), &default));
    }
}
