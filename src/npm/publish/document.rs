//! What a body asks for, once its tarball is out of it.
//! Knows nothing of the tarball's bytes but what the document says of them, and compares that at the end.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::bounded::{Bounded, TooMany};
use super::super::dist_tag::{DistTag, InvalidDistTag};
use super::super::integrity::Integrity;
use super::super::json::text;
use super::super::name::PackageName;
use super::super::version::{InvalidVersion, Version};
use super::provenance::Provenance;

/// A JSON object's members, as the text they were.
type Object = IndexMap<String, Box<RawValue>>;

/// Why a body publishes nothing. npm prints the sentence.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// It is no JSON, or no publish document.
    #[error("the publish document cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// It names another package than the path does.
    #[error("the document is of {said:?}, and its path of {asked}")]
    Name {
        /// By the path.
        asked: PackageName,
        /// By the document or its manifest.
        said: String,
    },
    /// It holds none, or several.
    #[error("a publish is of one version, and the document holds {0}")]
    Versions(usize),
    /// It would take more memory than what a publish consists of.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// No version that can be published.
    #[error(transparent)]
    Version(#[from] InvalidVersion),
    /// The manifest says another version than its key.
    #[error("the manifest of version {version} says version {said:?}")]
    ManifestVersion {
        /// The key.
        version: Version,
        /// What the manifest says.
        said: String,
    },
    /// Every client that installs any version of the package would have to read it.
    #[error(
        "the manifest of version {version} has {len} bytes besides its readme, and may have {LONGEST_MANIFEST}"
    )]
    LongManifest {
        /// Whose.
        version: Version,
        /// Its length.
        len: usize,
    },
    /// No tag that can be set.
    #[error(transparent)]
    Tag(#[from] InvalidDistTag),
    /// A tag of another version.
    #[error("dist-tag {tag} is of {said:?}, and the version that is published is {version}")]
    TagOfAnother {
        /// The tag.
        tag: DistTag,
        /// What it points to.
        said: String,
        /// What is published.
        version: Version,
    },
    /// There is nothing to publish.
    #[error("no tarball is attached")]
    NoTarball,
    /// An attachment that is neither the version's tarball nor its sigstore bundle, or is a second one of them.
    #[error(
        "attachment {said:?} is neither the version's tarball nor its sigstore bundle: they are called {tarball:?} and {bundle:?}, and each is there once"
    )]
    Attachment {
        /// How it is called.
        said: String,
        /// How the tarball has to be called.
        tarball: String,
        /// How the bundle has to be called.
        bundle: String,
    },
    /// A sigstore bundle that no client could verify.
    #[error("the sigstore bundle that is attached states nothing that can be read")]
    Bundle,
    /// Whoever asks for it has all of it sent.
    #[error(
        "the sigstore bundle that is attached has {len} bytes, and may have {LONGEST_BUNDLE}; attach the one that npm makes for this version, or publish without provenance"
    )]
    LongBundle {
        /// Its length.
        len: usize,
    },
    /// There is nothing in the tarball.
    #[error("the tarball that is attached is empty")]
    Empty,
    /// The tarball is not as long as it should be.
    #[error("the tarball has {arrived} bytes, and the document says {stated}")]
    Length {
        /// As it came.
        arrived: u64,
        /// As the document says.
        stated: u64,
    },
    /// The tarball is not what it should be.
    #[error("the tarball's digests are {computed}, and the document says {stated}")]
    Digest {
        /// Of what came.
        computed: String,
        /// As the document says.
        stated: String,
    },
    /// `dist` names digests that cannot be read.
    #[error("dist names no usable integrity or shasum")]
    Integrity,
}

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

#[derive(Deserialize)]
struct Body {
    name: Option<String>,
    #[serde(rename = "_id")]
    id: Option<String>,
    /// The first one: there is no other in a publish.
    #[serde(default)]
    versions: Bounded<Box<RawValue>, 1>,
    #[serde(default, rename = "dist-tags")]
    dist_tags: Bounded<String>,
    access: Option<String>,
    readme: Option<Box<RawValue>>,
    #[serde(default, rename = "_attachments")]
    attachments: Option<Bounded<Attachment>>,
}

#[derive(Deserialize)]
struct Attachment {
    content_type: Option<String>,
    data: Option<String>,
    length: Option<u64>,
}

#[derive(Default, Deserialize)]
struct Dist {
    integrity: Option<String>,
    shasum: Option<String>,
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
        let mut body: Body = serde_json::from_slice(&document)?;
        for said in [&body.name, &body.id].into_iter().flatten() {
            check_name(name, said)?;
        }
        let attachments = body.attachments.take().unwrap_or_default().all()?;
        if !had_tarball && attachments.is_empty() {
            return Ok(Put::Change(document));
        }
        Ok(Put::Publish(Box::new(PublishDocument::of(name, body, attachments, had_tarball)?)))
    }
}

impl PublishDocument {
    fn of(
        name: &PackageName,
        body: Body,
        attachments: IndexMap<String, Attachment>,
        had_tarball: bool,
    ) -> Result<PublishDocument, PublishError> {
        let count = body.versions.count();
        let mut versions = body.versions.kept().into_iter();
        let (Some((version, manifest)), 1) = (versions.next(), count) else {
            return Err(PublishError::Versions(count));
        };
        let version = Version::parse(&version)?;
        let len = manifest.get().len();
        let manifest: Bounded<Box<RawValue>> = serde_json::from_str(manifest.get())?;
        let manifest: Object = manifest.all()?;
        check_manifest(name, &version, &manifest)?;
        let len = len - manifest.get("readme").map_or(0, |readme| readme.get().len());
        if len > LONGEST_MANIFEST {
            return Err(PublishError::LongManifest { version, len });
        }
        let (stated_len, provenance) = sorted_out(name, &version, attachments, had_tarball)?;
        Ok(PublishDocument {
            tags: tags_of(body.dist_tags.all()?, &version)?,
            access: body.access,
            readme: body.readme.as_deref().and_then(text).map(Cow::into_owned),
            provenance,
            stated_len,
            stated_digests: digests_of(&manifest)?,
            version,
            manifest,
        })
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
            Some(stated) => Err(PublishError::Digest {
                computed: computed.to_string(),
                stated: stated.to_string(),
            }),
            None => Ok(()),
        }
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
    let said = |key: &str| manifest.get(key).and_then(|raw| text(raw)).unwrap_or_default();
    check_name(name, &said("name"))?;
    let said = said("version");
    if Version::parse(&said).as_ref() == Ok(version) {
        return Ok(());
    }
    Err(PublishError::ManifestVersion { version: version.clone(), said: said.into_owned() })
}

fn tags_of(
    said: IndexMap<String, String>,
    version: &Version,
) -> Result<Vec<DistTag>, PublishError> {
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
    let dist: Dist = serde_json::from_str(dist.get())?;
    let shasum = dist.shasum.map(|hex| Integrity::of_shasum(&hex));
    let integrity = dist.integrity.map(|text| Integrity::parse(&text));
    [integrity, shasum]
        .into_iter()
        .flatten()
        .map(|digests| digests.map_err(|_| PublishError::Integrity))
        .collect()
}
