//! How many accounts people have made for themselves lately.
//! Knows nothing of accounts.

use super::super::Denied;
use super::super::network::Network;
use crate::clock::Clock;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

/// For so long, one counts.
const COUNTS: Duration = Duration::from_secs(3600);
/// So many at most meanwhile, of all: who has many networks must not fill the file of users.
const MOST: usize = 1000;
/// And so many from one network: a class, or a team, whose members mistype some of theirs.
const MOST_OF_NETWORK: usize = 20;

/// The accounts of the last hour, and those that were asked for in vain.
pub(in crate::access) struct SignUps {
    clock: Clock,
    lately: Mutex<VecDeque<(SystemTime, Network)>>,
}

impl SignUps {
    /// None so far.
    pub(in crate::access) fn new(clock: Clock) -> SignUps {
        SignUps { clock, lately: Mutex::default() }
    }

    /// Counts one more.
    ///
    /// # Errors
    /// [`Denied::Crowded`] when there are too many; that counts for nothing.
    pub(super) fn begin(&self, from: Option<IpAddr>) -> Result<(), Denied> {
        let (now, network) = (self.clock.now(), Network::of_client(from));
        let mut lately = self.lately.lock();
        lately.retain(|(at, _)| age(*at, now) < COUNTS);
        let of_network = lately.iter().filter(|(_, of)| *of == network);
        let first = if lately.len() >= MOST {
            lately.front()
        } else if of_network.clone().count() >= MOST_OF_NETWORK {
            of_network.clone().next()
        } else {
            None
        };
        if let Some((at, _)) = first {
            let seconds = (COUNTS.saturating_sub(age(*at, now))).as_secs().max(1);
            return Err(Denied::Crowded { what: "accounts were asked for lately", seconds });
        }
        lately.push_back((now, network));
        Ok(())
    }
}

/// How long ago it was; also when the clock was set back since.
fn age(at: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(at).unwrap_or_else(|before| before.duration())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    fn begun(sign_ups: &SignUps, from: Option<IpAddr>) -> usize {
        (0..2 * MOST).take_while(|_| sign_ups.begin(from).is_ok()).count()
    }

    #[test]
    fn a_network_has_so_many_in_an_hour_and_no_other_has_fewer() {
        let clock = Clock::stopped();
        let sign_ups = SignUps::new(clock.clone());
        assert_eq!(begun(&sign_ups, address(1)), MOST_OF_NETWORK);
        assert_eq!(begun(&sign_ups, address(2)), MOST_OF_NETWORK);
        clock.advance(COUNTS - Duration::from_secs(7));
        let denied = sign_ups.begin(address(1)).unwrap_err();
        assert!(matches!(denied, Denied::Crowded { seconds: 7, .. }), "{denied}");
        // Unknown addresses are one.
        assert_eq!(begun(&sign_ups, None), MOST_OF_NETWORK);
        clock.advance(Duration::from_secs(7));
        assert_eq!(begun(&sign_ups, address(1)), MOST_OF_NETWORK);
        assert_eq!(begun(&sign_ups, None), 0);
    }

    #[test]
    fn all_networks_together_have_so_many() {
        let sign_ups = SignUps::new(Clock::stopped());
        let from = |number: usize| Some(IpAddr::from(u32::try_from(number).unwrap().to_be_bytes()));
        let made = (0..2 * MOST).take_while(|number| sign_ups.begin(from(*number)).is_ok()).count();
        assert_eq!((made, sign_ups.lately.lock().len()), (MOST, MOST));
    }
}
