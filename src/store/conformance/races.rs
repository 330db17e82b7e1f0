//! Several who change or read at once.
//! Knows nothing of what is done wrong.

use super::{
    PUBLISHERS, Stores, bytes_of, commit, file, name, publish, read, unpublish, versions, written,
};
use crate::store::Tag;
use bytes::Bytes;
use serde_json::json;
use std::collections::HashSet;
use std::sync::Arc;
use tokio::task::JoinSet;

pub(super) async fn publishers_of_different_versions_lose_nothing(stores: Stores) {
    for text in ["x", "@s/x"] {
        let x = name(text);
        let mut publishers = JoinSet::new();
        for number in 0..PUBLISHERS {
            let store = if number % 2 == 0 { &stores.one } else { &stores.other };
            let (store, x, version) = (Arc::clone(store), x.clone(), format!("1.0.{number:02}"));
            publishers.spawn(async move {
                publish(&*store, &x, &version, &bytes_of(&version)).await.unwrap()
            });
        }
        assert!(publishers.join_all().await.into_iter().all(|published| published));
        let mut found = versions(&*stores.one, &x).await;
        found.sort_unstable();
        let all: Vec<_> = (0..PUBLISHERS).map(|number| format!("1.0.{number:02}")).collect();
        assert_eq!(found, all);
    }
}

pub(super) async fn of_publishers_of_one_version_one_wins(stores: Stores) {
    let x = name("x");
    for round in 0..3 {
        let version = format!("{round}.0.0");
        let mut publishers = JoinSet::new();
        for number in 0..PUBLISHERS {
            let store = if number % 2 == 0 { &stores.one } else { &stores.other };
            let (store, x, version) = (Arc::clone(store), x.clone(), version.clone());
            let bytes = bytes_of(&format!("{version} by {number}"));
            publishers.spawn(async move {
                publish(&*store, &x, &version, &bytes).await.unwrap().then_some(bytes)
            });
        }
        let winners: Vec<_> = publishers.join_all().await.into_iter().flatten().collect();
        assert_eq!(winners.len(), 1, "{version}");
        let kept = read(&*stores.other, &x, &file(&x, &version)).await.unwrap();
        assert!(kept == winners[0], "{version} has the bytes of a loser");
    }
    assert_eq!(versions(&*stores.one, &x).await, ["0.0.0", "1.0.0", "2.0.0"]);
}

pub(super) async fn what_is_being_read_is_read_to_its_end(
    Stores { one, other, keep: _keep }: Stores,
) {
    let x = name("x");
    let bytes = bytes_of("1.0.0");
    assert!(publish(&*one, &x, "1.0.0", &bytes).await.unwrap());
    let tarball = one.tarball(&x, &file(&x, "1.0.0")).await.unwrap().unwrap();
    assert_eq!(tarball.read(0, 10).await.unwrap(), bytes[..10]);
    unpublish(&*other, &x, "1.0.0").await.unwrap();
    assert!(one.tarball(&x, &file(&x, "1.0.0")).await.unwrap().is_none());
    assert!(tarball.read(0, tarball.len()).await.unwrap() == bytes);
    assert!(publish(&*other, &x, "1.0.0", b"new").await.unwrap());
    assert!(tarball.read(0, tarball.len()).await.unwrap() == bytes);
    assert_eq!(read(&*one, &x, &file(&x, "1.0.0")).await.unwrap(), "new");
}

pub(super) async fn documents_are_replaced_under_who_reads(
    Stores { one, other, keep: _keep }: Stores,
) {
    let x = name("x");
    let numbered = |number: usize| json!({"name": "x", "number": number, "readme": "r".repeat(number * 50_000)});
    let all: Vec<Bytes> = (0..4).map(|number| written(&numbered(number))).collect();
    let mut tag = commit(&*one, &x, None, &numbered(0)).await.unwrap();
    let mut readers = JoinSet::new();
    for store in [&one, &other] {
        let (store, x, all) = (Arc::clone(store), x.clone(), all.clone());
        readers.spawn(async move {
            loop {
                let stored = store.document(&x).await.unwrap().unwrap();
                assert_eq!(stored.tag, Tag::of(&stored.document));
                let at = all.iter().position(|document| *document == stored.document);
                // The last one is the end.
                if at.expect("a whole document") == all.len() - 1 {
                    break;
                }
            }
        });
    }
    for number in [1, 2, 0, 1, 0, 2, 1, 2, 3] {
        tag = commit(&*one, &x, Some(&tag), &numbered(number)).await.unwrap();
    }
    readers.join_all().await;
}

/// Its future is dropped wherever it is: what it was to do is done, or was not begun.
pub(super) async fn a_commit_that_nobody_waits_for_is_whole(
    Stores { one, other, keep: _keep }: Stores,
) {
    let x = name("x");
    for number in 0..PUBLISHERS {
        let (store, x, version) = (Arc::clone(&one), x.clone(), format!("1.0.{number:02}"));
        let publisher = tokio::spawn(async move {
            publish(&*store, &x, &version, &bytes_of(&version)).await.unwrap()
        });
        for _ in 0..number * 3 {
            tokio::task::yield_now().await;
        }
        publisher.abort();
    }
    assert!(publish(&*other, &x, "2.0.0", b"the last").await.unwrap());
    assert!(versions(&*one, &x).await.contains(&"2.0.0".to_owned()));
}

/// One after another, as fast as can be, by turns: documents of one length, and places that files leave and take.
pub(super) async fn no_two_documents_have_one_stamp(Stores { one, other, keep: _keep }: Stores) {
    let x = name("x");
    let (mut tag, mut stamps) = (None, HashSet::new());
    for number in 100..200 {
        let store = if number % 2 == 0 { &one } else { &other };
        let document = json!({"name": "x", "number": number});
        tag = commit(&**store, &x, tag.as_ref(), &document).await;
        assert!(tag.is_some(), "nobody else is there");
        for store in [&one, &other] {
            let stamp = store.stamp(&x).await.unwrap().expect("a document");
            let held = store.document(&x).await.unwrap().expect("a document");
            assert_eq!(stamp.len(), held.document.len() as u64);
            stamps.insert(stamp);
        }
    }
    assert_eq!(stamps.len(), 100, "two ways to a document have one stamp, and two documents never");
}
