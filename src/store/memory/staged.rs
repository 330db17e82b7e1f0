//! Stages in memory.
//! Knows nothing of packages.

use super::{bytes_of, tarball_of};
use crate::npm::PackageName;
use crate::store::{
    Extent, Held, Hold, Kept, StageId, StagePart, Stages, StoreError, Tag, Tarball, Upload,
};
use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// One of them.
type Parts = HashMap<StagePart, Bytes>;

/// All of them.
#[derive(Default)]
pub(super) struct Staged {
    stages: Mutex<HashMap<StageId, Parts>>,
    held: Arc<Mutex<HashSet<StageId>>>,
}

/// One that is held, until this is dropped.
struct Holder {
    id: StageId,
    held: Arc<Mutex<HashSet<StageId>>>,
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.held.lock().remove(&self.id);
    }
}

fn extent(stages: &HashMap<StageId, Parts>) -> Extent {
    stages.values().map(size_of).fold(Extent::default(), Extent::with)
}

fn size_of(parts: &Parts) -> u64 {
    parts.values().map(|bytes| bytes.len() as u64).sum()
}

#[async_trait]
impl Stages for Staged {
    async fn keep(
        &self,
        name: &PackageName,
        parts: Vec<(StagePart, Box<dyn Upload>)>,
        most: Extent,
    ) -> Result<Kept, StoreError> {
        let parts = parts.into_iter().map(|(part, upload)| {
            let bytes = bytes_of(upload, || format!("{name} could not be staged"))?;
            Ok((part, bytes))
        });
        let parts = parts.collect::<Result<_, StoreError>>()?;
        let mut stages = self.stages.lock();
        let with_it = extent(&stages).with(size_of(&parts));
        if !with_it.is_within(most) {
            return Ok(Kept::NoRoom(with_it));
        }
        let id = StageId::random()?;
        stages.insert(id, parts);
        Ok(Kept::Done(id))
    }

    async fn extent(&self) -> Result<Extent, StoreError> {
        Ok(extent(&self.stages.lock()))
    }

    async fn ids(&self) -> Result<Vec<StageId>, StoreError> {
        Ok(self.stages.lock().keys().copied().collect())
    }

    async fn part(&self, id: StageId, part: StagePart) -> Result<Option<Tarball>, StoreError> {
        let stages = self.stages.lock();
        let bytes = stages.get(&id).and_then(|parts| parts.get(&part));
        Ok(bytes.map(|bytes| tarball_of(Tag::of(bytes), bytes)))
    }

    async fn hold(&self, id: StageId) -> Result<Hold, StoreError> {
        let stages = self.stages.lock();
        if !stages.contains_key(&id) {
            return Ok(Hold::Absent);
        }
        if !self.held.lock().insert(id) {
            return Ok(Hold::Busy);
        }
        let holder = Holder { id, held: Arc::clone(&self.held) };
        Ok(Hold::Held(Held { id, _by: Box::new(holder) }))
    }

    async fn remove(&self, _name: &PackageName, held: Held) -> Result<(), StoreError> {
        self.stages.lock().remove(&held.id);
        Ok(())
    }
}
