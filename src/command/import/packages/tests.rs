//! A package that somebody else changes while it is taken over.

use super::*;
use crate::npm::Digester;
use crate::npm::integrity::Algorithm;
use crate::store::{MemoryStore, Stages, Stamp, Stored, Tarball};
use async_trait::async_trait;
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};

/// More than come with one commit.
const VERSIONS: usize = AT_ONCE + 6;

/// A store in which somebody changes the document right before some commits.
struct Meddled {
    store: MemoryStore,
    /// Before which, from 0 on.
    before: std::ops::Range<usize>,
    commits: AtomicUsize,
}

impl Meddled {
    fn before(before: std::ops::Range<usize>) -> Meddled {
        Meddled { store: MemoryStore::new(), before, commits: AtomicUsize::new(0) }
    }

    async fn meddle(&self, name: &PackageName, number: usize) {
        let stored = self.store.document(name).await.unwrap().unwrap();
        let mut document: Value = serde_json::from_slice(&stored.document).unwrap();
        document["readme"] = json!(format!("change {number}"));
        let document = Bytes::from(document.to_string());
        let change = Change { document, add: Vec::new(), remove: Vec::new() };
        let done = self.store.commit(name, Some(&stored.tag), change).await.unwrap();
        assert!(matches!(done, Committed::Done(_)));
    }
}

#[async_trait]
impl Store for Meddled {
    async fn document(&self, name: &PackageName) -> Result<Option<Stored>, StoreError> {
        self.store.document(name).await
    }

    async fn stamp(&self, name: &PackageName) -> Result<Option<Stamp>, StoreError> {
        self.store.stamp(name).await
    }

    async fn upload(&self) -> Result<Box<dyn Upload>, StoreError> {
        self.store.upload().await
    }

    async fn commit(
        &self,
        name: &PackageName,
        expected: Option<&Tag>,
        change: Change,
    ) -> Result<Committed, StoreError> {
        let number = self.commits.fetch_add(1, Ordering::Relaxed);
        if self.before.contains(&number) {
            self.meddle(name, number).await;
        }
        self.store.commit(name, expected, change).await
    }

    async fn tarball(
        &self,
        name: &PackageName,
        file: &TarballName,
    ) -> Result<Option<Tarball>, StoreError> {
        self.store.tarball(name, file).await
    }

    async fn tarball_stamp(
        &self,
        name: &PackageName,
        file: &TarballName,
    ) -> Result<Option<Stamp>, StoreError> {
        self.store.tarball_stamp(name, file).await
    }

    async fn names(&self) -> Result<Vec<PackageName>, StoreError> {
        self.store.names().await
    }

    fn stages(&self) -> &dyn Stages {
        self.store.stages()
    }
}

/// A folder with a package of so many versions; how many bytes their tarballs have.
fn package(folder: &Path) -> u64 {
    let (mut versions, mut attachments, mut bytes) = (Map::new(), Map::new(), 0);
    for number in 0..VERSIONS {
        let (version, file) = (format!("1.0.{number}"), format!("a-1.0.{number}.tgz"));
        let tarball = format!("the bytes of {version}");
        bytes += tarball.len() as u64;
        let mut digester = Digester::of_all();
        digester.update(tarball.as_bytes());
        let digests = digester.finish();
        let sha512 = digests.digests().iter().find(|it| it.algorithm() == Algorithm::Sha512);
        let manifest = json!({
            "name": "a", "version": version, "dist": {"integrity": sha512.unwrap().to_string()},
        });
        std::fs::write(folder.join(&file), tarball).unwrap();
        attachments.insert(file, json!({"version": version}));
        versions.insert(version, manifest);
    }
    let document = json!({"name": "a", "versions": versions, "_attachments": attachments});
    std::fs::write(folder.join(DOCUMENT), document.to_string()).unwrap();
    bytes
}

/// What comes of it, and of a run after it.
async fn imported(store: &dyn Store, folder: &Path) -> [PackageRow; 2] {
    let (source, options) = (Source::start().unwrap(), VerdaccioOptions::default());
    let importer = Importer { source: &source, store, options: &options, clock: Clock::stopped() };
    let run = async || importer.package("a", folder, None).await.unwrap().unwrap();
    [run().await, run().await]
}

#[tokio::test]
async fn versions_that_came_before_somebody_changed_the_package_are_told_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = package(folder.path());
    let store = Meddled::before(1..3);
    let [row, again] = imported(&store, folder.path()).await;
    assert_eq!((row.outcome, row.versions.len(), row.bytes), (Done::Imported, VERSIONS, bytes));
    assert_eq!((row.here, row.left_out.len()), (0, 0));
    assert_eq!((again.outcome, again.versions.len(), again.here), (Done::Here, 0, VERSIONS));
}

#[tokio::test]
async fn what_came_is_told_also_where_the_rest_does_not_come() {
    let folder = tempfile::tempdir().unwrap();
    package(folder.path());
    let store = Meddled::before(1..1 + ATTEMPTS);
    let [row, again] = imported(&store, folder.path()).await;
    assert_eq!((row.outcome, row.versions.len()), (Done::LeftOut, AT_ONCE));
    assert!(row.to_string().contains("64 versions") && row.to_string().contains("run this again"));
    assert_eq!((again.outcome, again.versions.len(), again.here), (Done::Added, 6, AT_ONCE));
}
