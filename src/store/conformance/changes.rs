//! What a commit changes, and when it may.
//! Knows nothing of several at once.

use super::{
    Stores, bytes_of, commit, empty, file, name, publish, read, unpublish, upload, versions,
    written,
};
use crate::store::{Change, Committed, StoreError, Tag};
use bytes::Bytes;
use serde_json::json;

pub(super) async fn a_change_is_seen_whole(Stores { one, other, keep: _keep }: Stores) {
    let x = name("x");
    assert!(one.document(&x).await.unwrap().is_none());
    assert!(one.tarball(&x, &file(&x, "1.0.0")).await.unwrap().is_none());
    assert!(one.names().await.unwrap().is_empty());
    assert!(publish(&*one, &x, "1.0.0", &bytes_of("1.0.0")).await.unwrap());
    assert!(publish(&*other, &x, "1.1.0", b"").await.unwrap());
    assert!(!publish(&*one, &x, "1.1.0", b"other bytes").await.unwrap());
    for store in [&one, &other] {
        assert_eq!(versions(&**store, &x).await, ["1.0.0", "1.1.0"]);
        assert_eq!(store.names().await.unwrap(), std::slice::from_ref(&x));
    }
    let empty = one.tarball(&x, &file(&x, "1.1.0")).await.unwrap().unwrap();
    assert!(empty.is_empty());
}

pub(super) async fn only_who_knows_the_tag_may_change(Stores { one, other, keep: _keep }: Stores) {
    let x = name("x");
    let numbered = |number: u64| json!({"name": "x", "number": number});
    let wrong = Tag::of(b"something else");
    assert_eq!(commit(&*one, &x, Some(&wrong), &numbered(0)).await, None);
    assert!(one.document(&x).await.unwrap().is_none());
    let first = commit(&*one, &x, None, &numbered(1)).await.unwrap();
    for expected in [None, Some(&wrong)] {
        assert_eq!(commit(&*other, &x, expected, &numbered(2)).await, None);
    }
    let second = commit(&*other, &x, Some(&first), &numbered(3)).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(commit(&*one, &x, Some(&first), &numbered(4)).await, None);
    let stored = one.document(&x).await.unwrap().unwrap();
    assert_eq!((stored.tag, stored.document), (second, written(&numbered(3))));
}

/// A publisher whose caller cannot send the bytes again tries again with what comes back.
pub(super) async fn a_conflict_gives_the_change_back(Stores { one, other, keep: _keep }: Stores) {
    let x = name("x");
    let (mine, bytes) = (file(&x, "1.0.0"), bytes_of("mine"));
    let change = Change {
        document: written(&empty(&x)),
        add: vec![(mine.clone(), upload(&*one, &bytes).await.unwrap())],
        remove: vec![file(&x, "0.0.0")],
    };
    assert!(publish(&*other, &x, "0.0.0", b"theirs").await.unwrap());
    let Committed::Conflict(mut back) = one.commit(&x, None, change).await.unwrap() else {
        panic!("it was there first")
    };
    assert!(one.tarball(&x, &mine).await.unwrap().is_none());
    assert_eq!(versions(&*one, &x).await, ["0.0.0"]);
    assert_eq!(back.document, written(&empty(&x)));
    assert_eq!(back.remove, [file(&x, "0.0.0")]);
    let tag = one.document(&x).await.unwrap().unwrap().tag;
    back.remove.clear();
    // More may come even now.
    back.add[0].1.write(Bytes::from_static(b"and more")).await.unwrap();
    assert!(matches!(one.commit(&x, Some(&tag), back).await.unwrap(), Committed::Done(_)));
    let expected = [&bytes[..], b"and more"].concat();
    assert_eq!(read(&*other, &x, &mine).await.unwrap(), expected);
}

pub(super) async fn what_is_removed_is_gone_alone(Stores { one, other, keep: _keep }: Stores) {
    let x = name("X");
    for version in ["1.0.0", "1.0.1-A", "1.0.1-a"] {
        assert!(publish(&*one, &x, version, version.as_bytes()).await.unwrap());
    }
    unpublish(&*other, &x, "1.0.1-A").await.unwrap();
    assert!(one.tarball(&x, &file(&x, "1.0.1-A")).await.unwrap().is_none());
    assert_eq!(versions(&*one, &x).await, ["1.0.0", "1.0.1-a"]);
    // What is not there may be removed as well, and the document stays when all tarballs go.
    let stored = one.document(&x).await.unwrap().unwrap();
    let mut change = Change::of_document(written(&empty(&x)));
    change.remove = ["1.0.0", "1.0.1-A", "1.0.1-a"].map(|version| file(&x, version)).to_vec();
    let done = one.commit(&x, Some(&stored.tag), change).await.unwrap();
    assert!(matches!(done, Committed::Done(_)));
    assert!(versions(&*other, &x).await.is_empty());
    assert!(other.tarball(&x, &file(&x, "1.0.0")).await.unwrap().is_none());
    assert_eq!(other.names().await.unwrap(), [x]);
}

pub(super) async fn a_document_of_another_is_refused(Stores { one, other, keep: _keep }: Stores) {
    let x = name("x");
    for text in ["", "{", "[]", "{}", r#"{"name":"X"}"#, r#"{"name":"x"} "x""#] {
        let add = vec![(file(&x, "1.0.0"), upload(&*one, b"bytes").await.unwrap())];
        let change = Change { document: Bytes::from(text), add, remove: Vec::new() };
        let refused = one.commit(&x, None, change).await;
        assert!(matches!(refused, Err(StoreError::Damaged { .. })), "{text}");
    }
    assert!(other.document(&x).await.unwrap().is_none());
    assert!(other.tarball(&x, &file(&x, "1.0.0")).await.unwrap().is_none());
    assert!(other.names().await.unwrap().is_empty());
}
