//! Why a document cannot be read, and why one cannot be changed.
//! Knows nothing of status codes; there is one kind for each answer that clients get.

use super::super::bounded::TooMany;
use super::super::dist_tag::InvalidDistTag;
use super::super::name::{InvalidName, PackageName};

/// Why bytes are not the document of a hosted package.
#[derive(Debug, thiserror::Error)]
pub enum DocumentUnreadable {
    /// Not JSON, cut short, or JSON of another type.
    #[error("the document is not a JSON object")]
    NotAnObject(#[source] serde_json::Error),
    /// It does not say whose it is.
    #[error("the document names no package")]
    NoName,
    /// It is of no package that there can be.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// A part that is always an object is something else.
    #[error("the document's {member} is not an object")]
    Member {
        /// The part's key.
        member: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// Why a change is not made. npm prints the sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// The version is there. The words are those of npm's registry, which tools look for.
    #[error("You cannot publish over the previously published versions: {0}.")]
    VersionExists(String),
    /// The version was there and is gone: it never comes back, because someone may have installed it.
    #[error(
        "You cannot publish over the previously published versions: {0}. It was unpublished, and no version is used twice."
    )]
    VersionUnpublished(String),
    /// There is no such version.
    #[error("version not found: {0}")]
    NoVersion(String),
    /// There is no such tag.
    #[error("dist-tag not found: {0}")]
    NoTag(String),
    /// Every package with a version has this one.
    #[error("dist-tag latest cannot be removed, only moved to another version")]
    LatestRemoved,
    /// The tag may not be set.
    #[error(transparent)]
    Tag(#[from] InvalidDistTag),
    /// Somebody has to be able to publish.
    #[error("the last owner of {0} cannot be removed")]
    LastOwner(PackageName),
    /// Owners without names.
    #[error("each owner needs a name")]
    NamelessOwner,
    /// There was a change since the client has seen the document. The words are CouchDB's and the old NOPAR's.
    #[error("must supply latest _rev to update {name}: {said} is not the latest")]
    Conflict {
        /// The package.
        name: PackageName,
        /// The revision that the client has seen.
        said: String,
    },
    /// What the client sent is no JSON object, or parts of it are none.
    #[error("the document of a package is a JSON object, and so are its versions and dist-tags")]
    NotADocument,
    /// What the client sent speaks of nothing that a document can change.
    #[error(
        "the document says nothing of what can be changed: it has no versions, dist-tags, maintainers or users"
    )]
    NothingSaid,
    /// What the client sent would take more memory than any document.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The document would be longer than any may be.
    #[error(
        "the document of {name} would have {len} bytes with this, and may have {longest}; unpublish versions that nobody needs any more"
    )]
    TooLong {
        /// The package.
        name: PackageName,
        /// Bytes that it would have.
        len: usize,
        /// Bytes that it may have.
        longest: usize,
    },
    /// The document would hold more of something than could be sent back.
    #[error("the document of {name} may hold {most} {what}, and no more; {remedy}")]
    Full {
        /// The package.
        name: PackageName,
        /// How much it may hold.
        most: usize,
        /// Of what.
        what: &'static str,
        /// What can be done.
        remedy: &'static str,
    },
    /// What the client sent is another package's document.
    #[error("the document is of {said:?}, and its path of {asked}")]
    WrongName {
        /// By the path.
        asked: PackageName,
        /// By the document.
        said: String,
    },
    /// A version that the client added to its copy.
    #[error("version {0} cannot be added without its tarball")]
    VersionAdded(String),
    /// The message by which a version is deprecated is of another type.
    #[error(
        "\"deprecated\" of version {0} is not a text: it is the message, and an empty one takes it back"
    )]
    NotAText(String),
    /// A star of nobody in particular.
    #[error("you must be logged in to star a package, or to take a star back")]
    NobodysStar,
    /// Another tarball's digest in the client's copy.
    #[error("the tarball of version {0} cannot be changed")]
    TarballChanged(String),
    /// There is nothing to unpublish.
    #[error("no version of {0} is published")]
    NothingPublished(PackageName),
}
