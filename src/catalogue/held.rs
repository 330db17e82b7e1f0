//! What is known of one package that is held.
//! Knows nothing of other packages.

use crate::npm::{Brief, Needs, PackageName};
use std::ops::Deref;
use std::sync::Arc;
use std::time::SystemTime;

/// A package as a listing has it. All that it says of the [`Package`] itself can be asked of it, too.
#[derive(Clone, Debug)]
pub struct Held {
    package: Arc<Package>,
    /// When it was last asked for, to within ten seconds. What came before NOPAR's start is known by when its files were
    /// fetched and confirmed only.
    pub asked: SystemTime,
    /// How many requests were answered with its files in the last three quarters of an hour to an hour, about.
    pub requests: u32,
}

/// What files of a package are held. Cloned by pointers.
#[derive(Debug)]
pub struct Package {
    /// Its name.
    pub name: Arc<PackageName>,
    /// The versions whose tarballs are held, in their order; of a tarball that is not named as usual, its file name.
    pub held_versions: Arc<[Box<str>]>,
    /// Bytes of all its files, as they lie on the disk.
    pub bytes: u64,
    /// When its packument was fetched, else the last of its tarballs.
    pub fetched: SystemTime,
    pub(super) said: Arc<Said>,
}

/// What the packument says; nothing if it is not held.
#[derive(Debug)]
pub(super) struct Said {
    brief: Brief,
    /// Name and description in lower case, for searches.
    lower: Box<str>,
    name_len: usize,
    is_there: bool,
}

impl Held {
    pub(super) fn new(package: Arc<Package>, asked: SystemTime, requests: u32) -> Held {
        Held { package, asked, requests }
    }

    /// The package, for who keeps it longer than its listing.
    pub fn package(&self) -> &Arc<Package> {
        &self.package
    }
}

impl Deref for Held {
    type Target = Package;

    fn deref(&self) -> &Package {
        &self.package
    }
}

impl Package {
    /// The version that the dist-tag `latest` points to. `None` if there is none, or the packument is not held.
    pub fn latest(&self) -> Option<&str> {
        self.said.brief.latest.as_deref()
    }

    /// What the latest version, or else the packument, says that it is: one line, cut after 255 bytes.
    pub fn description(&self) -> &str {
        &self.said.brief.description
    }

    /// How many versions there are; 0 if the packument is not held.
    pub fn versions(&self) -> u32 {
        self.said.brief.versions
    }

    /// What the latest version depends on.
    pub fn dependencies(&self) -> &Needs {
        &self.said.brief.needs
    }

    /// Whether its packument is held, and not only tarballs of it.
    pub fn has_packument(&self) -> bool {
        self.said.is_there
    }

    /// Its name and its description, in lower case.
    pub(super) fn lower(&self) -> (&str, &str) {
        self.said.lower.split_at(self.said.name_len)
    }
}

impl Said {
    /// By its packument.
    pub(super) fn by(name: &PackageName, brief: Brief) -> Said {
        let name = name.as_str().to_lowercase();
        let lower = format!("{name}{}", brief.description.to_lowercase()).into();
        Said { brief, lower, name_len: name.len(), is_there: true }
    }

    /// Without it.
    pub(super) fn nothing(name: &PackageName) -> Said {
        Said { is_there: false, ..Said::by(name, Brief::default()) }
    }

    /// Bytes that it takes in memory, beside its names.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        let brief = &self.brief;
        let texts =
            brief.latest.as_ref().map_or(0, String::capacity) + brief.description.capacity();
        size_of::<Said>() + texts + brief.needs.size() + self.lower.len()
    }
}
