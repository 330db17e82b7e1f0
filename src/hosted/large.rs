//! Large tarballs that are asked for again: piece by piece out of memory, as those of an upstream are.
//! Knows nothing of who takes the pieces.
//!
//! Each piece is compared with the sum that it had when the whole tarball was digested, so what is kept is what was
//! published, whatever became of its file meanwhile.

use super::checked::Sums;
use super::tarball::damaged;
use super::{Hosted, HostedError, Package, at_once};
use crate::npm::TarballName;
use crate::pages::Pages;
use crate::store::{CHUNK, Stamp, Tarball};
use crate::view::{Heads, Held, MemoryKey, What};
use quick_cache::sync::Cache;
use std::sync::Arc;

/// How many are remembered; some hundred bytes for each.
const REMEMBERED: usize = 16 * 1024;

/// A large tarball that is what was published.
pub struct Large {
    /// Its ETag, strong.
    pub etag: Option<String>,
    /// The heads of its answers.
    pub heads: Heads,
    len: u64,
    kept: TarballName,
    /// Of its file, when all of it was read.
    stamp: Stamp,
    sums: Sums,
}

/// Those that were asked for: of which generation of a package, and by which name.
pub(super) struct Asked {
    rows: Cache<(u64, TarballName), Arc<Large>>,
}

impl Default for Asked {
    fn default() -> Asked {
        Asked { rows: Cache::new(REMEMBERED) }
    }
}

impl Large {
    pub(super) fn new(
        kept: TarballName,
        content: &Tarball,
        sums: Sums,
        etag: Option<String>,
    ) -> Large {
        let (len, stamp, heads) = (content.len(), content.stamp(), Heads::default());
        Large { etag, heads, len, kept, stamp, sums }
    }

    /// Its length in bytes: there are none without any.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> u64 {
        self.len
    }

    fn is_piece(&self, number: u64, bytes: &[u8]) -> bool {
        let sum = usize::try_from(number).ok().and_then(|number| self.sums.get(number));
        sum.is_some_and(|sum| *sum == crc32fast::hash(bytes))
    }
}

impl Hosted {
    /// A large tarball whose first piece is in memory, if that can be said without waiting for anything, and its file
    /// is still the one that was read: who asks for one that was damaged since is to be told, by who reads it.
    pub fn ready_large(&self, package: &Package, file: &TarballName) -> Option<Arc<Large>> {
        let large = self.asked.rows.get(&(package.id(), file.clone()))?;
        self.memory.look(package.id(), &What::FilePiece(file.clone(), 0))?;
        let stamp = at_once(self.store.tarball_stamp(&package.name, &large.kept))?;
        (stamp == Some(large.stamp)).then_some(large)
    }

    /// A piece of [`CHUNK`] bytes, of which the last one may have fewer: from memory, or read by one of all who ask for
    /// it, and kept there.
    ///
    /// # Errors
    /// [`HostedError::Damaged`] when it is not what was published; also when it cannot be read.
    pub async fn piece(
        &self,
        package: &Package,
        file: &TarballName,
        large: &Large,
        number: u64,
    ) -> Result<Pages, HostedError> {
        let key = MemoryKey { id: package.id(), what: What::FilePiece(file.clone(), number) };
        let made = async {
            let content = self.store.tarball(&package.name, &large.kept).await?;
            let bytes = content.ok_or(HostedError::Absent)?.read(number * CHUNK, CHUNK).await?;
            if !large.is_piece(number, &bytes) {
                return Err(damaged(package, &large.kept));
            }
            Ok(Held::Piece(self.memory.keep(bytes)))
        };
        match self.memory.get_or_make(key, made).await? {
            Held::Piece(bytes) => Ok(bytes),
            _ => Err(HostedError::Absent),
        }
    }

    /// Somebody asks for a large tarball. What is asked for once leaves memory to what is asked for again.
    pub(super) async fn asked_for(
        &self,
        package: &Package,
        file: &TarballName,
        large: Large,
    ) -> Result<(), HostedError> {
        let key = (package.id(), file.clone());
        match self.asked.rows.get(&key).filter(|known| known.stamp == large.stamp) {
            None => self.asked.rows.insert(key, Arc::new(large)),
            Some(known) if self.memory.has_room_for_pieces(known.len) => {
                self.piece(package, file, &known, 0).await?;
            }
            Some(_) => {}
        }
        Ok(())
    }
}
