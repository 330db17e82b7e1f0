//! How much of documents may be in memory at once, over all requests.
//! Knows nothing of what is in them.
//!
//! The document of a publish is short: its tarball goes to the disk as it comes. But one that is sent back with
//! changes may have megabytes, and a crowd may send some hundred of them. Each takes room as it grows, in the steps of
//! its buffer (`npm::publish::growth`); who finds none waits, and is sent away after a while. That also ends it when
//! several wait for what the others hold. How long a document may take to come is another matter (`timed`).
//!
//! Who waits is served in the order of coming, and nobody gets past one who waits for much. So there are two rooms: the
//! documents of publishes, of which many have a long readme, never wait for what is sent back.

use super::Refusal;
use crate::npm::publish::growth::stepped;
use http::StatusCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// All the room, in KiB. A document that is worked on takes two to three times its length.
const ALL: u32 = 64 * 1024;
/// The part of it that short documents have, in KiB.
const SHORT: u32 = 8 * 1024;
/// The part of the others. One that is longer than this takes all of it.
const LONG: u32 = ALL - SHORT;
/// The longest document that is a short one, in bytes: a readme of which 64 KiB will be kept, and a manifest that is as
/// long as any of a well-known package.
const LONGEST_SHORT: usize = 512 << 10;
/// What a document may have without taking room, in bytes: as much as the head of a request, of which there is one on
/// each connection as well. Most have less, and pass whatever the long ones do.
pub(super) const FREE: usize = 64 << 10;
/// How long somebody waits for room.
const PATIENCE: Duration = Duration::from_secs(30);
/// When to try again, in seconds. npm does after ten by itself.
const RETRY_AFTER: u64 = 10;

/// The room that there is.
#[derive(Clone)]
pub(super) struct Room {
    short: Arc<Semaphore>,
    long: Arc<Semaphore>,
    patience: Duration,
}

/// The room that one document takes, until it is dropped.
pub(super) struct Place {
    room: Room,
    /// Of one of the two.
    held: Option<OwnedSemaphorePermit>,
}

impl Default for Room {
    fn default() -> Room {
        let of = |size: u32| Arc::new(Semaphore::new(size as usize));
        Room { short: of(SHORT), long: of(LONG), patience: PATIENCE }
    }
}

impl Room {
    /// A place for a document of which nothing is there yet.
    pub(super) fn place(&self) -> Place {
        Place { room: self.clone(), held: None }
    }

    /// Whether nobody has any of it.
    #[cfg(test)]
    pub(super) fn is_free(&self) -> bool {
        let free = [&self.short, &self.long].map(|part| part.available_permits());
        free == [SHORT as usize, LONG as usize]
    }
}

