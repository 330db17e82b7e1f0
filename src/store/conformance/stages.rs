//! What waits to be published: whole or absent, seen by all, ended by one.
//! Knows nothing of packages.

use super::{PUBLISHERS, Stores, bytes_of, name, upload};
use crate::store::{Extent, Hold, Kept, StageId, StagePart, Stages, Store, StoreError};
use bytes::Bytes;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::task::JoinSet;

/// More than any test keeps.
pub(in crate::store) const MANY: Extent = Extent { count: 1000, bytes: 1 << 30 };

/// Keeps a stage with a record and a tarball.
pub(in crate::store) async fn keep(
    store: &dyn Store,
    record: &str,
    tarball: &[u8],
    most: Extent,
) -> Result<Option<StageId>, StoreError> {
    let parts = vec![
        (StagePart::Record, upload(store, record.as_bytes()).await?),
        (StagePart::Tarball, upload(store, tarball).await?),
    ];
    Ok(match store.stages().keep(&name("x"), parts, most).await? {
        Kept::Done(id) => Some(id),
        Kept::NoRoom(_) => None,
    })
}

pub(in crate::store) async fn read(
    store: &dyn Store,
    id: StageId,
    part: StagePart,
) -> Option<Bytes> {
    let part = store.stages().part(id, part).await.unwrap()?;
    Some(part.read(0, part.len()).await.unwrap())
}

pub(in crate::store) async fn ids(store: &dyn Store) -> BTreeSet<StageId> {
    store.stages().ids().await.unwrap().into_iter().collect()
}

async fn remove(stages: &dyn Stages, id: StageId) {
    let Hold::Held(held) = stages.hold(id).await.unwrap() else { panic!("nobody else holds it") };
    stages.remove(&name("x"), held).await.unwrap();
}

fn unknown() -> StageId {
    StageId::parse("0b5e1f6a-1111-4222-8333-44445555666a").unwrap()
}

pub(super) async fn a_stage_is_seen_whole_and_is_no_package(
    Stores { one, other, keep: _keep }: Stores,
) {
    assert!(ids(&*one).await.is_empty());
    let bytes = bytes_of("1.0.0");
    let id = keep(&*one, "the record", &bytes, MANY).await.unwrap().unwrap();
    let second = keep(&*other, "another", b"", MANY).await.unwrap().unwrap();
    for store in [&one, &other] {
        assert_eq!(ids(&**store).await, BTreeSet::from([id, second]));
        assert_eq!(read(&**store, id, StagePart::Record).await.unwrap(), "the record");
        assert!(read(&**store, id, StagePart::Tarball).await.unwrap() == bytes);
        assert_eq!(read(&**store, second, StagePart::Tarball).await.unwrap(), "");
        assert!(read(&**store, id, StagePart::Bundle).await.is_none());
        assert!(read(&**store, unknown(), StagePart::Record).await.is_none());
        assert!(store.names().await.unwrap().is_empty());
        assert!(store.stamp(&name("x")).await.unwrap().is_none());
    }
}

pub(super) async fn a_stage_that_is_removed_is_read_to_its_end(
    Stores { one, other, keep: _keep }: Stores,
) {
    let bytes = bytes_of("1.0.0");
    let id = keep(&*one, "record", &bytes, MANY).await.unwrap().unwrap();
    let stays = keep(&*one, "record", b"stays", MANY).await.unwrap().unwrap();
    let tarball = other.stages().part(id, StagePart::Tarball).await.unwrap().unwrap();
    remove(other.stages(), id).await;
    for store in [&one, &other] {
        assert_eq!(ids(&**store).await, BTreeSet::from([stays]));
        assert!(read(&**store, id, StagePart::Record).await.is_none());
        assert!(matches!(store.stages().hold(id).await.unwrap(), Hold::Absent));
    }
    assert!(tarball.read(0, tarball.len()).await.unwrap() == bytes);
    assert_eq!(read(&*one, stays, StagePart::Tarball).await.unwrap(), "stays");
}

pub(super) async fn one_at_a_time_holds_a_stage(Stores { one, other, keep: _keep }: Stores) {
    let id = keep(&*one, "record", b"bytes", MANY).await.unwrap().unwrap();
    let held = one.stages().hold(id).await.unwrap();
    assert!(matches!(held, Hold::Held(_)), "{held:?}");
    for store in [&one, &other] {
        let again = store.stages().hold(id).await.unwrap();
        assert!(matches!(again, Hold::Busy), "{again:?}");
        // Who only looks waits for nobody.
        assert_eq!(read(&**store, id, StagePart::Record).await.unwrap(), "record");
    }
    drop(held);
    let held = other.stages().hold(id).await.unwrap();
    assert!(matches!(held, Hold::Held(_)), "{held:?}");
    assert!(matches!(one.stages().hold(unknown()).await.unwrap(), Hold::Absent));
}

pub(super) async fn of_many_who_end_a_stage_one_does(stores: Stores) {
    let id = keep(&*stores.one, "record", b"bytes", MANY).await.unwrap().unwrap();
    let mut enders = JoinSet::new();
    for number in 0..PUBLISHERS {
        let store = if number % 2 == 0 { &stores.one } else { &stores.other };
        let store = Arc::clone(store);
        enders.spawn(async move {
            loop {
                match store.stages().hold(id).await.unwrap() {
                    Hold::Held(held) => {
                        store.stages().remove(&name("x"), held).await.unwrap();
                        return true;
                    }
                    Hold::Absent => return false,
                    Hold::Busy => tokio::task::yield_now().await,
                }
            }
        });
    }
    let ended = enders.join_all().await;
    assert_eq!(ended.into_iter().filter(|ended| *ended).count(), 1);
    assert!(ids(&*stores.one).await.is_empty());
}

pub(super) async fn no_more_are_kept_than_may_be(stores: Stores) {
    const SEVEN: Extent = Extent { count: 7, ..MANY };
    let mut keepers = JoinSet::new();
    for number in 0..PUBLISHERS {
        let store = if number % 2 == 0 { &stores.one } else { &stores.other };
        let store = Arc::clone(store);
        keepers.spawn(async move { keep(&*store, "record", b"bytes", SEVEN).await.unwrap() });
    }
    let kept: BTreeSet<StageId> = keepers.join_all().await.into_iter().flatten().collect();
    assert_eq!(kept.len(), 7);
    assert_eq!(ids(&*stores.other).await, kept);
    remove(stores.one.stages(), *kept.first().unwrap()).await;
    assert!(keep(&*stores.other, "record", b"bytes", SEVEN).await.unwrap().is_some());
    assert!(keep(&*stores.one, "record", b"bytes", SEVEN).await.unwrap().is_none());
    // The record has six bytes, and the rest five.
    assert_eq!(stores.other.stages().extent().await.unwrap(), Extent { count: 7, bytes: 77 });
    for (bytes, is_kept) in [(87, false), (88, true), (88, false)] {
        let most = Extent { bytes, ..MANY };
        let kept = keep(&*stores.one, "record", b"bytes", most).await.unwrap();
        assert_eq!(kept.is_some(), is_kept, "{bytes}");
    }
    assert_eq!(stores.one.stages().extent().await.unwrap(), Extent { count: 8, bytes: 88 });
}
