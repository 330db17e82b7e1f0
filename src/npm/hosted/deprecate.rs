//! Versions are deprecated, and no longer.
//! Knows nothing of ranges: clients work out which versions they mean.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::members::Members;
use super::{ChangeError, HostedDocument, Moment};

impl HostedDocument {
    /// Sets the messages of versions; an empty one takes the deprecation back. Nothing else of a manifest
    /// changes.
    ///
    /// # Errors
    /// When one of the versions does not exist.
    pub fn deprecate(
        &mut self,
        messages: &BTreeMap<String, String>,
        moment: Moment<'_>,
    ) -> Result<(), ChangeError> {
        let missing = |version: &&String| self.manifest_members(version).is_none();
        if let Some(version) = messages.keys().find(missing) {
            return Err(ChangeError::NoVersion(version.clone()));
        }
        for (version, message) in messages {
            self.set_message(version, message)?;
        }
        self.date(moment);
        Ok(())
    }

    /// The message of a version that is deprecated.
    pub fn deprecation(&self, version: &str) -> Option<String> {
        self.manifest_members(version)?.text("deprecated").filter(|message| !message.is_empty())
    }

    pub(super) fn set_message(&mut self, version: &str, message: &str) -> Result<(), ChangeError> {
        let mut manifest = self
            .manifest_members(version)
            .ok_or_else(|| ChangeError::NoVersion(version.to_owned()))?;
        if message.is_empty() {
            manifest.remove("deprecated");
        } else {
            manifest.put_text("deprecated", message);
        }
        Arc::make_mut(&mut self.versions).put_value(version, &manifest);
        Ok(())
    }

    /// A version's manifest, if there is one and it is an object.
    pub(super) fn manifest_members(&self, version: &str) -> Option<Members> {
        self.versions.object(version)
    }
}
