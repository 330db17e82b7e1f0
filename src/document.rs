//! A packument as an entry of the cache keeps it: what the upstream said, an index of it, and the two
//! views that are asked for most, ready to send.
//! Knows nothing of requests and connections.
//!
//! The source is kept as the upstream sent it, free of any base URL of NOPAR's. The prebuilt views are
//! for one base URL, the usual one; others are derived from the source when asked for.

mod build;
mod gzip;
mod packer;
mod work;

pub use build::{BuildError, build};
pub use gzip::{GunzipError, gunzip, pack_template};
pub use work::{build_bounded, on_source, unpack};

use crate::base_url::BaseUrl;
use crate::cache::{DiskCache, Entry, PartError, Parts, hex};
use crate::negotiate::Encoding;
use crate::npm::{Document, DocumentError, Form, Index, Template};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Changes whenever views are rendered differently: views built under another number are not used.
const RENDERING: u32 = 2;

/// The parts of an entry's body, by their numbers.
#[derive(Clone, Copy)]
enum Part {
    Head,
    Full,
    Abbreviated,
    Index,
    Source,
}

const PARTS: usize = 5;

/// How they lie in the file: what installs ask for is near the beginning, and comes with the first read.
const ORDER: [usize; PARTS] = [
    Part::Head as usize,
    Part::Abbreviated as usize,
    Part::Index as usize,
    Part::Full as usize,
    Part::Source as usize,
];

/// The first read of an entry: its table, its head, and often more.
const FIRST_READ: u64 = 16 * 1024;

/// What a prebuilt document says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    rendering: u32,
    /// The base URL of the prebuilt views.
    base: String,
    /// Digest of the full form, free of any base URL.
    full: String,
    /// Digest of the abbreviated form, free of any base URL.
    abbreviated: String,
    /// `time.modified`, for Last-Modified.
    modified: Option<String>,
}

/// Why a view of an entry cannot be had; the entry is then of no use.
#[derive(Debug, thiserror::Error)]
pub enum DocumentLost {
    /// Its bytes are damaged or gone.
    #[error("{0}")]
    Part(#[from] PartError),
    /// Its head or index is not what was written.
    #[error("its head or index cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// Its source is not what was written.
    #[error("its source cannot be unpacked: {0}")]
    Gunzip(#[from] GunzipError),
    /// Its source is not a packument.
    #[error("its source is not a packument: {0}")]
    Source(#[from] DocumentError),
    /// Memory holds something else in its place.
    #[error("memory holds something else in its place")]
    Memory,
    /// The work on it failed.
    #[error("working on it failed: {0}")]
    Work(#[from] tokio::task::JoinError),
}

/// An entry's packument, with its head read.
pub struct CachedDocument {
    entry: Arc<Entry>,
    parts: Parts,
    head: Head,
}

impl CachedDocument {
    /// Reads the head of an entry: one read of the disk.
    ///
    /// # Errors
    /// When the entry is damaged or gone.
    pub async fn open(
        cache: &'static DiskCache,
        entry: Arc<Entry>,
    ) -> Result<CachedDocument, DocumentLost> {
        let first = FIRST_READ.min(entry.body_len());
        let start = cache.read(&entry, 0, first).await.map_err(PartError::Read)?;
        let parts = Parts::read(&start, PARTS)?;
        let head = match slice(&parts, Part::Head, &start) {
            Some(head) => head,
            None => read_part(cache, &entry, &parts, Part::Head).await?,
        };
        parts.check(Part::Head as usize, &head)?;
        let head = serde_json::from_slice(&head)?;
        Ok(CachedDocument { entry, parts, head })
    }

    /// The entry it is read from.
    pub fn entry(&self) -> &Arc<Entry> {
        &self.entry
    }

    /// `time.modified` as the upstream wrote it.
    pub fn modified(&self) -> Option<&str> {
        self.head.modified.as_deref()
    }

    /// The base URL its prebuilt views are for.
    pub fn base(&self) -> Option<BaseUrl> {
        BaseUrl::parse(&self.head.base).ok()
    }

    /// The ETag of a view, known without making the view. It follows the content, the base URL and
    /// the encoding, as each of them changes the bytes (RFC 9110 §8.8.3).
    pub fn etag(&self, form: Form, encoding: Encoding, base: &BaseUrl) -> String {
        let content = match form {
            Form::Full => &self.head.full,
            Form::Abbreviated => &self.head.abbreviated,
        };
        etag(content, encoding, base)
    }

    /// The prebuilt view, if it is for this base URL: gzip as it lies on disk.
    ///
    /// # Errors
    /// When the entry is damaged or gone.
    pub async fn prebuilt(
        &self,
        cache: &'static DiskCache,
        form: Form,
        base: &BaseUrl,
    ) -> Result<Option<Bytes>, DocumentLost> {
        if self.head.rendering != RENDERING || self.head.base != base.as_str() {
            return Ok(None);
        }
        let part = match form {
            Form::Full => Part::Full,
            Form::Abbreviated => Part::Abbreviated,
        };
        Ok(Some(read_part(cache, &self.entry, &self.parts, part).await?))
    }

    /// Reads the index of its versions.
    ///
    /// # Errors
    /// When the entry is damaged or gone.
    pub async fn index(&self, cache: &'static DiskCache) -> Result<Index, DocumentLost> {
        let bytes = read_part(cache, &self.entry, &self.parts, Part::Index).await?;
        Ok(tokio::task::spawn_blocking(move || serde_json::from_slice(&bytes)).await??)
    }

    /// Works on the source document on the blocking pool.
    ///
    /// # Errors
    /// When the entry is damaged or gone.
    pub async fn derive<T: Send + 'static>(
        &self,
        cache: &'static DiskCache,
        work: impl FnOnce(&Document<'_>) -> T + Send + 'static,
    ) -> Result<T, DocumentLost> {
        let (_, len) = self.parts.range(Part::Source as usize).ok_or(PartError::Table)?;
        let turn = work::turn(len, true).await;
        let source = read_part(cache, &self.entry, &self.parts, Part::Source).await?;
        work::in_turn(turn, source, true, work).await
    }
}

/// The ETag of something whose content has this digest.
pub fn etag(content: &str, encoding: Encoding, base: &BaseUrl) -> String {
    let mut digest = Sha256::new();
    digest.update(content);
    digest.update([0, matches!(encoding, Encoding::Gzip).into(), RENDERING as u8]);
    digest.update(base.as_str());
    format!("\"{}\"", hex(&digest.finalize()[..16]))
}

/// Digest of a template as text.
pub fn digest_of(template: &Template) -> String {
    hex(&template.digest())
}

fn slice(parts: &Parts, part: Part, start: &Bytes) -> Option<Bytes> {
    let (offset, len) = parts.range(part as usize)?;
    let (from, to) = (usize::try_from(offset).ok()?, usize::try_from(offset + len).ok()?);
    (to <= start.len()).then(|| start.slice(from..to))
}

async fn read_part(
    cache: &'static DiskCache,
    entry: &Arc<Entry>,
    parts: &Parts,
    part: Part,
) -> Result<Bytes, PartError> {
    let (offset, len) = parts.range(part as usize).ok_or(PartError::Table)?;
    let bytes = cache.read(entry, offset, len).await?;
    parts.check(part as usize, &bytes)?;
    Ok(bytes)
}
