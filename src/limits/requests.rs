//! How often an address may ask, and how often a token may be shown.
//! Knows nothing of what is asked for, nor of who may.

use super::Client;
use super::bucket::Buckets;
use super::told::Told;
use crate::config::Rate;
use crate::counters::{Counters, Limited};
use log::warn;
use parking_lot::RwLock;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, SystemTime};

/// There is a limit of any sort.
const SOME: u8 = 1;
/// There is one for tokens.
const OF_TOKENS: u8 = 2;

/// Counts requests.
#[derive(Debug)]
pub struct Requests {
    /// Which limits there are, for who asks in a hurry.
    which: AtomicU8,
    rates: RwLock<Rates>,
    addresses: Buckets<Client>,
    /// By keyed hashes: no token is kept.
    tokens: Buckets<u64>,
    hashes: RandomState,
    told: Told,
    counters: Arc<Counters>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Rates {
    address: Option<Rate>,
    token: Option<Rate>,
}

/// A token that comes with a request, and that is one of this registry.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// Its text: a secret.
    pub token: &'a str,
    /// Whether everybody may have any number of them: then the address counts as well.
    pub is_free: bool,
}

/// A request that is one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Of whom.
    pub limit: Limited,
    /// After how long the next is none.
    pub after: Duration,
    client: Client,
    rate: Rate,
}

impl Requests {
    /// Without a limit.
    pub fn new(counters: Arc<Counters>) -> Requests {
        Requests {
            which: AtomicU8::new(0),
            rates: RwLock::default(),
            addresses: Buckets::default(),
            tokens: Buckets::default(),
            hashes: RandomState::new(),
            told: Told::default(),
            counters,
        }
    }

    /// Lets each address, and each token, ask so often from now on.
    pub fn set(&self, address: Option<Rate>, token: Option<Rate>) {
        let mut rates = self.rates.write();
        *rates = Rates { address, token };
        let some = if address.or(token).is_some() { SOME } else { 0 };
        let of_tokens = if token.is_some() { OF_TOKENS } else { 0 };
        self.which.store(some | of_tokens, Ordering::Relaxed);
    }

    /// Whether requests are limited at all.
    #[inline]
    pub fn are_limited(&self) -> bool {
        self.which.load(Ordering::Relaxed) != 0
    }

    /// Whether it matters which token comes with a request.
    pub fn are_limited_by_token(&self) -> bool {
        self.which.load(Ordering::Relaxed) & OF_TOKENS != 0
    }

    /// Counts a request.
    ///
    /// # Errors
    /// If it is one too many: then it does not count.
    pub fn take(
        &self,
        client: Client,
        shown: Option<Shown<'_>>,
        now: SystemTime,
    ) -> Result<(), Refused> {
        let rates = *self.rates.read();
        let by_token = shown.zip(rates.token);
        if let Some((Shown { token, .. }, rate)) = by_token {
            let taken = self.tokens.take(self.hashes.hash_one(token), rate, now);
            taken.map_err(|after| Refused { limit: Limited::Token, after, client, rate })?;
        }
        let is_counted = by_token.is_none_or(|(shown, _)| shown.is_free);
        if let Some(rate) = rates.address.filter(|_| is_counted) {
            let taken = self.addresses.take(client, rate, now);
            taken.map_err(|after| Refused { limit: Limited::Address, after, client, rate })?;
        }
        Ok(())
    }

    /// Counts a refusal, and tells of it if none was told of lately.
    pub fn refused(&self, refused: &Refused) {
        self.counters.limited(refused.limit);
        if self.told.is_due() {
            let Refused { client, rate, .. } = refused;
            let (of, setting) = match refused.limit {
                Limited::Token => ("with one token from", "NOPAR_MAX_REQUESTS_PER_TOKEN"),
                _ => ("from", "NOPAR_MAX_REQUESTS_PER_ADDRESS"),
            };
            warn!(
                "limits: there are more requests {of} {client} than {rate}: more are refused ({setting}); this is told once a minute"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::Held;
    use std::num::NonZeroU32;

    fn rate(count: u32) -> Option<Rate> {
        NonZeroU32::new(count).map(|count| Rate { count, period: Duration::from_secs(1) })
    }

    fn limited(address: u32, token: u32) -> Requests {
        let requests = Requests::new(Arc::new(Counters::new(1)));
        requests.set(rate(address), rate(token));
        requests
    }

    fn client(address: &str) -> Client {
        Client::of(Some(address.parse().unwrap()))
    }

    /// How many of twenty requests pass.
    fn passing(requests: &Requests, address: &str, shown: Option<Shown<'_>>) -> usize {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        (0..20).filter(|_| requests.take(client(address), shown, now).is_ok()).count()
    }

    fn token(token: &str) -> Option<Shown<'_>> {
        Some(Shown { token, is_free: false })
    }

    #[test]
    fn without_limits_nothing_is_looked_at() {
        let requests = limited(0, 0);
        assert!(!requests.are_limited() && !requests.are_limited_by_token());
        assert_eq!(passing(&requests, "192.0.2.7", token("a")), 20);
        requests.set(rate(1), None);
        assert!(requests.are_limited() && !requests.are_limited_by_token());
        requests.set(None, rate(1));
        assert!(requests.are_limited() && requests.are_limited_by_token());
    }

    #[test]
    fn each_address_and_each_token_has_its_own_number() {
        let requests = limited(5, 3);
        assert_eq!(passing(&requests, "192.0.2.7", None), 5);
        assert_eq!(passing(&requests, "192.0.2.8", None), 5);
        // In place of an address that has none left, and wherever it comes from.
        assert_eq!(passing(&requests, "192.0.2.7", token("a")), 3);
        assert_eq!(passing(&requests, "192.0.2.9", token("a")), 0);
        assert_eq!(passing(&requests, "192.0.2.9", token("b")), 3);
        assert_eq!(passing(&requests, "192.0.2.9", None), 5, "tokens took nothing of it");
    }

    #[test]
    fn a_token_counts_for_its_address_where_tokens_are_not_limited_or_free() {
        let requests = limited(5, 0);
        assert_eq!(passing(&requests, "192.0.2.7", token("a")), 5);
        assert_eq!(passing(&requests, "192.0.2.7", token("b")), 0);
        let requests = limited(5, 3);
        let free = |token| Some(Shown { token, is_free: true });
        assert_eq!(passing(&requests, "192.0.2.7", free("a")), 3);
        assert_eq!(passing(&requests, "192.0.2.7", free("b")), 2);
        assert_eq!(passing(&requests, "192.0.2.7", free("c")), 0);
    }

    #[test]
    fn a_refusal_says_of_whom_and_for_how_long_and_is_counted() {
        let (requests, now) = (limited(2, 0), SystemTime::now());
        let refused = (0..3).find_map(|_| requests.take(Client::Nameless, None, now).err());
        let refused = refused.unwrap();
        assert_eq!((refused.limit, refused.after), (Limited::Address, Duration::from_millis(500)));
        requests.refused(&refused);
        requests.refused(&refused);
        let counted = requests.counters.snapshot(Held::default());
        assert_eq!(counted.limited, [(Limited::Address, 2)]);
    }
}
