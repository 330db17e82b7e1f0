//! A tarball that is read out of a store, from wherever it lies.
//! Knows nothing of whose it is.

use super::{Stamp, StoreError};
use async_trait::async_trait;
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;

/// How much to read of a tarball at once: few hops to the blocking pool, and little memory for each of many
/// who read.
pub const CHUNK: u64 = 256 * 1024;

/// The bytes of a tarball. It stays readable to its end, whatever is committed meanwhile.
#[derive(Clone)]
pub struct Tarball {
    len: u64,
    stamp: Stamp,
    content: Arc<dyn Content>,
}

/// Where a tarball's bytes come from.
#[async_trait]
pub trait Content: Send + Sync + 'static {
    /// These bytes, all of them; they are within the tarball's length.
    ///
    /// # Errors
    /// When the medium fails, or the bytes are not there, against what was said before.
    async fn read(&self, offset: u64, len: u64) -> Result<Bytes, StoreError>;
}

impl Tarball {
    /// A tarball of `len` bytes; the stamp is another one whenever the bytes are others.
    pub fn new(len: u64, stamp: Stamp, content: Arc<dyn Content>) -> Tarball {
        Tarball { len, stamp, content }
    }

    /// What tells these bytes from others that had or will have the same name, without reading them.
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// Its length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// As many of `len` bytes from `offset` as there are: none behind the end. Files are read on the
    /// blocking pool, unless the bytes are in memory already. See [`CHUNK`] for how many to ask for.
    ///
    /// # Errors
    /// When the medium fails.
    pub async fn read(&self, offset: u64, len: u64) -> Result<Bytes, StoreError> {
        let len = len.min(self.len.saturating_sub(offset));
        if len == 0 {
            return Ok(Bytes::new());
        }
        self.content.read(offset, len).await
    }
}

impl fmt::Debug for Tarball {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tarball").field("len", &self.len).finish_non_exhaustive()
    }
}
