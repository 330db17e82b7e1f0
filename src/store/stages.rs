//! What waits to be published until somebody has approved it: kept whole, and under no name of a package.
//! Knows nothing of what is in it, of who may see it, nor of how long it waits.

mod id;

pub use id::StageId;

use super::{StoreError, Tarball, Upload};
use crate::npm::PackageName;
use async_trait::async_trait;
use std::any::Any;
use std::fmt;

/// Where stages are kept: each a few parts, under an id that nobody can guess.
///
/// As with packages, any number of stores may be open on the same stages, and the contract holds between all of them.
///
/// # Whole or absent
/// A stage is there with all of its parts, durably, from the moment that [`keep`](Stages::keep) answers; before that, and
/// after a crash in the middle of it, there is nothing. No part of one ever changes. Nothing of it is a package: no
/// method of [`Store`](super::Store) shows it.
///
/// # The end of a stage
/// Of all who would end a stage at once, one [holds](Stages::hold) it, in whichever process, until he lets go of it or
/// his process is gone. Only he may [remove](Stages::remove) it. Whoever reads a part of it reads that to its end,
/// whatever becomes of the stage.
///
/// # Errors
/// As of [`Store`](super::Store): after an error nothing was changed, unless that is [`StoreError::InDoubt`].
#[async_trait]
pub trait Stages: Send + Sync + 'static {
    /// Keeps a stage of this package, if that makes no more than `most` of them. Its parts are uploads of the same store.
    ///
    /// # Errors
    /// When the medium fails.
    async fn keep(
        &self,
        name: &PackageName,
        parts: Vec<(StagePart, Box<dyn Upload>)>,
        most: Extent,
    ) -> Result<Kept, StoreError>;

    /// How much is kept just now.
    ///
    /// # Errors
    /// When the medium fails.
    async fn extent(&self) -> Result<Extent, StoreError>;

    /// Which stages there are, in no order. No part is read for that.
    ///
    /// # Errors
    /// When the medium fails.
    async fn ids(&self) -> Result<Vec<StageId>, StoreError>;

    /// The bytes of a part, if there is such a stage, and it has that part.
    ///
    /// # Errors
    /// When the medium fails.
    async fn part(&self, id: StageId, part: StagePart) -> Result<Option<Tarball>, StoreError>;

    /// Holds a stage, so that nobody else ends it meanwhile. Waits for nobody.
    ///
    /// # Errors
    /// When the medium fails.
    async fn hold(&self, id: StageId) -> Result<Hold, StoreError>;

    /// Removes a stage of this package.
    ///
    /// # Errors
    /// When the medium fails.
    async fn remove(&self, name: &PackageName, held: Held) -> Result<(), StoreError>;
}

/// How much stages are, together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// How many.
    pub count: usize,
    /// Bytes of all their parts.
    pub bytes: u64,
}

impl Extent {
    /// This, and a stage of so many bytes more.
    pub fn with(self, bytes: u64) -> Extent {
        Extent { count: self.count.saturating_add(1), bytes: self.bytes.saturating_add(bytes) }
    }

    /// Whether it is no more than that.
    pub fn is_within(self, most: Extent) -> bool {
        self.count <= most.count && self.bytes <= most.bytes
    }
}

/// What became of a stage that was to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is kept, under this id.
    Done(StageId),
    /// With it, they would be this much, which is too much.
    NoRoom(Extent),
}

/// A part of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StagePart {
    /// What lists of stages tell: short. Every stage has it.
    Record,
    /// What will be published of the document.
    Manifest,
    /// The tarball.
    Tarball,
    /// The sigstore bundle that came with it.
    Bundle,
}

impl StagePart {
    /// All that there are.
    pub(super) const ALL: [StagePart; 4] =
        [StagePart::Record, StagePart::Manifest, StagePart::Tarball, StagePart::Bundle];
}

/// Whether somebody holds a stage.
pub enum Hold {
    /// There is none of that id.
    Absent,
    /// Somebody else.
    Busy,
    /// The one who asked, until he drops it.
    Held(Held),
}

/// A stage that nobody else ends.
pub struct Held {
    pub(super) id: StageId,
    /// Whatever an implementation holds it by.
    pub(super) _by: Box<dyn Any + Send>,
}

impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Hold::Absent => "Absent",
            Hold::Busy => "Busy",
            Hold::Held(_) => "Held",
        })
    }
}
