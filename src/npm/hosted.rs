//! The document of a hosted package as the store keeps it, and what may be done to it.
//! Knows nothing of where it is kept, of who may change it, of bytes of tarballs, nor of the time: it is told.
//!
//! It is a packument with a few members more. Whatever no rule names stays the text it was, in its place, so
//! that the documents of an old NOPAR lose nothing. A change either is made as a whole, or is an error and
//! nothing is changed.
//!
//! **A version is never used twice.** `time` keeps every version that was ever published, also when it is
//! gone, which is how npm's own registry remembers them.

mod bounds;
mod copy;
mod deprecate;
mod edit;
mod error;
mod latest;
mod members;
mod owners;
mod person;
mod publish;
mod sign;
mod stage;
mod summary;
mod tag;
mod take_over;
mod unpublish;

#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use self::members::Members;
use super::hex;
use super::integrity::Integrity;
use super::json;
use super::name::PackageName;
use super::tarball::TarballName;

pub use self::bounds::LONGEST_DOCUMENT;
pub use self::copy::{ClientCopy, Request};
pub use self::edit::Edit;
pub use self::error::{ChangeError, DocumentUnreadable};
pub use self::person::Person;
pub use self::publish::NewVersion;
pub use self::sign::{Signers, Unhashed};
pub use self::summary::Summary;
pub use self::take_over::{TakenOver, TakenVersion};

/// Members that are the store's own affair: how an old NOPAR kept its books. Some hold old addresses or what
/// is out of date; no client gets them.
const PRIVATE: [&str; 6] =
    ["_attachments", "_proxied", "_mtime", "_highest-version", "_inversed-dist-tags", "_fwd-dists"];

/// What `time` holds besides versions.
const NO_VERSIONS: [&str; 3] = ["created", "modified", "unpublished"];

/// What a client may say in place of a revision that it does not know: pnpm writes the word.
const NO_REVISION: [&str; 2] = ["", "undefined"];

/// A hosted package's document. The module's page tells what its changes have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct HostedDocument {
    name: PackageName,
    /// Everything, in order. What stands for `versions`, `dist-tags` and `time` only holds their places.
    members: Members,
    /// Most of it. Copied when it is changed: most changes leave it as it is.
    versions: Arc<Members>,
    dist_tags: Members,
    /// Holds every version that was ever published, besides `created`, `modified` and `unpublished`.
    time: Members,
}

/// When a change is made, and what makes its revision unlike any other.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// The time as npm writes it, in UTC with milliseconds: `2026-11-28T11:35:00.000Z`.
    pub now: &'a str,
    /// What follows the number in `_rev`: hex digits, at random or by content.
    pub rev: &'a str,
}

impl HostedDocument {
    /// A package of which nothing was ever published, as `publish` needs it.
    pub fn new(name: PackageName) -> Self {
        let mut members = Members::default();
        members.put_text("_id", name.as_str());
        members.put_text("_rev", "0-0");
        members.put_text("name", name.as_str());
        for part in ["dist-tags", "versions", "time"] {
            members.put(part, RawValue::NULL.to_owned());
        }
        let (versions, dist_tags, time) = Default::default();
        Self { name, members, versions, dist_tags, time }
    }

