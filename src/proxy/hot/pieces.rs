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

/// The part of the memory tier that one tarball may take.
const MOST: u64 = 4;

// Buffers are made for pieces, and a piece is a chunk.
const _: () = assert!(PIECE as u64 == CHUNK);

/// A body on its way.
pub(super) struct FilePieces {
    cache: &'static DiskCache,
    memory: Arc<Memory>,
    file: OpenFile,
    next: u64,
    /// Whether its pieces are kept.
    keeps: bool,
}

impl FilePieces {
    /// The body of `entry`, if its file is open and whole.
    pub(super) fn open(
        cache: &'static DiskCache,
        memory: &Arc<Memory>,
        entry: &Arc<Entry>,
    ) -> Option<FilePieces> {
        let file = cache.open_file(entry)?;
        let keeps = entry.note_asked() && entry.body_len() <= memory.limit() / MOST;
        Some(FilePieces { cache, memory: Arc::clone(memory), file, next: 0, keeps })
    }

    /// A piece; if it is damaged, the entry goes.
    async fn piece(&mut self, number: u64, buffer: &mut Vec<u8>) -> io::Result<Piece> {
        let read = self.read(number, buffer).await;
        read.inspect_err(|error| self.cache.drop_damaged(self.file.entry(), error))
    }

    async fn read(&mut self, number: u64, buffer: &mut Vec<u8>) -> io::Result<Piece> {
        let what = What::Piece(number);
        let id = self.file.entry().id();
        if !self.keeps {
            self.file.read(number, buffer).await?;
            return Ok(Piece::Buffer);
        }
        if let Some(Held::Piece(bytes)) = self.memory.get(id, &what) {
            return Ok(Piece::Bytes(bytes));
        }
        let mut kept = Vec::new();
        self.file.read(number, &mut kept).await?;
        let bytes = self.memory.keep(Bytes::from(kept));
        self.memory.put(MemoryKey { id, what }, Held::Piece(bytes.clone()));
        Ok(Piece::Bytes(bytes))
    }
}

#[async_trait]
impl Pieces for FilePieces {
    async fn next(&mut self, buffer: &mut Vec<u8>) -> io::Result<Piece> {
        let number = self.next;
        if number * CHUNK >= self.file.entry().body_len() {
            return Ok(Piece::End);
        }
        self.next += 1;
        self.piece(number, buffer).await
    }

    async fn again(&mut self, buffer: &mut Vec<u8>) -> io::Result<Piece> {
        self.piece(self.next.saturating_sub(1), buffer).await
    }
}
