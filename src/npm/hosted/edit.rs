//! Changes as values, for those who have several to make at once, or must ask whether each is allowed.
//! Knows nothing of how a client says them.

use super::super::dist_tag::DistTag;
use super::super::tarball::TarballName;
use super::{ChangeError, HostedDocument, Moment, Person};

/// One change of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Sets the message of a version that is deprecated. Nothing else of its manifest changes.
    Deprecate {
        /// The version.
        version: String,
        /// Empty to take it back.
        message: String,
    },
    /// Takes a version back, with the tags that point to it; `latest` moves to the highest that is left, a stable one
    /// before a prerelease. The last version is all of them.
    Unpublish(String),
    /// [`unpublish_all`](HostedDocument::unpublish_all).
    UnpublishAll,
    /// [`set_tag`](HostedDocument::set_tag).
    Tag {
        /// The tag.
        tag: DistTag,
        /// Where it is to point.
        version: String,
    },
    /// [`remove_tag`](HostedDocument::remove_tag).
    Untag(String),
    /// [`set_maintainers`](HostedDocument::set_maintainers).
    Owners(Vec<Person>),
    /// Sets whether a user likes the package.
    Star {
        /// Who.
        user: String,
        /// Whether they like it.
        starred: bool,
    },
}

impl HostedDocument {
    /// Makes all of these changes in their order, as one. Gives the files that may be removed once the document
    /// is written. No edits change nothing, the revision neither.
    ///
    /// # Errors
    /// When one of them cannot be made; then none is.
    pub fn apply(
        &mut self,
        edits: &[Edit],
        moment: Moment<'_>,
    ) -> Result<Vec<TarballName>, ChangeError> {
        if edits.is_empty() {
            return Ok(Vec::new());
        }
        let mut edited = self.clone();
        let mut files = Vec::new();
        for edit in edits {
            files.extend(edited.make(edit, moment.now)?);
        }
        let files = edited.forget(files);
        edited.date(moment);
        *self = edited;
        Ok(files)
    }

    /// Makes one of them. Gives the files of versions that it takes back.
    fn make(&mut self, edit: &Edit, now: &str) -> Result<Vec<TarballName>, ChangeError> {
        match edit {
            Edit::Unpublish(version) => return self.take_back(version, now),
            Edit::UnpublishAll => return self.take_all_back(now),
            Edit::Deprecate { version, message } => self.set_message(version, message)?,
            Edit::Tag { tag, version } => self.tag(tag, version)?,
            Edit::Untag(tag) => self.untag(tag)?,
            Edit::Owners(owners) => self.set_owners(owners)?,
            Edit::Star { user, starred } => self.star(user, *starred)?,
        }
        Ok(Vec::new())
    }
}
