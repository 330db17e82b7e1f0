//! A body on its way in: written beside its place, judged, renamed, then visible.
//! Knows nothing of what it means.
//!
//! What a crash leaves behind is a file in this process's folder under `tmp/`, which the next start
//! removes. A disk that is full or broken spoils the fill, never the responses being sent.

mod probe;
mod unfinished;

use super::chunks::Summer;
use super::disk::DiskCache;
use super::entry::{Entry, Terms, response_header};
use super::format::{self, Freshness, Head, Opening};
use super::growing::{Registered, Writer, Wrong};
use super::index::Row;
use super::key::{Key, Kind};
use super::name::FileName;
use crate::counters::Filling;
use crate::npm::{Digester, Integrity};
use async_trait::async_trait;
use bytes::Bytes;
use log::error;
use pingora::{Error, ErrorType, OrErr, Result};
use pingora_cache::CacheEntryId;
use pingora_cache::storage::{HandleMiss, MissFinishType};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use tokio::task::spawn_blocking;
use unfinished::Unfinished;

/// Bytes gathered before they are written, so that a tarball takes few hops to the blocking pool.
const GATHER: u64 = 256 * 1024;

/// One body being written.
pub(super) struct Fill {
    cache: &'static DiskCache,
    key: Key,
    head: Head,
    freshness: Freshness,
    terms: Terms,
    /// What the upstream promised, if it did.
    expected: Option<u64>,
    /// Of a tarball.
    sums: Option<Sums>,
    body: Writer,
    /// How readers find it.
    registered: Option<Registered>,
    tag: [u8; 8],
    file: std::result::Result<Unfinished, NotKept>,
    /// How it ends is counted.
    counted: Filling,
}

/// What is computed of a tarball as it passes.
struct Sums {
    chunks: Summer,
    digester: Digester,
}

/// Why a body goes to no file.
#[derive(Debug, thiserror::Error)]
enum NotKept {
    #[error("it is longer than what is kept")]
    TooLong,
    #[error("too little of its file system is free (NOPAR_CACHE_MIN_FREE)")]
    NoRoom,
    #[error("the disk does not take it: {0}")]
    Disk(#[from] io::Error),
}

impl Fill {
    /// Opens the file. A failure is kept until [`HandleMiss::finish`]: the clients get their
    /// responses.
    pub(super) async fn start(
        cache: &'static DiskCache,
        key: Key,
        head: Head,
        freshness: Freshness,
        expected: Option<u64>,
        terms: Terms,
    ) -> Result<Fill> {
        let id = cache.ids.next();
        let file = if expected.is_some_and(|expected| expected > terms.longest) {
            Err(NotKept::TooLong)
        } else {
            let file = begin(cache, id, &head, expected.unwrap_or_default()).await;
            file.inspect_err(|error| cache.disk_failed(error))
                .map_or_else(|error| Err(error.into()), |file| file.ok_or(NotKept::NoRoom))
        };
        let header = response_header(&head, key.kind(), expected);
        let header = header.or_err(ErrorType::InvalidHTTPHeader, "a header cannot be kept")?;
        let place = file.as_ref().ok().map(|file| (Arc::clone(&file.file), file.body_at));
        let body = Writer::new(id, header, expected, place);
        let sums = (key.kind() == Kind::Tarball).then(|| Sums {
            chunks: Summer::default(),
            digester: Digester::new(terms.integrity.as_ref()),
        });
        let tag = id.to_ne_bytes();
        let (registered, counted) = (None, cache.counters.filling());
        Ok(Fill {
            cache,
            key,
            head,
            freshness,
            terms,
            expected,
            sums,
            body,
            registered,
            tag,
            file,
            counted,
        })
    }

    /// Lets others find the body while it grows.
    pub(super) fn register(&mut self) {
        self.registered = Some(self.cache.register(&self.key, self.body.growing()));
    }

    /// From now on, nothing goes to the file.
    fn let_go(&mut self, why: NotKept) {
        if let NotKept::Disk(error) = &why {
            self.cache.disk_failed(error);
        }
        self.file = Err(why);
    }

    async fn flush(&mut self) {
        let Ok(unfinished) = &self.file else { return };
        let (from, pieces) = self.body.unwritten();
        let (file, at) = (Arc::clone(&unfinished.file), unfinished.body_at + from);
        let (cache, bytes) = (self.cache, self.body.unwritten_len());
        let write = move || {
            if !cache.has_room(bytes) {
                return Ok(false);
            }
            write_all(&file, at, &pieces)?;
            cache.room().took(bytes);
            Ok(true)
        };
        match blocking(write).await {
            Ok(true) => self.body.written(),
            Ok(false) => self.let_go(NotKept::NoRoom),
            Err(error) => self.let_go(error.into()),
        }
    }

