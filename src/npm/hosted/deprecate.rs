//! Versions are deprecated, and no longer.
//! Knows nothing of ranges: clients work out which versions they mean.

use std::sync::Arc;

use super::members::Members;
use super::{ChangeError, HostedDocument};

impl HostedDocument {
    /// The message of a version that is deprecated.
    pub fn deprecation(&self, version: &str) -> Option<String> {
        self.manifest_members(version)?.text("deprecated").filter(|message| !message.is_empty())
    }

    /// Sets the message of a version; an empty one takes the deprecation back. Nothing else of its manifest changes.
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
