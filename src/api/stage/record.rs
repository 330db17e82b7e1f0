//! What is written down of a stage: what lists tell of it, and what will be published.
//! Knows nothing of where it is written.
//!
//! Two texts, so that a list reads short ones only. Both have one version of a package in mind, and are read by any NOPAR
//! on the directory: what a later one adds is passed over.

use crate::clock::iso;
use crate::clock::{of_millis, to_millis};
use crate::npm::hosted::{NewVersion, Person};
use crate::npm::{DistTag, PackageName, Version, hex};
use crate::store::StageId;
use bytes::Bytes;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt;
use std::time::SystemTime;

/// What lists tell of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) name: PackageName,
    pub(super) version: Version,
    /// The first of its tags: clients send one.
    tag: String,
    /// Who staged it.
    pub(super) actor: String,
    pub(super) created: SystemTime,
    /// Digests of the tarball, as `dist` will have them.
    pub(super) integrity: String,
    shasum: String,
    /// SHA-256 of what was written of the document, in hex digits: what is published is what was staged.
    manifest: String,
}

/// The same as text.
#[derive(Serialize, Deserialize)]
struct Written {
    name: String,
    version: String,
    #[serde(default)]
    tag: String,
    actor: String,
    /// In milliseconds since 1970.
    created: u64,
    integrity: String,
    shasum: String,
    manifest: String,
}

/// What will be published of the document.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Said {
    manifest: IndexMap<String, Box<RawValue>>,
    tags: Vec<String>,
    #[serde(default)]
    readme: Option<String>,
    /// The predicate type of the bundle that came with it.
    #[serde(default)]
    provenance: Option<String>,
}

impl Record {
    /// The record of a version that is staged now, of whose document that was written down which has this digest.
    pub(super) fn of(
        name: PackageName,
        new: &NewVersion,
        manifest: String,
        now: SystemTime,
    ) -> Record {
        Record {
            name,
            version: new.version.clone(),
            tag: new.tags.first().map(ToString::to_string).unwrap_or_default(),
            actor: new.publisher.name.clone(),
            // As it is written.
            created: of_millis(to_millis(now)),
            integrity: new.integrity.clone(),
            shasum: new.shasum.clone(),
            manifest,
        }
    }

    /// Reads one; `None` if it is none.
    pub(super) fn parse(text: &[u8]) -> Option<Record> {
        let written: Written = serde_json::from_slice(text).ok()?;
        Some(Record {
            name: PackageName::parse(&written.name).ok()?,
            version: Version::parse(&written.version).ok()?,
            tag: written.tag,
            actor: written.actor,
            created: of_millis(written.created),
            integrity: written.integrity,
            shasum: written.shasum,
            manifest: written.manifest,
        })
    }

    pub(super) fn to_bytes(&self) -> Bytes {
        let written = Written {
            name: self.name.to_string(),
            version: self.version.to_string(),
            tag: self.tag.clone(),
            actor: self.actor.clone(),
            created: to_millis(self.created),
            integrity: self.integrity.clone(),
            shasum: self.shasum.clone(),
            manifest: self.manifest.clone(),
        };
        // Texts and a number can always be written.
        Bytes::from(serde_json::to_vec(&written).unwrap_or_default())
    }

    /// What clients are told of it (npm's document of its API, `StagePackageVersion`).
    pub(super) fn told(&self, id: StageId) -> Value {
        json!({
            "id": id.to_string(),
            "packageName": self.name.as_str(),
            "version": self.version.as_str(),
            "tag": self.tag,
            "createdAt": iso(self.created),
            "actor": self.actor,
            "actorType": "user",
            "access": "public",
            "shasum": self.shasum,
            "status": "staged",
        })
    }
}

/// As logs name it.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

impl Said {
    /// Of a version that is staged.
    pub(super) fn of(new: &NewVersion) -> Said {
        Said {
            manifest: new.manifest.clone(),
            tags: new.tags.iter().map(ToString::to_string).collect(),
            readme: new.readme.clone(),
            provenance: new.provenance.clone(),
        }
    }

    pub(super) fn to_bytes(&self) -> Bytes {
        // As above.
        Bytes::from(serde_json::to_vec(self).unwrap_or_default())
    }

