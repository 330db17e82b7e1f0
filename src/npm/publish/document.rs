//! What a body asks for, once its tarball is out of it.
//! Knows nothing of the tarball's bytes but what the document says of them, and compares that at the end.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde_json::value::RawValue;

use super::super::dist_tag::DistTag;
use super::super::hex;
use super::super::integrity::{Algorithm, Digest, Integrity};
use super::super::name::PackageName;
use super::super::version::Version;
use super::PublishError;
use super::body::{self, Attachment, Body, members, optional_text};
use super::provenance::Provenance;

/// A JSON object's members, as the text they were.
type Object = IndexMap<String, Box<RawValue>>;

/// What members are of.
const MANIFEST: &str = "the manifest";
const DIST: &str = "dist";

/// What a `PUT /PKG` is.
#[derive(Debug)]
pub enum Put {
    /// It publishes a version.
    Publish(Box<PublishDocument>),
    /// It publishes nothing: deprecations, stars, owners are said in this way. The document, as it came.
    Change(Vec<u8>),
}

/// A version to be published.
#[derive(Debug)]
pub struct PublishDocument {
    /// The version.
    pub version: Version,
    /// Its manifest, as it came.
    pub manifest: Object,
    /// Tags that are to point to it.
    pub tags: Vec<DistTag>,
    /// Who may see the package, if that is said: `public` or `restricted`.
    pub access: Option<String>,
    /// The readme, if it is not in the manifest.
    pub readme: Option<String>,
    /// The sigstore bundle that came with it.
    pub provenance: Option<Provenance>,
    /// Length of the tarball in bytes, as the document says.
    stated_len: Option<u64>,
    /// Digests of the tarball, as the document says.
    stated_digests: Vec<Integrity>,
}

/// The longest manifest, in bytes, its readme aside, which documents have once.
///
/// Whoever installs one version reads the manifests of all: a hundred of this length are the 100 MB at which npm's own
/// registry takes no more of a package. The longest of well-known packages, that of date-fns with 180 KB of `exports`,
/// is a sixth of it (2026-11-28); usual ones have 1 to 20 KB.
pub(super) const LONGEST_MANIFEST: usize = 1 << 20;

/// The longest sigstore bundle, in bytes: those that npm makes have 10 to 20 KB.
pub(super) const LONGEST_BUNDLE: usize = 1 << 20;

/// Endings of what is attached: the tarball, and its sigstore bundle (libnpmpublish).
const TARBALL_ENDING: &str = ".tgz";
const BUNDLE_ENDING: &str = ".sigstore";

impl Put {
    /// Reads what a [`Scanner`](super::Scanner) kept of the body of `PUT /name`.
    ///
    /// # Errors
    /// When it is no document of this package, or a publish that is not one.
    pub fn parse(
        name: &PackageName,
        document: Vec<u8>,
        had_tarball: bool,
    ) -> Result<Put, PublishError> {
        Ok(match PublishDocument::read(name, &document, had_tarball)? {
            Some(publish) => Put::Publish(Box::new(publish)),
            None => Put::Change(document),
        })
    }
}

impl PublishDocument {
    /// `None` when it publishes nothing.
    fn read(
        name: &PackageName,
        document: &[u8],
        had_tarball: bool,
    ) -> Result<Option<PublishDocument>, PublishError> {
        let body = Body::read(document)?;
        for said in body.names()?.into_iter().flatten() {
            check_name(name, &said)?;
        }
        let (tags, access, attachments) = (body.tags()?, body.access()?, body.attachments()?);
        if !had_tarball && attachments.is_empty() {
            return Ok(None);
        }
        let (version, manifest) = body.version()?;
        let version = Version::parse(&version)?;
        let len = manifest.get().len();
        let manifest = body::manifest(version.as_str(), manifest)?;
        check_manifest(name, &version, &manifest)?;
        let len = len - manifest.get("readme").map_or(0, |readme| readme.get().len());
        if len > LONGEST_MANIFEST {
            return Err(PublishError::LongManifest { version, len });
        }
        let (stated_len, provenance) = sorted_out(name, &version, attachments, had_tarball)?;
        Ok(Some(PublishDocument {
            tags: tags_of(tags, &version)?,
            access,
            readme: body.readme(),
            provenance,
            stated_len,
            stated_digests: digests_of(&manifest)?,
            version,
            manifest,
        }))
    }

    /// Compares the tarball that came with what the document says of it: `len` bytes with these digests, of
    /// every algorithm ([`Digester::of_all`](super::super::Digester::of_all)).
    ///
    /// # Errors
    /// When it is another one. A document that says nothing is right.
    pub fn check_tarball(&self, len: u64, computed: &Integrity) -> Result<(), PublishError> {
        if len == 0 {
            return Err(PublishError::Empty);
        }
        if let Some(stated) = self.stated_len.filter(|stated| *stated != len) {
            return Err(PublishError::Length { arrived: len, stated });
        }
        let wrong = |stated: &&Integrity| computed.matches(stated) != Some(true);
        match self.stated_digests.iter().find(wrong) {
            Some(stated) => Err(other_digest(stated, computed)),
            None => Ok(()),
        }
    }
}

