//! Which tokens were shown before.
//! Knows nothing of what they are.

use super::Refused;
use parking_lot::Mutex;
use std::collections::HashMap;

/// How many are remembered at once. Each takes some 60 bytes, and is of a job that is trusted: others are not noted.
const MOST: usize = 10_000;

/// What was shown, by a digest, and until when that has to be known: in seconds since 1970.
#[derive(Default)]
pub(super) struct Replays(Mutex<HashMap<[u8; 32], u64>>);

impl Replays {
    /// Notes that a token is shown, which is good until then.
    ///
    /// # Errors
    /// [`Refused::Replayed`] if it was before. [`Refused::Busy`] when no more can be remembered: what is good is not
    /// forgotten, or it could be shown again.
    pub(super) fn note(&self, identity: &[u8; 32], until: u64, now: u64) -> Result<(), Refused> {
        let mut shown = self.0.lock();
        if shown.get(identity).is_some_and(|until| *until > now) {
            return Err(Refused::Replayed);
        }
        if shown.len() >= MOST {
            shown.retain(|_, until| *until > now);
            if shown.len() >= MOST {
                return Err(Refused::Busy);
            }
        }
        shown.insert(*identity, until);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(number: usize) -> [u8; 32] {
        let mut identity = [0; 32];
        identity[..8].copy_from_slice(&number.to_le_bytes());
        identity
    }

    #[test]
    fn a_token_is_shown_once_until_its_time_is_over() {
        let replays = Replays::default();
        assert_eq!(replays.note(&identity(1), 100, 50), Ok(()));
        assert_eq!(replays.note(&identity(2), 100, 50), Ok(()));
        assert_eq!(replays.note(&identity(1), 100, 99), Err(Refused::Replayed));
        assert_eq!(replays.note(&identity(1), 200, 100), Ok(()), "it is refused for its time");
    }

    #[test]
    fn so_many_are_remembered_and_none_is_forgotten_before_its_time() {
        let replays = Replays::default();
        for number in 0..MOST {
            let until = if number == 7 { 200 } else { 100 };
            assert_eq!(replays.note(&identity(number), until, 50), Ok(()));
        }
        assert_eq!(replays.note(&identity(MOST), 100, 99), Err(Refused::Busy));
        assert_eq!(replays.note(&identity(3), 100, 99), Err(Refused::Replayed));
        assert_eq!(replays.note(&identity(MOST), 200, 100), Ok(()));
        assert_eq!(replays.0.lock().len(), 2);
        assert_eq!(replays.note(&identity(7), 200, 100), Err(Refused::Replayed));
    }
}
