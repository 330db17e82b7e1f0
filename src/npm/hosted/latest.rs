//! The version that is `latest`, and what the document says of it at its root.
//! Knows nothing of why it is that one.

use super::super::version::Version;
use super::HostedDocument;
use super::members::Members;

/// What the root repeats of the manifest of `latest`, as the public registry does: `npm view` and pages of
/// packages read it there.
const REPEATED: [&str; 8] = [
    "description",
    "keywords",
    "homepage",
    "bugs",
    "license",
    "author",
    "contributors",
    "repository",
];

/// The same, but kept nowhere else: a version published today has no readme in its manifest.
const README: [&str; 2] = ["readme", "readmeFilename"];

impl HostedDocument {
    /// Whether there is one. Documents of old may have a tag that points nowhere.
    pub(super) fn has_latest(&self) -> bool {
        self.dist_tags.text("latest").is_some_and(|version| self.versions.contains(&version))
    }

    /// Makes a version that exists the latest. The readme at the root stays unless that version has one of
    /// its own in its manifest: rather one that is out of date than none.
    pub(super) fn set_latest(&mut self, version: &str) {
        self.dist_tags.put_text("latest", version);
        let raw = self.versions.get(version);
        let manifest = raw.and_then(|raw| Members::parse(raw).ok()).unwrap_or_default();
        for key in REPEATED {
            self.members.put_as_in(key, &manifest);
        }
        if manifest.contains("readme") {
            README.iter().for_each(|key| self.members.put_as_in(key, &manifest));
        }
    }

    /// Takes from the root what it says of a version, when there is none any more.
    pub(super) fn clear_latest(&mut self) {
        REPEATED.iter().chain(&README).for_each(|key| self.members.remove(key));
    }

    /// The highest stable version, else the highest prerelease. What is no version to npm is lower than all.
    pub(super) fn highest(&self) -> Option<String> {
        let rank = |key: &&str| {
            let version = Version::without_build(key).ok()?;
            Some((!version.is_prerelease(), version))
        };
        self.versions().max_by_key(rank).map(str::to_owned)
    }
}