    /// Parses a document of the store, whichever NOPAR wrote it.
    ///
    /// # Errors
    /// When it is no package's document, or one that could not be written back without a loss.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentUnreadable> {
        // Borrowed, because versions are most of it and are taken apart once more.
        let whole: IndexMap<String, &RawValue> =
            serde_json::from_slice(bytes).map_err(DocumentUnreadable::NotAnObject)?;
        let said = ["name", "_id"].into_iter().find_map(|key| json::text(whole.get(key)?));
        let mut document = Self::new(PackageName::parse(&said.ok_or(DocumentUnreadable::NoName)?)?);
        let places = std::mem::take(&mut document.members);
        for (key, raw) in whole {
            let part = match key.as_str() {
                "versions" => Arc::make_mut(&mut document.versions),
                "dist-tags" => &mut document.dist_tags,
                "time" => &mut document.time,
                _ => {
                    document.members.put(&key, raw.to_owned());
                    continue;
                }
            };
            *part = Members::parse_or_null(raw)
                .map_err(|source| DocumentUnreadable::Member { member: key.clone(), source })?;
            document.members.put(&key, RawValue::NULL.to_owned());
        }
        for part in ["dist-tags", "versions", "time"] {
            document.members.put_missing(part, &places);
        }
        document.put_missing_rev(bytes);
        Ok(document)
    }

    /// The document as the store keeps it.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.written(true)
    }

    /// The document without what is the store's own affair: what views are made of.
    pub fn to_public_bytes(&self) -> Vec<u8> {
        self.written(false)
    }

    /// Whose document it is.
    pub fn name(&self) -> &PackageName {
        &self.name
    }

    /// Whether NOPAR is the authority of this package. An old NOPAR kept copies of an upstream's documents
    /// in the same directory.
    pub fn is_hosted(&self) -> bool {
        self.members.get("_proxied").is_none_or(|raw| raw.get() != "true")
    }

    /// Whether there were versions, and all were taken back at once.
    pub fn is_unpublished(&self) -> bool {
        self.versions.is_empty() && self.time.contains("unpublished")
    }

    /// The revision, `N-HEX`, or as an old NOPAR wrote it, a number. There always is one.
    pub fn rev(&self) -> Option<String> {
        json::text_or_number(self.members.get("_rev")?).map(Cow::into_owned)
    }

    /// The end of the revision that a change of this document has, which is made `now`: that of two changes is the same only
    /// if they were made of one document in one millisecond, and then only one of them is committed.
    pub fn end_of_revision(&self, now: &str) -> String {
        let mut digest = Sha256::new();
        digest.update(self.name().as_str());
        digest.update(self.rev().unwrap_or_default());
        digest.update(now);
        hex(&digest.finalize()[..8])
    }

    /// Compares the revision that a client has seen with that of the document. One who says none is not refused here:
    /// what they may change is for others to say.
    ///
    /// # Errors
    /// When there was a change since.
    pub fn check_rev(&self, said: Option<&str>) -> Result<(), ChangeError> {
        let Some(said) = said.filter(|said| !NO_REVISION.contains(said)) else { return Ok(()) };
        match self.rev() {
            Some(rev) if rev != said => {
                Err(ChangeError::Conflict { name: self.name.clone(), said: said.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// The versions, in the document's order, as it spells them.
    pub fn versions(&self) -> impl ExactSizeIterator<Item = &str> {
        self.versions.iter().map(|(version, _)| version)
    }

    /// Whether a version is there, or ever was.
    pub fn had(&self, version: &str) -> bool {
        let is_remembered = !NO_VERSIONS.contains(&version) && self.time.contains(version);
        is_remembered || self.versions.contains(version)
    }

    /// The manifest of a version.
    pub fn manifest(&self, version: &str) -> Option<&RawValue> {
        self.versions.get(version)
    }

    /// The dist-tags with their versions, in the document's order.
    pub fn dist_tags(&self) -> IndexMap<String, String> {
        self.dist_tags
            .iter()
            .filter_map(|(tag, raw)| Some((tag.to_owned(), json::text(raw)?.into_owned())))
            .collect()
    }

    /// The file in which the store keeps a version's tarball: as `dist` names it, for an old NOPAR may have
    /// kept it by another name than the canonical one.
    pub fn file(&self, version: &str) -> Option<TarballName> {
        let manifest = Members::parse(self.versions.get(version)?).unwrap_or_default();
        let url = manifest.object("dist").and_then(|dist| dist.text("tarball"));
        TarballName::kept(&self.name, version, url.as_deref())
    }

    /// What the bytes of a version's tarball must digest to, if that is said in a way that can be checked.
    pub fn digests(&self, version: &str) -> Option<Integrity> {
        let dist = self.versions.object(version)?.object("dist")?;
        let (integrity, shasum) = (dist.text("integrity"), dist.text("shasum"));
        Integrity::of_dist(integrity.as_deref(), shasum.as_deref()).ok()
    }

    /// The files that an old NOPAR kept books of, whether or not a version names them.
    pub fn booked_files(&self) -> Vec<TarballName> {
        let books = self.members.object("_attachments").unwrap_or_default();
        books.iter().filter_map(|(file, _)| TarballName::parse(file).ok()).collect()
    }

    /// The predicate type of the provenance that a version came with, if it came with one.
    pub fn predicate_type(&self, version: &str) -> Option<String> {
        let dist = self.versions.object(version)?.object("dist")?;
        dist.object("attestations")?.object("provenance")?.text("predicateType")
    }

    /// A document of old may have no revision. It gets one of its bytes, so that a client that sends its copy back can
    /// tell which document it has seen.
    fn put_missing_rev(&mut self, bytes: &[u8]) {
        if self.rev().is_none_or(|rev| NO_REVISION.contains(&rev.as_str())) {
            let digest = hex(&Sha256::digest(bytes)[..8]);
            self.members.put_text("_rev", &format!("0-{digest}"));
        }
    }

    /// The end of every change.
    fn date(&mut self, moment: Moment<'_>) {
        let rev = self.rev().unwrap_or_default();
        let number = rev.split('-').next().and_then(|number| u64::from_str(number).ok());
        let next = number.unwrap_or_default().saturating_add(1);
        self.members.put_text("_rev", &format!("{next}-{}", moment.rev));
        self.time.put_text("modified", moment.now);
    }

    fn written(&self, private: bool) -> Vec<u8> {
        serde_json::to_vec(&Written { document: self, private })
            .expect("keys are strings and values are JSON already")
    }
}

/// A document that is being written.
struct Written<'a> {
    document: &'a HostedDocument,
    private: bool,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, raw) in self.document.members.iter() {
            match key {
                "versions" => map.serialize_entry(key, &*self.document.versions)?,
                "dist-tags" => map.serialize_entry(key, &self.document.dist_tags)?,
                "time" => map.serialize_entry(key, &self.document.time)?,
                _ if !self.private && PRIVATE.contains(&key) => {}
                _ => map.serialize_entry(key, raw)?,
            }
        }
        map.end()
    }
}
