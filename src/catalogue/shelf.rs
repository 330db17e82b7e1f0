//! The files of one package.
//! Knows nothing of other packages, nor of what is in the files.

use super::held::{Held, Package, Said};
use super::quarters::Quarters;
use crate::cache::{FileHash, FileName, Heard};
use crate::clock;
use crate::npm::{PackageName, TarballName, Version};
use std::sync::Arc;

/// A package that at least one file is of.
pub(super) struct Shelf {
    name: Arc<PackageName>,
    said: Arc<Said>,
    files: Vec<File>,
    /// What is told of it, until a file comes or goes.
    package: Option<Arc<Package>>,
    /// When it was last asked for, as far as is known: in seconds since 1970.
    asked: u64,
    requests: Quarters,
}

/// One file.
struct File {
    name: FileName,
    role: Role,
    /// When it was fetched, in milliseconds since 1970.
    fetched: u64,
    /// How many requests of it have been counted.
    hits: u64,
}

/// What a file is to its package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Packument,
    /// Of this version, or with this name.
    Tarball(Box<str>),
    /// A view of it, attestations.
    Other,
}

impl Role {
    /// The tarball with this file name.
    pub(super) fn tarball(name: &PackageName, file: &str) -> Role {
        let parsed = TarballName::parse(file).ok();
        let version = parsed.as_ref().and_then(|file| file.canonical_version(name));
        Role::Tarball(version.unwrap_or(file).into())
    }
}

impl Shelf {
    pub(super) fn new(name: Arc<PackageName>) -> Shelf {
        let said = Arc::new(Said::nothing(&name));
        let (files, package, asked, requests) = Default::default();
        Shelf { name, said, files, package, asked, requests }
    }

    pub(super) fn name(&self) -> &Arc<PackageName> {
        &self.name
    }

    /// A file is there, in place of any that was filed under the same hash. `said` is what it says, if it is the
    /// packument; times are in milliseconds since 1970; so many requests of it were `counted` before.
    pub(super) fn put(
        &mut self,
        name: FileName,
        role: Role,
        said: Option<Said>,
        times: [u64; 2],
        counted: u64,
    ) {
        let [fetched, asked] = times;
        self.files.retain(|file| file.name.hash() != name.hash());
        if role == Role::Packument {
            self.said = Arc::new(said.unwrap_or_else(|| Said::nothing(&self.name)));
        }
        if role != Role::Other {
            self.asked = self.asked.max(asked / 1000);
        }
        self.files.push(File { name, role, fetched, hits: counted });
        self.package = None;
    }

    /// What its files are filed under.
    pub(super) fn hashes(&self) -> Vec<FileHash> {
        self.files.iter().map(|file| file.name.hash()).collect()
    }

    /// A file has gone. Whether there are none any more.
    pub(super) fn forget(&mut self, hash: &FileHash) -> bool {
        if let Some(at) = self.files.iter().position(|file| file.name.hash() == *hash)
            && self.files.swap_remove(at).role == Role::Packument
        {
            self.said = Arc::new(Said::nothing(&self.name));
        }
        self.package = None;
        self.files.is_empty()
    }

    /// Notes what is known of requests for its files; `now` is in milliseconds since 1970.
    pub(super) fn hear(&mut self, now: u64, heard: impl Fn(&FileName) -> Option<Heard>) {
        let mut requests = 0;
        for file in self.files.iter_mut().filter(|file| file.role != Role::Other) {
            let Some(heard) = heard(&file.name) else { continue };
            requests += heard.hits.saturating_sub(file.hits);
            file.hits = heard.hits;
            self.asked = self.asked.max(heard.last);
        }
        if requests > 0 {
            self.requests.add(now, requests);
        }
    }

    /// What is told of it; nothing if only views of it are left. `now` is in milliseconds since 1970.
    pub(super) fn held(&mut self, now: u64) -> Option<Held> {
        if self.package.is_none() {
            self.package = Some(Arc::new(self.tell()?));
        }
        let package = Arc::clone(self.package.as_ref()?);
        let asked = clock::of_millis(self.asked.saturating_mul(1000));
        Some(Held::new(package, asked, self.requests.sum(now)))
    }

    fn tell(&self) -> Option<Package> {
        let packument = self.files.iter().find(|file| file.role == Role::Packument);
        let mut tarballs: Vec<(&str, u64)> = Vec::new();
        for file in &self.files {
            if let Role::Tarball(version) = &file.role {
                tarballs.push((version, file.fetched));
            }
        }
        let last = || tarballs.iter().map(|(_, fetched)| *fetched).max();
        let fetched = packument.map(|file| file.fetched).or_else(last)?;
        let mut versions: Vec<&str> = tarballs.iter().map(|(version, _)| *version).collect();
        // What is no version comes first.
        versions.sort_by_cached_key(|text| (Version::parse(text).ok(), *text));
        Some(Package {
            name: Arc::clone(&self.name),
            held_versions: versions.into_iter().map(Box::from).collect(),
            bytes: self.files.iter().map(|file| file.name.size()).sum(),
            fetched: clock::of_millis(fetched),
            said: Arc::clone(&self.said),
        })
    }
}
