//! A packument as an entry of the cache keeps it: what the upstream said, an index of it, and the views that
//! are asked for most, ready to send. Attestations are kept beside it (`attestations`).
//! Knows nothing of requests and connections.
//!
//! The source is kept as the upstream sent it, free of any base URL of NOPAR's. The prebuilt views are
//! for one base URL, the usual one, and of the forms that were asked for when the document came in. The other
//! form is made when it is first asked for (`later`); views for other base URLs are derived from the source,
//! and live in memory only.

mod attestations;
mod build;
mod examine;
mod forms;
mod glimpse;
mod gzip;
mod keys;
mod later;
mod packer;
mod work;

pub use attestations::{Attestations, BadAttestations};
pub use build::{BuildError, Built, Order, build};
pub use examine::examine;
pub use forms::Forms;
pub use glimpse::{Glimpse, Source};
pub use gzip::{GunzipError, gunzip, pack_template, pack_view};
pub use keys::KeyList;
pub use work::{Room, Turn, build_bounded, on_source, turn, unpack};

use crate::base_url::BaseUrl;
use crate::cache::{DiskCache, Entry, PartError, Parts};
use crate::negotiate::Encoding;
use crate::npm::{Brief, Document, DocumentError, Form, Index, hex};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Changes whenever views are rendered differently: views built under another number are not used.
const RENDERING: u32 = 3;

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

/// The same as it is written. What it tells of the package is for who looks at heads only (`glimpse`).
#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    head: &'a Head,
    brief: &'a Brief,
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
        let (parts, start) = read_start(cache, &entry, PARTS).await?;
        let head = read_part(cache, &entry, &parts, Part::Head as usize, &start).await?;
        let head = serde_json::from_slice(&head)?;
        Ok(CachedDocument { entry, parts, head })
    }

    /// The document of an entry whose body was just built and kept, and its prebuilt views: without a look
    /// at the disk. `None` when it was built by other rules than its table says.
    pub fn of_built(
        entry: Arc<Entry>,
        built: Built,
    ) -> Option<(CachedDocument, Vec<(Form, Bytes)>)> {
        let parts = Parts::read(built.body.first()?, PARTS).ok()?;
        Some((CachedDocument { entry, parts, head: built.head }, built.views))
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

    /// Whether this form was made when the document came in, as it would be made now.
    fn has(&self, form: Form) -> bool {
        let made = self.parts.range(part_of(form) as usize).is_some_and(|(_, len)| len > 0);
        made && self.head.rendering == RENDERING
    }

    /// The prebuilt view, if there is one: gzip as it lies on disk.
    async fn prebuilt(
        &self,
        cache: &'static DiskCache,
        form: Form,
    ) -> Result<Option<Bytes>, DocumentLost> {
        if !self.has(form) {
            return Ok(None);
        }
        self.read(cache, part_of(form)).await.map(Some)
    }

    /// Reads the index of its versions.
    ///
    /// # Errors
    /// When the entry is damaged or gone.
    pub async fn index(&self, cache: &'static DiskCache) -> Result<Index, DocumentLost> {
        let bytes = self.read(cache, Part::Index).await?;
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
        let source = self.read(cache, Part::Source).await?;
        work::in_turn(turn, source, true, work).await
    }

    async fn read(&self, cache: &'static DiskCache, part: Part) -> Result<Bytes, DocumentLost> {
        Ok(read_part(cache, &self.entry, &self.parts, part as usize, &Bytes::new()).await?)
    }
}

fn part_of(form: Form) -> Part {
    match form {
        Form::Full => Part::Full,
        Form::Abbreviated => Part::Abbreviated,
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

/// Reads the beginning of an entry's body: its table of parts, and what comes behind it with one read.
async fn read_start(
    cache: &'static DiskCache,
    entry: &Arc<Entry>,
    parts: usize,
) -> Result<(Parts, Bytes), PartError> {
    let first = FIRST_READ.min(entry.body_len());
    let start = cache.read(entry, 0, first).await?;
    Ok((Parts::read(&start, parts)?, start))
}

/// Reads a part and checks it; out of `start`, the beginning of the body, if that holds it.
async fn read_part(
    cache: &'static DiskCache,
    entry: &Arc<Entry>,
    parts: &Parts,
    number: usize,
    start: &Bytes,
) -> Result<Bytes, PartError> {
    let (offset, len) = parts.range(number).ok_or(PartError::Table)?;
    let bytes = if offset + len <= start.len() as u64 {
        // Lengths of what is in memory. Copied: a slice would keep all of the beginning.
        Bytes::copy_from_slice(&start[offset as usize..(offset + len) as usize])
    } else {
        cache.read(entry, offset, len).await?
    };
    parts.check(number, &bytes)?;
    Ok(bytes)
}
