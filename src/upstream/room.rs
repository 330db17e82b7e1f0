//! How many documents may be in memory between their upstream and the cache.
//! Knows nothing of what becomes of them.
//!
//! To turn a document into an entry is computing: what comes in faster than the cores can work only
//! waits, and two hundred documents of 3 MB that wait are 200 MB and more. So each has to have room
//! before it is read. But one that comes slowly must not keep others from coming: it gives its room
//! back, and takes its place again when it is there.

use http::header::{self, HeaderMap};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

/// All the room, in KiB.
const ALL: u32 = 4 * 1024;
/// What a document of unknown length is taken for, in bytes.
const USUAL: usize = 512 * 1024;
/// The most that a document has before it is there, in KiB: one that announces a lot and sends nothing
/// must not keep all others waiting.
const MOST: u32 = ALL / 4;
/// How long a document may keep its room while it comes in.
const HURRY: Duration = Duration::from_millis(250);

static ROOM: Semaphore = Semaphore::const_new(ALL as usize);

/// The room of one document, until it is dropped.
#[derive(Debug)]
pub struct Room {
    permit: Option<SemaphorePermit<'static>>,
    until: Instant,
}

impl Room {
    /// Waits for the room of a document with this header.
    pub(super) async fn before(headers: &HeaderMap) -> Room {
        let length = headers.get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let permit = acquire(length.unwrap_or(USUAL), MOST).await;
        Room { permit, until: Instant::now() + HURRY }
    }

    /// Waits for `next`, and gives the room back when that takes too long.
    pub(super) async fn unless_slow<T>(&mut self, next: impl Future<Output = T>) -> T {
        let mut next = std::pin::pin!(next);
        match timeout_at(self.until, &mut next).await {
            Ok(done) => done,
            Err(_) => {
                self.permit = None;
                next.await
            }
        }
    }

    /// The room of the document, now that it is there and this many bytes long.
    pub(super) async fn of(self, len: usize) -> Room {
        match self.permit {
            Some(_) => self,
            None => Room { permit: acquire(len, ALL).await, ..self },
        }
    }
}

async fn acquire(len: usize, most: u32) -> Option<SemaphorePermit<'static>> {
    let kib = u32::try_from(len.div_ceil(1024)).unwrap_or(most).clamp(1, most);
    // The semaphore is never closed: this does not fail.
    ROOM.acquire_many(kib).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_length(length: u32) -> HeaderMap {
        HeaderMap::from_iter([(header::CONTENT_LENGTH, length.into())])
    }

    #[tokio::test]
    async fn a_slow_document_gives_its_room_back() {
        let mut slow = Room::before(&of_length(u32::MAX)).await;
        let (arrived, arriving) = tokio::sync::oneshot::channel();
        let reading = tokio::spawn(async move {
            slow.unless_slow(arriving).await.unwrap();
            slow.of(usize::MAX).await
        });
        let others = [
            Room::before(&of_length(u32::MAX)).await,
            Room::before(&of_length(u32::MAX)).await,
            Room::before(&of_length(u32::MAX)).await,
            Room::before(&of_length(u32::MAX)).await,
        ];
        arrived.send(()).unwrap();
        assert!(!reading.is_finished(), "it has to wait for its place again");
        drop(others);
        reading.await.unwrap();
    }
}
