//! A package as the store has it just now.
//! Knows nothing of what it consists of.

use crate::npm::PackageName;
use crate::npm::hosted::HostedDocument;
use crate::store::Stamp;

/// One generation of a package: it ends with the next commit.
#[derive(Debug, PartialEq, Eq)]
pub struct Package {
    /// Whose.
    pub name: PackageName,
    id: u64,
    pub(super) stamp: Stamp,
    standing: Standing,
}

/// What a document in the store means for its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is published here.
    Published,
    /// It was published here, and taken back as a whole: the name stays NOPAR's own, and there is nothing.
    Unpublished,
    /// It is a copy of what an upstream said, kept by an older NOPAR.
    Copy,
}

impl Standing {
    pub(super) fn of(document: &HostedDocument) -> Standing {
        if !document.is_hosted() {
            return Standing::Copy;
        }
        // A document of old without a version is one that nothing was ever published under, or nothing is left of.
        if document.versions().len() == 0 { Standing::Unpublished } else { Standing::Published }
    }
}

impl Package {
    pub(super) fn new(name: PackageName, id: u64, stamp: Stamp, standing: Standing) -> Package {
        Package { name, id, stamp, standing }
    }

    /// The generation, by which memory keeps what is made of it. No entry of the cache has such a number.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// What it means for its name.
    pub fn standing(&self) -> Standing {
        self.standing
    }
}
