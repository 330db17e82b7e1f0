//! A store in memory, for tests and for who embeds NOPAR without a disk.
//! Knows nothing of durability: what it holds is gone with it.

mod staged;

use super::{
    Change, Committed, Content, Stages, Stamp, Store, StoreError, Stored, Tag, Tarball, Upload,
    identity,
};
use crate::npm::{PackageName, TarballName};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use staged::Staged;
use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The store. It holds its packages as long as it lives.
#[derive(Default)]
pub struct MemoryStore {
    /// One lock is the lock of every package: nothing is done under it but moving pointers.
    packages: Mutex<BTreeMap<PackageName, Package>>,
    staged: Staged,
}

struct Package {
    stored: Stored,
    tarballs: HashMap<TarballName, (Tag, Bytes)>,
}

/// Bytes on their way in.
struct MemoryUpload(BytesMut);

/// A tarball's bytes.
struct MemoryContent(Bytes);

impl MemoryStore {
    /// An empty one.
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn document(&self, name: &PackageName) -> Result<Option<Stored>, StoreError> {
        Ok(self.packages.lock().get(name).map(|package| package.stored.clone()))
    }

    async fn stamp(&self, name: &PackageName) -> Result<Option<Stamp>, StoreError> {
        Ok(self.packages.lock().get(name).map(|package| {
            let Stored { tag, document } = &package.stored;
            stamp_of(*tag, document.len())
        }))
    }

    async fn upload(&self) -> Result<Box<dyn Upload>, StoreError> {
        Ok(Box::new(MemoryUpload(BytesMut::new())))
    }

    async fn commit(
        &self,
        name: &PackageName,
        expected: Option<&Tag>,
        change: Change,
    ) -> Result<Committed, StoreError> {
        identity::check(name, &change.document)
            .map_err(|unfit| StoreError::damaged(format!("the new document of {name}"), unfit))?;
        let mut packages = self.packages.lock();
        if packages.get(name).map(|package| &package.stored.tag) != expected {
            return Ok(Committed::Conflict(change));
        }
        let added = change.add.into_iter().map(|(file, upload)| {
            let bytes = bytes_of(upload, || format!("{file} of {name} could not be added"))?;
            Ok((file, (Tag::of(&bytes), bytes)))
        });
        let added: Vec<_> = added.collect::<Result<_, StoreError>>()?;
        let stored = Stored::new(change.document);
        let tag = stored.tag;
        let package = packages
            .entry(name.clone())
            .or_insert_with(|| Package { stored: stored.clone(), tarballs: HashMap::new() });
        package.stored = stored;
        package.tarballs.extend(added);
        for file in &change.remove {
            package.tarballs.remove(file);
        }
        Ok(Committed::Done(tag))
    }

    async fn tarball(
        &self,
        name: &PackageName,
        file: &TarballName,
    ) -> Result<Option<Tarball>, StoreError> {
        let packages = self.packages.lock();
        let bytes = packages.get(name).and_then(|package| package.tarballs.get(file));
        Ok(bytes.map(|(tag, bytes)| tarball_of(*tag, bytes)))
    }

    async fn tarball_stamp(
        &self,
        name: &PackageName,
        file: &TarballName,
    ) -> Result<Option<Stamp>, StoreError> {
        let packages = self.packages.lock();
        let found = packages.get(name).and_then(|package| package.tarballs.get(file));
        Ok(found.map(|(tag, bytes)| stamp_of(*tag, bytes.len())))
    }

    async fn names(&self) -> Result<Vec<PackageName>, StoreError> {
        Ok(self.packages.lock().keys().cloned().collect())
    }

    fn stages(&self) -> &dyn Stages {
        &self.staged
    }
}

/// What came of an upload to a store like this.
fn bytes_of(upload: Box<dyn Upload>, what: impl FnOnce() -> String) -> Result<Bytes, StoreError> {
    let upload: Box<dyn Any> = upload;
    match upload.downcast::<MemoryUpload>() {
        Ok(upload) => Ok(upload.0.freeze()),
        Err(_) => Err(StoreError::other(what(), "it is of another store")),
    }
}

fn tarball_of(tag: Tag, bytes: &Bytes) -> Tarball {
    let content = Arc::new(MemoryContent(bytes.clone()));
    Tarball::new(bytes.len() as u64, stamp_of(tag, bytes.len()), content)
}

#[async_trait]
impl Upload for MemoryUpload {
    async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.0.extend_from_slice(&bytes);
        Ok(())
    }
}

#[async_trait]
impl Content for MemoryContent {
    async fn read(&self, offset: u64, len: u64) -> Result<Bytes, StoreError> {
        // Within the length, which is a usize's.
        Ok(self.0.slice(offset as usize..(offset + len) as usize))
    }
}

/// The same content has the same stamp, which is as good.
fn stamp_of(tag: Tag, len: usize) -> Stamp {
    let number = |half: &[u8]| half.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    Stamp::new(len as u64, [number(&tag.0[..8]), number(&tag.0[8..]), 0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance::{Stores, suite};

    #[tokio::test(flavor = "multi_thread")]
    async fn keeps_the_contract() {
        suite(|| {
            let one: Arc<dyn Store> = Arc::new(MemoryStore::new());
            Stores { other: Arc::clone(&one), one, keep: None }
        })
        .await;
    }
}