impl Place {
    /// Takes as much room as a document of this length needs. One that becomes a long one takes all of its room among
    /// those, and holds what it had until it has that: its bytes are in memory while it waits.
    ///
    /// # Errors
    /// When there is none, for too long.
    pub(super) async fn grow(&mut self, len: usize) -> Result<(), Refusal> {
        if len <= FREE {
            return Ok(());
        }
        let wanted = u32::try_from(stepped(len) / 1024).unwrap_or(LONG).min(LONG);
        if wanted as usize <= self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits) {
            return Ok(());
        }
        let part = if len <= LONGEST_SHORT { &self.room.short } else { &self.room.long };
        let held = self.held.as_ref().filter(|held| Arc::ptr_eq(held.semaphore(), part));
        let held = held.map_or(0, OwnedSemaphorePermit::num_permits) as u32;
        let acquired = Arc::clone(part).acquire_many_owned(wanted - held);
        // The semaphores are never closed.
        let Ok(Ok(permit)) = timeout(self.room.patience, acquired).await else {
            return Err(no_room());
        };
        match &mut self.held {
            Some(before) if held > 0 => before.merge(permit),
            // What it had among the short ones is free again.
            before => *before = Some(permit),
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

    const KIB: usize = 1 << 10;
    const MIB: usize = 1 << 20;

    fn room(patience: Duration) -> Room {
        Room { patience, ..Room::default() }
    }

    /// How much is free for short and for long ones, in KiB.
    fn free(room: &Room) -> [usize; 2] {
        [room.short.available_permits(), room.long.available_permits()]
    }

    #[tokio::test]
    async fn who_finds_no_room_is_sent_away_after_a_while() {
        let room = room(Duration::ZERO);
        let (mut first, mut second) = (room.place(), room.place());
        first.grow(32 * MIB).await.unwrap();
        second.grow(23 * MIB).await.unwrap();
        let mut third = room.place();
        let refusal = third.grow(513 * KIB).await.unwrap_err();
        assert_eq!(refusal.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refusal.retry_after, Some(RETRY_AFTER));
        // What is short passes.
        third.grow(64 * KIB).await.unwrap();
        // What was taken is enough for a while.
        second.grow(24 * MIB).await.unwrap();
        drop(first);
        third.grow(513 * KIB).await.unwrap();
    }

    #[tokio::test]
    async fn who_waits_goes_on_when_another_is_done() {
        let room = room(Duration::from_secs(3600));
        let (mut first, mut second) = (room.place(), room.place());
        first.grow(56 * MIB).await.unwrap();
        let mut growing = pin!(second.grow(MIB));
        let mut context = Context::from_waker(Waker::noop());
        assert!(growing.as_mut().poll(&mut context).is_pending());
        drop(first);
        growing.await.unwrap();
    }

    /// A readme of 70 KB waited for a document of 32 MiB that waited for room itself.
    #[tokio::test]
    async fn who_waits_for_much_holds_up_nobody_with_little() {
        let room = room(Duration::from_secs(3600));
        let (mut first, mut second, mut third) = (room.place(), room.place(), room.place());
        first.grow(40 * MIB).await.unwrap();
        let mut growing = pin!(second.grow(32 * MIB));
        let mut context = Context::from_waker(Waker::noop());
        assert!(growing.as_mut().poll(&mut context).is_pending());
        for len in [70_000, 512 * KIB] {
            assert!(pin!(third.grow(len)).poll(&mut context).is_ready(), "{len}");
        }
        assert_eq!(free(&room)[0], SHORT as usize - 512);
    }

    /// Two of 17 MB held all of the room.
    #[tokio::test]
    async fn what_is_a_little_longer_takes_a_little_more() {
        let room = room(Duration::ZERO);
        let (mut first, mut second, mut third) = (room.place(), room.place(), room.place());
        first.grow(17_000_000).await.unwrap();
        second.grow(17_000_000).await.unwrap();
        assert_eq!(free(&room), [SHORT as usize, 16 * 1024]);
        third.grow(16 * MIB).await.unwrap();
    }

    #[tokio::test]
    async fn one_that_becomes_long_leaves_the_short_ones() {
        let room = room(Duration::ZERO);
        let (mut growing, mut longest) = (room.place(), room.place());
        growing.grow(512 * KIB).await.unwrap();
        assert_eq!(free(&room), [SHORT as usize - 512, LONG as usize]);
        longest.grow(LONG as usize * KIB).await.unwrap();
        // As long as it waits, it is where it was.
        growing.grow(513 * KIB).await.unwrap_err();
        assert_eq!(free(&room), [SHORT as usize - 512, 0]);
        drop(longest);
        growing.grow(513 * KIB).await.unwrap();
        assert_eq!(free(&room), [SHORT as usize, LONG as usize - 640]);
        drop(growing);
        assert!(room.is_free());
    }

    #[tokio::test]
    async fn the_longest_takes_all_of_its_room() {
        let room = room(Duration::ZERO);
        let mut longest = room.place();
        for len in [56 * MIB, 56 * MIB + 1, 64 * MIB, 150 * MIB, usize::MAX] {
            longest.grow(len).await.unwrap();
            assert_eq!(free(&room), [SHORT as usize, 0]);
        }
        room.place().grow(MIB).await.unwrap_err();
        room.place().grow(70_000).await.unwrap();
        drop(longest);
        assert!(room.is_free());
    }

    #[tokio::test]
    async fn room_comes_back() {
        let room = room(Duration::ZERO);
        for _ in 0..3 {
            let mut place = room.place();
            for len in (0..=32 * MIB).step_by(MIB / 8) {
                place.grow(len).await.unwrap();
            }
            assert_eq!(free(&room), [SHORT as usize, LONG as usize - 32 * 1024]);
        }
        assert!(room.is_free());
    }
}
