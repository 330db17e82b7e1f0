//! All that waits to be approved, and how long it does.
//! Knows nothing of who calls, nor of what is published in the end.
//!
//! What a stage's record says never changes, so it is read once by each process; which stages there are is asked of the
//! store each time.

use super::record::Record;
use super::refusal;
use crate::api::Refusal;
use crate::clock::Clock;
use crate::hosted::Hosted;
use crate::npm::PackageName;
use crate::store::{
    Extent, Held, Hold, Kept, StageId, StagePart, Stages, StoreError, Tarball, Upload,
};
use log::{error, info, warn};
use parking_lot::RwLock;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};

/// How many stages there may be, over all packages: they are for somebody to look at.
const MOST: usize = 1000;
/// How many bytes they may have together if nothing is said: they must not fill a disk.
const USUAL_SIZE: u64 = 10 << 30;
/// How long one waits if nothing is said.
const USUAL_TTL: Duration = Duration::from_secs(7 * 24 * 3600);
/// How often it is looked whether one has expired, while nobody asks for any.
const PAUSE: Duration = Duration::from_secs(600);
/// How many are approved at once: each copies its tarball, a piece of which is in memory then.
const APPROVALS: usize = 8;
/// More bytes than any record has.
const LONGEST_RECORD: u64 = 16 << 10;

/// All stages. `None` among the known stands for a record that cannot be read.
pub struct Staging {
    hosted: Arc<Hosted>,
    clock: Clock,
    limits: RwLock<Limits>,
    known: Mutex<HashMap<StageId, Option<Arc<Record>>>>,
    approvals: Semaphore,
}

/// How long one waits, and how much all of them may have.
#[derive(Clone, Copy)]
struct Limits {
    ttl: Duration,
    most: Extent,
}

/// Stages with their records.
pub(super) type Listed = Vec<(StageId, Arc<Record>)>;

impl Staging {
    /// Those beside the packages of `hosted`.
    pub(in crate::api) fn new(hosted: Arc<Hosted>, clock: Clock) -> Staging {
        let (known, approvals) = (Mutex::default(), Semaphore::new(APPROVALS));
        let most = Extent { count: MOST, bytes: USUAL_SIZE };
        let limits = RwLock::new(Limits { ttl: USUAL_TTL, most });
        Staging { hosted, clock, limits, known, approvals }
    }

    /// Has them wait so long from now on, and have so many bytes together at most. What has waited for longer expires.
    pub fn set_limits(&self, ttl: Duration, bytes: u64) {
        *self.limits.write() = Limits { ttl, most: Extent { count: MOST, bytes } };
    }

    fn most(&self) -> Extent {
        self.limits.read().most
    }

