//! Why a body publishes nothing.
//! Knows nothing of status codes, nor in which order things are looked at.

use super::super::bounded::TooMany;
use super::super::dist_tag::{DistTag, InvalidDistTag};
use super::super::name::PackageName;
use super::super::version::{InvalidVersion, Version};
use super::document::{LONGEST_BUNDLE, LONGEST_MANIFEST};

/// Why a body publishes nothing. npm prints the sentence.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// It is no JSON, or says one thing twice: what is of another type than it has to be is told in other words.
    #[error("the publish document cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// It is JSON of another kind, or none at all.
    #[error("what was sent is not the document of a package, which is a JSON object")]
    NoObject,
    /// A part of it is of another type than it has to be.
    #[error("{member:?} of {of} is not {kind}")]
    Member {
        /// Its key.
        member: String,
        /// What it is a member of.
        of: &'static str,
        /// What it has to be.
        kind: &'static str,
    },
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
    /// The manifest does not say what it is of.
    #[error("the manifest of version {version} has no {member:?}")]
    Missing {
        /// The key.
        version: Version,
        /// What it does not say.
        member: &'static str,
    },
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
    #[error("the {algorithm} digest of the tarball is {computed}, and the document says {stated}")]
    Digest {
        /// The algorithm by which it is another.
        algorithm: &'static str,
        /// Of what came.
        computed: String,
        /// As the document says.
        stated: String,
    },
    /// `dist` names digests that cannot be read.
    #[error("dist names no usable integrity or shasum")]
    Integrity,
}
