//! The versions of a document in short: the last of them, and marks of those before.
//! Knows nothing of the one version that is told of, but that it is listed.

use std::borrow::Cow;

use super::super::Document;
use super::super::entry::Entry;
use super::super::object::{self, Key};
use super::{AboutVersion, LINE, WORD, line, mark};
use crate::npm::version::Version;

/// Most versions that are listed: the last in the document.
const MOST: usize = 10_000;
/// Most bytes that those take; with ordinary ones, twice as much as is needed.
const MOST_BYTES: usize = 8 << 20;
/// Most of the others that are known to be there: more than any package has.
const MOST_OTHERS: usize = 100_000;

/// Whether a version is told of: a longer text can be published nowhere.
pub(super) fn is_told(version: &str) -> bool {
    version.len() <= WORD
}

impl Document<'_> {
    /// The versions that are told of, the last one first.
    pub(super) fn told(&self) -> impl Iterator<Item = (&Key<'_>, &Entry<'_>)> {
        self.versions.iter().rev().filter(|(key, _)| is_told(&key.text))
    }

    /// The versions that are listed, newest first, and sorted marks of those that are not. `wanted` is listed, however old.
    pub(super) fn in_brief(&self, wanted: &Key<'_>) -> (Vec<AboutVersion>, Vec<u64>) {
        let (mut versions, mut others, mut size) = (Vec::new(), Vec::new(), 0);
        for (key, entry) in self.told() {
            if (versions.len() < MOST && size < MOST_BYTES) || key == wanted {
                let version = self.in_short(key, entry);
                size += version.size();
                versions.push(version);
            } else if others.len() < MOST_OTHERS {
                others.push(mark(&key.text));
            }
        }
        versions.sort_by_cached_key(|one| {
            let order = Version::without_build(&one.version).ok();
            std::cmp::Reverse((one.time.clone(), order))
        });
        others.sort_unstable();
        (versions, others)
    }

    fn in_short(&self, key: &Key<'_>, entry: &Entry<'_>) -> AboutVersion {
        let dist = |key: &str| {
            let text = object::text_of(&entry.dist()?.members, key)?;
            (!text.is_empty() && text.len() <= LINE).then(|| text.into_owned())
        };
        let size = || entry.dist()?.members.get("unpackedSize")?.get().parse().ok();
        let deprecated = match entry {
            Entry::Manifest(manifest) => line(&manifest.members, "deprecated"),
            Entry::Other(_) => None,
        };
        let time = object::text_of(&self.time, &key.text).filter(|time| time.len() <= WORD);
        AboutVersion {
            version: key.text.to_string(),
            time: time.map(Cow::into_owned),
            unpacked: size(),
            integrity: dist("integrity"),
            shasum: dist("shasum"),
            tarball: dist("tarball"),
            deprecated: deprecated.filter(|text| !text.is_empty()),
        }
    }
}
