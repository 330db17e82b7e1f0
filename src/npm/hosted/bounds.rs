//! How large a document may become: whatever a change leaves can be read, served, and changed by who sends it back.
//! Knows nothing of what is changed.
//!
//! Of what clients send, no object may have more than [`MOST_MEMBERS`], so no document may have more in what comes back.
//! What is larger in a document of old stays, is served, and may come back as it is or with less in it (`copy`). Only
//! what would make more of it is refused; to take something away is always allowed.

use indexmap::IndexMap;
use serde_json::value::RawValue;

use super::super::bounded::{MOST_MEMBERS, TooMany};
use super::super::dist_tag::DistTag;
use super::members::Members;
use super::{ChangeError, HostedDocument, NO_VERSIONS, NewVersion};

/// The longest document, in bytes: with more than 100 MB, npm's own registry takes no more of a package.
pub const LONGEST_DOCUMENT: usize = 100_000_000;

/// The longest list of owners, in bytes: ten thousands of them.
const LONGEST_OWNERS: usize = 1 << 20;

/// Versions that a package may have, or ever have had: `time` holds them all.
const MOST_VERSIONS: usize = MOST_MEMBERS - NO_VERSIONS.len();
/// Dist-tags; `latest` may come besides.
const MOST_TAGS: usize = MOST_MEMBERS - 1;
/// What the registry may add to a manifest: what it says of a version, and a deprecation.
const ADDED: usize = 7;
/// The same of its `dist`.
const ADDED_TO_DIST: usize = 5;

impl HostedDocument {
    /// The document as the store keeps it, if it may take the place of `before`: it has `longest` bytes at most, or no
    /// more than that has, revision and date aside, which every change writes.
    ///
    /// # Errors
    /// When it is too long.
    pub fn to_bytes_within(
        &self,
        longest: usize,
        before: &HostedDocument,
    ) -> Result<Vec<u8>, ChangeError> {
        let bytes = self.to_bytes();
        let len = bytes.len();
        if len <= longest || self.undated(len) <= before.undated(before.to_bytes().len()) {
            return Ok(bytes);
        }
        Err(ChangeError::TooLong { name: self.name.clone(), len, longest })
    }

    /// How many of its `len` bytes the end of a change does not write.
    fn undated(&self, len: usize) -> usize {
        let dated = [("_rev", self.members.get("_rev")), ("modified", self.time.get("modified"))];
        // Two quotes, a colon and a comma.
        let written = |key: &str, raw: &RawValue| key.len() + raw.get().len() + 4;
        let dated = dated.into_iter().map(|(key, raw)| raw.map_or(0, |raw| written(key, raw)));
        len.saturating_sub(dated.sum())
    }

    /// Whether there is room for a version more.
    pub(super) fn check_room(&self, new: &NewVersion) -> Result<(), ChangeError> {
        self.check_version_room(&new.manifest)?;
        self.check_tags(&new.tags)
    }

    /// The same for one without tags, which says this of itself.
    pub(super) fn check_version_room(
        &self,
        manifest: &IndexMap<String, Box<RawValue>>,
    ) -> Result<(), ChangeError> {
        let others = NO_VERSIONS.iter().filter(|key| self.time.contains(key)).count();
        let ever = (self.time.len() - others).max(self.versions.len());
        if ever >= MOST_VERSIONS {
            let remedy = "those that were unpublished count; publish under another name";
            return Err(self.full(MOST_VERSIONS, "versions", remedy));
        }
        let dist = manifest.get("dist").and_then(|raw| Members::parse(raw).ok());
        let dist = dist.map_or(0, |dist| dist.len());
        if manifest.len() + ADDED > MOST_MEMBERS || dist + ADDED_TO_DIST > MOST_MEMBERS {
            return Err(TooMany.into());
        }
        Ok(())
    }

    /// Whether there is room for all of these tags.
    pub(super) fn check_tags(&self, tags: &[DistTag]) -> Result<(), ChangeError> {
        let more = tags.iter().filter(|tag| !self.dist_tags.contains(tag.as_str())).count();
        if more > 0 && self.dist_tags.len() + more > MOST_TAGS {
            return Err(self.full(MOST_TAGS, "dist-tags", "remove some first"));
        }
        Ok(())
    }

    /// Whether there is room for who likes the package now.
    pub(super) fn check_stars(&self, users: &Members) -> Result<(), ChangeError> {
        if users.len() > MOST_MEMBERS {
            return Err(self.full(MOST_MEMBERS, "stars", "somebody would have to take one back"));
        }
        Ok(())
    }

    /// Whether there is room for a list of owners that has so many bytes; for one that is no longer there always is.
    pub(super) fn check_owners(&self, len: usize) -> Result<(), ChangeError> {
        let held = self.members.get("maintainers").map_or(0, |raw| raw.get().len());
        if len > LONGEST_OWNERS.max(held) {
            return Err(self.full(LONGEST_OWNERS, "bytes of owners", "remove some first"));
        }
        Ok(())
    }

    /// Whether a client's list of owners is worth a look, by its bytes: it may be spelled at greater length than the
    /// one that there is, as whole copies may.
    pub(super) fn check_copied_owners(&self, len: usize) -> Result<(), ChangeError> {
        let held = self.members.get("maintainers").map_or(0, |raw| raw.get().len());
        if len <= held + held / 2 { Ok(()) } else { self.check_owners(len) }
    }

    fn full(&self, most: usize, what: &'static str, remedy: &'static str) -> ChangeError {
        ChangeError::Full { name: self.name.clone(), most, what, remedy }
    }
}
