//! Which files of the cache somebody means: by names of packages, or a name and a version.
//! Knows nothing of files but what their keys say.

use super::package;
use crate::admin::Unanswered;
use crate::cache::{Subject, Thing};
use crate::config::Pattern;
use crate::npm::{PackageName, Selector, TarballName};

/// Some patterns, and which of them were of use.
pub(super) struct Selection {
    /// None: everything is meant.
    all: Vec<Wanted>,
}

/// One pattern.
pub(super) struct Wanted {
    text: String,
    names: Pattern,
    version: Option<OneVersion>,
    is_found: bool,
}

/// A version of one package.
struct OneVersion {
    version: Selector,
    /// The names by which its tarball is held.
    tarballs: Vec<TarballName>,
}

impl Selection {
    /// What these patterns mean; none mean everything.
    ///
    /// # Errors
    /// When one is none.
    pub(super) fn parse(texts: &[String]) -> Result<Selection, Unanswered> {
        let all = texts.iter().map(|text| Wanted::parse(text)).collect::<Result<_, _>>();
        Ok(Selection { all: all.map_err(Unanswered::Refused)? })
    }

    /// The patterns, for who knows more of versions.
    pub(super) fn wanted(&mut self) -> impl Iterator<Item = &mut Wanted> {
        self.all.iter_mut()
    }

    /// Whether a file is meant that holds this; `None`: nobody knows what it holds, so it is if everything is.
    pub(super) fn matches(&mut self, subject: Option<&Subject<'_>>) -> bool {
        let mut is_meant = self.all.is_empty();
        for wanted in &mut self.all {
            if wanted.matches(subject) {
                (wanted.is_found, is_meant) = (true, true);
            }
        }
        is_meant
    }

    /// Those that nothing matched, but for what is meant of everything, which there may be nothing of.
    pub(super) fn unmatched(&self) -> Vec<String> {
        let idle = self.all.iter().filter(|wanted| !wanted.is_found && !wanted.is_all());
        idle.map(|wanted| wanted.text.clone()).collect()
    }
}

impl Wanted {
    fn parse(text: &str) -> Result<Wanted, String> {
        let wanted =
            |names, version| Wanted { text: text.to_owned(), names, version, is_found: false };
        // The first one is of a scope.
        let at = text.rfind('@').filter(|at| *at > 0);
        let Some((name, version)) = at.map(|at| (&text[..at], &text[at + 1..])) else {
            let names = text.parse::<Pattern>().map_err(|error| {
                format!("{text:?} {error}; and NAME@VERSION, a version by its number")
            })?;
            return Ok(wanted(names, None));
        };
        let name = PackageName::parse(name).ok().filter(|name| !name.as_str().contains('*'));
        let name = name.ok_or_else(|| {
            format!("{text:?}: a version is that of one package, as in lodash@4.17.21")
        })?;
        let selector = Selector::parse(version).ok();
        let selector = selector.filter(|it| it.as_str().starts_with(|c: char| c.is_ascii_digit()));
        let version = selector.ok_or_else(|| {
            format!("{text:?}: a version is meant by its number, as in lodash@4.17.21; ranges and dist-tags are not")
        })?;
        let tarballs = TarballName::all(&name, version.as_str(), None).collect();
        Ok(wanted(Pattern::Name(name), Some(OneVersion { version, tarballs })))
    }

    fn is_all(&self) -> bool {
        self.version.is_none() && self.names.is_all()
    }

    /// The package, if it is one, and its version.
    pub(super) fn one(&self) -> Option<(&PackageName, Option<&Selector>)> {
        match &self.names {
            Pattern::Name(name) => Some((name, self.version.as_ref().map(|one| &one.version))),
            Pattern::Prefix(_) => None,
        }
    }

    /// The tarball of its version is held by these names, too.
    pub(super) fn has_tarballs(&mut self, more: Vec<TarballName>) {
        if let Some(one) = &mut self.version {
            one.tarballs.extend(more);
        }
    }

