//! Dist-tags are set and removed.
//! Knows nothing of ranges; a `DistTag` is none.

use super::super::dist_tag::DistTag;
use super::{ChangeError, HostedDocument, Moment};

impl HostedDocument {
    /// Lets a tag point to a version.
    ///
    /// # Errors
    /// When there is no such version, or no room for a tag more.
    pub fn set_tag(
        &mut self,
        tag: &DistTag,
        version: &str,
        moment: Moment<'_>,
    ) -> Result<(), ChangeError> {
        self.tag(tag, version)?;
        self.date(moment);
        Ok(())
    }

    /// Removes a tag, also one of old that could not be set today.
    ///
    /// # Errors
    /// When there is no such tag, or it is `latest`.
    pub fn remove_tag(&mut self, tag: &str, moment: Moment<'_>) -> Result<(), ChangeError> {
        self.untag(tag)?;
        self.date(moment);
        Ok(())
    }

    pub(super) fn tag(&mut self, tag: &DistTag, version: &str) -> Result<(), ChangeError> {
        if !self.versions.contains(version) {
            return Err(ChangeError::NoVersion(version.to_owned()));
        }
        if tag.is_latest() {
            self.set_latest(version);
        } else {
            self.check_tags(std::slice::from_ref(tag))?;
            self.dist_tags.put_text(tag.as_str(), version);
        }
        Ok(())
    }

    pub(super) fn untag(&mut self, tag: &str) -> Result<(), ChangeError> {
        if !self.dist_tags.contains(tag) {
            return Err(ChangeError::NoTag(tag.to_owned()));
        }
        if tag == DistTag::latest().as_str() {
            return Err(ChangeError::LatestRemoved);
        }
        self.dist_tags.remove(tag);
        Ok(())
    }
}
