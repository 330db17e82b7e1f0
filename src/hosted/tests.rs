//! What is read of a store for what is asked, and what is not sent.
//! Knows nothing of disks: the store is in memory, and can be looked at and damaged.

mod bounded;

use super::*;
use crate::base_url::BaseUrl;
use crate::counters::Counters;
use crate::negotiate::Encoding;
use crate::npm::Form;
use crate::pages::Sendfile;
use crate::store::{
    CHUNK, Change, Committed, Content, MemoryStore, Stages, Stored, Tag, Tarball, Upload,
};
use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest, Sha512};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::task::JoinSet;

/// A store that counts how often it is read, and whose tarballs are spoilt if that is asked for.
#[derive(Default)]
struct Watched {
    store: MemoryStore,
    documents: AtomicUsize,
    /// How many readings of documents fail from now on.
    failing: AtomicUsize,
    /// How long documents are by their stamps, if not as long as they are.
    claimed: AtomicU64,
    hands: Arc<Hands>,
    listed: AtomicUsize,
    bytes: Arc<AtomicUsize>,
    spoilt: AtomicUsize,
}

/// How many documents somebody has in memory that were read.
#[derive(Default)]
struct Hands {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// The text of one of them.
struct Handed {
    text: Bytes,
    hands: Arc<Hands>,
}

impl Handed {
    fn new(text: Bytes, hands: &Arc<Hands>) -> Handed {
        let now = hands.now.fetch_add(1, Ordering::SeqCst) + 1;
        hands.most.fetch_max(now, Ordering::SeqCst);
        Handed { text, hands: Arc::clone(hands) }
    }
}

impl AsRef<[u8]> for Handed {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        self.hands.now.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Bytes that are counted when they are read; of a spoilt tarball the last one is wrong.
struct WatchedContent {
    tarball: Tarball,
    read: Arc<AtomicUsize>,
    spoilt: bool,
}

#[async_trait]
impl Content for WatchedContent {
    async fn read(&self, offset: u64, len: u64) -> Result<Bytes, StoreError> {
        let mut bytes = self.tarball.read(offset, len).await?.to_vec();
        self.read.fetch_add(bytes.len(), Ordering::Relaxed);
        if self.spoilt && offset + len == self.tarball.len() {
            *bytes.last_mut().unwrap() ^= 1;
        }
        Ok(bytes.into())
    }
}

#[async_trait]
impl Store for Watched {
    async fn document(&self, name: &PackageName) -> Result<Option<Stored>, StoreError> {
        self.documents.fetch_add(1, Ordering::Relaxed);
        if self.failing.load(Ordering::Relaxed) > 0 {
            self.failing.fetch_sub(1, Ordering::Relaxed);
            return Err(StoreError::io("it could not be read", std::io::Error::other("it fails")));
        }
        let Some(Stored { tag, document }) = self.store.document(name).await? else {
            return Ok(None);
        };
        let document = Bytes::from_owner(Handed::new(document, &self.hands));
        Ok(Some(Stored { tag, document }))
    }

    async fn stamp(&self, name: &PackageName) -> Result<Option<Stamp>, StoreError> {
        let stamp = self.store.stamp(name).await?;
        Ok(match self.claimed.load(Ordering::Relaxed) {
            0 => stamp,
            // One document is all that there is then.
            claimed => stamp.map(|_| Stamp::new(claimed, [0; 3])),
        })
    }

    fn stages(&self) -> &dyn Stages {
        self.store.stages()
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
        let Some(tarball) = self.store.tarball(name, file).await? else { return Ok(None) };
        let spoilt = self.spoilt.load(Ordering::Relaxed);
        let (len, read) = (tarball.len(), Arc::clone(&self.bytes));
        // As when a file is written to.
        let stamp = if spoilt > 0 { Stamp::new(len, [spoilt as u64; 3]) } else { tarball.stamp() };
        let content = WatchedContent { tarball, read, spoilt: spoilt > 0 };
        Ok(Some(Tarball::new(len, stamp, Arc::new(content))))
    }