    fn matches(&self, subject: Option<&Subject<'_>>) -> bool {
        let thing = subject.map(|subject| subject.thing);
        let name = thing.as_ref().and_then(package).and_then(|name| PackageName::parse(name).ok());
        let Some(name) = name else { return self.is_all() };
        if !self.names.matches(&name) {
            return false;
        }
        match (&self.version, thing) {
            (None, _) => true,
            (Some(one), Some(Thing::Tarball(_, file))) => {
                one.tarballs.iter().any(|tarball| tarball.as_str() == file)
            }
            (Some(one), Some(Thing::Attestations(_, version))) => one.version.as_str() == version,
            // The packument is of all versions.
            (Some(_), _) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Key;

    const UPSTREAM: &str = "https://registry.example";

    fn keys() -> Vec<Key> {
        let mut keys = vec![Key::keys(UPSTREAM)];
        for name in ["lodash", "lodash.get", "@types/node"] {
            let name: PackageName = name.parse().unwrap();
            let packument = Key::packument(UPSTREAM, &name);
            keys.extend([packument.view("full"), packument]);
            for version in ["1.0.0", "1.0.0-rc.1"] {
                let file = crate::npm::tarball::canonical_file(&name, version);
                keys.push(Key::tarball(UPSTREAM, &name, &file));
                keys.push(Key::attestations(UPSTREAM, &name, version));
            }
        }
        keys
    }

    fn selection(patterns: &[&str]) -> Selection {
        let texts: Vec<String> = patterns.iter().map(|text| (*text).to_owned()).collect();
        Selection::parse(&texts).unwrap_or_else(|error| panic!("{patterns:?}: {error}"))
    }

    #[test]
    fn a_pattern_means_a_package_or_a_version_or_all_that_begin_so() {
        for (patterns, expected, unmatched) in [
            (&[][..], 19, &[][..]),
            (&["*"], 19, &[]),
            (&["lodash"], 6, &[]),
            (&["lodash*"], 12, &[]),
            (&["@types/*", "lodash"], 12, &[]),
            (&["@types/node@1.0.0"], 2, &[]),
            (&["lodash@1.0.0-rc.1", "@types/node@1.0.0"], 4, &[]),
            (&["lodash@1.0.1", "lodash", "left-pad"], 6, &["lodash@1.0.1", "left-pad"]),
            (&["acme-*"], 0, &["acme-*"]),
        ] {
            let mut selection = selection(patterns);
            let meant =
                keys().iter().filter(|key| selection.matches(key.subject().as_ref())).count();
            assert_eq!(meant, expected, "{patterns:?}");
            assert_eq!(selection.unmatched(), unmatched, "{patterns:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_meant_with_everything_only() {
        for (patterns, expected) in
            [(&[][..], true), (&["*"], true), (&["lodash"], false), (&["l*", "*"], true)]
        {
            assert_eq!(selection(patterns).matches(None), expected, "{patterns:?}");
        }
    }

    #[test]
    fn a_version_has_the_tarball_that_its_packument_names() {
        let name: PackageName = "odd".parse().unwrap();
        let key = Key::tarball(UPSTREAM, &name, "two.tgz");
        let mut selection = selection(&["odd@2.0.0"]);
        assert!(!selection.matches(key.subject().as_ref()));
        for wanted in selection.wanted() {
            assert_eq!(wanted.one().unwrap().0, &name);
            wanted.has_tarballs(vec!["two.tgz".parse().unwrap()]);
        }
        assert!(selection.matches(key.subject().as_ref()));
    }

    #[test]
    fn what_is_no_pattern_is_told_with_what_is_one() {
        for (text, told) in [
            ("", "matches no package"),
            ("*/ui", "matches no package"),
            ("lodash@latest", "by its number"),
            ("lodash@^4", "by its number"),
            ("lodash@", "by its number"),
            ("@types/*@1.0.0", "of one package"),
            ("*@1.0.0", "of one package"),
        ] {
            let error = Selection::parse(&[text.to_owned()]).err().expect(text).to_string();
            assert!(error.contains(told) && error.contains(&format!("{text:?}")), "{error}");
        }
    }
}
