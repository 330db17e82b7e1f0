//! What has to be known of a packument once its text is put away: where its tarballs are.
//! Knows nothing of templates; tells what the upstream said, never NOPAR's own addresses.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::super::integrity::Integrity;
use super::super::json;
use super::super::name::PackageName;
use super::super::selector::Selector;
use super::super::tarball::{TarballName, basename_of};
use super::Document;
use super::entry::Entry;
use super::object::{self, Key};

/// Versions, dist-tags and time of a packument. Serialized with one-letter keys, because it is
/// kept beside every document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    #[serde(rename = "v")]
    versions: IndexMap<String, IndexedVersion>,
    #[serde(rename = "t", default, skip_serializing_if = "IndexMap::is_empty")]
    dist_tags: IndexMap<String, String>,
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    modified: Option<String>,
}

/// What the upstream said of one version; whatever it did not say as text is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexedVersion {
    /// The tarball's URL, query included.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub tarball: Option<String>,
    /// The SRI string.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub integrity: Option<String>,
    /// The SHA-1 in hex digits.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub shasum: Option<String>,
    /// When it was published, ISO 8601.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
}

impl Index {
    pub(super) fn of(document: &Document<'_>) -> Self {
        let modified = object::text_of(&document.time, "modified")
            .or_else(|| object::text_of(&document.members, "modified"));
        let versions = document.versions.iter();
        let tags = object::member(&document.members, "dist-tags").unwrap_or_default();
        Self {
            versions: versions
                .map(|(key, entry)| {
                    (key.text.to_string(), IndexedVersion::of(document, key, entry))
                })
                .collect(),
            dist_tags: tags
                .iter()
                .filter_map(|(tag, raw)| {
                    Some((tag.text.to_string(), json::text(raw)?.into_owned()))
                })
                .collect(),
            modified: modified.map(Cow::into_owned),
        }
    }

    /// All versions in the document's order.
    pub fn versions(&self) -> impl ExactSizeIterator<Item = (&str, &IndexedVersion)> {
        self.versions.iter().map(|(version, at)| (version.as_str(), at))
    }

    /// All dist-tags in the document's order, each with its version.
    pub fn dist_tags(&self) -> &IndexMap<String, String> {
        &self.dist_tags
    }

    /// When the package was last changed, ISO 8601.
    pub fn modified(&self) -> Option<&str> {
        self.modified.as_deref()
    }

    /// The version of exactly this text.
    pub fn by_version(&self, version: &str) -> Option<(&str, &IndexedVersion)> {
        let (version, at) = self.versions.get_key_value(version)?;
        Some((version, at))
    }

    /// The version a dist-tag points to, if that exists.
    pub fn by_tag(&self, tag: &str) -> Option<(&str, &IndexedVersion)> {
        self.by_version(self.dist_tags.get(tag)?)
    }

    /// The version a path's selector picks: an exact version, else a dist-tag.
    pub fn select(&self, selector: &Selector) -> Option<(&str, &IndexedVersion)> {
        self.by_version(selector.as_str()).or_else(|| self.by_tag(selector.as_str()))
    }

    /// The version whose tarball is called `file`: canonically, else by the upstream.
    ///
    /// Two versions for which an upstream uses one file name at different URLs are not found
    /// by that name: rather no tarball than the wrong one.
    pub fn by_file(
        &self,
        name: &PackageName,
        file: &TarballName,
    ) -> Option<(&str, &IndexedVersion)> {
        file.canonical_version(name)
            .and_then(|version| self.by_version(version))
            .or_else(|| self.by_upstream_basename(file))
    }

    fn by_upstream_basename(&self, file: &TarballName) -> Option<(&str, &IndexedVersion)> {
        let mut found = self.versions().filter(|(_, at)| {
            let url = at.tarball.as_deref();
            url.and_then(basename_of).as_deref() == Some(file.as_str())
        });
        let first = found.next()?;
        found.all(|(_, at)| at.tarball == first.1.tarball).then_some(first)
    }
}

impl IndexedVersion {
    /// What the tarball's bytes must digest to, if that was said in a way that can be checked.
    pub fn digests(&self) -> Option<Integrity> {
        Integrity::of_dist(self.integrity.as_deref(), self.shasum.as_deref()).ok()
    }

    fn of(document: &Document<'_>, version: &Key<'_>, entry: &Entry<'_>) -> Self {
        let said = |key| {
            let dist = entry.dist()?;
            object::text_of(&dist.members, key).map(Cow::into_owned)
        };
        Self {
            tarball: said("tarball"),
            integrity: said("integrity"),
            shasum: said("shasum"),
            time: object::text_of(&document.time, &version.text).map(Cow::into_owned),
        }
    }
}
