//! Work on whole documents: on threads of its own, and only so much of it at a time.
//! Knows nothing of what the work is for.
//!
//! A document of 20 MB takes several times that while it is worked on. A crowd that asks for different
//! things of large documents (other hosts, other versions) must wait its turn rather than take all
//! memory and every core.

use super::{BuildError, Built, DocumentLost, Order, build, gunzip};
use crate::allocator;
use crate::counters::Counters;
use crate::npm::Document;
use bytes::Bytes;
use std::sync::LazyLock;
use std::thread::available_parallelism;
use std::time::Instant;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::{JoinError, JoinHandle};

/// How many megabytes of documents, unpacked, are worked on at the same time. Each takes about four
/// times that: its text, what is rendered of it, and that packed.
const MEGABYTES: u32 = 64;
/// Megabytes of a document that leaves something behind worth giving back.
const LARGE: u32 = 2;
/// How much shorter npm's documents are when packed.
const PACKED: u64 = 10;

static ROOM: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(MEGABYTES as usize));
/// The work is all computing: more of it at once than there are cores takes memory, and no less time.
static CORES: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(cores()));
/// Threads for it. glibc's allocator keeps what a thread has freed for that thread: spread over the
/// hundreds of threads of the usual pool, forty views of an 8 MB document left 790 MB behind, and on
/// two threads 270 MB.
static THREADS: LazyLock<Runtime> = LazyLock::new(|| {
    let threads = Builder::new_current_thread().max_blocking_threads(cores()).build();
    threads.expect("a runtime without drivers can be made")
});

fn cores() -> usize {
    available_parallelism().map_or(2, usize::from).max(2)
}

fn spawn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    THREADS.handle().spawn_blocking(work)
}

/// The right to work on a document, until it is dropped.
pub(super) struct Turn {
    places: u32,
    _room: Option<SemaphorePermit<'static>>,
    _core: Option<SemaphorePermit<'static>>,
}

/// Waits for the turn of a document of this length; the largest take all of the room. Who has to read
/// the document first waits before that: sources in waiting take memory as well.
pub(super) async fn turn(len: u64, packed: bool) -> Turn {
    let unpacked = if packed { len.saturating_mul(PACKED) } else { len };
    let places = u32::try_from(unpacked >> 20).unwrap_or(u32::MAX).min(MEGABYTES);
    // The semaphores are never closed: this does not fail.
    let room = ROOM.acquire_many(places).await.ok();
    Turn { places, _room: room, _core: CORES.acquire().await.ok() }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.places >= LARGE {
            THREADS.handle().spawn_blocking(allocator::give_back_idle);
        }
    }
}

/// Works on a source document that is in memory.
///
/// # Errors
/// When it cannot be unpacked or read.
pub async fn on_source<T: Send + 'static>(
    source: Bytes,
    packed: bool,
    work: impl FnOnce(&Document<'_>) -> T + Send + 'static,
) -> Result<T, DocumentLost> {
    let turn = turn(source.len() as u64, packed).await;
    in_turn(turn, source, packed, work).await
}

/// The same for who has waited already.
pub(super) async fn in_turn<T: Send + 'static>(
    turn: Turn,
    source: Bytes,
    packed: bool,
    work: impl FnOnce(&Document<'_>) -> T + Send + 'static,
) -> Result<T, DocumentLost> {
    let done = spawn(move || {
        // It was unpacked before, within the limit.
        let text = if packed { Bytes::from(gunzip(&source, u64::MAX)?) } else { source };
        Ok::<T, DocumentLost>(work(&Document::parse(&text)?))
    });
    let done = done.await?;
    drop(turn);
    done
}

/// [`build()`], on the blocking pool, and counted.
///
/// # Errors
/// As [`build()`]; the outer error when it panicked.
pub async fn build_bounded(
    order: Order,
    sent: Bytes,
    packed: bool,
    counters: &Counters,
) -> Result<Result<Built, BuildError>, JoinError> {
    let turn = turn(sent.len() as u64, packed).await;
    let len = sent.len();
    let built = spawn(move || {
        let since = Instant::now();
        (build(&order, sent, packed), since.elapsed())
    });
    let built = built.await;
    drop(turn);
    let (built, duration) = built.inspect_err(|_| counters.ingest_refused())?;
    match &built {
        Ok(_) => counters.ingested(len, duration),
        Err(_) => counters.ingest_refused(),
    }
    Ok(built)
}

/// Unpacks a prebuilt view.
///
/// # Errors
/// When it is damaged.
pub async fn unpack(packed: Bytes) -> Result<Vec<u8>, DocumentLost> {
    let turn = turn(packed.len() as u64, true).await;
    let unpacked = spawn(move || gunzip(&packed, u64::MAX)).await??;
    drop(turn);
    Ok(unpacked)
}