    /// Removes what has expired, now and from time to time. Does not end.
    pub async fn keep_tidy(&self) {
        loop {
            if let Err(error) = self.listed().await {
                warn!("staged versions are not looked at: {error}");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What waits, in no order.
    pub(super) async fn all(&self) -> Result<Listed, Refusal> {
        Ok(self.listed().await?)
    }

    async fn listed(&self) -> Result<Listed, StoreError> {
        let (expired, waiting): (Listed, Listed) =
            self.there().await?.into_iter().partition(|(_, record)| self.has_expired(record));
        for (id, record) in expired {
            if let Err(error) = self.expire(id, &record).await {
                // So will be that of the others.
                warn!("{record}, staged as {id}, has expired and cannot be removed: {error}");
                break;
            }
        }
        Ok(waiting)
    }

    /// All that are there and can be read.
    async fn there(&self) -> Result<Listed, StoreError> {
        // Of all who ask for records that are not known yet, one reads them.
        let mut known = self.known.lock().await;
        let ids: HashSet<StageId> = self.stages().ids().await?.into_iter().collect();
        known.retain(|id, _| ids.contains(id));
        for id in ids {
            if known.contains_key(&id) {
                continue;
            }
            match self.record(id).await {
                Ok(Some(record)) => drop(known.insert(id, Some(Arc::new(record)))),
                Ok(None) => {}
                Err(StoreError::Damaged { what, fault }) => {
                    warn!("left out of what is staged: {what} is damaged: {fault}");
                    known.insert(id, None);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(known.iter().filter_map(|(id, it)| Some((*id, Arc::clone(it.as_ref()?)))).collect())
    }

    /// A stage that waits, if there is one of this id.
    pub(super) async fn find(&self, id: StageId) -> Result<Option<Arc<Record>>, Refusal> {
        let record = match self.record(id).await {
            Err(StoreError::Damaged { what, fault }) => {
                error!("{what} is damaged: {fault}");
                return Err(refusal::unreadable_stage(id));
            }
            record => record?,
        };
        let Some(record) = record.map(Arc::new) else { return Ok(None) };
        if self.has_expired(&record) {
            if let Err(error) = self.expire(id, &record).await {
                warn!("{record}, staged as {id}, has expired and cannot be removed: {error}");
            }
            return Ok(None);
        }
        Ok(Some(record))
    }

    async fn record(&self, id: StageId) -> Result<Option<Record>, StoreError> {
        let Some(part) = self.stages().part(id, StagePart::Record).await? else { return Ok(None) };
        let text = part.read(0, LONGEST_RECORD).await?;
        let record = Record::parse(&text).ok_or_else(|| StoreError::Damaged {
            what: format!("the record of the stage {id} in .nopar/stage"),
            fault: "it cannot be read; remove the stage's folder".to_owned(),
        });
        record.map(Some)
    }

    /// A part of one.
    pub(super) async fn part(
        &self,
        id: StageId,
        part: StagePart,
    ) -> Result<Option<Tarball>, Refusal> {
        Ok(self.stages().part(id, part).await?)
    }

    /// Whether there is room for one more that has so many bytes at least, before anything of it has come.
    pub(super) async fn check_room(&self, bytes: u64) -> Result<(), Refusal> {
        if self.stages().extent().await?.with(bytes).is_within(self.most()) {
            return Ok(());
        }
        // Some may have expired.
        self.listed().await?;
        let with_it = self.stages().extent().await?.with(bytes);
        if with_it.is_within(self.most()) { Ok(()) } else { Err(self.no_room(with_it)) }
    }

    /// Keeps a stage.
    pub(super) async fn keep(
        &self,
        name: &PackageName,
        parts: Vec<(StagePart, Box<dyn Upload>)>,
    ) -> Result<StageId, Refusal> {
        match self.stages().keep(name, parts, self.most()).await.map_err(Refusal::of_change)? {
            Kept::Done(id) => Ok(id),
            Kept::NoRoom(with_it) => Err(self.no_room(with_it)),
        }
    }

    fn no_room(&self, with_it: Extent) -> Refusal {
        if with_it.count > self.most().count {
            refusal::too_many_stages(self.most().count)
        } else {
            refusal::too_large_stages(self.most().bytes)
        }
    }

    /// Waits for the turn of an approval. `None` does not happen: the semaphore is never closed.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.approvals.acquire().await.ok()
    }

    /// Holds a stage for who is about to end it.
    pub(super) async fn hold(&self, id: StageId) -> Result<Held, Refusal> {
        match self.stages().hold(id).await.map_err(Refusal::of_change)? {
            Hold::Held(held) => Ok(held),
            Hold::Busy => Err(refusal::busy_stage()),
            Hold::Absent => Err(refusal::no_stage(&id.to_string())),
        }
    }

    /// Removes a stage.
    pub(super) async fn remove(&self, name: &PackageName, held: Held) -> Result<(), StoreError> {
        self.stages().remove(name, held).await
    }

    fn has_expired(&self, record: &Record) -> bool {
        let age = self.clock.now().duration_since(record.created);
        age.is_ok_and(|age| age >= self.limits.read().ttl)
    }

    async fn expire(&self, id: StageId, record: &Record) -> Result<(), StoreError> {
        // Whoever holds it ends it, or it is the next one's to see.
        if let Hold::Held(held) = self.stages().hold(id).await? {
            self.remove(&record.name, held).await?;
            info!("{record}, staged by {} as {id}, has expired", record.actor);
        }
        Ok(())
    }

    fn stages(&self) -> &dyn Stages {
        self.hosted.store().stages()
    }
}

#[cfg(test)]
mod tests;
