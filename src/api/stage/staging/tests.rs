//! What expires, who may end a stage, and a directory that nothing can be removed from.
//! Knows nothing of what is asked for by whom.

use super::*;
use crate::counters::Counters;
use crate::npm::Version;
use crate::npm::hosted::{NewVersion, Person};
use crate::pages::Sendfile;
use crate::store::{DiskStore, MemoryStore, Store};
use crate::view::Memory;
use bytes::Bytes;
use http::StatusCode;
use tokio::time::sleep;

fn staging(store: Arc<dyn Store>, clock: &Clock) -> Staging {
    let memory = Memory::new(1 << 20, Sendfile::default(), Arc::new(Counters::new(1)));
    let hosted = Hosted::new(store, Arc::new(memory), Vec::new());
    Staging::new(Arc::new(hosted), clock.clone())
}

fn record(version: &str, clock: &Clock) -> Record {
    let new = NewVersion {
        version: Version::parse(version).unwrap(),
        manifest: Default::default(),
        integrity: "sha512-AA".to_owned(),
        shasum: "aa".to_owned(),
        tags: Vec::new(),
        readme: None,
        signature: None,
        provenance: None,
        publisher: Person { name: "alice".to_owned(), email: String::new() },
    };
    Record::of("x".parse().unwrap(), &new, String::new(), clock.now())
}

async fn kept(staging: &Staging, text: Bytes) -> StageId {
    let mut upload = staging.hosted.store().upload().await.unwrap();
    upload.write(text).await.unwrap();
    staging.keep(&"x".parse().unwrap(), vec![(StagePart::Record, upload)]).await.unwrap()
}

async fn ids(staging: &Staging) -> Vec<StageId> {
    staging.stages().ids().await.unwrap()
}

/// Nobody asks for anything.
#[tokio::test(start_paused = true)]
async fn what_expires_while_nobody_asks_is_gone_before_long() {
    let clock = Clock::stopped();
    let staging = Arc::new(staging(Arc::new(MemoryStore::new()), &clock));
    let tidy = Arc::clone(&staging);
    let tidying = tokio::spawn(async move { tidy.keep_tidy().await });
    let id = kept(&staging, record("1.0.0", &clock).to_bytes()).await;
    clock.advance(USUAL_TTL - Duration::from_millis(1));
    sleep(3 * PAUSE).await;
    assert_eq!(ids(&staging).await, [id]);
    clock.advance(Duration::from_millis(1));
    sleep(2 * PAUSE).await;
    assert!(ids(&staging).await.is_empty());
    tidying.abort();
}

#[tokio::test]
async fn a_stage_that_is_held_is_busy_and_is_nobody_elses_to_end() {
    let clock = Clock::stopped();
    let staging = staging(Arc::new(MemoryStore::new()), &clock);
    let id = kept(&staging, record("1.0.0", &clock).to_bytes()).await;
    let held = staging.hold(id).await.unwrap();
    let busy = staging.hold(id).await.err().unwrap();
    assert_eq!((busy.status, busy.reason), (StatusCode::CONFLICT, "stage_busy"));
    // Whoever approves it has the time that it takes.
    clock.advance(USUAL_TTL);
    assert!(staging.find(id).await.unwrap().is_none());
    assert!(staging.all().await.unwrap().is_empty());
    assert_eq!(ids(&staging).await, [id]);
    drop(held);
    assert!(staging.find(id).await.unwrap().is_none());
    assert!(ids(&staging).await.is_empty());
    let gone = staging.hold(id).await.err().unwrap();
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_left_out_and_told_of() {
    let clock = Clock::stopped();
    let staging = staging(Arc::new(MemoryStore::new()), &clock);
    let right = record("1.0.0", &clock);
    let id = kept(&staging, right.to_bytes()).await;
    let long = [vec![b' '; 1 << 20], right.to_bytes().to_vec()].concat();
    for damaged in [Bytes::from_static(b"{"), Bytes::from(long)] {
        let damaged = kept(&staging, damaged).await;
        let refused = staging.find(damaged).await.err().unwrap();
        assert_eq!((refused.status.as_u16(), refused.reason), (500, "stage_damaged"));
    }
    for _ in 0..2 {
        let all = staging.all().await.unwrap();
        let all: Vec<_> = all.iter().map(|(id, record)| (*id, (**record).clone())).collect();
        assert_eq!(all, [(id, right.clone())]);
    }
}

/// Also where nothing can be removed: it takes room, and nobody sees it.
#[tokio::test]
async fn what_has_expired_and_stays_is_not_told_of() {
    let home = tempfile::tempdir().unwrap();
    let clock = Clock::stopped();
    let first = DiskStore::open(home.path()).unwrap();
    let id = {
        let staging = staging(Arc::new(first), &clock);
        kept(&staging, record("1.0.0", &clock).to_bytes()).await
    };
    let staging = staging(Arc::new(DiskStore::open(home.path()).unwrap()), &clock);
    // Nothing can be moved there.
    let tmp = home.path().join(".nopar/tmp");
    std::fs::remove_dir_all(&tmp).unwrap();
    std::fs::write(&tmp, "").unwrap();
    clock.advance(USUAL_TTL);
    assert!(staging.find(id).await.unwrap().is_none());
    assert!(staging.all().await.unwrap().is_empty());
    assert_eq!(ids(&staging).await, [id]);
    let held = staging.hold(id).await.unwrap();
    assert!(staging.remove(&"x".parse().unwrap(), held).await.is_err());
}
