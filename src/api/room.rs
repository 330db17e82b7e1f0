//! How much of documents may be in memory at once, over all requests.
//! Knows nothing of what is in them.
//!
//! The document of a publish is short: its tarball goes to the disk as it comes. But one that is sent back with
//! changes may have megabytes, and a crowd may send some hundred of them. Each takes room as it grows, in steps of
//! twice the size, as its buffer does; who finds none waits, and is sent away after a while. That also ends it when
//! several wait for what the others hold. How long a document may take to come is another matter (`timed`).

use super::Refusal;
use http::StatusCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// All the room, in KiB. A document that is worked on takes two to three times its length; one that is longer than this
/// takes all of the room.
const ALL: u32 = 64 * 1024;
/// What a document may have without taking room, in bytes: as much as the head of a request, of which there is one on
/// each connection as well. Most have less, and pass whatever the long ones do.
pub(super) const FREE: usize = 64 << 10;
/// How long somebody waits for room.
const PATIENCE: Duration = Duration::from_secs(30);
/// When to try again, in seconds. npm does after ten by itself.
const RETRY_AFTER: u64 = 10;

/// The room that there is.
pub(super) struct Room {
    places: Arc<Semaphore>,
    patience: Duration,
}

/// The room that one document takes, until it is dropped.
pub(super) struct Place {
    room: Arc<Semaphore>,
    patience: Duration,
    held: Option<OwnedSemaphorePermit>,
}

impl Default for Room {
    fn default() -> Room {
        Room { places: Arc::new(Semaphore::new(ALL as usize)), patience: PATIENCE }
    }
}

impl Room {
    /// A place for a document of which nothing is there yet.
    pub(super) fn place(&self) -> Place {
        Place { room: Arc::clone(&self.places), patience: self.patience, held: None }
    }
}

impl Place {
    /// Takes as much room as a document of this length needs.
    ///
    /// # Errors
    /// When there is none, for too long.
    pub(super) async fn grow(&mut self, len: usize) -> Result<(), Refusal> {
        if len <= FREE {
            return Ok(());
        }
        let wanted = u32::try_from(len.div_ceil(1024)).unwrap_or(ALL).min(ALL);
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if wanted as usize <= held {
            return Ok(());
        }
        let more = wanted.next_power_of_two().min(ALL) as usize - held;
        let acquired = Arc::clone(&self.room).acquire_many_owned(more as u32);
        // The semaphore is never closed.
        let Ok(Ok(permit)) = timeout(self.patience, acquired).await else {
            return Err(no_room());
        };
        match &mut self.held {
            Some(held) => held.merge(permit),
            None => self.held = Some(permit),
        }
        Ok(())
    }
}

fn no_room() -> Refusal {
    let error = "this registry is busy with other large documents; try again";
    let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error, "no_room");
    Refusal { retry_after: Some(RETRY_AFTER), ..refusal }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Waker};

    const MIB: usize = 1 << 20;

    fn room(patience: Duration) -> Room {
        Room { patience, ..Room::default() }
    }

    #[tokio::test]
    async fn who_finds_no_room_is_sent_away_after_a_while() {
        let room = room(Duration::ZERO);
        let (mut first, mut second) = (room.place(), room.place());
        first.grow(32 * MIB).await.unwrap();
        second.grow(31 * MIB).await.unwrap();
        let mut third = room.place();
        let refusal = third.grow(65 * 1024).await.unwrap_err();
        assert_eq!(refusal.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refusal.retry_after, Some(RETRY_AFTER));
        // What is short passes.
        third.grow(64 * 1024).await.unwrap();
        // What was taken is enough for a while.
        second.grow(32 * MIB).await.unwrap();
        drop(first);
        third.grow(65 * 1024).await.unwrap();
    }

    #[tokio::test]
    async fn who_waits_goes_on_when_another_is_done() {
        let room = room(Duration::from_secs(3600));
        let (mut first, mut second) = (room.place(), room.place());
        first.grow(40 * MIB).await.unwrap();
        let mut growing = pin!(second.grow(MIB));
        let mut context = Context::from_waker(Waker::noop());
        assert!(growing.as_mut().poll(&mut context).is_pending());
        drop(first);
        growing.await.unwrap();
    }

    #[tokio::test]
    async fn the_longest_takes_all_of_the_room() {
        let room = room(Duration::ZERO);
        let mut longest = room.place();
        for len in [64 * MIB, 64 * MIB + 1, 150 * MIB, usize::MAX] {
            longest.grow(len).await.unwrap();
            assert_eq!(room.places.available_permits(), 0);
        }
        room.place().grow(MIB).await.unwrap_err();
        drop(longest);
        assert_eq!(room.places.available_permits(), ALL as usize);
    }

    #[tokio::test]
    async fn room_comes_back() {
        let room = room(Duration::ZERO);
        for _ in 0..3 {
            let mut place = room.place();
            for len in (0..=32 * MIB).step_by(MIB / 2) {
                place.grow(len).await.unwrap();
            }
            assert_eq!(room.places.available_permits(), 32 * 1024);
        }
        assert_eq!(room.places.available_permits(), ALL as usize);
    }
}
