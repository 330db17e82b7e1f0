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
    known: Known,
}

/// What lists of packages are made of, so that nobody reads all documents for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    standing: Standing,
    owners: Vec<String>,
    stars: Vec<String>,
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
    fn of(document: &HostedDocument) -> Standing {
        if !document.is_hosted() {
            return Standing::Copy;
        }
        // A document of old without a version is one that nothing was ever published under, or nothing is left of.
        if document.versions().len() == 0 { Standing::Unpublished } else { Standing::Published }
    }
}

impl Known {
    pub(super) fn of(document: &HostedDocument) -> Known {
        let owners = document.maintainers().into_iter().map(|owner| owner.name).collect();
        Known { standing: Standing::of(document), owners, stars: document.stars() }
    }
}

impl Package {
    pub(super) fn new(name: PackageName, id: u64, stamp: Stamp, known: Known) -> Package {
        Package { name, id, stamp, known }
    }

    /// The generation, by which memory keeps what is made of it. No entry of the cache has such a number.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// What it means for its name.
    pub fn standing(&self) -> Standing {
        self.known.standing
    }

    /// Whether a user is among its owners.
    pub fn is_owned_by(&self, user: &str) -> bool {
        self.known.owners.iter().any(|owner| owner == user)
    }

    /// Whether a user likes it.
    pub fn is_starred_by(&self, user: &str) -> bool {
        self.known.stars.iter().any(|star| star == user)
    }
}
