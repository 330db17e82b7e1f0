//! Several upstreams: the `[[upstream]]` tables of the file, each for certain packages.
//! Knows nothing of the environment: it speaks of the default upstream only.

use super::file::Found;
use super::load::apply;
use super::mistakes::Mistakes;
use super::pattern::{self, Pattern};
use super::wrong::Wrong;
use super::{Config, Origin};
use std::collections::HashSet;
use std::path::Path;
use toml::Value;

/// The key of the file that says which packages an upstream is for.
pub(super) const PACKAGES: &str = "upstream.packages";

/// One `[[upstream]]`.
pub(super) struct Entry {
    /// Its place among them, from 1.
    pub(super) number: usize,
    pub(super) packages: Vec<Pattern>,
    pub(super) found: Vec<Found>,
}

impl Entry {
    /// Whether it is for every package that no other upstream is for.
    fn is_default(&self) -> bool {
        self.packages.iter().any(Pattern::is_all)
    }
}

/// What tells one `[[upstream]]` from another in messages.
pub(super) fn place(number: usize, file: &str) -> String {
    format!("{file} ([[upstream]] number {number})")
}

/// The patterns of an entry; without any it is for all packages.
pub(super) fn packages(value: Option<&Value>, file: &str, mistakes: &mut Mistakes) -> Vec<Pattern> {
    let Some(value) = value else { return vec![Pattern::all()] };
    let key = format!("{PACKAGES} in {file}");
    let texts = value.as_array().filter(|texts| !texts.is_empty());
    let texts = texts.and_then(|texts| texts.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
    let Some(texts) = texts else {
        mistakes.add(key, "a list of texts is allowed, such as [\"@acme/*\", \"acme-*\"]");
        return Vec::new();
    };
    let mut patterns = Vec::new();
    for text in texts {
        match pattern::parse(text) {
            Ok(pattern) => patterns.push(pattern),
            Err(Wrong { problem, allowed, .. }) => {
                mistakes.add(key.clone(), format!("{text:?} {problem}: {allowed}"));
            }
        }
    }
    patterns
}

/// Makes an upstream of each entry: the default one of that for all packages, which `config` holds
/// already, and one more of each other, from `defaults`.
pub(super) fn apply_all(
    config: &mut Config,
    defaults: &Config,
    entries: Vec<Entry>,
    file: &Path,
    mistakes: &mut Mistakes,
) {
    let file = file.display().to_string();
    no_pattern_twice(&entries, &file, mistakes);
    for entry in entries {
        let place = place(entry.number, &file);
        if entry.is_default() {
            set(config, &entry.found, &place, mistakes);
            config.upstream.packages = entry.packages;
            continue;
        }
        // The packages of a company must not be looked for, with its token, at the built-in upstream.
        if !entry
            .found
            .iter()
            .any(|(setting, text)| setting.key == "upstream.url" && !text.is_empty())
        {
            mistakes.add(
                format!("upstream.url in {place}"),
                "it is missing: the URL of a registry is needed",
            );
        }
        let mut one = defaults.clone();
        set(&mut one, &entry.found, &place, mistakes);
        one.upstream.packages = entry.packages;
        config.upstreams.push(one.upstream);
    }
}

fn set(config: &mut Config, found: &[Found], place: &str, mistakes: &mut Mistakes) {
    for (setting, text) in found {
        let key = format!("{} in {place}", setting.key);
        apply(config, setting, text, &key, Origin::File, mistakes);
    }
}

/// One name has one upstream.
fn no_pattern_twice(entries: &[Entry], file: &str, mistakes: &mut Mistakes) {
    let mut seen = HashSet::new();
    for entry in entries {
        for pattern in &entry.packages {
            if !seen.insert(pattern) {
                let key = format!("{PACKAGES} in {}", place(entry.number, file));
                let without = "an [[upstream]] without packages is for *";
                mistakes.add(
                    key,
                    format!("{pattern} is given twice: a package has one upstream ({without})"),
                );
            }
        }
    }
}
