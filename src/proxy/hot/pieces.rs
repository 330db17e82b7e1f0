//! The pieces of a large tarball: from memory, or from its open file.
//! Knows nothing of who takes them.
//!
//! A tarball that is asked for again is kept in memory piece by piece: to read and check it each time
//! costs as much as to send it. What is asked for once leaves memory to what is asked for again.

use crate::cache::{CHUNK, DiskCache, Entry, OpenFile};
use crate::connection::{PIECE, Piece, Pieces};
use crate::view::{Held, Memory, MemoryKey, What};
use async_trait::async_trait;
use bytes::Bytes;
use std::io;
use std::sync::Arc;

// Buffers are made for pieces, and a piece is a chunk.
const _: () = assert!(PIECE as u64 == CHUNK);

/// Where the pieces of a body come from, each [`CHUNK`] bytes long but for the last one.
#[async_trait]
pub(super) trait Source: Send {
    /// The body's length in bytes.
    fn len(&self) -> u64;

    /// A piece, by its number; if it is not in memory, it takes the place of what `buffer` holds.
    async fn piece(&mut self, number: u64, buffer: &mut Vec<u8>) -> io::Result<Piece>;
}

/// All pieces of a body, one after the other.
pub(super) struct InOrder<S> {
    source: S,
    next: u64,
}

impl<S> InOrder<S> {
    pub(super) fn of(source: S) -> InOrder<S> {
        InOrder { source, next: 0 }
    }
}

/// A body out of the cache.
pub(super) struct FilePieces {
    cache: &'static DiskCache,
    memory: Arc<Memory>,
    entry: Arc<Entry>,
    /// Opened when a piece is not in memory.
    file: Option<OpenFile>,
    /// Whether its pieces are kept.
    keeps: bool,
}

impl FilePieces {
    /// The body of `entry`, if its first piece is in memory, or its file is open and whole.
    pub(super) fn open(
        cache: &'static DiskCache,
        memory: &Arc<Memory>,
        entry: &Arc<Entry>,
    ) -> Option<FilePieces> {
        let keeps = entry.note_asked() && memory.has_room_for_pieces(entry.body_len());
        let is_held = keeps && memory.look(entry.id(), &What::Piece(0)).is_some();
        let file = if is_held { None } else { Some(cache.open_file(entry)?) };
        let (memory, entry) = (Arc::clone(memory), Arc::clone(entry));
        Some(FilePieces { cache, memory, entry, file, keeps })
    }

    async fn read(&mut self, number: u64, buffer: &mut Vec<u8>) -> io::Result<Piece> {
        if !self.keeps {
            self.file().await?.read(number, buffer).await?;
            return Ok(Piece::Buffer);
        }
        let key = MemoryKey { id: self.entry.id(), what: What::Piece(number) };
        let memory = Arc::clone(&self.memory);
        // Those who come to it at the same time share one reading.
        let kept = async {
            let mut kept = Vec::new();
            self.file().await?.read(number, &mut kept).await?;
            Ok::<_, io::Error>(Held::Piece(memory.keep(Bytes::from(kept))))
        };
        match memory.get_or_make(key, kept).await? {
            Held::Piece(bytes) => Ok(Piece::Bytes(bytes)),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    async fn file(&mut self) -> io::Result<&OpenFile> {
        match &mut self.file {
            Some(file) => Ok(file),
            none => Ok(none.insert(self.cache.opened_file(&self.entry).await?)),
        }
    }
}

#[async_trait]
impl Source for FilePieces {
    fn len(&self) -> u64 {
        self.entry.body_len()
    }

    /// If it is damaged, the entry goes.
    async fn piece(&mut self, number: u64, buffer: &mut Vec<u8>) -> io::Result<Piece> {
        let read = self.read(number, buffer).await;
        read.inspect_err(|error| self.cache.drop_damaged(&self.entry, error))
    }
}

#[async_trait]
impl<S: Source> Pieces for InOrder<S> {
    async fn next(&mut self, buffer: &mut Vec<u8>) -> io::Result<Piece> {
        let number = self.next;
        if number * CHUNK >= self.source.len() {
            return Ok(Piece::End);
        }
        self.next += 1;
        self.source.piece(number, buffer).await
    }

    async fn again(&mut self, buffer: &mut Vec<u8>) -> io::Result<Piece> {
        self.source.piece(self.next.saturating_sub(1), buffer).await
    }
}
