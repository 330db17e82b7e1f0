//! A body on its way in: written beside its place, checked, renamed, then visible.
//! Knows nothing of what it means.
//!
//! What a crash leaves behind is a file in this process's folder under `tmp/`, which the next start
//! removes. A disk that is full or broken spoils the fill, never the response being sent.

use super::chunks::Summer;
use super::disk::DiskCache;
use super::entry::Entry;
use super::format::{self, Freshness, Head, Opening};
use super::index::Row;
use super::key::{Key, Kind};
use super::name::FileName;
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use log::error;
use pingora::{Error, ErrorType, Result};
use pingora_cache::CacheEntryId;
use pingora_cache::storage::{HandleMiss, MissFinishType};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Bytes gathered before they are written, so that a tarball takes few hops to the blocking pool.
const GATHER: usize = 256 * 1024;

/// One body being written.
pub(super) struct Fill {
    cache: &'static DiskCache,
    key: Key,
    id: u64,
    head: Head,
    freshness: Freshness,
    /// The ticket under which the upstream was asked.
    asked: u64,
    /// What the upstream promised, if it did.
    expected: Option<u64>,
    /// Checksums of a tarball as it passes.
    sums: Option<Summer>,
    gathered: BytesMut,
    file: io::Result<Unfinished>,
}

/// The file under `tmp/`; removed when dropped before it was renamed.
struct Unfinished {
    file: Arc<File>,
    path: PathBuf,
    body_at: u64,
    written: u64,
    kept: bool,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.kept {
            // Best effort: what stays is removed at the next start.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Fill {
    /// Opens the file. A failure is kept until [`HandleMiss::finish`]: the client gets its response.
    pub(super) async fn start(
        cache: &'static DiskCache,
        key: Key,
        head: Head,
        freshness: Freshness,
        expected: Option<u64>,
        asked: u64,
    ) -> Fill {
        let id = cache.ids.next();
        let path = cache.temporary(id);
        let reserved = format::reserve(&head).map_err(io::Error::from);
        let file = match reserved {
            Ok(body_at) => create(path, body_at as u64).await,
            Err(error) => Err(error),
        };
        let sums = (key.kind() == Kind::Tarball).then(Summer::default);
        Fill {
            cache,
            key,
            id,
            head,
            freshness,
            asked,
            expected,
            sums,
            gathered: BytesMut::new(),
            file,
        }
    }

    async fn write_gathered(&mut self) {
        let bytes = self.gathered.split().freeze();
        self.write(bytes).await;
    }

    async fn write(&mut self, bytes: Bytes) {
        let Ok(unfinished) = &mut self.file else { return };
        if bytes.is_empty() {
            return;
        }
        let file = Arc::clone(&unfinished.file);
        let at = unfinished.body_at + unfinished.written;
        let len = bytes.len() as u64;
        match blocking(move || file.write_all_at(&bytes, at)).await {
            Ok(()) => unfinished.written += len,
            Err(error) => self.file = Err(error),
        }
    }

    /// Everything after the last byte of the body; on an error nothing is visible.
    async fn commit(mut self) -> io::Result<usize> {
        self.write_gathered().await;
        self.head.body_len = self.file.as_ref().map_or(0, |unfinished| unfinished.written);
        let sums = self.sums.take().map(Summer::finish);
        if let Some(sums) = &sums {
            self.write(Bytes::from(sums.encode())).await;
        }
        let unfinished = self.file?;
        let arrived = self.head.body_len;
        if let Some(expected) = self.expected.filter(|expected| *expected != arrived) {
            return Err(io::Error::other(format!("{arrived} of {expected} bytes arrived")));
        }
        let size = unfinished.body_at + unfinished.written;
        let name = FileName { hash: self.key.hash(), id: self.id, size };
        let (key, head, freshness) = (self.key, self.head, self.freshness);
        let opening = Opening { key, head, freshness, body_at: unfinished.body_at };
        let place = self.cache.path_of(&name);
        let head = usize::try_from(opening.body_at)
            .ok()
            .and_then(|body_at| format::encode(&opening.head, &opening.freshness, body_at).ok());
        let entry = Entry::new(name, opening, sums, self.asked);
        let (Some(head), Some(entry)) = (head, entry) else {
            return Err(io::Error::other("its header cannot be kept"));
        };
        blocking(move || rename(unfinished, &head, &place)).await?;
        self.cache.publish(Row { name, entry: Some(Arc::new(entry)) });
        Ok(usize::try_from(size).unwrap_or(usize::MAX))
    }
}

async fn create(path: PathBuf, body_at: u64) -> io::Result<Unfinished> {
    blocking(move || {
        let file = match create_new(&path) {
            // Whoever deleted the cache directory under us has the right to.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
                create_new(&path)?
            }
            other => other?,
        };
        Ok(Unfinished { file: Arc::new(file), path, body_at, written: 0, kept: false })
    })
    .await
}

fn create_new(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).create_new(true).open(path)
}

/// Writes the head and gives the file its name. No fsync: a body that a power failure emptied is
/// noticed by its checksum when the next process first reads it.
fn rename(mut unfinished: Unfinished, head: &[u8], place: &Path) -> io::Result<()> {
    unfinished.file.write_all_at(head, 0)?;
    match std::fs::rename(&unfinished.path, place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            place.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            std::fs::rename(&unfinished.path, place)?;
        }
        other => other?,
    }
    unfinished.kept = true;
    Ok(())
}

/// Runs file work on the blocking pool.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    spawn_blocking(work).await.unwrap_or_else(|panic| Err(io::Error::other(panic)))
}

#[async_trait]
impl HandleMiss for Fill {
    async fn write_body(&mut self, data: Bytes, eof: bool) -> Result<()> {
        if let Some(sums) = &mut self.sums {
            sums.update(&data);
        }
        if self.gathered.is_empty() && data.len() >= GATHER {
            self.write(data).await;
        } else {
            self.gathered.extend_from_slice(&data);
        }
        if eof || self.gathered.len() >= GATHER {
            self.write_gathered().await;
        }
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<MissFinishType> {
        let key = self.key.clone();
        match self.commit().await {
            Ok(size) => Ok(MissFinishType::Created(size)),
            Err(error) => {
                error!("cache: {} was not kept: {error}", key.shown());
                Error::e_explain(ErrorType::WriteError, "the response was not kept in the cache")
            }
        }
    }

    fn entry_id(&self) -> Option<CacheEntryId> {
        Some(CacheEntryId::new(self.id))
    }
}