    /// Whether the body is what it should be.
    fn judge(&self, computed: Option<&Integrity>) -> std::result::Result<(), Wrong> {
        let arrived = self.body.received();
        if let Some(expected) = self.expected.filter(|expected| *expected != arrived) {
            return Err(Wrong::Length { arrived, expected });
        }
        match (&self.terms.integrity, computed) {
            (Some(expected), Some(computed)) if computed.matches(expected) != Some(true) => {
                let (computed, expected) = (computed.to_string(), expected.to_string());
                Err(Wrong::Digest { computed, expected })
            }
            _ => Ok(()),
        }
    }

    /// Everything after the last byte of a good body: writes what is left of it and what belongs
    /// around it, gives the file its name, and makes it visible. One hop to the blocking pool.
    async fn keep(&mut self, chunks: Option<Summer>) -> std::result::Result<Arc<Entry>, NotKept> {
        let unfinished = std::mem::replace(&mut self.file, Err(NotKept::TooLong))?;
        let (id, received) = (self.body.growing().id(), self.body.received());
        self.head.body_len = received;
        let sums = chunks.map(Summer::finish);
        let table = sums.as_ref().map(|sums| sums.encode()).unwrap_or_default();
        let body_at = unfinished.body_at;
        let table_at = body_at + received;
        let size = table_at + table.len() as u64;
        let name = FileName { hash: self.key.hash(), id, size };
        let opening = Opening {
            key: self.key.clone(),
            head: self.head.clone(),
            freshness: self.freshness,
            body_at,
        };
        let head = format::encode(&opening.head, &self.freshness, body_at as usize);
        let head = head.map_err(io::Error::other)?;
        let entry = Entry::new(name, opening, sums, self.terms.asked);
        let entry = Arc::new(entry.ok_or_else(|| io::Error::other("its header cannot be kept"))?);
        let place = self.cache.path_of(&name);
        let (from, pieces) = self.body.unwritten();
        let (cache, left) = (self.cache, size - from);
        let _arriving = cache.moving.arrive(id);
        blocking(move || {
            write_all(&unfinished.file, body_at + from, &pieces)?;
            unfinished.file.write_all_at(&table, table_at)?;
            cache.room().took(left);
            unfinished.finish(&head, &place)
        })
        .await?;
        self.body.written();
        self.cache.publish(Row { name, entry: Some(Arc::clone(&entry)) });
        Ok(entry)
    }
}

fn write_all(file: &File, mut at: u64, pieces: &[Bytes]) -> io::Result<()> {
    for piece in pieces {
        file.write_all_at(piece, at)?;
        at += piece.len() as u64;
    }
    Ok(())
}

/// A file for a body of so many bytes; `None` if there is no room for it.
async fn begin(
    cache: &'static DiskCache,
    id: u64,
    head: &Head,
    bytes: u64,
) -> io::Result<Option<Unfinished>> {
    let body_at = format::reserve(head)? as u64;
    let path = cache.temporary(id);
    blocking(move || match cache.has_room(bytes) {
        true => Unfinished::create(path, body_at).map(Some),
        false => Ok(None),
    })
    .await
}

/// Runs file work on the blocking pool.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    spawn_blocking(work).await.unwrap_or_else(|panic| Err(io::Error::other(panic)))
}

#[async_trait]
impl HandleMiss for Fill {
    async fn write_body(&mut self, data: Bytes, _eof: bool) -> Result<()> {
        if let Some(sums) = &mut self.sums {
            sums.chunks.update(&data);
            sums.digester.update(&data);
        }
        self.body.push(data);
        if self.file.is_ok() {
            if self.body.received() > self.terms.longest {
                self.let_go(NotKept::TooLong);
            } else if self.body.unwritten_len() >= GATHER {
                self.flush().await;
            }
        }
        if self.file.is_err() && !self.body.room().await {
            return Error::e_explain(ErrorType::WriteError, "not kept, and nobody reads it");
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<MissFinishType> {
        let (chunks, digester) = self.sums.take().map(|s| (s.chunks, s.digester)).unzip();
        let computed = digester.map(Digester::finish);
        if let Err(wrong) = self.judge(computed.as_ref()) {
            error!("{}: not kept, and nobody got it whole: {wrong}", self.key.shown());
            let error = Error::because(ErrorType::ReadError, "a wrong body", wrong.clone());
            self.counted.wrong();
            self.body.fail(wrong);
            return Err(error);
        }
        self.head.integrity = computed.map(|computed| computed.to_string());
        let kept = self.keep(chunks).await;
        match &kept {
            Ok(entry) => self.counted.kept(entry.name.size),
            Err(_) => self.counted.unkept(),
        }
        self.body.end();
        match kept {
            Ok(entry) => {
                self.cache.disk_works();
                Ok(MissFinishType::Created(entry.weight()))
            }
            Err(error) => {
                if let NotKept::Disk(error) = &error {
                    self.cache.disk_failed(error);
                }
                Err(Error::because(ErrorType::WriteError, "the response was not kept", error))
            }
        }
    }

    fn streaming_write_tag(&self) -> Option<&[u8]> {
        Some(&self.tag)
    }

    fn entry_id(&self) -> Option<CacheEntryId> {
        Some(CacheEntryId::new(self.body.growing().id()))
    }
}