/// What is told of the one digest that counts of those that are stated.
fn other_digest(stated: &Integrity, computed: &Integrity) -> PublishError {
    let stated = &stated.strongest()[0];
    let algorithm = stated.algorithm();
    let computed = computed.digests().iter().find(|digest| digest.algorithm() == algorithm);
    PublishError::Digest {
        algorithm: algorithm.name(),
        computed: computed.map(written).unwrap_or_default(),
        stated: written(stated),
    }
}

/// As `shasum` has it, or `integrity`.
fn written(digest: &Digest) -> String {
    match digest.algorithm() {
        Algorithm::Sha1 => hex(digest.bytes()),
        _ => digest.to_string(),
    }
}

fn check_name(asked: &PackageName, said: &str) -> Result<(), PublishError> {
    if said == asked.as_str() {
        return Ok(());
    }
    Err(PublishError::Name { asked: asked.clone(), said: said.to_owned() })
}

fn check_manifest(
    name: &PackageName,
    version: &Version,
    manifest: &Object,
) -> Result<(), PublishError> {
    check_name(name, &said_in(manifest, version, "name")?)?;
    let said = said_in(manifest, version, "version")?;
    if Version::parse(&said).as_ref() == Ok(version) {
        return Ok(());
    }
    Err(PublishError::ManifestVersion { version: version.clone(), said: said.into_owned() })
}

/// What a manifest has to say.
fn said_in<'a>(
    manifest: &'a Object,
    version: &Version,
    member: &'static str,
) -> Result<Cow<'a, str>, PublishError> {
    let said = optional_text(manifest.get(member).map(|raw| &**raw), member, MANIFEST)?;
    said.filter(|said| !said.is_empty())
        .ok_or_else(|| PublishError::Missing { version: version.clone(), member })
}

fn tags_of(said: Vec<(String, String)>, version: &Version) -> Result<Vec<DistTag>, PublishError> {
    let mut tags = Vec::new();
    for (tag, said) in said {
        let tag = DistTag::parse(&tag)?;
        if Version::parse(&said).as_ref() != Ok(version) {
            return Err(PublishError::TagOfAnother { tag, said, version: version.clone() });
        }
        tags.push(tag);
    }
    Ok(tags)
}

/// The stated length of the tarball, and the bundle.
fn sorted_out(
    name: &PackageName,
    version: &Version,
    attachments: IndexMap<String, Attachment>,
    had_tarball: bool,
) -> Result<(Option<u64>, Option<Provenance>), PublishError> {
    let (mut tarball, mut provenance) = (None, None);
    for (key, attachment) in attachments {
        if provenance.is_none() && is_key(&key, name, version, BUNDLE_ENDING) {
            let content_type = attachment.content_type.unwrap_or_default();
            let bundle = attachment.data.unwrap_or_default();
            if bundle.len() > LONGEST_BUNDLE {
                return Err(PublishError::LongBundle { len: bundle.len() });
            }
            let predicate_type = Provenance::predicate_type(&bundle).ok_or(PublishError::Bundle)?;
            provenance = Some(Provenance { content_type, bundle, predicate_type });
        } else if tarball.is_none() && is_key(&key, name, version, TARBALL_ENDING) {
            tarball = Some(attachment.length);
        } else {
            return Err(PublishError::Attachment {
                said: key,
                tarball: key_of(name.as_str(), version, TARBALL_ENDING),
                bundle: key_of(name.as_str(), version, BUNDLE_ENDING),
            });
        }
    }
    match tarball.filter(|_| had_tarball) {
        Some(length) => Ok((length, provenance)),
        None => Err(PublishError::NoTarball),
    }
}

/// Whether this is the key of what is attached to the version with this ending. All clients put the scope into it, which
/// its file has not.
fn is_key(key: &str, name: &PackageName, version: &Version, ending: &str) -> bool {
    [name.as_str(), name.basename()].into_iter().any(|of| key == key_of(of, version, ending))
}

fn key_of(name: &str, version: &Version, ending: &str) -> String {
    format!("{name}-{version}{ending}")
}

/// Every digest that `dist` names: all of them have to be right, not only the strongest.
fn digests_of(manifest: &Object) -> Result<Vec<Integrity>, PublishError> {
    let Some(dist) = manifest.get("dist") else { return Ok(Vec::new()) };
    let dist: IndexMap<String, &RawValue> = members(dist, "dist", MANIFEST)?;
    let said = |key: &str| optional_text(dist.get(key).copied(), key, DIST);
    let shasum = said("shasum")?.map(|hex| Integrity::of_shasum(&hex));
    let integrity = said("integrity")?.map(|text| Integrity::parse(&text));
    [integrity, shasum]
        .into_iter()
        .flatten()
        .map(|digests| digests.map_err(|_| PublishError::Integrity))
        .collect()
}
