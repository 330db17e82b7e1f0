//! A tarball that is held, as bytes that are read one piece after another.
//! Knows nothing of what is in it. Each piece is compared with its checksum by who reads it.

use crate::cache::{CHUNK, OpenFile};
use crate::hosted::{HostedTarball, Large};
use crate::store;
use bytes::Bytes;
use std::io::{self, Read};
use std::sync::Arc;
use tokio::runtime::Handle;

/// What a tarball is known by, as long as its bytes are the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::ui) enum TarballId {
    /// The generation of an entry of the cache.
    Copied(u64),
    /// The generation of a hosted package, and one of its files.
    Hosted(u64, String),
}

/// A tarball that can be read.
pub(in crate::ui) struct Tarball {
    id: TarballId,
    pub(super) len: u64,
    source: Source,
}

enum Source {
    Memory(Bytes),
    Copied(OpenFile),
    Hosted(Arc<Large>, store::Tarball),
}

impl Tarball {
    /// One of the cache.
    pub(in crate::ui) fn copied(generation: u64, len: u64, file: OpenFile) -> Tarball {
        Tarball { id: TarballId::Copied(generation), len, source: Source::Copied(file) }
    }

    /// One of the store.
    pub(in crate::ui) fn hosted(generation: u64, file: &str, tarball: HostedTarball) -> Tarball {
        let id = TarballId::Hosted(generation, file.to_owned());
        match tarball {
            HostedTarball::Small(small) => Tarball::in_memory(id, small.bytes.bytes()),
            HostedTarball::Large(large, content) => {
                Tarball { id, len: large.len(), source: Source::Hosted(large, content) }
            }
        }
    }

    /// One that is in memory.
    pub(super) fn in_memory(id: TarballId, bytes: Bytes) -> Tarball {
        Tarball { id, len: bytes.len() as u64, source: Source::Memory(bytes) }
    }

    /// What it is known by.
    pub(in crate::ui) fn id(&self) -> &TarballId {
        &self.id
    }

    /// Its bytes, to be read on a thread that may block.
    pub(super) fn pieces(self: Arc<Self>, runtime: Handle) -> Pieces {
        Pieces { tarball: self, runtime, next: 0, piece: Bytes::new(), failed: None }
    }

    async fn piece(&self, number: u64) -> io::Result<Bytes> {
        match &self.source {
            Source::Memory(bytes) => Ok(if number == 0 { bytes.clone() } else { Bytes::new() }),
            Source::Copied(_) | Source::Hosted(..) if number * CHUNK >= self.len => {
                Ok(Bytes::new())
            }
            Source::Copied(file) => {
                let mut buffer = Vec::new();
                file.read(number, &mut buffer).await?;
                Ok(Bytes::from(buffer))
            }
            Source::Hosted(large, content) => {
                large.read(content, number).await.map_err(io::Error::other)
            }
        }
    }
}

/// The bytes of a tarball.
pub(super) struct Pieces {
    tarball: Arc<Tarball>,
    runtime: Handle,
    next: u64,
    piece: Bytes,
    failed: Option<String>,
}

impl Pieces {
    /// Why its bytes could not be had, if they could not: whoever reads them says no more than that they are odd.
    pub(super) fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }
}

impl Read for Pieces {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() {
            let piece = self.runtime.block_on(self.tarball.piece(self.next));
            self.piece = piece.inspect_err(|why| self.failed = Some(why.to_string()))?;
            self.next += 1;
        }
        let len = out.len().min(self.piece.len());
        out[..len].copy_from_slice(&self.piece.split_to(len));
        Ok(len)
    }
}
