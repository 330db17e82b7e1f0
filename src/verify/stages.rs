//! Versions that wait to be approved: each record, and the tarball against the digests in it.
//! Knows nothing of who staged them.

use super::Depth;
use super::crew::in_parallel;
use super::finding::{Finding, Step, Watch, Where};
use super::packages::small_file;
use super::reading::{digests_of, is_damage};
use crate::api::staged;
use crate::regular;
use crate::store::{DiskStore, StageId, StoreError};
use bytes::Bytes;
use std::io;
use std::path::{Path, PathBuf};

/// What to do about one.
const REMEDY: &str = "it cannot be approved: stage the version again, and remove this folder";

/// Looks at all of them; how many there are.
pub(super) fn stages(
    store: &DiskStore,
    depth: Depth,
    watch: &mut Watch<'_>,
) -> Result<usize, StoreError> {
    let (root, ids) = store.stage_ids()?;
    let look = |id: StageId| {
        let folder = PathBuf::from(".nopar/stage").join(id.to_string());
        let what = check(id, &root.join(&folder), depth).err()?;
        // One that was approved meanwhile is gone.
        let is_there = root.join(&folder).is_dir();
        is_there.then(|| Finding::damage(Where::Registry, &folder, what).remedy(REMEDY))
    };
    in_parallel(ids.iter().copied(), look, |found| {
        found.into_iter().for_each(|finding| watch(Step::Found(Box::new(finding))));
    });
    Ok(ids.len())
}

fn check(id: StageId, folder: &Path, depth: Depth) -> Result<(), String> {
    let read = |file: &str| match small_file(&folder.join(file)) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(format!("its {file} is not there")),
        Err(error) => Err(format!("its {file} cannot be read: {error}")),
    };
    let (record, manifest) = (read("record.json")?, Bytes::from(read("manifest.json")?));
    let staged = staged(id, &record, &manifest);
    let staged = staged.ok_or("its record or its manifest is not what was staged")?;
    let unread = |error: io::Error| format!("its tarball cannot be read: {error}");
    let tarball = regular::open(&folder.join("tarball.tgz")).map_err(unread)?;
    if depth == Depth::Bytes {
        let (_, digests) = digests_of(tarball, Some(&staged.digests)).map_err(unread)?;
        if let Some(wrong) = is_damage(&digests, &staged.digests) {
            return Err(format!("its tarball is damaged: {wrong}"));
        }
    }
    if staged.has_bundle {
        read("bundle.sigstore")?;
    }
    Ok(())
}
