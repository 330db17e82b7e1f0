//! Large tarballs: read piece by piece, and out of memory when they are asked for again, as those of an upstream are.
//! Knows nothing of who takes the pieces.
//!
//! Each piece is compared with the sum that it had when the whole tarball was digested: so what is sent, and what is kept,
//! is what was published, whatever becomes of its file meanwhile.

use super::checked::Sums;
use super::tarball::damaged;
use super::{Hosted, HostedError, Package, at_once};
use crate::npm::{PackageName, TarballName};
use crate::pages::Pages;
use crate::store::{CHUNK, Stamp, Tarball};
use crate::view::{Heads, Held, MemoryKey, What};
use bytes::Bytes;
use quick_cache::sync::Cache;
use std::sync::Arc;

/// How many are remembered; some hundred bytes for each.
const REMEMBERED: usize = 16 * 1024;

/// A large tarball that is what was published.
pub struct Large {
    /// Whose it is.
    pub name: PackageName,
    /// As the store keeps it.
    pub kept: TarballName,
    /// Its ETag, strong: bytes of another digest have another one.
    pub etag: Option<String>,
    /// The heads of its answers.
    pub heads: Heads,
    len: u64,
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
        name: &PackageName,
        kept: TarballName,
        content: &Tarball,
        sums: Sums,
        etag: Option<String>,
    ) -> Large {
        let (len, stamp, heads) = (content.len(), content.stamp(), Heads::default());
        Large { name: name.clone(), kept, etag, heads, len, stamp, sums }
    }

    /// Its length in bytes: there are none without any.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// A piece of [`CHUNK`] bytes, of which the last one may have fewer, out of what is open.
    ///
    /// # Errors
    /// [`HostedError::Damaged`] when it is not what was published; also when it cannot be read.
    pub async fn read(&self, content: &Tarball, number: u64) -> Result<Bytes, HostedError> {
        let bytes = content.read(number * CHUNK, CHUNK).await?;
        let sum = usize::try_from(number).ok().and_then(|number| self.sums.get(number));
        if sum.is_some_and(|sum| *sum == crc32fast::hash(&bytes)) {
            return Ok(bytes);
        }
        Err(damaged(&self.name, &self.kept))
    }
}

impl Hosted {
    /// A large tarball whose first piece is in memory, if that can be said without waiting for anything, and its file
    /// is still the one that was read: who asks for one that was damaged since is to be told, by who reads it.
    pub fn ready_large(&self, package: &Package, file: &TarballName) -> Option<Arc<Large>> {
        let large = self.asked.rows.get(&(package.id(), file.clone()))?;
        self.look(package, &What::FilePiece(file.clone(), 0))?;
        let stamp = at_once(self.store.tarball_stamp(&package.name, &large.kept))?;
        (stamp == Some(large.stamp)).then_some(large)
    }

    /// Whether all pieces are in memory.
    pub fn is_held(&self, package: &Package, file: &TarballName, large: &Large) -> bool {
        let mut numbers = 0..large.len.div_ceil(CHUNK);
        numbers.all(|number| self.look(package, &What::FilePiece(file.clone(), number)).is_some())
    }

    /// The bytes of a large tarball: readable to their end, whatever becomes of its name.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn open(&self, large: &Large) -> Result<Tarball, HostedError> {
        self.store.tarball(&large.name, &large.kept).await?.ok_or(HostedError::Absent)
    }

    /// A piece from memory; if it is not there, read by one of all who ask for it, and kept. `content` is what they have
    /// open.
    ///
    /// # Errors
    /// Those of [`Large::read`].
    pub async fn piece(
        &self,
        package: &Package,
        file: &TarballName,
        large: &Large,
        content: &Tarball,
        number: u64,
    ) -> Result<Pages, HostedError> {
        let key = MemoryKey { id: package.id(), what: What::FilePiece(file.clone(), number) };
        let made = async {
            let bytes = large.read(content, number).await?;
            Ok::<_, HostedError>(Held::Piece(self.memory.keep(bytes)))
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
        large: &Arc<Large>,
        content: &Tarball,
    ) -> Result<(), HostedError> {
        let key = (package.id(), file.clone());
        match self.asked.rows.get(&key).filter(|known| known.stamp == large.stamp) {
            None => self.asked.rows.insert(key, Arc::clone(large)),
            Some(_) if self.memory.has_room_for_pieces(large.len) => {
                self.piece(package, file, large, content, 0).await?;
            }
            Some(_) => {}
        }
        Ok(())
    }
}