    async fn tarball_stamp(
        &self,
        name: &PackageName,
        file: &TarballName,
    ) -> Result<Option<Stamp>, StoreError> {
        Ok(self.tarball(name, file).await?.map(|tarball| tarball.stamp()))
    }

    async fn names(&self) -> Result<Vec<PackageName>, StoreError> {
        self.listed.fetch_add(1, Ordering::Relaxed);
        self.store.names().await
    }
}

impl Watched {
    /// How many documents, and how many bytes of tarballs, were read since this was asked.
    fn read(&self) -> (usize, usize) {
        (self.documents.swap(0, Ordering::Relaxed), self.bytes.swap(0, Ordering::Relaxed))
    }
}

fn hosted() -> (Arc<Watched>, Arc<Hosted>) {
    let store = Arc::new(Watched::default());
    let counters = Arc::new(Counters::new(1));
    let memory = Arc::new(Memory::new(32 << 20, Sendfile::default(), counters));
    (Arc::clone(&store), Arc::new(Hosted::new(store, memory, Vec::new())))
}

/// Puts a document in place, and a tarball if one is given.
async fn put(store: &Watched, name: &PackageName, members: &str, tarball: Option<&[u8]>) {
    let tag = store.store.document(name).await.unwrap().map(|stored| stored.tag);
    let document = Bytes::from(format!(r#"{{"name":"{name}",{members}}}"#));
    let mut change = Change::of_document(document);
    if let Some(bytes) = tarball {
        let mut upload = store.upload().await.unwrap();
        upload.write(Bytes::copy_from_slice(bytes)).await.unwrap();
        change.add.push((format!("{name}-1.0.0.tgz").parse().unwrap(), upload));
    }
    let done = store.commit(name, tag.as_ref(), change).await.unwrap();
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
        put(&store, &x, &members, None).await;
        let package = own(&hosted, &x).await;
        store.read();
        hosted.view(&package, first).await.unwrap();
        assert_eq!(store.read().0, 1, "{first:?}");
        // What is not there is known by then.
        let absent = hosted.view(&package, &manifest("2.0.0")).await;
        assert!(matches!(absent, Err(HostedError::Absent)));
        hosted.view(&package, first).await.unwrap();
        assert_eq!(store.read().0, 0, "{first:?}");
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
        put(&store, name, &of("ann"), None).await;
    }
    let listed = async |owner: &str| {
        let packages = hosted.packages().await.unwrap();
        let owned = packages.iter().filter(|package| package.is_owned_by(owner)).count();
        let starred = packages.iter().filter(|package| package.is_starred_by(owner)).count();
        (owned, starred)
    };
    assert_eq!(listed("ann").await, (4, 4));
    assert_eq!(store.read().0, 4);
    put(&store, &names[1], &of("bob"), None).await;
    for (owner, count) in [("ann", 3), ("bob", 1), ("eve", 0)] {
        assert_eq!(listed(owner).await, (count, count), "{owner}");
    }
    assert_eq!(store.read().0, 1, "the one that was changed, once");
}

/// A crowd shares a look at the store; who has published before is in it.
#[tokio::test]
async fn a_crowd_that_lists_looks_once_or_twice() {
    let (store, hosted) = hosted();
    for round in 0..5 {
        let name = format!("p{round}").parse().unwrap();
        put(&store, &name, r#""versions":{"1.0.0":{}}"#, None).await;
        let mut crowd = JoinSet::new();
        for _ in 0..100 {
            let hosted = Arc::clone(&hosted);
            crowd.spawn(async move { hosted.packages().await.unwrap().len() });
        }
        assert_eq!(crowd.join_all().await, [round + 1; 100]);
        let looks = store.listed.swap(0, Ordering::Relaxed);
        assert!((1..=2).contains(&looks), "{looks}");
    }
}

/// A package with a tarball of three pieces and a byte.
async fn large(store: &Watched, hosted: &Hosted) -> (Arc<Package>, TarballName, Vec<u8>) {
    let x: PackageName = "x".parse().unwrap();
    let bytes: Vec<u8> = (0..=3 * CHUNK).map(|n| (n % 251) as u8).collect();
    let digest =
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, Sha512::digest(&bytes));
    let members = format!(r#""versions":{{"1.0.0":{{"dist":{{"integrity":"sha512-{digest}"}}}}}}"#);
    put(store, &x, &members, Some(&bytes)).await;
    (own(hosted, &x).await, "x-1.0.0.tgz".parse().unwrap(), bytes)
}

#[tokio::test]
async fn a_large_tarball_is_compared_once_as_long_as_it_stays() {
    let (store, hosted) = hosted();
    let (package, file, bytes) = large(&store, &hosted).await;
    let all = bytes.len();
    let ask = || hosted.tarball(&package, &file);
    let two = tokio::join!(ask(), ask());
    assert!(two.0.is_ok() && two.1.is_ok());
    // The second one has its first piece kept.
    assert_eq!(store.read().1, all + CHUNK as usize, "by two who ask at once");
    assert!(ask().await.is_ok() && store.read().1 == 0);
    for round in 1..=2 {
        store.spoilt.store(round, Ordering::Relaxed);
        for read in [all, 0] {
            assert!(matches!(ask().await, Err(HostedError::Damaged { .. })));
            assert_eq!(store.read().1, read, "damaged in round {round}");
        }
    }
    store.spoilt.store(0, Ordering::Relaxed);
    assert!(ask().await.is_ok(), "it is as it was");
}

#[tokio::test]
async fn a_large_tarball_that_is_asked_for_again_is_ready_piece_by_piece() {
    let (store, hosted) = hosted();
    let (package, file, bytes) = large(&store, &hosted).await;
    for _ in 0..2 {
        assert!(hosted.ready_large(&package, &file).is_none());
        hosted.tarball(&package, &file).await.unwrap();
    }
    let large = hosted.ready_large(&package, &file).expect("a tarball that is ready");
    assert_eq!(large.len(), bytes.len() as u64);
    let content = hosted.open(&large).await.unwrap();
    assert!(!hosted.is_held(&package, &file, &large));
    store.read();
    for (round, read) in [bytes.len() - CHUNK as usize, 0].into_iter().enumerate() {
        let mut whole = Vec::new();
        for number in 0..4 {
            let piece = hosted.piece(&package, &file, &large, &content, number).await.unwrap();
            whole.extend_from_slice(&piece);
        }
        assert!(whole == bytes, "in round {round}");
        assert_eq!(store.read().1, read, "in round {round}");
    }
    assert!(hosted.is_held(&package, &file, &large));
    store.spoilt.store(1, Ordering::Relaxed);
    assert!(hosted.ready_large(&package, &file).is_none(), "it was written to");
}

#[tokio::test]
async fn a_piece_that_is_damaged_meanwhile_is_not_sent() {
    let (store, hosted) = hosted();
    let (package, file, bytes) = large(&store, &hosted).await;
    for _ in 0..2 {
        hosted.tarball(&package, &file).await.unwrap();
    }
    let large = hosted.ready_large(&package, &file).expect("a tarball that is ready");
    store.spoilt.store(1, Ordering::Relaxed);
    let content = hosted.open(&large).await.unwrap();
    let last = hosted.piece(&package, &file, &large, &content, 3).await;
    assert!(matches!(last, Err(HostedError::Damaged { .. })));
    assert!(matches!(large.read(&content, 3).await, Err(HostedError::Damaged { .. })));
    // What was checked before is right, whatever became of the file.
    let first = hosted.piece(&package, &file, &large, &content, 0).await.unwrap();
    assert!(first[..] == bytes[..CHUNK as usize]);
}
