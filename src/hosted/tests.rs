//! What is read of a store for what is asked.
//! Knows nothing of disks: the store is in memory, and can be looked at.

use super::*;
use crate::base_url::BaseUrl;
use crate::counters::Counters;
use crate::negotiate::Encoding;
use crate::npm::Form;
use crate::pages::Sendfile;
use crate::store::{Change, Committed, MemoryStore, Upload};
use async_trait::async_trait;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A store that counts how often it is read.
#[derive(Default)]
struct Watched {
    store: MemoryStore,
    documents: AtomicUsize,
}

#[async_trait]
impl Store for Watched {
    async fn document(&self, name: &PackageName) -> Result<Option<Stored>, StoreError> {
        self.documents.fetch_add(1, Ordering::Relaxed);
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
        self.store.commit(name, expected, change).await
    }

    async fn tarball(
        &self,
        name: &PackageName,
        file: &TarballName,
    ) -> Result<Option<Tarball>, StoreError> {
        self.store.tarball(name, file).await
    }

    async fn names(&self) -> Result<Vec<PackageName>, StoreError> {
        self.store.names().await
    }
}

impl Watched {
    /// How many documents were read since this was asked.
    fn read(&self) -> usize {
        self.documents.swap(0, Ordering::Relaxed)
    }
}

fn hosted() -> (Arc<Watched>, Hosted) {
    let store = Arc::new(Watched::default());
    let counters = Arc::new(Counters::new(1));
    let memory = Arc::new(Memory::new(32 << 20, Sendfile::default(), counters));
    (Arc::clone(&store), Hosted::new(store, memory, Vec::new()))
}

/// Puts a document in place.
async fn put(store: &Watched, name: &PackageName, members: &str) {
    let tag = store.store.document(name).await.unwrap().map(|stored| stored.tag);
    let document = Bytes::from(format!(r#"{{"name":"{name}",{members}}}"#));
    let done = store.commit(name, tag.as_ref(), Change::of_document(document)).await.unwrap();
    assert!(matches!(done, Committed::Done(_)));
}

async fn own(hosted: &Hosted, name: &PackageName) -> Arc<Package> {
    match hosted.authority(name).await.unwrap() {
        Authority::Own(package) => package,
        other => panic!("{other:?}"),
    }
}

fn ask(name: &PackageName, want: Want) -> Ask {
    let base = BaseUrl::parse("http://registry.example").unwrap();
    Ask { name: name.clone(), want, encoding: Encoding::Identity, base }
}

#[tokio::test]
async fn a_document_is_read_once_for_a_view() {
    let (store, hosted) = hosted();
    let x: PackageName = "x".parse().unwrap();
    let manifest = |version: &str| ask(&x, Want::Manifest(version.parse().unwrap()));
    for (number, first) in
        [manifest("latest"), manifest("1.0.0"), ask(&x, Want::Packument(Form::Full))]
            .iter()
            .enumerate()
    {
        let members = format!(
            r#""dist-tags":{{"latest":"1.0.0"}},"versions":{{"1.0.0":{{"n":{number},"version":"1.0.0"}}}}"#
        );
        put(&store, &x, &members).await;
        let package = own(&hosted, &x).await;
        store.read();
        hosted.view(&package, first).await.unwrap();
        assert_eq!(store.read(), 1, "{first:?}");
        // What is not there is known by then.
        let absent = hosted.view(&package, &manifest("2.0.0")).await;
        assert!(matches!(absent, Err(HostedError::Absent)));
        hosted.view(&package, first).await.unwrap();
        assert_eq!(store.read(), 0, "{first:?}");
    }
}

#[tokio::test]
async fn what_is_listed_is_read_when_it_has_changed() {
    let (store, hosted) = hosted();
    let names = ["a", "b", "c", "d"].map(|name| name.parse::<PackageName>().unwrap());
    let of = |owner: &str| {
        format!(
            r#""maintainers":[{{"name":"{owner}"}}],"users":{{"{owner}":true,"eve":false}},"versions":{{"1.0.0":{{}}}}"#
        )
    };
    for name in &names {
        put(&store, name, &of("ann")).await;
    }
    let listed = async |owner: &str| {
        let packages = hosted.packages().await.unwrap();
        let owned = packages.iter().filter(|package| package.is_owned_by(owner)).count();
        let starred = packages.iter().filter(|package| package.is_starred_by(owner)).count();
        (owned, starred)
    };
    assert_eq!(listed("ann").await, (4, 4));
    assert_eq!(store.read(), 4);
    put(&store, &names[1], &of("bob")).await;
    for (owner, count) in [("ann", 3), ("bob", 1), ("eve", 0)] {
        assert_eq!(listed(owner).await, (count, count), "{owner}");
    }
    assert_eq!(store.read(), 1, "the one that was changed, once");
}
