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
/// How many of those that are shorter than a megabyte, which do not wait for room behind the long ones.
/// All but the few that have a core take no more than their text.
const SHORT: usize = 64;
/// Megabytes of a document that leaves something behind worth giving back.
const LARGE: u32 = 2;
/// How much shorter npm's documents are when packed.
const PACKED: u64 = 10;

static ROOM: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(MEGABYTES as usize));
static SHORT_ROOM: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(SHORT.max(2 * cores())));
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

/// The right to work on a document: room for it in memory, and a core. Who has one waits for no other.
#[must_use]
pub struct Turn {
    room: Room,
    core: Option<SemaphorePermit<'static>>,
}

/// The room that a document has in memory, until it is dropped.
#[must_use]
pub struct Room {
    places: u32,
    _permit: Option<SemaphorePermit<'static>>,
}

/// Waits for the turn of a document of this length in bytes; the largest take all of the room. Who has to
/// read the document first waits before that: sources in waiting take memory as well.
pub async fn turn(len: u64, packed: bool) -> Turn {
    let unpacked = if packed { len.saturating_mul(PACKED) } else { len };
    let places = u32::try_from(unpacked >> 20).unwrap_or(u32::MAX).min(MEGABYTES);
    // The semaphores are never closed: this does not fail.
    let permit = match places {
        0 => SHORT_ROOM.acquire().await.ok(),
        places => ROOM.acquire_many(places).await.ok(),
    };
    let room = Room { places, _permit: permit };
    Turn { room, core: CORES.acquire().await.ok() }
}

impl Turn {
    /// Does the work, on the threads for it. The core is free after that; the room is for who has to keep
    /// what was made. Both are taken until the work is done, also when nobody waits for it any more.
    ///
    /// # Errors
    /// When the work panicked.
    pub async fn work<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(T, Room), JoinError> {
        let Turn { room, core } = self;
        let done = spawn(move || {
            let done = work();
            drop(core);
            (done, room)
        });
        done.await
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if self.places >= LARGE {
            spawn(allocator::give_back_idle);
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
    let done = turn.work(move || {
        // It was unpacked before, within the limit.
        let text = if packed { Bytes::from(gunzip(&source, u64::MAX)?) } else { source };
        Ok::<T, DocumentLost>(work(&Document::parse(&text)?))
    });
    let (done, _room) = done.await?;
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
    let built = turn.work(move || {
        let since = Instant::now();
        (build(&order, sent, packed), since.elapsed())
    });
    let built = built.await.inspect_err(|_| counters.ingest_refused())?;
    let ((built, duration), _room) = built;
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
    let (unpacked, _room) = turn.work(move || gunzip(&packed, u64::MAX)).await?;
    Ok(unpacked?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::sync::mpsc;
    use std::task::{Context, Waker};
    use tokio::sync::oneshot;

    /// As long as all of the room.
    const ALL: u64 = (MEGABYTES as u64) << 20;

    /// Checks that nobody gets a turn, lets `give_back` happen, and waits for the turn.
    async fn waits(give_back: impl FnOnce()) {
        let mut next = pin!(turn(2 << 20, false));
        let mut context = Context::from_waker(Waker::noop());
        assert!(next.as_mut().poll(&mut context).is_pending(), "there was room");
        give_back();
        let _ = next.await;
    }

    #[tokio::test]
    async fn room_is_held_until_what_was_made_is_gone() {
        let (made, room) = turn(ALL, false).await.work(|| 7).await.unwrap();
        assert_eq!(made, 7);
        // What is short does not wait for what is long, nor for its core.
        let _ = turn(1000, false).await;
        waits(move || drop(room)).await;
    }

    #[tokio::test]
    async fn the_work_of_who_has_left_keeps_its_room() {
        let (begin, begun) = oneshot::channel();
        let (may_end, end) = mpsc::channel::<()>();
        let turn = turn(ALL, false).await;
        let work = move || {
            let _ = begin.send(());
            // Without one, the test has failed and goes.
            let _ = end.recv();
        };
        let working = tokio::spawn(turn.work(work));
        begun.await.unwrap();
        working.abort();
        assert!(working.await.is_err());
        waits(move || may_end.send(()).unwrap()).await;
    }

    #[tokio::test]
    async fn a_panic_gives_everything_back() {
        for _ in 0..2 * cores() {
            let broken = turn(ALL, false).await.work(|| -> usize { panic!("as asked for") }).await;
            assert!(broken.is_err());
        }
        let _ = turn(ALL, false).await;
    }
}