    /// What tells a text of this kind from others.
    pub(super) fn digest(text: &[u8]) -> String {
        hex(&Sha256::digest(text))
    }

    /// Reads what was written of the version in this record, as it is to be published; `None` if it is not that.
    pub(super) fn parse(text: &[u8], record: &Record, id: StageId) -> Option<NewVersion> {
        if Said::digest(text) != record.manifest {
            return None;
        }
        let said: Said = serde_json::from_slice(text).ok()?;
        let tags = said.tags.iter().map(|tag| DistTag::parse(tag).ok());
        let mut new = NewVersion {
            version: record.version.clone(),
            manifest: said.manifest,
            integrity: record.integrity.clone(),
            shasum: record.shasum.clone(),
            tags: tags.collect::<Option<_>>()?,
            readme: said.readme,
            signature: None,
            provenance: said.provenance,
            publisher: Person { name: record.actor.clone(), email: String::new() },
        };
        new.set_stage(Some(&id.to_string()));
        Some(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    fn id() -> StageId {
        StageId::parse("0b5e1f6a-1111-4222-8333-44445555666a").unwrap()
    }

    fn new() -> NewVersion {
        let manifest = r#"{"name":"@s/x","big":1.50,"_stageId":"of a client","readme":"the X"}"#;
        NewVersion {
            version: Version::parse("1.0.0-rc.1").unwrap(),
            manifest: serde_json::from_str(manifest).unwrap(),
            integrity: "sha512-AA".to_owned(),
            shasum: "aa".to_owned(),
            tags: ["next", "beta"].map(|tag| tag.parse().unwrap()).to_vec(),
            readme: None,
            signature: None,
            provenance: Some("p\"q".to_owned()),
            publisher: Person { name: "al\"ice".to_owned(), email: String::new() },
        }
    }

    fn record(said: &Bytes, now: SystemTime) -> Record {
        Record::of("@s/x".parse().unwrap(), &new(), Said::digest(said), now)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let now = UNIX_EPOCH + Duration::from_nanos(1_764_331_199_007_900_001);
        let mut staged = new();
        staged.cut_readme();
        let said = Said::of(&staged).to_bytes();
        let record = record(&said, now);
        assert_eq!(Record::parse(&record.to_bytes()), Some(record.clone()));
        assert_eq!(record.to_string(), "@s/x@1.0.0-rc.1");
        let told = record.told(id());
        assert_eq!(told["createdAt"], "2025-11-28T11:59:59.007Z");
        assert_eq!(told["tag"], "next");
        assert_eq!(told["id"], id().to_string());

        let read = Said::parse(&said, &record, id()).unwrap();
        assert_eq!(read.stage(), Some(id().to_string()));
        assert_eq!(read.manifest["big"].get(), "1.50");
        assert_eq!((read.readme, read.tags), (Some("the X".to_owned()), staged.tags));
        assert_eq!((read.provenance, read.publisher), (staged.provenance, staged.publisher));
    }

    #[test]
    fn what_cannot_be_read_is_none() {
        let said = Said::of(&new()).to_bytes();
        let record = record(&said, UNIX_EPOCH);
        let text = String::from_utf8(record.to_bytes().to_vec()).unwrap();
        for damaged in [
            String::new(),
            text[..text.len() - 1].to_owned(),
            text.replace("@s/x", "../x"),
            text.replace("1.0.0-rc.1", "latest"),
            text.replace("\"created\":0", "\"created\":\"now\""),
        ] {
            assert_eq!(Record::parse(damaged.as_bytes()), None, "{damaged}");
        }
        for damaged in ["", "{", "{}", r#"{"manifest":{},"tags":["1.0.0"]}"#] {
            let own = Record { manifest: Said::digest(damaged.as_bytes()), ..record.clone() };
            assert!(Said::parse(damaged.as_bytes(), &own, id()).is_none(), "{damaged}");
        }
        // One that can be read, and is another one.
        let other = String::from_utf8(said.to_vec()).unwrap().replace("1.50", "1.51");
        assert!(Said::parse(&said, &record, id()).is_some());
        assert!(Said::parse(other.as_bytes(), &record, id()).is_none());
        // Of a later NOPAR.
        let more = text.replacen('{', "{\"more\":[1],", 1);
        assert_eq!(Record::parse(more.as_bytes()), Some(record));
    }
}
