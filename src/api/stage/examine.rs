//! Whether a staged version is what was staged, for who looks at all that is kept.
//! Knows nothing of where it lies.

use super::record::{Record, Said};
use crate::npm::{Integrity, PackageName};
use crate::store::StageId;
use bytes::Bytes;
use std::sync::Arc;

/// A staged version, by its record.
#[derive(Debug, PartialEq, Eq)]
pub struct Staged {
    /// Its package.
    pub name: PackageName,
    /// The version.
    pub version: String,
    /// What its tarball must digest to.
    pub digests: Integrity,
    /// Whether a bundle came with it.
    pub has_bundle: bool,
}

/// Reads the record of a stage, and what is written of the document; `None` if either is not what was staged.
pub fn staged(id: StageId, record: &[u8], manifest: &Bytes) -> Option<Staged> {
    let record = Arc::new(Record::parse(record)?);
    let new = Said::parse(manifest, &record, id)?;
    Some(Staged {
        name: record.name.clone(),
        version: record.version.to_string(),
        digests: Integrity::of_dist(Some(&record.integrity), Some(&new.shasum)).ok()?,
        has_bundle: new.provenance.is_some(),
    })
}
