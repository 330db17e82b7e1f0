//! A version is published.
//! Knows nothing of the body it came in, whose every claim about the tarball was checked by then.

use std::borrow::Cow;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::value::RawValue;

use super::super::dist_tag::DistTag;
use super::super::json::text;
use super::super::signature::Signature;
use super::super::tarball::canonical_file;
use super::super::url_path::encode_segment;
use super::super::version::Version;
use super::members::Members;
use super::{ChangeError, HostedDocument, Moment, Person};

/// What only a registry can vouch for: in a client's `dist` it is a copy from elsewhere, or a lie.
const VOUCHED_FOR: [&str; 3] = ["signatures", "npm-signature", "attestations"];

/// The longest readme, in bytes; what is longer is cut. npm's own registry keeps "the first 64K" (its document on package
/// metadata).
const LONGEST_README: usize = 64 << 10;

/// A version to be published.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// The version.
    pub version: Version,
    /// Its manifest, as the client sent it.
    pub manifest: IndexMap<String, Box<RawValue>>,
    /// Digest of the tarball as an SRI string.
    pub integrity: String,
    /// SHA-1 of the tarball in hex digits.
    pub shasum: String,
    /// Tags that are to point to it.
    pub tags: Vec<DistTag>,
    /// The readme, if it is not in the manifest.
    pub readme: Option<String>,
    /// The predicate type of its provenance, if there is one: `https://slsa.dev/provenance/v1`.
    pub provenance: Option<String>,
    /// The registry's signature of it.
    pub signature: Option<Signature>,
    /// Who publishes it.
    pub publisher: Person,
}

impl NewVersion {
    /// Bytes of what it says, about: to publish it takes as long as it is.
    pub fn size(&self) -> usize {
        let manifest: usize = self.manifest.values().map(|raw| raw.get().len()).sum();
        manifest + self.readme.as_ref().map_or(0, String::len)
    }

    /// Leaves of its readme what is kept of it, and that beside the manifest.
    pub fn cut_readme(&mut self) {
        let in_manifest = self.manifest.shift_remove("readme");
        let in_manifest = in_manifest.and_then(|raw| text(&raw).map(Cow::into_owned));
        self.readme = self.readme.take().or(in_manifest).map(cut);
    }
}

/// Where clients find the provenance of a version.
#[derive(Serialize)]
struct Attestations<'a> {
    url: String,
    provenance: Predicate<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Predicate<'a> {
    predicate_type: &'a str,
}

impl HostedDocument {
    /// Whether a version may be published, as far as the past is concerned, for who can spare a tarball the way;
    /// [`publish`](Self::publish) asks again.
    ///
    /// # Errors
    /// When it is there, or was.
    pub fn check_new(&self, version: &Version) -> Result<(), ChangeError> {
        let named = || version.to_string();
        if holds(&self.versions, version) {
            return Err(ChangeError::VersionExists(named()));
        }
        if holds(&self.time, version) {
            return Err(ChangeError::VersionUnpublished(named()));
        }
        Ok(())
    }

    /// Publishes a version.
    ///
    /// Its manifest stays as it is but for what the registry sets, and the readme, which documents have once and
    /// not per version: it comes to the root, cut if it is too long, with the description and the like, if the version
    /// becomes `latest`. It does if a tag says so, or if nothing was `latest` before.
    ///
    /// # Errors
    /// When it is there, or was, or there is no room for it.
    pub fn publish(&mut self, mut new: NewVersion, moment: Moment<'_>) -> Result<(), ChangeError> {
        self.check_new(&new.version)?;
        self.check_room(&new)?;
        new.cut_readme();
        let version = new.version.as_str();
        if self.versions.is_empty() && !self.time.contains("created") {
            self.time.put_text("created", moment.now);
        }
        self.time.remove("unpublished");
        if !self.has_owner() {
            self.members.put_value("maintainers", &[&new.publisher]);
        }

        let mut manifest = Members::from(std::mem::take(&mut new.manifest));
        let readme = new.readme.take();
        self.complete(&mut manifest, &new);

        let is_latest = !self.has_latest() || new.tags.iter().any(DistTag::is_latest);
        Arc::make_mut(&mut self.versions).put_value(version, &manifest);
        for tag in &new.tags {
            self.dist_tags.put_text(tag.as_str(), version);
        }
        if is_latest {
            self.set_latest(version);
            self.members.put_as_in("readmeFilename", &manifest);
            match readme {
                Some(readme) => self.members.put_text("readme", &readme),
                None => self.members.remove("readme"),
            }
        }
        self.date(moment);
        self.time.put_text(version, moment.now);
        Ok(())
    }

    /// Sets what the registry says of a version, and not its publisher.
    fn complete(&self, manifest: &mut Members, new: &NewVersion) {
        let version = new.version.as_str();
        self.identify(manifest, version);
        manifest.put_value("_npmUser", &new.publisher);
        manifest.put_as_in("maintainers", &self.members);

        let mut dist = self.own_dist(manifest, version, &new.integrity, &new.shasum);
        if let Some(signature) = &new.signature {
            dist.put_value("signatures", &[signature]);
        }
        if let Some(predicate_type) = &new.provenance {
            let url = format!("/-/npm/v1/attestations/{}@{version}", self.name.path());
            let provenance = Predicate { predicate_type };
            dist.put_value("attestations", &Attestations { url, provenance });
        }
        manifest.put_value("dist", &dist);
    }

    /// Sets of which package and version a manifest is.
    pub(super) fn identify(&self, manifest: &mut Members, version: &str) {
        let name = self.name.as_str();
        manifest.put_text("name", name);
        manifest.put_text("version", version);
        manifest.put_text("_id", &format!("{name}@{version}"));
    }

    /// What a manifest says of its tarball, with these digests, and without what another registry vouches for.
    pub(super) fn own_dist(
        &self,
        manifest: &Members,
        version: &str,
        integrity: &str,
        shasum: &str,
    ) -> Members {
        let mut dist = manifest.object("dist").unwrap_or_default();
        VOUCHED_FOR.iter().for_each(|key| dist.remove(key));
        dist.put_text("integrity", integrity);
        dist.put_text("shasum", shasum);
        dist.put_text("tarball", &self.tarball_path(version));
        dist
    }

    /// Where a version's tarball is, below whatever base URL a client uses: views put that in front, and the
    /// file's name is found in it by any NOPAR.
    fn tarball_path(&self, version: &str) -> String {
        let file = canonical_file(&self.name, version);
        format!("/{}/-/{}", self.name.path(), encode_segment(&file))
    }
}

/// Whether a version is among the keys. An old NOPAR let build metadata in, which makes no other version.
fn holds(keys: &Members, version: &Version) -> bool {
    let same = |key: &str| Version::without_build(key).as_ref() == Ok(version);
    keys.contains(version.as_str()) || keys.iter().any(|(key, _)| key.contains('+') && same(key))
}

/// What is kept of a readme: whole characters.
pub(super) fn cut(mut readme: String) -> String {
    readme.truncate(readme.floor_char_boundary(LONGEST_README));
    readme
}
