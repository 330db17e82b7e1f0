//! Copies of an upstream's package that go because somebody says so: all of them, those of a version, or one tarball.
//! Knows nothing of who may say so (`api`), nor whose a name is (`hosted`).

use super::Door;
use crate::api::{Purged, Removed};
use crate::cache::{DiskCache, FileHash, FileName, Key};
use crate::document::CachedDocument;
use crate::npm::{Index, PackageName, TarballName};
use log::error;
use std::collections::HashSet;
use std::sync::Arc;
use tokio::task::spawn_blocking;

impl Door {
    /// Removes what is held of a package, or of a part of it: from the directory, the memory tier and the lists; and what is
    /// remembered as not there. What is just being fetched or sent comes to its end.
    pub(super) async fn purge(&self, name: &PackageName, part: &Purged) -> Removed {
        let keys = self.filed_under(name, part).await;
        keys.iter().for_each(|key| self.negatives.forget(key));
        let mut hashes: HashSet<FileHash> = keys.iter().map(Key::hash).collect();
        if *part == Purged::Package {
            // Also tarballs that no packument names any more.
            hashes.extend(self.catalogue.files_of(name));
        }
        let cache = self.cache;
        let removed = spawn_blocking(move || remove(cache, &hashes)).await;
        let removed = removed.inspect_err(|panic| error!("{name} could not be purged: {panic}"));
        let removed = removed.unwrap_or_default();
        self.forget(&removed);
        self.list_again(name).await;
        let bytes = removed.iter().map(FileName::size).sum();
        Removed { count: removed.len() as u64, bytes }
    }

    /// Has the memory tier let go of what it holds of these generations, which nobody reaches any more.
    pub(super) fn forget(&self, removed: &[FileName]) {
        let ids: HashSet<u64> = removed.iter().map(FileName::id).collect();
        if !ids.is_empty() {
            self.memory.forget(&ids);
        }
    }

    /// Forgets that the packument of a name was not there, or could not be had.
    pub(super) fn forget_failures_of(&self, name: &PackageName) {
        self.negatives.forget(&self.packument_key(name));
    }

    /// What a part of a package is filed under, as far as it can be told without looking at files.
    async fn filed_under(&self, name: &PackageName, part: &Purged) -> Vec<Key> {
        match part {
            Purged::Tarball(file) => vec![self.tarball_key(name, file)],
            Purged::Version(version) => {
                let mut keys = vec![self.attestations_key(name, version.as_str())];
                let tarballs = self.tarballs_of_version(name, version.as_str()).await;
                keys.extend(tarballs.iter().map(|file| self.tarball_key(name, file)));
                keys
            }
            Purged::Package => {
                let packument = self.packument_key(name);
                let mut keys: Vec<Key> = CachedDocument::views_of(&packument).into();
                let index = self.held_index(name).await;
                for (version, said) in index.iter().flat_map(|index| index.versions()) {
                    let tarballs = TarballName::all(name, version, said.tarball.as_deref());
                    keys.extend(tarballs.map(|file| self.tarball_key(name, &file)));
                    keys.push(self.attestations_key(name, version));
                }
                keys.push(packument);
                keys
            }
        }
    }

    /// The names by which the tarball of a version may be held.
    pub(super) async fn tarballs_of_version(
        &self,
        name: &PackageName,
        version: &str,
    ) -> Vec<TarballName> {
        let index = self.held_index(name).await;
        let mut versions = index.iter().flat_map(|index| index.versions());
        let said = versions.find(|(one, _)| *one == version).map(|(_, said)| said);
        let url = said.and_then(|said| said.tarball.as_deref());
        TarballName::all(name, version, url).collect()
    }

    /// The index of a packument that is held, however old. One that cannot be read is dropped as damaged, and says nothing.
    async fn held_index(&self, name: &PackageName) -> Option<Arc<Index>> {
        let entry = self.cache.get(&self.packument_key(name)).await?;
        self.index_of(&entry).await.ok()
    }
}

/// Removes what is filed there by now; what that was. Blocks.
fn remove(cache: &DiskCache, hashes: &HashSet<FileHash>) -> Vec<FileName> {
    let held = hashes.iter().filter_map(|hash| cache.file_of(hash));
    held.filter(|name| cache.take_out(name)).collect()
}
