//! Looks at entries' files from aside: what they are of, without making entries of them or checking them whole.
//! Knows nothing of what is done with that. Serves no request: what is damaged is left for who asks for it.

use super::disk::DiskCache;
use super::format;
use super::index::{Index, SHARDS};
use super::key::{Key, Kind};
use super::name::{FileHash, FileName};
use super::read;
use crate::regular;
use bytes::Bytes;
use std::io;
use std::time::SystemTime;

/// How much of a file is read at first, in bytes: its head, and most often the head of its document.
pub const PEEK: u64 = 4096;

/// What the beginning of a file tells.
#[derive(Debug)]
pub struct Peek {
    /// What it is filed under.
    pub key: Key,
    /// When it was fetched.
    pub fetched: SystemTime,
    /// When the upstream last confirmed it.
    pub confirmed: SystemTime,
    /// How much of the file is before the body, in bytes.
    pub body_at: u64,
    /// As much of a packument's body as was read, unchecked; nothing of a tarball's.
    pub start: Bytes,
}

/// What a file is, by its head alone.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What it is filed under.
    pub key: Key,
    /// When it was fetched.
    pub fetched: SystemTime,
    /// When the upstream last confirmed it.
    pub confirmed: SystemTime,
}

/// What is known of the requests for a file since it came in, or since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// How many found it, about.
    pub hits: u64,
    /// When one last did, in seconds since 1970, to within ten; 0 for never.
    pub last: u64,
}

impl DiskCache {
    /// How many parts the index has, whose files can be listed one part after the other.
    pub fn shards(&self) -> usize {
        SHARDS
    }

    /// In which part of the index a file is.
    pub fn shard_of(hash: &FileHash) -> usize {
        Index::shard_of(hash)
    }

    /// The files in one part of the index.
    pub fn files_in(&self, shard: usize) -> Vec<FileName> {
        self.index.names_in(shard)
    }

    /// The file of a key, by its hash.
    pub fn file_of(&self, hash: &FileHash) -> Option<FileName> {
        self.index.get(hash).map(|row| row.name)
    }

    /// What is known of the requests for this generation; nothing if nobody has asked for it since the start.
    pub fn heard(&self, hash: &FileHash, id: u64) -> Option<Heard> {
        let heard = self.index.look(hash, |entry| (entry.id() == id).then(|| entry.heard()));
        heard.flatten().map(|(hits, last)| Heard { hits, last })
    }

    /// What a file is. Blocks, but for a tarball that is known already.
    ///
    /// # Errors
    /// When it is gone, or its head cannot be read.
    pub fn peek(&self, name: &FileName) -> io::Result<Peek> {
        let known = self.index.look(&name.hash, |entry| {
            let is_it = entry.id() == name.id && entry.key().kind() == Kind::Tarball;
            is_it.then(|| (entry.key().clone(), entry.freshness(), entry.body_at))
        });
        if let Some((key, freshness, body_at)) = known.flatten() {
            let (fetched, confirmed) = (freshness.created, freshness.updated);
            return Ok(Peek { key, fetched, confirmed, body_at, start: Bytes::new() });
        }
        let mut start = self.peek_at(name, 0, name.size.min(PEEK))?;
        let head_len = format::head_len(&start).map_err(io::Error::other)? as u64;
        if head_len > start.len() as u64 {
            start = self.peek_at(name, 0, head_len.min(name.size))?;
        }
        let opening = format::decode(&start, name.size).map_err(io::Error::other)?;
        if opening.key.hash() != name.hash {
            return Err(io::Error::other("its key is not the one it is filed under"));
        }
        let from = (opening.body_at as usize).min(start.len());
        Ok(Peek {
            start: if opening.key.kind() == Kind::Tarball {
                Bytes::new()
            } else {
                start.slice(from..)
            },
            key: opening.key,
            fetched: opening.freshness.created,
            confirmed: opening.freshness.updated,
            body_at: opening.body_at,
        })
    }

    /// What a file is, told of what was read already without reading it again: nobody has used it for that, and no place
    /// in the order of eviction changes. Blocks.
    ///
    /// # Errors
    /// When it is gone, or its head cannot be read.
    pub fn facts(&self, name: &FileName) -> io::Result<Facts> {
        let known = self.index.look(&name.hash, |entry| {
            (entry.id() == name.id).then(|| (entry.key().clone(), entry.freshness()))
        });
        if let Some((key, freshness)) = known.flatten() {
            return Ok(Facts { key, fetched: freshness.created, confirmed: freshness.updated });
        }
        let Peek { key, fetched, confirmed, .. } = self.peek(name)?;
        Ok(Facts { key, fetched, confirmed })
    }

    /// Reads a part of a file, unchecked: `at` is counted from its beginning. Blocks.
    ///
    /// # Errors
    /// When it is gone, or does not have so many bytes.
    pub fn peek_at(&self, name: &FileName, at: u64, len: u64) -> io::Result<Bytes> {
        if at.checked_add(len).is_none_or(|end| end > name.size) {
            return Err(io::Error::other("it is shorter than it says"));
        }
        read::bytes(&regular::open(&self.path_of(name))?, at, len)
    }

    /// Whether such an error says nothing of the file, which may be looked at again then.
    pub fn is_passing(error: &io::Error) -> bool {
        read::passes(error)
    }
}
