//! Which stage a version was published from, if it had to be approved.
//! Knows nothing of what a stage is, but that it has an id that no other has.
//!
//! It is written down with the version, in the same change: so who finds the version there knows whether its stage is
//! done with, whatever happened between the change and the end of the stage.

use std::borrow::Cow;

use serde_json::value::to_raw_value;

use super::super::json::text;
use super::{HostedDocument, NewVersion};

/// The member of a manifest.
const STAGE: &str = "_stageId";

impl NewVersion {
    /// Says that it comes from this stage, or from none, whatever its manifest says: that is a client's.
    pub fn set_stage(&mut self, id: Option<&str>) {
        match id.and_then(|id| to_raw_value(id).ok()) {
            Some(id) => drop(self.manifest.insert(STAGE.to_owned(), id)),
            None => drop(self.manifest.shift_remove(STAGE)),
        }
    }

    /// The stage that it comes from, if it comes from one.
    pub fn stage(&self) -> Option<String> {
        text(self.manifest.get(STAGE)?).map(Cow::into_owned)
    }
}

impl HostedDocument {
    /// The stage that a version was published from, if it was published from one.
    pub fn stage_of(&self, version: &str) -> Option<String> {
        self.versions.object(version)?.text(STAGE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npm::hosted::{Moment, Person};

    fn new(version: &str) -> NewVersion {
        NewVersion {
            version: version.parse().unwrap(),
            manifest: serde_json::from_str(r#"{"_stageId":"of a client","name":"x"}"#).unwrap(),
            integrity: "sha512-AA".to_owned(),
            shasum: "aa".to_owned(),
            tags: Vec::new(),
            readme: None,
            signature: None,
            provenance: None,
            publisher: Person { name: "alice".to_owned(), email: String::new() },
        }
    }

    #[test]
    fn a_version_is_of_the_stage_that_the_registry_says() {
        let mut document = HostedDocument::new("x".parse().unwrap());
        for (version, stage) in [("1.0.0", Some("a\"b")), ("1.1.0", None)] {
            let mut new = new(version);
            new.set_stage(stage);
            assert_eq!(new.stage().as_deref(), stage);
            document.publish(new, Moment { now: "2026-11-28T11:35:00.000Z", rev: "0" }).unwrap();
        }
        let document = HostedDocument::parse(&document.to_bytes()).unwrap();
        let stages = ["1.0.0", "1.1.0", "2.0.0"].map(|version| document.stage_of(version));
        assert_eq!(stages, [Some("a\"b".to_owned()), None, None]);
    }
}
