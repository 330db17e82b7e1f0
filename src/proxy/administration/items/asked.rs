//! One version that is asked for, read.
//! Knows nothing of what is held.

use crate::admin::Item;
use crate::npm::{Integrity, PackageName, TarballName};

/// A version, and what its tarball is to be.
pub(super) struct Asked {
    pub(super) name: PackageName,
    pub(super) version: String,
    /// By which names its tarball will be asked for; the canonical one first.
    pub(super) files: Vec<TarballName>,
    /// All of these.
    pub(super) integrity: Vec<Integrity>,
}

impl Asked {
    /// What an item means.
    ///
    /// # Errors
    /// The end of a sentence that says why it means nothing.
    pub(super) fn of(item: &Item) -> Result<Asked, String> {
        let name = PackageName::parse(&item.name).map_err(|error| error.to_string())?;
        let canonical = TarballName::kept(&name, &item.version, None);
        let canonical = canonical.ok_or_else(|| "that is not a valid version".to_owned())?;
        let mut files = vec![canonical];
        for file in &item.files {
            let file = TarballName::parse(file).map_err(|error| error.to_string())?;
            if !files.contains(&file) {
                files.push(file);
            }
        }
        let integrity = item.integrity.iter().map(|text| Integrity::parse(text));
        let integrity = integrity.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        Ok(Asked { name, version: item.version.clone(), files, integrity })
    }
}
