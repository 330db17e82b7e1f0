//! Work on whole documents: on the blocking pool, and only so much of it at a time.
//! Knows nothing of what the work is for.
//!
//! A document of 20 MB takes several times that while it is worked on. A crowd that asks for different
//! things of large documents (other hosts, other versions) must wait its turn rather than take all
//! memory and every core.

use super::{BuildError, DocumentLost, build, gunzip};
use crate::base_url::BaseUrl;
use crate::npm::{Document, PackageName};
use bytes::Bytes;
use std::sync::LazyLock;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::{JoinError, spawn_blocking};

/// How many megabytes of packed documents are worked on at the same time. Packed, npm's documents are
/// about a tenth of their length.
const MEGABYTES: u32 = 16;

static ROOM: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(MEGABYTES as usize));

/// Waits for room for a document of this length. Every one takes at least one of the places, so that
/// small ones do not take all threads of the pool either.
async fn room(len: usize, packed: bool) -> Option<SemaphorePermit<'static>> {
    let packed_len = if packed { len } else { len / 10 };
    let places = u32::try_from(packed_len >> 20).unwrap_or(u32::MAX);
    // The semaphore is never closed: this does not fail.
    ROOM.acquire_many(places.clamp(1, MEGABYTES)).await.ok()
}

/// Works on a source document.
///
/// # Errors
/// When it cannot be unpacked or read.
pub async fn on_source<T: Send + 'static>(
    source: Bytes,
    packed: bool,
    work: impl FnOnce(&Document<'_>) -> T + Send + 'static,
) -> Result<T, DocumentLost> {
    let room = room(source.len(), packed).await;
    let done = spawn_blocking(move || {
        // It was unpacked before, within the limit.
        let text = if packed { Bytes::from(gunzip(&source, u64::MAX)?) } else { source };
        Ok::<T, DocumentLost>(work(&Document::parse(&text)?))
    });
    let done = done.await?;
    drop(room);
    done
}

/// [`build`], on the blocking pool.
///
/// # Errors
/// As [`build`]; the outer error when it panicked.
pub async fn build_bounded(
    name: PackageName,
    sent: Bytes,
    packed: bool,
    base: BaseUrl,
    limit: u64,
) -> Result<Result<Vec<Bytes>, BuildError>, JoinError> {
    let room = room(sent.len(), packed).await;
    let built = spawn_blocking(move || build(&name, sent, packed, &base, limit)).await;
    drop(room);
    built
}
