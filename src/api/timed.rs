//! How long a body may take whose document holds room that others wait for.
//! Knows nothing of what is in it.
//!
//! The pace that connections are held to is the least that is worth a connection: at that pace, two clients would hold
//! all the room for nine hours. So who holds room pays for it with bytes: after a minute, as much has to have come as
//! the document has, in a minute and a half each time. A document alone has two and a half minutes then, whatever its
//! length: npm gives up after five by itself, and one who waits for room meanwhile comes three times in two minutes
//! and forty seconds. A publish has a short document, if it has a long one at all, and time for its tarball
//! accordingly.
//!
//! Only time counts in which the client is waited for, not that in which it waits for room or the disk.

use super::room::FREE;
use super::{Body, Refusal};
use bytes::Bytes;
use http::StatusCode;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// What everybody has, in seconds.
const FIRST: u64 = 60;
/// In how many seconds as many bytes have to come as are kept.
const EACH: u64 = 90;

/// A body that is waited for only so long.
pub(super) struct Timed<'a> {
    body: &'a mut dyn Body,
    /// How long it was waited for.
    waited: Duration,
}

impl<'a> Timed<'a> {
    pub(super) fn of(body: &'a mut dyn Body) -> Timed<'a> {
        Timed { body, waited: Duration::ZERO }
    }

    /// The next piece; `None` at the end. Of what came before, `kept` bytes are held in memory.
    ///
    /// # Errors
    /// As of the body itself, and when it takes too long.
    pub(super) async fn next(&mut self, kept: usize) -> Result<Option<Bytes>, Refusal> {
        let since = Instant::now();
        let allowed = allowed(kept, self.body.came());
        let next = self.body.next();
        let piece = match allowed {
            None => next.await,
            Some(allowed) => {
                let left = allowed.saturating_sub(self.waited);
                timeout(left, next).await.unwrap_or_else(|_| Err(too_slow(kept)))
            }
        };
        self.waited += since.elapsed();
        piece
    }
}

/// How long a body may take of which so many bytes came, and of these so many are kept; `None`: as long as its
/// connection bears it.
fn allowed(kept: usize, came: u64) -> Option<Duration> {
    if kept <= FREE {
        return None;
    }
    let each = came.saturating_mul(EACH) / kept as u64;
    Some(Duration::from_secs(FIRST.saturating_add(each)))
}

fn too_slow(kept: usize) -> Refusal {
    let error = format!(
        "the request came too slowly: {kept} bytes of its document are held in memory that others wait for; nothing was changed; try again over a faster connection"
    );
    Refusal::new(StatusCode::REQUEST_TIMEOUT, error, "slow_body")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(kept: usize, came: u64) -> Option<u64> {
        allowed(kept, came).map(|allowed| allowed.as_secs())
    }

    #[test]
    fn who_holds_more_has_to_be_faster() {
        const MIB: u64 = 1 << 20;
        // What is short takes no room, whatever comes with it.
        assert_eq!(seconds(0, 0), None);
        assert_eq!(seconds(FREE, 300 * MIB), None);
        // A document alone, as it is, and packed to a sixteenth.
        for len in [MIB / 8, MIB, 32 * MIB, 150 * MIB] {
            assert_eq!(seconds(len as usize, len), Some(150));
            assert_eq!(seconds(len as usize, len / 16), Some(65));
        }
        // A tarball of 100 MiB behind a readme of 128 KiB may come as slowly as its connection bears it.
        assert_eq!(seconds(128 << 10, 100 * MIB), Some(60 + 800 * 90));
        assert!(seconds(FREE + 1, u64::MAX).is_some());
    }
}
