//! What every store must do, asked of one that is reached in two ways.
//! Knows nothing of how they do it.

mod changes;
mod places;
mod races;
pub(super) mod stages;

use super::{Change, Committed, Store, StoreError, Tag, Upload};
use crate::npm::{PackageName, TarballName};
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use tempfile::TempDir;

/// How many publish at once.
const PUBLISHERS: usize = 20;

/// Two ways to the same packages: the same store twice, or two stores.
pub(super) struct Stores {
    pub(super) one: Arc<dyn Store>,
    pub(super) other: Arc<dyn Store>,
    /// Where they are, until the end of the test.
    pub(super) keep: Option<TempDir>,
}

/// All of it, each with packages of its own.
pub(super) async fn suite(make: impl Fn() -> Stores) {
    changes::a_change_is_seen_whole(make()).await;
    changes::only_who_knows_the_tag_may_change(make()).await;
    changes::a_conflict_gives_the_change_back(make()).await;
    races::publishers_of_different_versions_lose_nothing(make()).await;
    races::of_publishers_of_one_version_one_wins(make()).await;
    places::dropped_uploads_leave_nothing(make()).await;
    places::each_name_has_a_place_of_its_own(make()).await;
    places::a_probe_leaves_nothing(make()).await;
    changes::what_is_removed_is_gone_alone(make()).await;
    races::what_is_being_read_is_read_to_its_end(make()).await;
    races::documents_are_replaced_under_who_reads(make()).await;
    races::no_two_documents_have_one_stamp(make()).await;
    places::tarballs_are_read_in_any_pieces(make()).await;
    changes::a_document_of_another_is_refused(make()).await;
    races::a_commit_that_nobody_waits_for_is_whole(make()).await;
    stages::a_stage_is_seen_whole_and_is_no_package(make()).await;
    stages::a_stage_that_is_removed_is_read_to_its_end(make()).await;
    stages::one_at_a_time_holds_a_stage(make()).await;
    stages::of_many_who_end_a_stage_one_does(make()).await;
    stages::no_more_are_kept_than_may_be(make()).await;
}

pub(super) fn name(text: &str) -> PackageName {
    text.parse().expect(text)
}

/// The file of a version.
pub(super) fn file(name: &PackageName, version: &str) -> TarballName {
    format!("{}-{version}.tgz", name.basename()).parse().unwrap()
}

/// Bytes that no other version has, and that are more than one piece.
pub(super) fn bytes_of(version: &str) -> Vec<u8> {
    format!("bytes of {version}, ").into_bytes().repeat(40_000)
}

/// A document as these tests have it: versions, and the digests of their tarballs.
fn empty(name: &PackageName) -> Value {
    json!({"name": name.as_str(), "versions": {}})
}

fn written(document: &Value) -> Bytes {
    Bytes::from(serde_json::to_vec(document).unwrap())
}

pub(super) async fn upload(store: &dyn Store, bytes: &[u8]) -> Result<Box<dyn Upload>, StoreError> {
    let mut upload = store.upload().await?;
    for piece in bytes.chunks(50_000) {
        upload.write(Bytes::copy_from_slice(piece)).await?;
    }
    Ok(upload)
}

/// Publishes a version as an npm registry does: `false` when it is there already.
pub(super) async fn publish(
    store: &dyn Store,
    name: &PackageName,
    version: &str,
    bytes: &[u8],
) -> Result<bool, StoreError> {
    let mut add = vec![(file(name, version), upload(store, bytes).await?)];
    loop {
        let stored = store.document(name).await?;
        let (tag, mut document) = match &stored {
            Some(stored) => (Some(&stored.tag), serde_json::from_slice(&stored.document).unwrap()),
            None => (None, empty(name)),
        };
        if document["versions"].get(version).is_some() {
            return Ok(false);
        }
        document["versions"][version] = json!(Tag::of(bytes).to_string());
        let change = Change { document: written(&document), add, remove: Vec::new() };
        match store.commit(name, tag, change).await? {
            Committed::Done(tag) => {
                assert_eq!(tag, Tag::of(&written(&document)));
                return Ok(true);
            }
            Committed::Conflict(back) => add = back.add,
        }
    }
}

/// Unpublishes a version.
pub(super) async fn unpublish(
    store: &dyn Store,
    name: &PackageName,
    version: &str,
) -> Result<(), StoreError> {
    let stored = store.document(name).await?.expect("a document");
    let mut document: Value = serde_json::from_slice(&stored.document).unwrap();
    document["versions"].as_object_mut().unwrap().shift_remove(version).expect("a version");
    let mut change = Change::of_document(written(&document));
    change.remove.push(file(name, version));
    match store.commit(name, Some(&stored.tag), change).await? {
        Committed::Done(_) => Ok(()),
        Committed::Conflict(_) => panic!("nobody else is there"),
    }
}

/// All bytes of a tarball.
pub(super) async fn read(
    store: &dyn Store,
    name: &PackageName,
    file: &TarballName,
) -> Option<Bytes> {
    let tarball = store.tarball(name, file).await.unwrap()?;
    Some(tarball.read(0, tarball.len()).await.unwrap())
}

/// The versions of a package; each one's tarball is there, and is what its publisher sent.
pub(super) async fn versions(store: &dyn Store, name: &PackageName) -> Vec<String> {
    let Some(stored) = store.document(name).await.unwrap() else { return Vec::new() };
    assert_eq!(stored.tag, Tag::of(&stored.document));
    let document: Value = serde_json::from_slice(&stored.document).unwrap();
    let mut versions = Vec::new();
    for (version, digest) in document["versions"].as_object().unwrap() {
        let bytes = read(store, name, &file(name, version)).await;
        let bytes = bytes.unwrap_or_else(|| panic!("{name} {version} has no tarball"));
        assert_eq!(digest, &json!(Tag::of(&bytes).to_string()), "{name} {version}");
        versions.push(version.clone());
    }
    versions
}

async fn commit(
    store: &dyn Store,
    name: &PackageName,
    expected: Option<&Tag>,
    document: &Value,
) -> Option<Tag> {
    let change = Change::of_document(written(document));
    match store.commit(name, expected, change).await.unwrap() {
        Committed::Done(tag) => Some(tag),
        Committed::Conflict(_) => None,
    }
}
